"""Never shown: the items that no list of a model ever held, and those of them that visitors bought nonetheless."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from sessionrl.analysis.exposure import OfCategory, never, never_by_category, never_by_popularity
from sessionrl.registry import register
from sessionrl.reporting.cells import Cells, draw_cells, height_of
from sessionrl.reporting.drawing import Drawing, Panel, ProductCell, ProductPanel, ProductRow, csv_text
from sessionrl.reporting.lists import GROUPS, Array, Lists, Shelves, sentences
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CATEGORIES = 12  # the largest
NEEDED = 10  # items of a category


@dataclass(frozen=True)
class Missed:
    """Of the first training seed of a model.

    items:  [n] item numbers that no list holds, the most popular first
    bought: [b] those of them that visitors bought, most purchases first
    events: purchases of them
    """

    items: npt.NDArray[np.int64]
    bought: npt.NDArray[np.int64]
    events: int


@register("picture", "never_shown")
@dataclass(frozen=True)
class NeverShown:
    """Items that no list of a model ever held, by popularity and category, and those that were bought nonetheless.

    k:     places of a list that count
    items: products in a row
    """

    section: ClassVar[Section] = "lists"
    place: ClassVar[int] = 3

    k: Annotated[int, Field(ge=1)] = 10
    items: Annotated[int, Field(ge=1)] = 6

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        shelves = Shelves.of(subject, self.k)
        return [_Picture(subject, shelves, self.items).drawing()]


@dataclass(frozen=True, eq=False)
class _Picture:
    subject: Subject
    shelves: Shelves
    items: int

    def drawing(self) -> Drawing:
        shelves, catalogue = self.shelves, self.subject.catalogue
        missed = [self._missed(one) for one in shelves.lists]
        by_popularity = [one.mean(lambda shown: never_by_popularity(shown.times, catalogue)) for one in shelves.lists]
        categories = [never_by_category(one.first.times, catalogue) for one in shelves.lists]
        panels = [self._by_popularity(by_popularity), *self._by_category(categories)]
        rows: list[list[object]] = [
            [one.label, what, "", value]
            for one, its in zip(shelves.lists, missed, strict=True)
            for what, value in (
                ("items never shown", len(its.items)),
                (f"of these {self.chosen}", len(its.bought)),
                (f"times they were {self.chosen}", its.events),
            )
        ]
        rows += [
            [one.label, "share never shown, by tenth of popularity", group, float(value)]
            for one, shares in zip(shelves.lists, by_popularity, strict=True)
            for group, value in zip(GROUPS, shares, strict=True)
            if np.isfinite(value)
        ]
        rows += [
            [one.label, "items never shown, by category", category.category, category.never]
            for one, its in zip(shelves.lists, categories, strict=True)
            for category in its
        ]
        return Drawing(
            "never-shown",
            "Items that are never shown",
            sentences(self._how_many(missed), self._by_nobody(), shelves.left_out),
            (*panels, *self._products(missed)),
            csv_text(["model", "what", "group", "value"], rows),
            self._how_to_read(),
        )

    @property
    def chosen(self) -> str:
        return "bought" if self.shelves.kind else "looked at"

    def _missed(self, one: Lists) -> Missed:
        items = never(one.first.times, self.subject.catalogue)
        bought = one.first.bought[items]
        order = np.argsort(-bought, kind="stable")
        return Missed(items, items[order][bought[order] > 0], int(bought.sum()))

    def _nobody(self) -> npt.NDArray[np.int64]:
        together = np.sum([one.first.times for one in self.shelves.lists], axis=0)
        return never(together, self.subject.catalogue)

    def _how_many(self, missed: Sequence[Missed]) -> str:
        items = int(self.subject.catalogue.recommendable.sum())
        purchases = int(self.shelves.visitors.bought.sum())
        what = "purchases" if self.shelves.kind else "next events"
        said = [
            f"{one.label} {len(its.items):,} ({its.events:,})"
            for one, its in zip(self.shelves.lists, missed, strict=True)
        ]
        return (
            f"Of {items:,} items these were in no list of the test part, and so many of its {purchases:,} {what} "
            f"(in brackets) were of them: {', '.join(said)}."
        )

    def _by_nobody(self) -> str:
        if len(self.shelves.lists) == 1:
            return ""
        nobody = self._nobody()
        bought = int((self.shelves.visitors.bought[nobody] > 0).sum())
        if not len(nobody):
            return "There is no item that none of these models shows."
        items = "1 item" if len(nobody) == 1 else f"{len(nobody):,} items"
        were = "was" if bought == 1 else "were"
        return f"Shown by none of the models: {items}, of which {bought:,} {were} {self.chosen}."

    def _how_to_read(self) -> str:
        return sentences(
            f"An item is never shown if no list of {self.shelves.k} after the first event of a session held it, of "
            f"{self.shelves.visitors.lists:,} lists; with more lists fewer would be left. Numbers in the cells are "
            "percent of the items of a column. Rare items are rightly shown rarely; look for dark cells at the left, "
            "which are popular items, and for whole categories that are dark. "
            f"An item that is {self.chosen} and never shown is a chance that was missed, if one of few: what visitors "
            "see in the test part was not chosen by these models.",
            "Shares by popularity are means over the training seeds; everything else is of each model's first seed."
            if self.shelves.seeds
            else "",
        )

    def _by_popularity(self, shares: Sequence[Array]) -> Panel:
        known = np.flatnonzero(np.isfinite(shares[0]))
        cells = Cells(
            "Never shown, by popularity of the items",
            [one.label for one in self.shelves.lists],
            [GROUPS[group] for group in known],
            np.array(shares)[:, known],
            "tenth of the items by popularity, the most popular left",
        )
        return _panel("never-shown-popularity", cells)

    def _by_category(self, categories: Sequence[Sequence[OfCategory]]) -> list[Panel]:
        """The largest categories only: of few items a share says little."""
        shown = [[one for one in its if one.items >= NEEDED][:CATEGORIES] for its in categories]
        if not shown[0]:
            return []
        cells = Cells(
            "Never shown, by category",
            [one.label for one in self.shelves.lists],
            [one.category for one in shown[0]],
            np.array([[one.never / one.items for one in its] for its in shown]),
            f"category, the largest left{'' if len(categories[0]) == len(shown[0]) else '; smaller ones in the CSV'}",
        )
        return [_panel("never-shown-category", cells)]

    def _products(self, missed: Sequence[Missed]) -> list[ProductPanel]:
        popular = [(one.label, len(its.items), its.items) for one, its in zip(self.shelves.lists, missed, strict=True)]
        if len(popular) > 1:
            popular.append(("none of them", len(self._nobody()), self._nobody()))
        bought = [(one.label, len(its.bought), its.bought) for one, its in zip(self.shelves.lists, missed, strict=True)]
        first = self._shelf("The most popular items that are never shown", "events in training", popular)
        kind = "purchases" if self.shelves.kind else "looks"
        second = self._shelf(f"{self.chosen.capitalize()}, yet never shown", f"{kind} in the test part", bought)
        return [panel for panel in (first, second) if panel.rows]

    def _shelf(self, title: str, note: str, some: Sequence[tuple[str, int, npt.NDArray[np.int64]]]) -> ProductPanel:
        """note: what the number below a product counts."""
        counts = self.subject.catalogue.counts if "training" in note else self.shelves.visitors.bought
        rows = tuple(
            ProductRow(
                label,
                f"{n:,} items" if n != 1 else "1 item",
                tuple(ProductCell(int(item), f"{counts[item]:,}") for item in items[: self.items]),
            )
            for label, n, items in some
            if n
        )
        products = self.subject.products.cards(cell.item for row in rows for cell in row.cells)
        return ProductPanel(title, f"below each: {note}", rows, products)


def _panel(name: str, cells: Cells) -> Panel:
    def draw(figure: "Figure") -> None:
        draw_cells(figure.add_subplot(), cells)

    return Panel(name, (360, height_of(cells)), cells.said(), draw)
