"""Drift: how the log changes from week to week, and how far the test part lies from what was learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sessionrl.analysis.drift import Drift, drift
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.line_names import name_lines
from sessionrl.reporting.lists import sentences
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOP = 100


@register("picture", "drift")
@dataclass(frozen=True)
class DriftOfTheLog:
    """Events, sessions, new items and the overlap of the most frequent items, week by week or day by day."""

    section: ClassVar[Section] = "data"
    place: ClassVar[int] = 6

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        prepared = subject.prepared
        if prepared.card["order_only"]:
            raise CannotDraw("This log has an order but no times, so nothing can be said about its weeks.")
        parts = {name: part for name, part in prepared.parts.items() if len(part)}
        found = drift(list(parts.values()), prepared.train.counts(len(prepared.catalogue)), TOP)
        if len(found.start) < 2:
            raise CannotDraw("All events lie within one hour: there is nothing to compare.")
        starts = {name: int(part.timestamps[part.offsets[:-1]].min()) for name, part in parts.items()}
        return [_drift(found, starts, prepared.card)]


def _drift(found: Drift, starts: Mapping[str, int], card: Mapping[str, Any]) -> Drawing:
    days = [datetime.fromtimestamp(start / 1000, UTC).strftime("%Y-%m-%d %H:%M") for start in found.start.tolist()]
    columns = (found.events, found.sessions, found.new, found.unseen, found.overlap)
    rows = [
        [day, *(None if np.isnan(value) else value.item() for value in values)]
        for day, *values in zip(days, *columns, strict=True)
    ]
    caption = sentences(
        f"{len(days)} {found.step}s from {days[0][:10]} to {days[-1][:10]}. The busiest {found.step} has "
        f"{found.events.max():,} events, the middle one {np.median(found.events):,.0f}.",
        _overlap(found),
        _dropped(card),
    )
    return Drawing(
        "drift",
        f"How the log changes from {found.step} to {found.step}",
        caption,
        (_counts(found, starts), _shares(found, starts)),
        csv_text(
            [found.step, "events", "sessions", "share on items new to the log", "share on items not in training",
             f"overlap of the top {TOP} with the {found.step} before"],
            rows,
        ),
        sentences(
            f"Dashed lines: where validation and test begin. New: the item has its first event of all in that "
            f"{found.step}; it is high at the start, where everything is new. Not in training: what a model knows "
            "from features at most. Overlap: how many of the most frequent 100 items were among those of the "
            f"{found.step} before; few events make it low by chance, because ties decide. Where it is low, last "
            f"{found.step}'s bestsellers are no guess for this one, and a model ages fast. A {found.step} at "
            f"either end of which less than half is in the log is left out. Events are those that preparing kept.",
        ),
    )  # fmt: skip


def _overlap(found: Drift) -> str:
    known = found.overlap[np.isfinite(found.overlap)]
    if not len(known):
        return ""
    return (
        f"Of the {TOP} most frequent items, {np.median(known):.0%} were among those of the {found.step} before, in the "
        "middle."
    )


def _dropped(card: Mapping[str, Any]) -> str:
    """What preparing took away says more about the drift than what it left."""
    unseen = card["unseen"].get("test", {"events": 0, "items": 0})
    kept = card["parts"]["test"]["events"]
    if not unseen["events"]:
        return ""
    share = unseen["events"] / (kept + unseen["events"])
    return (
        f"Not seen here: {unseen['events']:,} events of the test part, {share:.0%} of it, were on {unseen['items']:,} "
        "items that training lacks, and were dropped when the log was prepared."
    )


def _counts(found: Drift, starts: Mapping[str, int]) -> Panel:
    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for values, colour, dashes in ((found.events, "ink", (0, ())), (found.sessions, "ensemble", (0, (4, 1.5)))):
            axes.plot(range(len(values)), values, color=COLOURS[colour], linestyle=dashes, linewidth=1.7)
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(lambda value, at: f"{value:,.0f}")
        axes.set_title(f"Events and sessions per {found.step}")
        _time(axes, found, starts)
        last = len(found.events) - 1
        ends = [(last, float(found.events[-1])), (last, float(found.sessions[-1]))]
        name_lines(axes, ["events", "sessions"], ends, [COLOURS["ink"], COLOURS["ensemble"]])

    words = f"Events per {found.step}: {', '.join(f'{n:,}' for n in found.events)}."
    return Panel("drift-counts", (360, 240), words, draw)


def _shares(found: Drift, starts: Mapping[str, int]) -> Panel:
    lines = [
        (f"top {TOP} kept", found.overlap, "supervised", (0, ())),
        ("new items", found.new, "c6", (0, (4, 1.5))),
        ("not in training", found.unseen, "reinforced", (0, (1.2, 1.2))),
    ]
    lines = [line for line in lines if np.isfinite(line[1]).any()]

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for _, values, colour, dashes in lines:
            axes.plot(range(len(values)), values, color=COLOURS[colour], linestyle=dashes, linewidth=1.7)
        axes.set_ylim(-0.02, 1.02)
        axes.yaxis.set_major_formatter(lambda value, at: f"{value * 100:.0f}%")
        axes.set_title("Shares")
        _time(axes, found, starts)
        ends = [
            (float(at), float(values[at]))
            for _, values, *_ in lines
            for at in [int(np.flatnonzero(~np.isnan(values))[-1])]
        ]
        name_lines(axes, [name for name, *_ in lines], ends, [COLOURS[colour] for _, _, colour, _ in lines])

    said = "; ".join(
        f"{name} {', '.join('–' if np.isnan(value) else f'{value:.0%}' for value in values)}"
        for name, values, *_ in lines
    )
    return Panel("drift-shares", (360, 240), f"Shares per {found.step}: {said}.", draw)


def _time(axes: "Axes", found: Drift, starts: Mapping[str, int]) -> None:
    """Dates below, and where validation and test begin."""
    n = len(found.start)
    width = (found.start[1] - found.start[0]) if n > 1 else 1
    for name, words in (("valid", "validation"), ("test", "test")):
        at = (starts.get(name, 0) - found.start[0]) / width
        if at > 0:
            axes.axvline(at, color=COLOURS["muted"], linewidth=0.9, dashes=(3, 3), zorder=0)
            axes.annotate(words, (at, 1), (2, -2), xycoords=("data", "axes fraction"), textcoords="offset points",
                          rotation=90, va="top", ha="left", fontsize=7.5, color=COLOURS["muted"])  # fmt: skip
    ticks = np.unique(np.linspace(0, n - 1, min(n, 5)).round().astype(int))
    form = "%H:%M" if found.step == "hour" else "%d %b"
    names = [datetime.fromtimestamp(found.start[tick].item() / 1000, UTC).strftime(form) for tick in ticks]
    axes.set_xticks(ticks, names)
    axes.set_xlim(-0.3, max(1, n - 1) + 0.3)
    bare(axes)
