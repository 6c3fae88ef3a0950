"""Any CSV, TSV or Parquet file -> a table of its own columns and the line of every row."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import polars as pl

from sessionrl.data import files
from sessionrl.data.schema import MISSING, Origin, names, short
from sessionrl.errors import BadData

SEPARATORS = (",", "\t", ";", "|")
LINE = "\0line"  # a name that no file has
LONGEST_FIELD = 2**31 - 1  # characters; on Windows the csv module takes no more


class Table(NamedTuple):
    """rows: all columns as the file has them (text from CSV, typed from Parquet); origin: where each row stood."""

    rows: pl.DataFrame
    origin: Origin


def read_table(path: Path, separator: str = "", header: Sequence[str] = ()) -> Table:
    """A file that is a table; blank lines are no rows.

    separator: of CSV; empty means: the one of ``, TAB ; |`` that is most frequent in the first line
    header:    names of the columns, for a file that has no header line

    Raises:
        BadData: no such file, empty, not what its suffix says, not UTF-8, duplicate headers, too many fields in a row.
    """
    if path.suffix == ".parquet":
        files.check_exists(path)
        files.check_content(path)
        return _parquet(path)
    raw = files.text_of(path)
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")  # the line ends of old Macintosh files
    first = raw[: raw.find(b"\n") if b"\n" in raw else len(raw)].decode().rstrip("\r").replace("\r", " ")
    separator = separator or max(SEPARATORS, key=first.count)
    with _long_fields():
        columns = list(header) or [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    _check_header(path, columns)
    rows = _quickly(raw, separator, columns, has_header=not header)
    if rows is None:
        rows = _carefully(path, raw, separator, columns, has_header=not header)
    rows = rows.filter(~pl.all_horizontal(pl.exclude(LINE).is_null()))
    return Table(rows.drop(LINE), Origin(path, rows[LINE]))


def _parquet(path: Path) -> Table:
    try:
        rows = pl.read_parquet(path)
        return Table(rows, Origin.of(path, rows))
    except (pl.exceptions.PolarsError, OSError) as error:
        found = f"the Parquet file is damaged ({short(str(error).splitlines()[0])})"
        raise BadData(path, found, "a whole Parquet file", "copy it again") from None


def _check_header(path: Path, columns: Sequence[str]) -> None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise BadData(
            f"{path}, line 1 (the first line of the file is line 1)",
            f"the header names columns twice: {names(twice)}",
            "every name once",
            "rename or delete the repeated columns",
        )


def _quickly(raw: bytes, separator: str, columns: Sequence[str], has_header: bool) -> pl.DataFrame | None:
    """By polars; None where it refuses the file or where rows are not lines (line breaks inside quotes)."""
    try:
        table = pl.read_csv(
            raw,
            separator=separator,
            has_header=False,
            skip_rows=int(has_header),
            new_columns=list(columns),
            infer_schema=False,
            null_values=list(MISSING),
        )
    except pl.exceptions.NoDataError:
        table = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    except pl.exceptions.PolarsError:
        return None
    lines = raw.count(b"\n") + (not raw.endswith(b"\n")) - has_header
    if table.width != len(columns) or table.height not in (lines, 0):
        return None
    return table.with_row_index(LINE, offset=1 + has_header).cast({LINE: pl.Int64})


def _carefully(path: Path, raw: bytes, separator: str, columns: Sequence[str], has_header: bool) -> pl.DataFrame:
    """Row by row, by the standard library: for unusual files, and to name the lines that are wrong."""
    rows: list[list[str]] = []
    lines: list[int] = []
    wide: list[int] = []
    with _long_fields():
        reader = csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=separator, strict=True)
        start = 1
        try:
            for row in reader:
                rows.append(row + [""] * (len(columns) - len(row)))
                lines.append(start)
                if len(row) > len(columns):
                    wide.append(start)
                start = reader.line_num + 1
        except csv.Error as error:
            raise BadData(
                f"{path}, line {start} (the first line of the file is line 1)",
                f"a quote that is not closed, or text after a closing quote ({error})",
                'quotes in pairs around a field, and "" for a quote inside',
                "correct this row",
            ) from None
    if wide:
        shown = ", ".join(str(line) for line in wide[:5]) + (", …" if len(wide) > 5 else "")
        raise BadData(
            f"{path}, line{'s' if len(wide) > 1 else ''} {shown} (the first line of the file is line 1)",
            f"{len(wide):,} row{'s' if len(wide) > 1 else ''} with more fields than the header",
            f"{len(columns)} fields separated by {separator!r}: {names(columns)}",
            "put quotes around fields that hold the separator, or give the right separator",
        )
    body = slice(int(has_header), None)
    table = pl.DataFrame(rows[body], schema=dict.fromkeys(columns, pl.String), orient="row")
    table = table.with_columns(pl.when(~pl.all().is_in(list(MISSING))).then(pl.all()))
    return table.with_columns(pl.Series(LINE, lines[body], dtype=pl.Int64))


@contextmanager
def _long_fields() -> Iterator[None]:
    """The csv module refuses fields of 131,073 characters; ours are checked later, with a better message."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
