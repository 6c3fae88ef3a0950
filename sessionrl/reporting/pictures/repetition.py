"""Repetition: how much of a list was listed or seen before, step by step along the session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from sessionrl.analysis.repetition import AlongTheSession, along_the_session
from sessionrl.registry import register
from sessionrl.reporting.cells import Cells, draw_cells, height_of
from sessionrl.reporting.drawing import Drawing, Panel, csv_text
from sessionrl.reporting.lists import compared, length, sentences
from sessionrl.reporting.models import Model
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VISITORS = "visitors' next"
TITLES = {
    "list_before": "In the list one event earlier",
    "any_before": "In any earlier list of the session",
    "already_seen": "Seen already in the session",
}


@register("picture", "repetition")
@dataclass(frozen=True)
class Repetition:
    """How much of a list was in the list before, in any earlier list, or seen already, along the session.

    k:         places of a list that count
    positions: events read; the last column has all lists after so many or more
    """

    section: ClassVar[Section] = "lists"
    place: ClassVar[int] = 5

    k: Annotated[int, Field(ge=1)] = 10
    positions: Annotated[int, Field(ge=2, le=30)] = 15

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        models, left_out = compared(subject)
        k = length(models, self.k)
        found = [
            _mean([along_the_session(one, subject.catalogue, k, self.positions) for one in m.rankings]) for m in models
        ]
        if not found[0].cases.sum():
            raise CannotDraw("No event of the test part is a case after the first event of its session.")
        return [_drawing(models, found, k, left_out)]


def _mean(seeds: Sequence[AlongTheSession]) -> AlongTheSession:
    return AlongTheSession(*(np.mean(column, axis=0) for column in zip(*seeds, strict=True)))


def _drawing(models: Sequence[Model], found: Sequence[AlongTheSession], k: int, left_out: str) -> Drawing:
    last = int(np.flatnonzero(found[0].cases)[-1]) + 1
    cases = [int(n) for n in found[0].cases]
    rows = [
        [model.label, column + 1, what, cases[column], None if np.isnan(share) else float(share)]
        for model, its in zip(models, found, strict=True)
        for what in (*TITLES, "chosen_again")
        for column, share in enumerate(getattr(its, what)[:last])
    ]
    weights = found[0].cases[1:] / max(1, found[0].cases[1:].sum())
    kept = [float(np.nansum(its.list_before[1:] * weights)) for its in found]
    again = float(np.nansum(found[0].chosen_again * found[0].cases) / found[0].cases.sum())
    seen = [float(np.nansum(its.already_seen * its.cases) / its.cases.sum()) for its in found]
    said = ", ".join(f"{m.label} {share:.0%}" for m, share in zip(models, kept, strict=True))
    back = ", ".join(f"{m.label} {share:.0%}" for m, share in zip(models, seen, strict=True))
    caption = sentences(
        f"Of a list of {k}, so much stood in the list one event earlier: {said}." if last > 1 else "",
        f"So much of it the visitor has seen already: {back}. Visitors themselves go back to such an item with "
        f"{again:.0%} of their next events.",
        left_out,
    )
    panels = [_panel(what, models, found, last) for what in TITLES if what == "already_seen" or last > 1]
    return Drawing(
        "repetition",
        "How lists repeat along the session",
        caption,
        tuple(panels),
        csv_text(["model", "events read", "what", "lists", "share"], rows),
        _how_to_read(models),
    )


def _panel(what: str, models: Sequence[Model], found: Sequence[AlongTheSession], last: int) -> Panel:
    """Lists after one event have none before them: that column is left out where nothing else stands in it."""
    first = 0 if what == "already_seen" else 1
    names = [str(n) for n in range(1, last + 1)]
    if last == len(found[0].cases):
        names[-1] += "+"
    lines = [getattr(its, what) for its in found]
    labels = [model.label for model in models]
    if what == "already_seen":
        lines, labels = [found[0].chosen_again, *lines], [VISITORS, *labels]
    cells = Cells(
        TITLES[what],
        labels,
        names[first:],
        np.array(lines)[:, first:last],
        "events read; below, how many lists",
        [_few_letters(int(n)) for n in found[0].cases[first:last]],
    )

    def draw(figure: "Figure") -> None:
        draw_cells(figure.add_subplot(), cells)

    return Panel(f"repetition-{what.replace('_', '-')}", (360, height_of(cells)), cells.said(), draw)


def _few_letters(count: int) -> str:
    """A count in at most four letters.

    >>> [_few_letters(n) for n in (7, 950, 1_240, 26_405, 3_100_000)]
    ['7', '950', '1.2k', '26k', '3.1M']
    """
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit:
            return f"{count / unit:.1f}{letter}" if count < 10 * unit else f"{count / unit:.0f}{letter}"
    return str(count)


def _how_to_read(models: Sequence[Model]) -> str:
    return sentences(
        "Each row is a model, each column the number of events read, each number percent of the places of a list. "
        "A list that keeps its items while the visitor moves on uses up places on what was passed over, but it may be "
        "right to repeat where visitors come back to what they saw. Compare the third table with its first row: the "
        "share of next events that return to something seen. Columns at the right are of few, long sessions.",
        "Numbers are means over the training seeds." if any(len(model.runs) > 1 for model in models) else "",
    )
