"""What a reader must be: the events table and the items table of its files, the same every time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from sessionrl import registry
from sessionrl.contracts.made_up import require
from sessionrl.data.prepare import Reader
from sessionrl.data.schema import check_events
from sessionrl.data.tables import Table, together
from sessionrl.errors import BadData


def check_reader(name: str, path: Path | str, **options: Any) -> None:
    """Tables with the promised columns, from files that are named; a missing file is a message.

    Args:
        name: as registered
        path: a sample of what it reads, a file or a folder
        options: of the reader, as in a configuration
    """
    who = f"reader {name!r}"
    section = {"name": name, "path": str(path), **options}
    reader: Reader = registry.build("reader", section)
    _check_options(reader, who)
    _check_files(reader, who)
    _check_chunks(list(reader.chunks()), who)
    _check_items(reader.items(), who)
    _check_same(reader, registry.build("reader", section), who)
    _check_missing(
        registry.build("reader", section | {"path": str(Path(path).with_name("there is no such thing"))}), who
    )


def _check_missing(reader: Reader, who: str) -> None:
    try:
        list(reader.chunks())
    except BadData:
        return
    except OSError as error:
        raise AssertionError(f"{who} raises {type(error).__name__} for a missing file, instead of BadData") from None
    raise AssertionError(f"{who} reads events where there is no file, instead of raising BadData")


def _check_options(reader: Reader, who: str) -> None:
    frozen = is_dataclass(reader) and not isinstance(reader, type) and reader.__dataclass_params__.frozen
    require(frozen, f"{who} should be a frozen dataclass, so that its fields are its options")
    try:
        json.dumps(asdict(reader))  # type: ignore[call-overload]
    except TypeError as error:
        raise AssertionError(f"{who} has an option that cannot be written down: {error}") from None
    require(isinstance(reader.order_only, bool), f"{who}: order_only should be True or False")
    notes = reader.notes()
    plain = isinstance(notes, Mapping) and all(isinstance(text, str) for pair in notes.items() for text in pair)
    require(plain, f"{who}: notes() should be sentences by name, but is {notes!r}")


def _check_files(reader: Reader, who: str) -> None:
    missing = [file for file in reader.files if not Path(file).is_file()]
    require(
        len(reader.files) > 0 and not missing, f"{who}: files should be what is read, but these are none: {missing}"
    )


def _check_chunks(chunks: Sequence[Table], who: str) -> None:
    """As `prepare` does, whatever the kinds of event are; every piece is made alike."""
    require(len(chunks) > 0, f"{who}: chunks() gives no table")
    for chunk in chunks:
        require(isinstance(chunk, Table), f"{who}: chunks() gives a {type(chunk).__name__}, not a Table")
        events, origin = chunk
        text = events.schema.get("event_type") == pl.String
        kinds = events["event_type"].drop_nulls().unique().to_list() if text else []
        try:
            check_events(events, origin, kinds, None, ())
        except BadData as error:
            raise AssertionError(f"{who}: {error}") from None
        placed = len(origin.lines) == len(events) and bool((origin.lines >= 1).all())
        require(placed, f"{who}: a chunk's origin should have a line for every row, counted from 1")
    schemas = {tuple(sorted((name, _kind_of(name, kind)) for name, kind in rows.schema.items())) for rows, _ in chunks}
    require(len(schemas) == 1, f"{who}: the chunks have different columns: {sorted(schemas)}")


def _kind_of(column: str, kind: pl.DataType) -> str:
    """Ids may be whole numbers in one chunk and text in another; anything else is of one type."""
    return "an id" if column in ("item_id", "session_id", "user_id") else str(kind)


def _check_items(items: pl.DataFrame | None, who: str) -> None:
    if items is None:
        return
    require("item_id" in items.columns, f"{who}: the items table has no column item_id, only {items.columns}")
    ids = items["item_id"]
    require(not ids.null_count() and ids.n_unique() == len(ids), f"{who}: the items table should have one row per item")
    taken = {"count", "sessions"} & set(items.columns)
    require(not taken, f"{who}: the items table has a column {', '.join(taken)}, a name that the catalogue needs")


def _check_same(one: Reader, other: Reader, who: str) -> None:
    """Read a second time, by the same reader and by another."""
    for again in (one, other):
        for table, second in ((together(one.chunks()), together(again.chunks())), (one.items(), again.items())):
            if table is None or second is None:
                require(table is second, f"{who} knows its items only sometimes")
                continue
            try:
                assert_frame_equal(table, second)
            except AssertionError:
                raise AssertionError(f"{who} gives another table the second time") from None
