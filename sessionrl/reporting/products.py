"""Products: what a page shows of an item, its words and its picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from sessionrl.data.catalogue import Catalogue
from sessionrl.reporting.drawn_card import drawn_card
from sessionrl.reporting.product_pictures import data_uri


@dataclass(frozen=True)
class ProductCard:
    """An item as a page shows it.

    item_id:  as the shop's log writes it
    name:     empty where the shop gave none
    category: empty where the shop gave none
    price:    as text with two places, empty where the shop gave none
    picture:  a data URI for the `src` of an `<img>`; a drawn card of these words where the shop gave no picture
    """

    item_id: str
    name: str
    category: str
    price: str
    picture: str


@dataclass(frozen=True, eq=False)
class Products:
    """The items of a catalogue as a page shows them."""

    catalogue: Catalogue

    def card(self, item: int) -> ProductCard:
        """Of an item number; made once."""
        return self.cards([item])[item]

    def cards(self, items: Iterable[int]) -> dict[int, ProductCard]:
        """Of item numbers, by item number; ask for many at once, because pictures from addresses come side by side."""
        wanted = list(dict.fromkeys(items))
        for item in (one for one in wanted if one not in self._cards):
            self._cards[item] = self._card(item)
        return {item: self._cards[item] for item in wanted}

    def _card(self, item: int) -> ProductCard:
        row = self._table.row(item - 1, named=True)
        price = row.get("price")
        name, category = (str(row[word]) if row.get(word) is not None else "" for word in ("name", "category"))
        words = (str(row["item_id"]), name, category, "" if price is None else f"{price:,.2f}")
        return ProductCard(*words, picture=data_uri("image/svg+xml", drawn_card(*words).encode()))

    @cached_property
    def _table(self) -> pl.DataFrame:
        items = self.catalogue.items
        return items.with_columns(pl.col("price").cast(pl.Float64, strict=False)) if "price" in items.columns else items

    @cached_property
    def _cards(self) -> dict[int, ProductCard]:
        return {}
