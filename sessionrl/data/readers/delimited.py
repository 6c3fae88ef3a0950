"""Any CSV, TSV or Parquet file with a map of columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple

import polars as pl

from sessionrl.data.columns import (
    EVENT_ALIASES,
    ITEM_ALIASES,
    as_amounts,
    as_flags,
    as_ids,
    as_kinds,
    as_text,
    require,
    resolve,
)
from sessionrl.data.schema import refuse_long, refuse_missing
from sessionrl.data.tables import Table, read_chunks, read_table
from sessionrl.data.timestamps import Notation, TimeUnit, read_times
from sessionrl.errors import BadData, BadOption
from sessionrl.registry import register


class _Layout(NamedTuple):
    """What the beginning of the file decides for the whole of it."""

    columns: dict[str, str]
    times: Notation
    notes: dict[str, str]


@register("reader", "delimited")
@dataclass(frozen=True)
class Delimited:
    """One file of events, and maybe one of items; CSV and TSV also as ``.gz`` or ``.xz``.

    path:         the events
    columns:      our names -> the file's, e.g. ``{"item_id": "sku"}``; usual names are recognised without it
    kinds:        the file's kinds of event -> ours, e.g. ``{"fav": "cart"}``; ``addtocart``, ``buy``, ``pv`` are known
    separator:    of the fields; empty: the most frequent of ``, TAB ; |`` in the first line
    header:       names of the columns, for a file that has no header line
    time_unit:    of times that are numbers; "auto": by the magnitude of their median (at the beginning of a big file)
    items_path:   a table with one row per item; what it has no column of is the earliest value in the events
    item_columns: our names -> the items file's; further columns are kept under the name that stands on the left
    """

    path: str
    columns: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    separator: str = ""
    header: tuple[str, ...] = ()
    time_unit: TimeUnit = "auto"
    items_path: str = ""
    item_columns: dict[str, str] = field(default_factory=dict)

    order_only: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if len(self.separator) > 1 or not self.separator.isascii():
            raise BadOption(
                f"reader 'delimited', option 'separator' = {self.separator!r}: expected one ASCII character."
            )

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, events first."""
        return (Path(self.path), *([Path(self.items_path)] if self.items_path else []))

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`, piece by piece."""
        layout = self._layout
        for table in self._tables():
            yield Table(self._events(table, layout), table.origin)

    def items(self) -> pl.DataFrame | None:
        """The items table; None without a file of its own."""
        return read_items(Path(self.items_path), self.item_columns) if self.items_path else None

    def notes(self) -> dict[str, str]:
        """How the file was understood."""
        return self._layout.notes

    def _tables(self) -> Iterator[Table]:
        return read_chunks(Path(self.path), self.separator, self.header)

    @cached_property
    def _layout(self) -> _Layout:
        raw, origin = next(self._tables())
        path, header = Path(self.path), raw.columns
        ours = resolve(header, self.columns, EVENT_ALIASES, path, "columns")
        require(ours, header, EVENT_ALIASES, path, "columns")
        times = read_times(raw[ours["timestamp"]], origin, self.time_unit)
        return _Layout(ours, times.notation, self._notes(ours, times.note))

    def _events(self, table: Table, layout: _Layout) -> pl.DataFrame:
        (raw, origin), ours = table, layout.columns
        columns = {"timestamp": read_times(raw[ours["timestamp"]], origin, layout.times).values}
        for name in ours.keys() & {"item_id", "session_id", "user_id"}:
            columns[name] = as_ids(raw[ours[name]], name, origin)
        for name in ours.keys() & {"price", "quantity"}:
            columns[name] = as_amounts(raw[ours[name]], name, origin)
        for name in ours.keys() & {"part", "category", "name", "picture"}:
            columns[name] = as_text(raw[ours[name]], name, origin)
        kind = as_kinds(raw[ours["event_type"]], self.kinds, origin) if "event_type" in ours else None
        columns["event_type"] = pl.Series(["view"]).new_from_index(0, len(raw)) if kind is None else kind
        return pl.DataFrame(columns)

    def _notes(self, ours: Mapping[str, str], times: str) -> dict[str, str]:
        notes = {"columns": ", ".join(f"{name} = {theirs}" for name, theirs in ours.items()), "times": times}
        if "event_type" not in ours:
            notes["kinds"] = "there is no column of kinds, so every event is a view"
        return notes


def read_items(path: Path, columns: Mapping[str, str]) -> pl.DataFrame:
    """A table with one row per item: `item_id` and the attributes that are recognised or named in `columns`.

    Raises:
        BadData: no column of item ids, ids missing, too long or twice, prices that are no numbers.
    """
    raw, origin = read_table(path)
    header = raw.columns
    further = {ours: () for ours in columns if ours not in ITEM_ALIASES}
    ours = resolve(header, columns, {**ITEM_ALIASES, **further}, path, "item_columns")
    require(ours, header, ITEM_ALIASES, path, "item_columns")
    items = raw.select(pl.col(theirs).alias(name) for name, theirs in ours.items())
    ids = as_ids(items["item_id"], "item_id", origin)
    refuse_missing(ids, "item_id", origin)
    refuse_long(ids, "item_id", origin)
    origin.refuse(ids.is_duplicated(), "{n} with an item_id that occurs twice", "one row per item", "keep one of them")
    reserved = [name for name in ("count", "sessions") if name in ours]
    if reserved:
        found = f"reader.item_columns gives the name {reserved[0]!r}"
        raise BadData(path, found, "another name: this one is the number of training events", "choose another name")
    if "price" in ours:
        items = items.with_columns(as_amounts(items["price"], "price", origin))
    if "recommendable" in ours:
        items = items.with_columns(as_flags(items["recommendable"], "recommendable", origin))
    return items.with_columns(ids)
