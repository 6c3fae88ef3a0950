"""The log in figures: how long sessions are, which kinds of event there are, how popularity is shared out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.analysis.log_statistics import Lengths, Popularity, kinds, lengths, popularity
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.families import short
from sessionrl.reporting.lists import sentences
from sessionrl.reporting.numbers import joined, signed
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = {"train": "training", "valid": "validation", "test": "test"}
LOOKS = {"train": ("ink", (0, ())), "valid": ("ensemble", (0, (4, 1.5))), "test": ("reinforced", (0, (1.2, 1.2)))}
POINTS = 400  # of a line: a page needs no more


@register("picture", "lengths")
@dataclass(frozen=True)
class SessionLengths:
    """How long the sessions of training, validation and test part are."""

    section: ClassVar[Section] = "data"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        parts = {name: lengths(part) for name, part in subject.prepared.parts.items() if len(part)}
        return [_lengths(parts)]


@register("picture", "kinds")
@dataclass(frozen=True)
class Kinds:
    """Which kinds of event the three parts have, and how many of each."""

    section: ClassVar[Section] = "data"
    place: ClassVar[int] = 2

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        prepared = subject.prepared
        if len(prepared.kinds) < 2:
            raise CannotDraw(
                f"All events of this log are of one kind ({prepared.kinds[0]}), so there is no share to see."
            )
        parts = {name: kinds(part, len(prepared.kinds)) for name, part in prepared.parts.items() if len(part)}
        return [_kinds(parts, prepared.kinds, dict(zip(prepared.kinds, prepared.rewards.tolist(), strict=True)))]


@register("picture", "zipf")
@dataclass(frozen=True)
class Zipf:
    """Events of each item by its rank, both on log axes, with a slope where one can be fitted."""

    section: ClassVar[Section] = "data"
    place: ClassVar[int] = 3

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        prepared = subject.prepared
        counts = prepared.train.counts(len(prepared.catalogue))
        if not counts.any():
            raise CannotDraw("The training part has no events.")
        return [_zipf(popularity(counts), int((counts[1:] == 0).sum()))]


def _lengths(parts: Mapping[str, Lengths]) -> Drawing:
    said = [
        f"{PARTS[name]} {_median(its)} ({_share(its, its.length == 2):.0%} have two events, "
        f"{_share(its, its.length > 10):.0%} more than ten)"
        for name, its in parts.items()
    ]
    rows = [
        [name, int(length), int(sessions), float(share)]
        for name, its in parts.items()
        for length, sessions, share in zip(its.length, its.sessions, its.at_least(), strict=True)
    ]

    label = f"Share of sessions with so many events or more. Median: {joined(said)}."
    return Drawing(
        "lengths",
        "How long sessions are",
        f"Events of the middle session: {joined(said)}.",
        (Panel("lengths", (360, 260), label, lambda figure: _draw_lengths(figure, parts)),),
        csv_text(["part", "events", "sessions", "share as long or longer"], rows),
        "Each line falls from all sessions at the left to the few longest at the right, both axes in steps of ten. In "
        "short sessions a model has little to go on, so that popularity and the last item carry far; what encoders "
        "and Q heads learn about the course of a session can only pay in long ones. Lines that lie apart mean that "
        "the parts differ, and that what was chosen on validation need not be best on the test part.",
    )


def _draw_lengths(figure: "Figure", parts: Mapping[str, Lengths]) -> None:
    axes = figure.add_subplot()
    for name, its in parts.items():
        colour, dashes = LOOKS[name]
        axes.plot(its.length, its.at_least(), color=COLOURS[colour], linestyle=dashes, linewidth=1.8, label=PARTS[name])
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain(axes)
    axes.yaxis.set_major_formatter(lambda value, at: f"{value * 100:g}%")
    longest = max(int(its.length[-1]) for its in parts.values())
    axes.set_xticks([tick * power for power in (1, 10, 100, 1000) for tick in (2, 5, 10) if tick * power <= longest])
    axes.set_xlabel("events in the session")
    axes.set_ylabel("sessions as long or longer")
    axes.legend(fontsize=8.5, labelcolor=COLOURS["ink"], loc="lower left")
    bare(axes)


def _share(its: Lengths, which: npt.NDArray[np.bool_]) -> float:
    return float(its.sessions[which].sum() / its.sessions.sum())


def _median(its: Lengths) -> int:
    return int(its.length[np.searchsorted(its.sessions.cumsum(), its.sessions.sum() / 2)])


def _kinds(parts: Mapping[str, npt.NDArray[np.int64]], names: Sequence[str], rewards: Mapping[str, float]) -> Drawing:
    rows = [
        [part, kind, rewards[kind], int(events), float(events / counts.sum())]
        for part, counts in parts.items()
        for kind, events in zip(names, counts, strict=True)
    ]
    together = np.sum(list(parts.values()), axis=0)
    earned = together * np.array([rewards[kind] for kind in names])
    said = [
        f"{kind} {events / together.sum():.1%} of the events"
        + (f" and {worth / earned.sum():.0%} of the rewards" if (earned >= 0).all() and earned.any() else "")
        for kind, events, worth in zip(names, together, earned, strict=True)
    ]
    rarest = names[int(np.argmin(together))]

    return Drawing(
        "kinds",
        "Kinds of event",
        f"{'; '.join(said)[0].upper()}{'; '.join(said)[1:]}, all parts together.",
        (
            Panel(
                "kinds",
                (360, 60 + 58 * len(names)),
                f"Share of the events by kind: {'; '.join(said)}.",
                lambda figure: _draw_kinds(figure, parts, names),
            ),
        ),
        csv_text(["part", "kind", "reward", "events", "share"], rows),
        f"Shares of the events of each part, and how many they are. Numbers about {rarest} rest on the fewest events: "
        "look at their intervals first. A kind that is rare and well rewarded is what reinforcement learning is for, "
        "and also what it has the fewest examples of.",
    )


def _draw_kinds(figure: "Figure", parts: Mapping[str, npt.NDArray[np.int64]], names: Sequence[str]) -> None:
    axes = figure.add_subplot()
    height = 0.8 / len(parts)
    for nth, (part, counts) in enumerate(parts.items()):
        shares = counts / counts.sum()
        places = np.arange(len(names)) + (nth - (len(parts) - 1) / 2) * height
        axes.barh(places, shares, height * 0.86, color=COLOURS[LOOKS[part][0]], alpha=0.75, label=PARTS[part])
        for place, share, events in zip(places, shares, counts, strict=True):
            axes.text(share + 0.012, place, f"{share:.1%} · {events:,}", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), [short(kind, 16) for kind in names])
    axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, max(float((counts / counts.sum()).max()) for counts in parts.values()) * 1.38)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.legend(fontsize=8.5, labelcolor=COLOURS["ink"], loc="lower right")
    bare(axes, "left", "bottom")


def _zipf(its: Popularity, without: int) -> Drawing:
    n = len(its.counts)
    shown, slope = _ranks(n), its.slope
    if slope is None:
        fitted = "Too few items have ten events or more for a slope."
    else:
        fitted = (
            f"The line falls with the power {slope.exponent:.2f} of the rank (R² {slope.r2:.2f}, fitted to ranks "
            f"{slope.first:,} to {slope.last:,}, the items with ten events or more; 1 would be Zipf's law)."
        )

    caption = sentences(
        f"{'1%' if n >= 100 else 'The most frequent'} of the {n:,} items with events in training "
        f"{'take' if n >= 100 else 'takes'} {its.top_1:.0%} of these events, 20% take "
        f"{its.top_20:.0%}; {int((its.counts < 10).sum()) / n:.0%} of the items have fewer than ten.",
        f"{without:,} further items have none." if without else "",
        fitted,
    )
    return Drawing(
        "zipf",
        "Popularity of the items",
        caption,
        (
            Panel(
                "zipf",
                (360, 280),
                f"Events by rank of the item, log axes. {caption}",
                lambda figure: _draw_zipf(figure, its),
            ),
        ),
        csv_text(["rank", "events"], [[int(rank), int(its.counts[rank - 1])] for rank in shown]),
        "Items in the order of their events in the training part, both axes in steps of ten. The steeper, the more a "
        "list of bestsellers gets right, and the more it hides. Of items with a handful of events a model can learn "
        "little from events alone: it needs features of the items. A straight line over a part of the ranks is no "
        f"proof of a law. The CSV has {len(shown)} ranks, evenly spaced on the log axis.",
    )


def _ranks(n: int) -> npt.NDArray[np.int64]:
    return np.unique(np.geomspace(1, n, POINTS).round().astype(np.int64))


def _draw_zipf(figure: "Figure", its: Popularity) -> None:
    n, slope = len(its.counts), its.slope
    shown = _ranks(n)
    axes = figure.add_subplot()
    axes.plot(shown, its.counts[shown - 1], color=COLOURS["supervised"], linewidth=2)
    if slope is not None:
        ranks = np.geomspace(slope.first, slope.last, 50)
        line = slope.height * ranks**-slope.exponent
        axes.plot(ranks, line, color=COLOURS["ink"], linewidth=1.1, dashes=(4, 2))
        words = f"dashed: rank to the power {signed(-slope.exponent, 2)}"
        axes.text(0.98, 0.97, words, transform=axes.transAxes, ha="right", va="top", fontsize=8.5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain(axes)
    for share, where in ((its.top_1, 0.01), (its.top_20, 0.2)):
        rank = max(1, round(where * n))
        axes.axvline(rank, color=COLOURS["muted"], linewidth=0.8, dashes=(2, 3))
        axes.annotate(f"{where:.0%} of items:\n{share:.0%} of events", (rank, 0.03), (-4, 0), ha="right",
                      xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=8,
                      color=COLOURS["muted"])  # fmt: skip
    axes.set_xlabel("rank of the item")
    axes.set_ylabel("events in training")
    bare(axes)


def _plain(axes: "Axes") -> None:
    """Numbers in place of powers of ten."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, at: f"{value:,.0f}" if value >= 1 else f"{value:g}")
        axis.set_minor_formatter(lambda value, at: "")
