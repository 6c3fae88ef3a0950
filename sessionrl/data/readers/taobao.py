"""Taobao's UserBehavior.csv: what a million shoppers did in nine days of 2017."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import polars as pl

from sessionrl.data.columns import as_ids, as_kinds, as_text
from sessionrl.data.originals import only, original_file
from sessionrl.data.tables import Table, read_chunks
from sessionrl.data.timestamps import read_times
from sessionrl.registry import register

_COLUMNS = ("user", "item", "category", "behavior", "timestamp")
_FIRST_MS, _END_MS = 1_511_539_200_000, 1_512_316_800_000  # nine days, 2017-11-25 to 12-03, in China (UTC+8)
_WINDOW = "2017-11-25 to 2017-12-03 (China's time)"


@register("reader", "taobao")
@dataclass(frozen=True)
class Taobao:
    """Taobao: UserBehavior.csv or its folder; it may be ``.gz`` or ``.xz``.

    There is no header line: ``user,item,category,behavior,timestamp``, times in seconds
    (https://tianchi.aliyun.com/dataset/dataDetail?dataId=649). pv is view, buy is purchase, cart is cart; **fav stays a
    kind of its own**: give it a reward (``data.reward.fav=0.5``), drop it (``data.ignore_kinds=["fav"]``) or map it.
    There are no sessions in it, so they are cut by an idle gap.

    The publisher's file has rows outside its nine days, even before 1970. They would move the split, so they are
    refused unless `outside` is "drop".

    kinds:   the log's kinds of event -> ours, e.g. ``{"fav": "cart"}``
    outside: events outside the nine days: "refuse", or "drop" and count them
    """

    path: str
    kinds: dict[str, str] = field(default_factory=dict)
    outside: Literal["refuse", "drop"] = "refuse"

    order_only: ClassVar[bool] = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The one file."""
        return (original_file(Path(self.path), ["UserBehavior.csv"]),)

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`, piece by piece."""
        self._dropped.clear()
        for table in read_chunks(self.files[0], ",", _COLUMNS):
            events = _events(table, self.kinds)
            inside = events["timestamp"].is_between(_FIRST_MS, _END_MS, closed="left").fill_null(True)
            if self.outside == "refuse":
                _refuse(~inside, table)
            self._dropped.append(int((~inside).sum()))
            yield only(Table(events, table.origin), inside)

    def items(self) -> pl.DataFrame | None:
        """Only the events tell of the items: their category."""
        return None

    def notes(self) -> dict[str, str]:
        """How the file was understood; how many events were dropped only after they were read."""
        notes = {
            "times": "seconds since 1970 UTC (as Taobao writes them)",
            "kinds": "pv is view, buy is purchase; cart and fav are what they are",
        }
        if self.outside == "drop":
            count = f"{sum(self._dropped):,} " if self._dropped else ""
            notes["outside"] = f"{count}events outside {_WINDOW} were dropped"
        return notes

    @cached_property
    def _dropped(self) -> list[int]:
        """Events dropped, by piece, while reading: to count them first would take as long again."""
        return []


def _events(table: Table, kinds: Mapping[str, str]) -> pl.DataFrame:
    rows, origin = table
    return pl.DataFrame(
        {
            "user_id": as_ids(rows["user"], "user", origin),
            "item_id": as_ids(rows["item"], "item", origin),
            "timestamp": read_times(rows["timestamp"], origin, "s").values,
            "event_type": as_kinds(rows["behavior"], kinds, origin),
            "category": as_text(rows["category"], "category", origin),
        }
    )


def _refuse(outside: pl.Series, table: Table) -> None:
    if outside.any():
        first = table.rows["timestamp"].filter(outside)[0]
        table.origin.refuse(
            outside,
            f"{{n}} with a time outside {_WINDOW}, the first {first}",
            "seconds since 1970 from 1511539200 up to 1512316799",
            "leave them out with reader.outside=drop, or read a file of other days with the reader delimited",
        )
