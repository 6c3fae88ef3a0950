"""RetailRocket's original files: events.csv, item_properties_part1.csv and part2, category_tree.csv."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from sessionrl.data.columns import as_ids, as_kinds
from sessionrl.data.files import find
from sessionrl.data.originals import original_chunks, original_file
from sessionrl.data.tables import Table
from sessionrl.data.timestamps import read_times
from sessionrl.registry import register

_SOURCE = "RetailRocket"
_EVENTS = {name: (name,) for name in ("itemid", "timestamp", "event", "visitorid")}
_VALUES = {name: (name,) for name in ("timestamp", "itemid", "property", "value")}
_TREE = {name: (name,) for name in ("categoryid", "parentid")}
_PROPERTIES = ("item_properties_part1.csv", "item_properties_part2.csv")


@register("reader", "retailrocket")
@dataclass(frozen=True)
class RetailRocket:
    """The folder with the original files, or its events.csv; all may be ``.gz`` or ``.xz``.

    view, addtocart and transaction are view, cart and purchase. There are no sessions in it, so they are cut by an
    idle gap. The category of an item is the **earliest** value of its property `categoryid`: the latest before the end
    of training would depend on the split, and the latest of all would tell the future.
    """

    path: str

    order_only: ClassVar[bool] = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, events first."""
        path = Path(self.path)
        events = original_file(path, ["events.csv"])
        if not path.is_dir():
            return (events,)
        others = [find(path, [stem]) for stem in (*_PROPERTIES, "category_tree.csv")]
        return (events, *(one for one in others if one is not None))

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`, piece by piece."""
        for rows, origin in original_chunks(self.files[0], _EVENTS, _SOURCE):
            events = {
                "item_id": as_ids(rows["itemid"], "itemid", origin),
                "user_id": as_ids(rows["visitorid"], "visitorid", origin),
                "timestamp": read_times(rows["timestamp"], origin, "ms").values,
                "event_type": as_kinds(rows["event"], {}, origin),
            }
            yield Table(pl.DataFrame(events), origin)

    def items(self) -> pl.DataFrame | None:
        """`item_id`, `category`, and `parent_category` where there is a category tree; None without properties."""
        properties = [one for one in self.files[1:] if one.name.startswith("item_properties")]
        if not properties:
            return None
        chunks = (chunk for one in properties for chunk in original_chunks(one, _VALUES, _SOURCE))
        tables = [chunk.rows.filter(pl.col("property") == "categoryid") for chunk in chunks]
        items = (
            pl.concat(tables)
            .with_columns(pl.col("timestamp").cast(pl.Int64, strict=False))
            .sort("timestamp", nulls_last=True)
            .group_by("itemid", maintain_order=True)
            .agg(category=pl.col("value").first())
            .rename({"itemid": "item_id"})
        )
        trees = [one for one in self.files[1:] if one.name.startswith("category_tree")]
        if trees:
            tree = pl.concat([chunk.rows for chunk in original_chunks(trees[0], _TREE, _SOURCE)])
            tree = tree.unique("categoryid", keep="first")
            tree = tree.select(category="categoryid", parent_category="parentid")
            items = items.join(tree, on="category", how="left")
        return items

    def notes(self) -> dict[str, str]:
        """How the files were understood."""
        notes = {"times": "milliseconds since 1970 UTC (as RetailRocket writes them)"}
        if any(one.name.startswith("item_properties") for one in self.files):
            notes["items"] = "the category of an item is the earliest value of its property categoryid"
        return notes
