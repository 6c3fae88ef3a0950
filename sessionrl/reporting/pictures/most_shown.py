"""Most shown: the items that fill the most places, and how much visitors wanted them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from sessionrl.analysis.exposure import Shown, most, share_of
from sessionrl.registry import register
from sessionrl.reporting.drawing import (
    COLOURS,
    Drawing,
    Panel,
    ProductCell,
    ProductPanel,
    ProductRow,
    bare,
    csv_text,
)
from sessionrl.reporting.families import family, short
from sessionrl.reporting.lists import Lists, Shelves, sentences
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 22  # points between two models


class Bestsellers(NamedTuple):
    """The items that fill the most places.

    places:  their share of all places, in [0, 1]
    visits:  their share of what visitors looked at next, in [0, 1]
    """

    places: float
    visits: float


@register("picture", "most_shown")
@dataclass(frozen=True)
class MostShown:
    """The items that fill the most places, the share they take, and how often visitors looked at them.

    k:     places of a list that count
    top:   items that the share is of
    items: products in a row
    """

    section: ClassVar[Section] = "lists"
    place: ClassVar[int] = 4

    k: Annotated[int, Field(ge=1)] = 10
    top: Annotated[int, Field(ge=1)] = 20
    items: Annotated[int, Field(ge=1)] = 6

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        shelves = Shelves.of(subject, self.k)
        found = [_bestsellers(one, self.top) for one in shelves.lists]
        visitors = share_of(most(shelves.visitors.chosen, self.top), shelves.visitors.chosen)
        rows: list[list[object]] = [["visitors", None, visitors]]
        rows += [[one.label, its.places, its.visits] for one, its in zip(shelves.lists, found, strict=True)]
        return [
            Drawing(
                "most-shown",
                f"The {self.top} items that are shown most",
                self._caption(shelves, found, visitors),
                (_dots(shelves, found, visitors, self.top), self._products(subject, shelves)),
                csv_text(
                    ["who", f"share of places of its {self.top} most shown", "share of the visitors' looks at these"],
                    rows,
                ),
                self._reading(shelves),
            )
        ]

    def _caption(self, shelves: Shelves, found: Sequence[Bestsellers], visitors: float) -> str:
        said = [
            f"{one.label} {its.places:.0%} ({its.visits:.0%})" for one, its in zip(shelves.lists, found, strict=True)
        ]
        return sentences(
            f"Of all places in lists of {shelves.k} each model's own {self.top} items take this share, and of what "
            f"visitors looked at next that in brackets: {', '.join(said)}. The {self.top} items that visitors "
            f"looked at most take {visitors:.0%}.",
            shelves.left_out,
        )

    def _reading(self, shelves: Shelves) -> str:
        return sentences(
            "Filled: the share of places. Hollow: the visitors' share for the same items. The wider apart, the more "
            "the same few items are put before people who look for others. The dashed line is as far as "
            f"{self.top} items can get with visitors. Below, how many of 100 lists hold the product.",
            shelves.seeds,
        )

    def _products(self, subject: Subject, shelves: Shelves) -> ProductPanel:
        visitors = shelves.visitors
        rows = [
            _row("visitors", "looked at most", visitors.chosen, visitors, self.items),
            *(_row(one.label, "shown most", one.first.times, one.first, self.items) for one in shelves.lists),
        ]
        products = subject.products.cards(cell.item for row in rows for cell in row.cells)
        return ProductPanel(
            "The items that are shown most", "below each: the share of lists that hold it", tuple(rows), products
        )


def _bestsellers(one: Lists, top: int) -> Bestsellers:
    """Means over the training seeds, each with its own items."""
    own = [most(shown.times, top) for shown in one.seeds]
    return Bestsellers(
        float(np.mean([share_of(items, shown.times) for items, shown in zip(own, one.seeds, strict=True)])),
        float(np.mean([share_of(items, shown.chosen) for items, shown in zip(own, one.seeds, strict=True)])),
    )


def _row(label: str, note: str, times: np.ndarray[tuple[int], np.dtype[np.int64]], of: Shown, items: int) -> ProductRow:
    cells = (ProductCell(int(item), _share(float(times[item] / of.lists))) for item in most(times, items))
    return ProductRow(label, note, tuple(cells))


def _share(share: float) -> str:
    """Whole percents, but not 0% of what is there.

    >>> _share(0.42), _share(0.031), _share(0.0004)
    ('42%', '3.1%', '<0.1%')
    """
    return "<0.1%" if share < 0.001 else f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _dots(shelves: Shelves, found: Sequence[Bestsellers], visitors: float, top: int) -> Panel:
    labels = [one.label for one in shelves.lists]

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for row, (one, its) in enumerate(zip(shelves.lists, found, strict=True)):
            colour = COLOURS[family(one.model)]
            axes.plot([its.visits, its.places], [row, row], color=colour, linewidth=1.4)
            axes.plot(its.places, row, "o", color=colour, markersize=7)
            axes.plot(its.visits, row, "o", color=colour, markersize=7, markerfacecolor=COLOURS["surface"])
        axes.axvline(visitors, color=COLOURS["ink"], linewidth=0.9, dashes=(3, 3), zorder=0)
        axes.annotate(
            f"the visitors' own {top}", (visitors, 1), (0, 3), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", fontsize=8, color=COLOURS["ink"], annotation_clip=False,
        )  # fmt: skip
        axes.set_yticks(range(len(labels)), [short(label, 18) for label in labels])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.set_xlim(0, max(0.05, visitors, *(its.places for its in found)) * 1.06)
        axes.xaxis.set_major_formatter(lambda value, at: f"{value * 100:.3g}%")
        axes.set_xlabel("filled: share of places; hollow: of the visitors' looks")
        axes.grid(axis="y", visible=False)
        bare(axes, "left")

    said = "; ".join(f"{label} {its.places:.0%}, {its.visits:.0%}" for label, its in zip(labels, found, strict=True))
    words = f"Share of places of the {top} most shown items, and of the visitors' looks at them: {said}."
    return Panel("most-shown", (360, 76 + ROW * len(labels)), words, draw)
