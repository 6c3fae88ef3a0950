"""RetailRocket's original files: events.csv, item_properties_part1.csv and part2, category_tree.csv."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from sessionrl.data.columns import as_ids, as_kinds
from sessionrl.data.files import find
from sessionrl.data.schema import names
from sessionrl.data.tables import Table, read_chunks
from sessionrl.data.timestamps import read_times
from sessionrl.errors import BadData, did_you_mean
from sessionrl.registry import register

_EVENTS = {"item_id": "itemid", "timestamp": "timestamp", "event_type": "event", "user_id": "visitorid"}
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
        if not path.is_dir():
            return (path,)
        events = find(path, ["events.csv"])
        if events is None:
            beside = sorted(one.name for one in path.iterdir() if not one.name.startswith("."))
            found = f"there is no events.csv in this folder, only: {names(beside) or 'nothing'}"
            raise BadData(path, found, "events.csv, events.csv.gz or events.csv.xz", "check the path")
        others = [find(path, [stem]) for stem in (*_PROPERTIES, "category_tree.csv")]
        return (events, *(one for one in others if one is not None))

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`, piece by piece."""
        for raw, origin in _chunks(self.files[0], tuple(_EVENTS.values())):
            events = {
                "item_id": as_ids(raw["itemid"], "itemid", origin),
                "user_id": as_ids(raw["visitorid"], "visitorid", origin),
                "timestamp": read_times(raw["timestamp"], origin, "ms").values,
                "event_type": as_kinds(raw["event"], {}, origin),
            }
            yield Table(pl.DataFrame(events), origin)

    def items(self) -> pl.DataFrame | None:
        """`item_id`, `category`, and `parent_category` where there is a category tree; None without properties."""
        properties = [one for one in self.files[1:] if one.name.startswith("item_properties")]
        if not properties:
            return None
        wanted = ("timestamp", "itemid", "property", "value")
        of_category = pl.col("property") == "categoryid"
        tables = [chunk.rows.filter(of_category) for one in properties for chunk in _chunks(one, wanted)]
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
            tree = pl.concat([chunk.rows for chunk in _chunks(trees[0], ("categoryid", "parentid"))])
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


def _chunks(path: Path, wanted: tuple[str, ...]) -> Iterator[Table]:
    for table in read_chunks(path):
        header = table.rows.columns
        missing = [name for name in wanted if name not in header]
        if missing:
            raise BadData(
                f"{path}, line 1 (the first line of the file is line 1)",
                f"no column {', '.join(missing)} among: {names(header)}.{did_you_mean(missing[0], header)}",
                f"RetailRocket's columns {', '.join(wanted)}",
                "give the original file, or read it with the reader delimited",
            )
        yield Table(table.rows.select(wanted), table.origin)
