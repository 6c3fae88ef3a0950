"""Times as shops write them -> milliseconds since 1970 UTC, and a sentence for the card on how they were read."""

from typing import Literal, NamedTuple

import polars as pl

from sessionrl.data.schema import Origin, short
from sessionrl.errors import BadData

TimeUnit = Literal["auto", "s", "ms", "us", "ns"]
_PER_MS = {"s": 1e-3, "ms": 1.0, "us": 1e3, "ns": 1e6}
_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


class Notation(NamedTuple):
    """How a column of times is written, once that is decided.

    unit: of numbers
    text: True: ISO-8601; False: numbers; None: to be decided from the values
    """

    unit: TimeUnit = "auto"
    text: bool | None = None


class Times(NamedTuple):
    """values: [n] Int64 milliseconds, null where the file has none; how they were read, and a sentence about it."""

    values: pl.Series
    notation: Notation
    note: str


def read_times(values: pl.Series, origin: Origin, notation: Notation | TimeUnit = "auto") -> Times:
    """Integers, decimals, ISO-8601 text with or without a zone (UTC where there is none), or Parquet's own times.

    notation: of an earlier piece of the same column; or only the unit of numbers; "auto" decides the unit by the
        magnitude of the median: below 1e11 seconds (up to the year 5138), below 1e14 milliseconds (from March 1973
        on), below 1e17 microseconds, else nanoseconds.

    Raises:
        BadData: values that are no time.
    """
    known = Notation(notation) if isinstance(notation, str) else notation
    if values.dtype in (pl.Datetime, pl.Date):
        moments = values.cast(pl.Datetime("ms")).dt.epoch("ms")
        return Times(moments, known, "times of the file's own type; UTC where no zone")
    if values.dtype.is_numeric():
        return _numbers(values, origin, known.unit)
    if values.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise BadData(origin.path, f"timestamp has the type {values.dtype}", "times, numbers or text", "convert it")
    text = values.cast(pl.String).str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    if known.text is True or (known.text is None and number.count() < text.count()):
        zoned = _with_zone(text)
        moments = zoned.zip_with(zoned.is_not_null(), _without_zone(text))
        if known.text or moments.count() > number.count():
            _refuse(text.is_not_null() & moments.is_null(), values, origin)
            assumed = "; UTC assumed where a row has no zone" if moments.count() > zoned.count() else ""
            return Times(moments, Notation(text=True), f"ISO-8601 text{assumed}")
    _refuse(text.is_not_null() & ~number.is_finite().fill_null(False), values, origin)
    whole = text.cast(pl.Int64, strict=False)
    return _numbers(whole if whole.count() == number.count() else number, origin, known.unit)


def _refuse(bad: pl.Series, values: pl.Series, origin: Origin) -> None:
    if bad.any():
        origin.refuse(
            bad,
            f"{{n}} whose timestamp is no time, the first {short(values.filter(bad)[0])}",
            "seconds or milliseconds since 1970 UTC, or ISO-8601 text like 2015-05-03T03:00:04Z, the same in all rows",
            "correct or delete these rows",
        )


def _numbers(values: pl.Series, origin: Origin, unit: TimeUnit) -> Times:
    if values.dtype.is_float():
        _refuse(values.is_not_null() & ~values.is_finite(), values, origin)
    median = values.median()
    size = abs(float(median)) if isinstance(median, int | float) else 0.0
    found = unit if unit != "auto" else "s" if size < 1e11 else "ms" if size < 1e14 else "us" if size < 1e17 else "ns"
    why = "as asked" if unit != "auto" else f"decided from the median {size:.0f}"
    note = f"{_NAMES[found]} since 1970 UTC ({why})"
    notation = Notation(found, text=False)
    if found == "ms" and values.dtype.is_integer():
        return Times(values.cast(pl.Int64), notation, note)
    # Whole seconds are exact in float64; what does not fit int64 stays far in the future and is refused there.
    scaled = (values.cast(pl.Float64) / _PER_MS[found]).round().clip(-(2.0**62), 2.0**62)
    return Times(scaled.cast(pl.Int64), notation, note)


def _with_zone(text: pl.Series) -> pl.Series:
    plain = (
        text.str.replace(r"^(\d{4}-\d{2}-\d{2})[Tt]", "${1} ")
        .str.replace(r"\s*(?:Z|UTC|GMT)$", "+00:00")
        .str.replace(r"\s+([+-]\d{2}:?\d{0,2})$", "${1}")
    )
    moments = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit="ms", time_zone="UTC", strict=False)
    return moments.dt.epoch("ms")


def _without_zone(text: pl.Series) -> pl.Series:
    plain = text.str.replace(r"^(\d{4}-\d{2}-\d{2})[Tt]", "${1} ")
    moments = plain.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms"))
    for form in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"):
        moments = moments.zip_with(moments.is_not_null(), plain.str.to_datetime(form, time_unit="ms", strict=False))
    return moments.dt.epoch("ms")
