"""Products: what a page shows of an item, its words and its picture."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from sessionrl.data.catalogue import Catalogue


@dataclass(frozen=True)
class ProductCard:
    """An item as a page shows it.

    item_id:  as the shop's log writes it
    name:     empty where the shop gave none
    category: empty where the shop gave none
    price:    as text with two places, empty where the shop gave none
    """

    item_id: str
    name: str
    category: str
    price: str


@dataclass(frozen=True, eq=False)
class Products:
    """The items of a catalogue as a page shows them."""

    catalogue: Catalogue

    def card(self, item: int) -> ProductCard:
        """Of an item number."""
        row = self._table.row(item - 1, named=True)
        price = row.get("price")
        name, category = (str(row[word]) if row.get(word) is not None else "" for word in ("name", "category"))
        return ProductCard(str(row["item_id"]), name, category, "" if price is None else f"{price:,.2f}")

    @cached_property
    def _table(self) -> pl.DataFrame:
        items = self.catalogue.items
        return items.with_columns(pl.col("price").cast(pl.Float64, strict=False)) if "price" in items.columns else items
