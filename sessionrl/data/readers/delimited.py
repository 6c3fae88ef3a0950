"""Any CSV, TSV or Parquet file with a map of columns."""

from collections.abc import Iterator, Mapping, Sequence
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
    as_pictures,
    as_text,
    require,
    resolve,
)
from sessionrl.data.schema import names, refuse_long, refuse_missing, short
from sessionrl.data.tables import Table, read_chunks, read_table
from sessionrl.data.timestamps import Notation, TimeUnit, read_times
from sessionrl.errors import BadData, BadOption, did_you_mean
from sessionrl.registry import register


class _Layout(NamedTuple):
    """What the beginning of the file decides for the whole of it.

    columns: our names -> the file's
    further: of `further_columns` those that the file has; the others are in the table of users
    """

    columns: dict[str, str]
    further: tuple[str, ...]
    times: Notation
    notes: dict[str, str]


RESERVED = ("recommendable", "count", "sessions")
_READ_AS = {
    **dict.fromkeys(("item_id", "session_id", "user_id"), as_ids),
    **dict.fromkeys(("price", "quantity", "propensity"), as_amounts),
    **dict.fromkeys(("part", "category", "name", "picture"), as_text),
}
_KEY = "\0key"  # a name that no table has


@register("reader", "delimited")
@dataclass(frozen=True)
class Delimited:
    """One file of events, and maybe one of items and one of users; CSV and TSV also as ``.gz`` or ``.xz``.

    path:            the events
    columns:         our names -> the file's, e.g. ``{"item_id": "sku"}``; usual names are recognised without it
    kinds:           the file's kinds of event -> ours, e.g. ``{"fav": "cart"}``; ``addtocart``, ``pv`` … are known
    separator:       of the fields; empty: the most frequent of ``, TAB ; |`` in the first line
    header:          names of the columns, for a file that has no header line
    time_unit:       of times that are numbers; "auto": by the magnitude of their median (at the beginning of the file)
    items_path:      a table with one row per item; what it has no column of is the earliest value in the events
    item_columns:    our names -> the items file's; further columns are kept under the name that stands on the left
    further_columns: columns of the events, or else of the users, that are passed on as text: attributes of the item,
                     unless data.session_features names them
    users_path:      a table with one row per user, `user_id` and columns for `further_columns`; it is kept in memory
    """

    path: str
    columns: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    separator: str = ""
    header: tuple[str, ...] = ()
    time_unit: TimeUnit = "auto"
    items_path: str = ""
    item_columns: dict[str, str] = field(default_factory=dict)
    further_columns: tuple[str, ...] = ()
    users_path: str = ""

    order_only: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if len(self.separator) > 1 or not self.separator.isascii():
            raise BadOption(
                f"reader 'delimited', option 'separator' = {self.separator!r}: expected one ASCII character."
            )
        reserved = sorted({*EVENT_ALIASES, *RESERVED} & set(self.further_columns))
        if reserved or len(set(self.further_columns)) < len(self.further_columns):
            raise BadOption(
                f"reader 'delimited', option 'further_columns' = {list(self.further_columns)}: expected different names"
                + (f", and not {reserved[0]!r}, which has a meaning of its own." if reserved else ".")
            )
        if self.users_path and not self.further_columns:
            raise BadOption(
                f"reader 'delimited', option 'users_path' = {self.users_path!r}: nothing is read from this table.\n"
                "  do now: say which columns are wanted (reader.further_columns=country,segment), or leave it out"
            )

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, events first."""
        return (Path(self.path), *(Path(path) for path in (self.users_path, self.items_path) if path))

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`, piece by piece."""
        layout = self._layout
        self.items()  # what is wrong with them is said before hours of events
        for table in self._tables():
            yield Table(self._events(table, layout), table.origin)

    def items(self) -> pl.DataFrame | None:
        """The items table; None without a file of its own."""
        return read_items(Path(self.items_path), self.item_columns) if self.items_path else None

    def notes(self) -> dict[str, str]:
        """How the file was understood."""
        left_out = self._left_out()
        return self._layout.notes | ({"left out of the table of items": left_out} if left_out else {})

    def _left_out(self) -> str:
        if not self.items_path:
            return ""
        path = Path(self.items_path)
        header = next(read_chunks(path)).rows.columns
        kept = item_columns(header, self.item_columns, path).values()
        missing = [name for name in header if name not in kept]
        return f"{names(missing)} (reader.item_columns.NAME=COLUMN keeps one)" if missing else ""

    def _tables(self) -> Iterator[Table]:
        return read_chunks(Path(self.path), self.separator, self.header)

    @cached_property
    def _layout(self) -> _Layout:
        raw, origin = next(self._tables())
        path, header = Path(self.path), raw.columns
        ours = resolve(header, self.columns, EVENT_ALIASES, path, "columns")
        require(ours, header, EVENT_ALIASES, path, "columns")
        times = read_times(raw[ours["timestamp"]], origin, self.time_unit)
        further = tuple(name for name in self.further_columns if name in header)
        _refuse_unknown(self.further_columns, [*header, *(() if self._users is None else self._users.columns)], path)
        if self._users is not None and "user_id" not in ours:
            found = f"there is no column user_id, with which {self.users_path} could be joined"
            raise BadData(path, found, "the user of every event", "say which column it is: reader.columns.user_id=NAME")
        return _Layout(ours, further, times.notation, self._notes(ours, times.note))

    @cached_property
    def _users(self) -> pl.DataFrame | None:
        return read_users(Path(self.users_path)) if self.users_path else None

    def _events(self, table: Table, layout: _Layout) -> pl.DataFrame:
        (raw, origin), ours = table, layout.columns
        columns = {"timestamp": read_times(raw[ours["timestamp"]], origin, layout.times).values}
        for name in (one for one in _READ_AS if one in ours):
            columns[name] = _READ_AS[name](raw[ours[name]], name, origin)
        if "picture" in columns:
            columns["picture"] = as_pictures(columns["picture"], origin)
        kind = as_kinds(raw[ours["event_type"]], self.kinds, origin) if "event_type" in ours else None
        columns["event_type"] = pl.Series(["view"]).new_from_index(0, len(raw)) if kind is None else kind
        columns |= {name: as_text(raw[name], name, origin) for name in layout.further}
        events = pl.DataFrame(columns)
        if self._users is None:
            return events
        known = self._users.select(_KEY, *(name for name in self.further_columns if name not in layout.further))
        key = pl.col("user_id").cast(pl.String).alias(_KEY)
        return events.with_columns(key).join(known, on=_KEY, how="left", maintain_order="left").drop(_KEY)

    def _notes(self, ours: Mapping[str, str], times: str) -> dict[str, str]:
        notes = {"columns": ", ".join(f"{name} = {theirs}" for name, theirs in ours.items()), "times": times}
        if "event_type" not in ours:
            notes["kinds"] = "there is no column of kinds, so every event is a view"
        if self.further_columns:
            notes["further columns"] = ", ".join(self.further_columns)
        return notes


def read_items(path: Path, columns: Mapping[str, str]) -> pl.DataFrame:
    """A table with one row per item: `item_id` and the attributes that are recognised or named in `columns`.

    Raises:
        BadData: no column of item ids, ids missing, too long or twice, prices that are no numbers.
    """
    raw, origin = read_table(path)
    header = raw.columns
    ours = item_columns(header, columns, path)
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
    if "picture" in ours:
        items = items.with_columns(as_pictures(items["picture"], origin))
    return items.with_columns(ids)


def item_columns(header: Sequence[str], columns: Mapping[str, str], path: Path) -> dict[str, str]:
    """Our names -> the names of a table of items, for the columns that are recognised or named in `columns`."""
    further = {ours: () for ours in columns if ours not in ITEM_ALIASES}
    return resolve(header, columns, {**ITEM_ALIASES, **further}, path, "item_columns")


def read_users(path: Path) -> pl.DataFrame:
    """A table with one row per user: all columns as text, and the id under a name of its own to be joined with.

    Raises:
        BadData: no column of user ids, ids missing, too long or twice.
    """
    raw, origin = read_table(path)
    aliases = {"user_id": EVENT_ALIASES["user_id"]}
    theirs = resolve(raw.columns, {}, aliases, path, "columns").get("user_id")
    if theirs is None:
        found = f"no column for user_id among: {names(raw.columns)}"
        raise BadData(path, found, f"one of the names user_id, {', '.join(aliases['user_id'])}", "rename the column")
    ids = as_ids(raw[theirs], "user_id", origin)
    refuse_missing(ids, "user_id", origin)
    refuse_long(ids, "user_id", origin)
    origin.refuse(ids.is_duplicated(), "{n} with a user_id that occurs twice", "one row per user", "keep one of them")
    words = [as_text(raw[name], name, origin) for name in raw.columns if name != theirs]
    return pl.DataFrame([*words, ids.cast(pl.String).alias(_KEY)])


def _refuse_unknown(further: Sequence[str], header: Sequence[str], path: Path) -> None:
    for name in further:
        if name not in header:
            raise BadData(
                path,
                f"there is no column {short(name)}, which reader.further_columns names.{did_you_mean(name, header)}",
                f"one of the columns of the events (or of reader.users_path): "
                f"{names([one for one in header if one != _KEY])}",
                "correct reader.further_columns",
            )
