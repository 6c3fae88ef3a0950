"""What visitors do in a session: they return to what they saw, and some go on to the cart and to a purchase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sessionrl.analysis.log_statistics import (
    Funnel,
    Repeats,
    item_funnel,
    repeats_by_kind,
    repeats_by_position,
    session_funnel,
)
from sessionrl.data.sessions import Sessions
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.families import short
from sessionrl.reporting.lists import sentences
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.picture import Section
from sessionrl.reporting.pictures.log import LOOKS, PARTS
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST = 30  # events that a point of a line rests on


@register("picture", "repeats")
@dataclass(frozen=True)
class RepeatedItems:
    """How many next events are on an item seen earlier in the session, by kind and by position."""

    section: ClassVar[Section] = "data"
    place: ClassVar[int] = 4

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        prepared = subject.prepared
        parts = {name: part for name, part in prepared.parts.items() if (part.lengths > 1).any()}
        if not parts:
            raise CannotDraw("No session of this log has a second event.")
        by_kind = {name: repeats_by_kind(part, len(prepared.kinds)) for name, part in parts.items()}
        by_position = {name: repeats_by_position(part) for name, part in parts.items()}
        return [_repeats(by_kind, by_position, prepared.kinds, prepared.card["repeats"] == "collapse")]


@register("picture", "funnel")
@dataclass(frozen=True)
class ConversionFunnel:
    """How many sessions, and how many items of a session, come from a view to the cart and to a purchase."""

    section: ClassVar[Section] = "data"
    place: ClassVar[int] = 5

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        prepared = subject.prepared
        n_kinds = len(prepared.kinds)
        if n_kinds < 2:
            raise CannotDraw(f"All events of this log are of one kind ({prepared.kinds[0]}): nothing leads anywhere.")
        parts = [part for part in prepared.parts.values() if len(part)]
        sessions, items = (
            _together([funnel(part, n_kinds) for part in parts]) for funnel in (session_funnel, item_funnel)
        )
        return [_funnel(sessions, items, sum(map(len, parts)), _items_of_sessions(parts), prepared.kinds)]


def _together(funnels: Sequence[Funnel]) -> Funnel:
    return Funnel(*(np.sum(column, axis=0) for column in zip(*funnels, strict=True)))


def _items_of_sessions(parts: Sequence[Sessions]) -> int:
    """Different items of each session, over all sessions."""
    of_one_kind = [repeats_by_kind(part, int(part.event_types.max()) + 1) for part in parts]
    return sum(len(part.items) - int(its.seen.sum()) for part, its in zip(parts, of_one_kind, strict=True))


def _repeats(
    by_kind: Mapping[str, Repeats], by_position: Mapping[str, Repeats], kinds: Sequence[str], collapsed: bool
) -> Drawing:
    last = list(by_kind)[-1]
    its = by_kind[last]
    events = int(its.events.sum())
    seen, immediate = its.seen.sum() / events, its.immediate.sum() / events
    known = [i for i in range(len(kinds)) if its.events[i]]
    said = [f"{kinds[i]} {its.seen[i] / its.events[i]:.0%}" for i in known]
    rows = [
        [part, what, name, int(found.events[i]), int(found.seen[i]), int(found.immediate[i])]
        for what, of, names in (("kind", by_kind, kinds), ("events read", by_position, _positions(by_position)))
        for part, found in of.items()
        for i, name in enumerate(names)
        if found.events[i]
    ]
    advice = (
        "a model that puts back what was seen is hard to beat on all events; look at new items apart (the slice new)"
        if seen >= 0.25
        else "most next items are new to the session: putting back what was seen gets little right"
    )
    return Drawing(
        "repeats",
        "How often visitors return to an item",
        sentences(
            f"{seen:.0%} of the next events of the {PARTS[last]} part are on an item seen earlier in the session, "
            f"{immediate:.0%} on the item of the event just before: {advice}.",
            f"By kind: {joined(said)}." if len(known) > 1 else "",
        ),
        (_kind_panel(by_kind, kinds), _position_panel(by_position)),
        csv_text(["part", "by", "which", "next events", "on an item seen before", "on the item just before"], rows),
        sentences(
            "Left: of the next events of a kind, how many are on an item of the session (filled), and how many on the "
            "item of the event just before (hollow). A cart or a purchase mostly follows a view of the same item: "
            "hits on it say little about recommending. Right: the same by the number of events read, all kinds "
            f"together; points of fewer than {FEWEST} events are left out.",
            "Immediate repeats of item and kind were removed when the log was prepared." if collapsed else "",
        ),
    )


def _positions(by_position: Mapping[str, Repeats]) -> list[str]:
    last = max(len(its.events) for its in by_position.values())
    return [*(str(n) for n in range(1, last)), f"{last}+"]


def _kind_panel(by_kind: Mapping[str, Repeats], kinds: Sequence[str]) -> Panel:
    shift = 0.22

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for nth, (part, its) in enumerate(by_kind.items()):
            colour = COLOURS[LOOKS[part][0]]
            for i in range(len(kinds)):
                if its.events[i]:
                    row = i + (nth - (len(by_kind) - 1) / 2) * shift
                    ends = [its.immediate[i] / its.events[i], its.seen[i] / its.events[i]]
                    axes.plot(ends, [row, row], color=colour, linewidth=1.2)
                    axes.plot(ends[1], row, "o", color=colour, markersize=6, label=PARTS[part] if not i else None)
                    axes.plot(ends[0], row, "o", color=colour, markersize=6, markerfacecolor=COLOURS["surface"])
        axes.set_yticks(range(len(kinds)), [short(kind, 16) for kind in kinds])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(kinds) - 0.4, -0.6)
        axes.set_xlim(-0.03, 1.03)
        axes.xaxis.set_major_formatter(lambda value, at: f"{value * 100:.0f}%")
        axes.set_title("By kind of the next event")
        axes.set_xlabel("filled: seen before; hollow: the item just before")
        axes.grid(axis="y", visible=False)
        bare(axes, "left")
        if axes.get_legend_handles_labels()[1]:
            figure.legend(loc="outside lower center", ncols=3, fontsize=8.5, labelcolor=COLOURS["ink"])

    shares = {
        part: [f"{kind} {seen / n:.0%}" for kind, seen, n in zip(kinds, its.seen, its.events, strict=True) if n]
        for part, its in by_kind.items()
    }
    said = "; ".join(f"{PARTS[part]} {', '.join(its)}" for part, its in shares.items())
    words = f"Share of next events on an item seen before, by kind: {said}."
    return Panel("repeats-kind", (360, 110 + 44 * len(kinds)), words, draw)


def _position_panel(by_position: Mapping[str, Repeats]) -> Panel:
    names = _positions(by_position)

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for part, its in by_position.items():
            colour, dashes = LOOKS[part]
            at = np.flatnonzero(its.events >= min(FEWEST, its.events.max()))
            axes.plot(
                at, its.seen[at] / its.events[at], color=COLOURS[colour], linestyle=dashes, linewidth=1.8, marker="o",
                markersize=3.5, label=PARTS[part],
            )  # fmt: skip
        axes.set_xticks(range(len(names)), names, fontsize=8)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(lambda value, at: f"{value * 100:.0f}%")
        axes.set_title("By the number of events read")
        axes.set_xlabel("events read before")
        axes.set_ylabel("next item seen before")
        axes.legend(fontsize=8.5, labelcolor=COLOURS["ink"], loc="upper left")
        bare(axes)

    said = "; ".join(
        f"{PARTS[part]} {', '.join(f'{seen / n:.0%}' for seen, n in zip(its.seen, its.events, strict=True) if n)}"
        for part, its in by_position.items()
    )
    words = f"Share of next events on an item seen before, after 1, 2, … events: {said}."
    return Panel("repeats-position", (360, 250), words, draw)


def _funnel(sessions: Funnel, items: Funnel, n_sessions: int, n_items: int, kinds: Sequence[str]) -> Drawing:
    steps = zip(kinds[1:], sessions.reached[:-1], sessions.reached[1:], strict=True)
    said = [f"{after / before:.1%} of these also a {kind}" for kind, before, after in steps if before]
    of_items = [
        f"{after / items.reached[0]:.1%} have a {kind}"
        for kind, after in zip(kinds[1:], items.reached[1:], strict=True)
        if items.reached[0]
    ]
    shortcut = sessions.having[-1] - sessions.reached[-1]
    caption = sentences(
        f"Of {n_sessions:,} sessions {sessions.reached[0] / n_sessions:.1%} have a {kinds[0]}"
        + (f", {', '.join(said)}." if said else "."),
        f"Of the items that had a {kinds[0]} in a session, {joined(of_items)} there too." if of_items else "",
        f"{shortcut:,} sessions have a {kinds[-1]} without all the steps before it (left of it, or in another session)."
        if shortcut
        else "",
    )
    header = ["of", "kind", "having it", "having all kinds up to it", "of all", "share of all"]
    rows = [
        [what, kind, int(funnel.having[i]), int(funnel.reached[i]), total, float(funnel.reached[i] / total)]
        for what, funnel, total in (("sessions", sessions, n_sessions), ("items of a session", items, n_items))
        for i, kind in enumerate(kinds)
    ]
    return Drawing(
        "funnel",
        f"From {kinds[0]} to {kinds[-1]}",
        caption,
        (
            _steps("sessions", "Sessions", sessions, n_sessions, kinds),
            _steps("items", "Items of a session", items, n_items, kinds),
        ),
        csv_text(header, rows),
        f"Kinds stand in the order of the rewards. A bar counts what has every kind up to its own: {', '.join(kinds)}. "
        "Left sessions, right the different items of each session, an item anew in every session. All three parts "
        "together, after preparing, which removes short sessions and rare items. The last bar is what there is to "
        "learn from about purchases; where it is short, differences between models on purchases are mostly chance.",
    )


def _steps(name: str, title: str, funnel: Funnel, total: int, kinds: Sequence[str]) -> Panel:
    bars = [("all", total), *zip(kinds, (int(n) for n in funnel.reached), strict=True)]

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for row, (_, n) in enumerate(bars):
            share = n / total
            axes.barh(row, share, 0.68, color=COLOURS["supervised"], alpha=0.5)
            kind, before = bars[row - 1]
            further = f" · {n / before:.1%} of {short(kind, 10)}" if row > 1 and before else ""
            words = f"{n:,}{f' · {share:.1%}' if row else ''}{further}"
            inside = share > 0.5
            axes.text(0.015 if inside else share + 0.015, row, words, va="center", fontsize=8.5)
        axes.set_yticks(range(len(bars)), [short(kind, 16) for kind, _ in bars])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xticks([])
        axes.set_title(title)
        axes.grid(visible=False)
        bare(axes, "left", "bottom")

    said = "; ".join(f"{kind} {n:,}" for kind, n in bars)
    return Panel(f"funnel-{name}", (360, 46 + 28 * len(bars)), f"{title} with every kind up to: {said}.", draw)
