"""The events table and the items table: columns, types, and checks that show the offending rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from sessionrl.errors import BadData, did_you_mean

# The columns of what a reader's `chunks()` gives; any other column tells of the item, as `price` does.
EVENT_COLUMNS = {
    "item_id": "str or int",
    "timestamp": "int64, milliseconds since 1970 UTC",
    "event_type": "str, a kind that has a reward",
    "session_id": "str or int; may be missing where there is a user_id",
    "user_id": "str or int; may be missing where there is a session_id",
    "price": "optional, float64",
    "quantity": "optional, float64",
    "propensity": "optional, float64 in (0, 1]: the logged probability that the event's item was shown",
    "part": "optional, 'train' or 'test': a published split",
}
MISSING = ("", "NA", "NaN", "nan", "null", "NULL", "None")  # texts that mean "no value"
LONGEST_ID = 1_000  # characters
END_OF_TIME = 4_102_444_800_000  # 2100-01-01: whatever is later is a unit gone wrong, not a shop from the future
DAY_MS = 86_400_000


def short(value: object) -> str:
    """A value fit to be shown: its representation, or its first 40 characters and its length.

    >>> short("a" * 50)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' (50 characters)"
    """
    text = str(value)
    if len(text) <= 40:
        return repr(value)
    return f"{text[:40] + '…'!r} ({len(text):,} characters)"


def names(words: Sequence[str], most: int = 12) -> str:
    """A list for a message, each word shortened, the end left out when it is long."""
    shown = ", ".join(word if len(word) <= 40 else short(word) for word in words[:most])
    return f"{shown}, … ({len(words):,} in all)" if len(words) > most else shown


def utc(milliseconds: int) -> str:
    """``2015-05-03T03:00:04Z``."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Origin:
    """Where the rows of a table come from.

    path:  the file
    lines: [n] Int64, the line of every row as an editor counts, or the row number from 1 where there are no lines
    unit:  "line" or "row"
    up_to: the last line of the piece, where the file goes on after it: what follows was not looked at yet
    """

    path: str | Path
    lines: pl.Series
    unit: str = "line"
    up_to: int | None = None

    def where(self, bad: pl.Series) -> str:
        """The file and the first few offending rows; `bad` is a mask, [n] Boolean."""
        lines = self.lines.filter(bad).sort()
        first = ", ".join(str(line) for line in lines.head(5))
        more = ", …" if len(lines) > 5 else ""
        count = "the first line of the file is line 1" if self.unit == "line" else "the first row is row 1"
        return f"{self.path}, {self.unit}{'s' if len(lines) > 1 else ''} {first}{more} ({count})"

    def refuse(self, bad: pl.Series, found: str, expected: str, remedy: str) -> None:
        """Raise BadData where any row is bad; `{n}` in `found` becomes ``1 row`` or ``12 rows up to line 400,000``."""
        bad = bad.fill_null(False)
        if count := int(bad.sum()):
            rows = "1 row" if count == 1 else f"{count:,} rows"
            rows += "" if self.up_to is None else f" up to {self.unit} {self.up_to:,}"
            raise BadData(self.where(bad), found.replace("{n}", rows), expected, remedy)


def check_events(
    events: pl.DataFrame, origin: Origin, kinds: Sequence[str], latest_ms: int | None, options: Collection[str]
) -> None:
    """The door: after this, nobody checks an event again.

    events:    a piece of the table, columns as in `EVENT_COLUMNS`
    kinds:     the kinds of event that are known
    latest_ms: no event may be later; None where the time is only an order
    options:   of the reader, so that no message advises one that it does not have

    Raises:
        BadData: columns missing or of the wrong type, values missing, ids too long, kinds or parts unknown, times
            negative or in the future.
    """
    _check_columns(events, origin.path)
    for column in sorted({"item_id", "session_id", "user_id"} & set(events.columns)):
        refuse_long(events[column], column, origin)
    for column in ("item_id", "timestamp", "event_type"):
        refuse_missing(events[column], column, origin)
    _check_times(events["timestamp"], origin, latest_ms, options)
    _check_kinds(events["event_type"], origin, kinds, options)
    if "propensity" in events.columns:
        _check_propensities(events["propensity"], origin)
    if "part" in events.columns:
        origin.refuse(
            ~events["part"].is_in(["train", "test"]).fill_null(False),
            "{n} with another part than train and test",
            "'train' or 'test' in every row",
            "correct the column" + (", or say another with reader.columns.part" if "columns" in options else ""),
        )


def refuse_missing(values: pl.Series, column: str, origin: Origin) -> None:
    """Raises BadData where a value is missing."""
    origin.refuse(
        values.is_null(),
        f"{{n}} without a value of {column}",
        f"a value in every row (an empty field, {', '.join(MISSING[1:])} count as none)",
        "fill in the value or delete these rows",
    )


def refuse_long(values: pl.Series, column: str, origin: Origin) -> None:
    """Raises BadData where an id is longer than any id is."""
    if values.dtype == pl.String and (values.str.len_bytes() > LONGEST_ID).any():
        bad = (values.str.len_chars() > LONGEST_ID).fill_null(False)  # slower, so only where it may matter
        if bad.any():
            origin.refuse(
                bad,
                f"{{n}} whose {column} is too long, the first {short(values.filter(bad)[0])}",
                f"ids of at most {LONGEST_ID:,} characters",
                "check the separator and the quotes around these rows",
            )


def _check_columns(events: pl.DataFrame, path: str | Path) -> None:
    wrong = [f"{name} of type {kind}" for name, kind in events.schema.items() if not _fits(name, kind)]
    missing = [name for name in ("item_id", "timestamp", "event_type") if name not in events.columns]
    if not {"session_id", "user_id"} & set(events.columns):
        missing.append("session_id or user_id")
    if wrong or missing:
        raise BadData(
            path,
            "; ".join([*(f"no column {name}" for name in missing), *wrong]),
            "the columns " + ", ".join(EVENT_COLUMNS) + " with the types of sessionrl.data.schema.EVENT_COLUMNS",
            "mend chunks() of this reader",
        )


def _fits(column: str, kind: pl.DataType) -> bool:
    if column in ("item_id", "session_id", "user_id"):
        return kind in (pl.Int64, pl.String)
    if column in ("event_type", "part"):
        return kind == pl.String
    if column == "timestamp":
        return kind == pl.Int64
    return column not in ("price", "quantity", "propensity") or kind == pl.Float64


def _check_times(times: pl.Series, origin: Origin, latest_ms: int | None, options: Collection[str]) -> None:
    negative = times < 0
    if negative.any():
        origin.refuse(
            negative,
            f"{{n}} with a negative time, the first {times.filter(negative)[0]} ms",
            "times since 1970-01-01 UTC",
            "correct or delete these rows",
        )
    future = times > (END_OF_TIME if latest_ms is None else latest_ms)
    if future.any():
        first = int(times.filter(future)[0])
        shown = f"{utc(first)}" if first < 10 * END_OF_TIME else f"{first} ms"
        unit = "; where all times are wrong, say the unit with reader.time_unit" if "time_unit" in options else ""
        origin.refuse(
            future,
            f"{{n}} with a time in the future, the first {shown}",
            f"times up to {utc(END_OF_TIME if latest_ms is None else latest_ms)}",
            f"correct or delete these rows{unit}",
        )


def _check_propensities(values: pl.Series, origin: Origin) -> None:
    bad = ((values <= 0) | (values > 1)).fill_null(False)
    if bad.any():
        origin.refuse(
            bad,
            f"{{n}} whose propensity is no probability above 0, the first {values.filter(bad)[0]:g}",
            "the probability with which the event's item was shown, above 0 and at most 1, or nothing",
            "correct these rows, or leave their propensity empty",
        )


def _check_kinds(found: pl.Series, origin: Origin, kinds: Sequence[str], options: Collection[str]) -> None:
    unknown = ~found.is_in(list(kinds))
    if unknown.any():
        first = str(found.filter(unknown)[0])
        others = [str(kind) for kind in found.filter(unknown).unique().sort().to_list()]
        shown = ", ".join(short(kind) for kind in others[:5]) + (", …" if len(others) > 5 else "")
        mapped = f"map it (reader.kinds.{first[:40]}={kinds[0]}), or " if "kinds" in options else ""
        origin.refuse(
            unknown,
            f"{{n}} of unknown kind: {shown}.{did_you_mean(first[:40], kinds)}",
            f"one of the kinds that have a reward: {', '.join(kinds)}",
            f"{mapped}drop its events (data.ignore_kinds), or list all kinds with their rewards in data.reward",
        )
