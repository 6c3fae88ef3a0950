"""Products: what a page shows of an item, its words and its picture."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.columns import ITEM_ALIASES
from sessionrl.reporting.drawn_card import drawn_card
from sessionrl.reporting.product_pictures import data_uri, show


class Words(NamedTuple):
    """An item in words, each empty where the shop gave none."""

    item_id: str
    name: str
    category: str


@dataclass(frozen=True)
class ProductCard:
    """An item as a page shows it.

    item_id:  as the shop's log writes it
    name:     empty where the shop gave none
    category: empty where the shop gave none
    price:    as text with two places, empty where the shop gave none
    picture:  a data URI for the `src` of an `<img>`; a drawn card of these words where the shop gave no picture
    drawn:    whether it is that card, so that the words stand in it already
    """

    item_id: str
    name: str
    category: str
    price: str
    picture: str
    drawn: bool = False

    @property
    def in_words(self) -> str:
        """A data URI of the drawn card, also where there is a picture."""
        return drawn_uri(self.item_id, self.name, self.category, self.price)


@dataclass(frozen=True, eq=False)
class Products:
    """The items of a catalogue as a page shows them.

    Their pictures are in the column `picture` of the table of items (or `image`, `image_url`, `picture_url`), see
    `sessionrl.reporting.product_pictures` for what may stand there.
    """

    catalogue: Catalogue

    def card(self, item: int) -> ProductCard:
        """Of an item number; made once."""
        return self.cards([item])[item]

    def cards(self, items: Iterable[int]) -> dict[int, ProductCard]:
        """Of item numbers, by item number; ask for many at once, because pictures from addresses come side by side."""
        wanted = list(dict.fromkeys(items))
        rows = {item: self._table.row(item - 1, named=True) for item in wanted if item not in self._cards}
        sources = {item: row[self._column] for item, row in rows.items() if self._column and row[self._column]}
        shown = dict(zip(sources, show(list(sources.values())), strict=True))
        for item, row in rows.items():
            self._cards[item] = _card(row, shown[item].uri if item in shown else "")
            if item in shown:
                self._given.append(f"{row['item_id']}, {shown[item].problem}" if shown[item].problem else "")
        return {item: self._cards[item] for item in wanted}

    def words(self, item: int) -> Words:
        """Of an item number, without its picture, which may have to be fetched."""
        return _words(self._table.row(item - 1, named=True))

    @property
    def problems(self) -> str:
        """How many of the pictures of all cards so far could not be shown, and why the first; empty if all could."""
        problems = [problem for problem in self._given if problem]
        if not problems:
            return ""
        return (
            f"{len(problems):,} of {len(self._given):,} pictures of products could not be shown, so drawn cards stand "
            f"in their place. The first is of {problems[0]}."
        )

    @cached_property
    def _column(self) -> str:
        names = ("picture", *ITEM_ALIASES["picture"])
        return next((name for name in names if name in self.catalogue.items.columns), "")

    @cached_property
    def _table(self) -> pl.DataFrame:
        items = self.catalogue.items
        return items.with_columns(pl.col("price").cast(pl.Float64, strict=False)) if "price" in items.columns else items

    @cached_property
    def _cards(self) -> dict[int, ProductCard]:
        return {}

    @cached_property
    def _given(self) -> list[str]:
        """For every picture that the shop gave: what is wrong with it, or nothing."""
        return []


def _words(row: Mapping[str, Any]) -> Words:
    name, category = (str(row[word]) if row.get(word) is not None else "" for word in ("name", "category"))
    return Words(str(row["item_id"]), name, category)


def _card(row: Mapping[str, Any], picture: str) -> ProductCard:
    price = row.get("price")
    words = (*_words(row), "" if price is None or not math.isfinite(price) else f"{price:,.2f}")
    return ProductCard(*words, picture=picture or drawn_uri(*words), drawn=not picture)


def drawn_uri(item_id: str, name: str, category: str, price: str) -> str:
    """Of the card that is drawn of these words."""
    return data_uri("image/svg+xml", drawn_card(item_id, name, category, price).encode())
