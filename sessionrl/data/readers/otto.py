"""OTTO's log: one session a line, in JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import polars as pl

from sessionrl.data.columns import as_kinds
from sessionrl.data.files import find, text_pieces
from sessionrl.data.originals import original_file
from sessionrl.data.schema import Origin, short
from sessionrl.data.tables import Table
from sessionrl.data.timestamps import Notation, read_times
from sessionrl.errors import BadData
from sessionrl.registry import register

_PARTS = {
    "train": ("otto-recsys-train.jsonl", "train.jsonl", "train_sessions.jsonl"),
    "test": ("otto-recsys-test.jsonl", "test.jsonl", "test_sessions_full.jsonl"),
}
_LINE: dict[str, pl.DataType] = {
    "session": pl.Int64(),
    "events": pl.List(pl.Struct({"aid": pl.Int64, "ts": pl.Int64, "type": pl.String})),
}
_EXPECTED = 'a session in JSON a line: {"session": 1, "events": [{"aid": 2, "ts": 1661200010000, "type": "clicks"}]}'


@register("reader", "otto")
@dataclass(frozen=True)
class Otto:
    """OTTO: the folder with the original files, or one of them; they may be ``.gz`` or ``.xz``.

    A line is ``{"session": 42, "events": [{"aid": 0, "ts": 1661200010000, "type": "clicks"}, …]}``
    (https://github.com/otto-de/recsys-dataset). clicks, carts and orders are view, cart and purchase; ts is in
    milliseconds, or in seconds as some copies have it. Tables made of it are for the reader delimited, with
    ``reader.columns.item_id=aid`` and, where types are numbers, ``reader.kinds.0=view`` and so on.

    With a test file in the folder (``otto-recsys-test.jsonl``, or the competition's ``test.jsonl``, whose sessions are
    cut short) the split is the published one. A session is all that a shopper did in up to four weeks;
    ``data.sessions=gap`` cuts it.
    """

    path: str

    order_only: ClassVar[bool] = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The training file, and the test file where it is in the folder."""
        path = Path(self.path)
        train = original_file(path, _PARTS["train"])
        test = find(path, _PARTS["test"]) if path.is_dir() else None
        return (train,) if test is None else (train, test)

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`; with `part` where there is a test file."""
        notation = Notation()
        for part, path in zip(_PARTS, self.files, strict=False):
            for sessions, origin in _sessions(path):
                flat = _flat(sessions, origin)
                times = read_times(flat.rows["ts"], flat.origin, notation)
                notation = times.notation if len(flat.rows) else notation
                events = {
                    "session_id": flat.rows["session"],
                    "item_id": flat.rows["aid"],
                    "timestamp": times.values,
                    "event_type": as_kinds(flat.rows["type"], {}, flat.origin),
                }
                if len(self.files) > 1:
                    events["part"] = pl.repeat(part, len(flat.rows), eager=True)
                yield Table(pl.DataFrame(events), flat.origin)

    def items(self) -> pl.DataFrame | None:
        """Nothing is known about the items."""
        return None

    def notes(self) -> dict[str, str]:
        """How the files were understood."""
        notes = {
            "times": "milliseconds or seconds since 1970 UTC, decided from the first",
            "kinds": "clicks are views, carts and orders are cart and purchase",
        }
        if len(self.files) > 1:
            notes["part"] = f"{self.files[1].name} is the test"
        return notes


def _sessions(path: Path) -> Iterator[Table]:
    """`session` and `events`, a row per line of the file that is not blank."""
    line, pieces = 1, text_pieces(path)
    raw = next(pieces)
    while raw:
        following = next(pieces, b"")
        count = raw.count(b"\n") + (not raw.endswith(b"\n"))
        up_to = line + count - 1 if following else None
        try:
            rows = pl.read_ndjson(raw, schema=_LINE)
        except pl.exceptions.PolarsError as error:
            _refuse_lines(raw, path, line, up_to)
            found = f"the JSON from line {line:,} on cannot be read ({short(str(error).splitlines()[0])})"
            raise BadData(path, found, _EXPECTED, "correct the file") from None
        numbers = pl.Series(range(line, line + count), dtype=pl.Int64)
        if len(rows) < count:
            numbers = numbers.filter(pl.Series([bool(one.strip()) for one in raw.split(b"\n")[:count]]))
        if rows.null_count().sum_horizontal().item():
            _refuse_lines(raw, path, line, up_to)
        yield Table(rows, Origin(path, numbers, up_to=up_to))
        line, raw = line + count, following


def _flat(sessions: pl.DataFrame, origin: Origin) -> Table:
    """`session`, `aid`, `ts` and `type`, a row per event; a session without events gives none."""
    sessions = sessions.with_columns(line=origin.lines)
    filled = sessions.filter(pl.col("events").list.len() > 0)  # polars before 2 makes a row of an empty list
    flat = filled.explode("events").unnest("events")
    return Table(flat.drop("line"), replace(origin, lines=flat["line"]))


def _refuse_lines(raw: bytes, path: Path, first: int, up_to: int | None) -> None:
    """Raises BadData where lines are no session; `first` and `up_to`, as an `Origin` has it, are those of the piece."""
    texts = raw.decode().split("\n")
    bad = pl.Series([bool(text.strip()) and not _is_session(text) for text in texts])
    if bad.any():
        found = f"{{n}} that cannot be read as a session, the first {short(texts[bad.to_list().index(True)])}"
        lines = pl.Series(range(first, first + len(texts)), dtype=pl.Int64)
        Origin(path, lines, up_to=up_to).refuse(bad, found, _EXPECTED, "correct or delete these lines")


def _is_session(text: str) -> bool:
    try:
        line = json.loads(text)
    except ValueError:
        return False
    match line:
        case {"session": int(), "events": [*events]}:
            return all(_is_event(event) for event in events)
    return False


def _is_event(event: object) -> bool:
    match event:
        case {"aid": int(), "ts": int(), "type": str()}:
            return True
    return False
