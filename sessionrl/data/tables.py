"""Any CSV, TSV or Parquet file -> tables of its own columns, piece by piece, and the line of every row."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
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
PARQUET_ROWS = 500_000  # at a time


class Table(NamedTuple):
    """rows: all columns as the file has them (text from CSV, typed from Parquet); origin: where each row stood."""

    rows: pl.DataFrame
    origin: Origin


class _Layout(NamedTuple):
    path: Path
    separator: str
    columns: list[str]


class _Piece(NamedTuple):
    """rows: with a column `LINE`; lines: how many lines of the file they take."""

    rows: pl.DataFrame
    lines: int


def read_chunks(path: Path, separator: str = "", header: Sequence[str] = ()) -> Iterator[Table]:
    """A file that is a table, some hundred thousand rows at a time, at least one table; blank lines are no rows.

    separator: of CSV; empty means: the one of ``, TAB ; |`` that is most frequent in the first line
    header:    names of the columns, for a file that has no header line

    Raises:
        BadData: no such file, empty, not what its suffix says, not UTF-8, duplicate headers, too many fields in a row.
    """
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    pieces = files.text_pieces(path)
    raw = next(pieces)
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")  # the line ends of old Macintosh files
    layout = _layout(path, raw, separator, header)
    line, skip = 1, int(not header)
    while raw:
        piece = _quickly(raw, layout, line, skip) or _carefully(raw, pieces, layout, line, skip)
        rows = piece.rows.filter(~pl.all_horizontal(pl.exclude(LINE).is_null()))
        line, skip, raw = line + piece.lines, 0, next(pieces, b"")
        yield Table(rows.drop(LINE), Origin(path, rows[LINE], up_to=line - 1 if raw else None))


def read_table(path: Path, separator: str = "", header: Sequence[str] = ()) -> Table:
    """The whole file as one table, for files that are small; as `read_chunks` otherwise."""
    chunks = list(read_chunks(path, separator, header))
    lines = pl.concat([chunk.origin.lines for chunk in chunks])
    return Table(pl.concat([chunk.rows for chunk in chunks]), Origin(path, lines, chunks[0].origin.unit))


def together(tables: Iterable[Table]) -> pl.DataFrame:
    """All rows in one frame; a column of whole numbers in one table and of text in another is text."""
    frames = [table.rows for table in tables]
    texts = {name for frame in frames for name, kind in frame.schema.items() if kind == pl.String}
    return pl.concat([frame.with_columns(pl.col(name).cast(pl.String) for name in texts) for frame in frames])


def _parquet(path: Path) -> Iterator[Table]:
    files.check_exists(path)
    files.check_content(path)
    try:
        table = pl.scan_parquet(path, glob=False)
        count = table.select(pl.len()).collect().item()
        for start in range(0, max(count, 1), PARQUET_ROWS):
            rows = table.slice(start, PARQUET_ROWS).collect()
            end = start + len(rows)
            numbers = pl.int_range(start + 1, end + 1, dtype=pl.Int64, eager=True)
            yield Table(rows, Origin(path, numbers, "row", end if end < count else None))
    except (pl.exceptions.PolarsError, OSError) as error:
        found = f"the Parquet file is damaged ({short(str(error).splitlines()[0])})"
        raise BadData(path, found, "a whole Parquet file", "copy it again") from None


def _layout(path: Path, raw: bytes, separator: str, header: Sequence[str]) -> _Layout:
    first = raw[: raw.find(b"\n") if b"\n" in raw else len(raw)].decode().rstrip("\r").replace("\r", " ")
    separator = separator or max(SEPARATORS, key=first.count)
    with _long_fields():
        columns = list(header) or [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise BadData(
            f"{path}, line 1 (the first line of the file is line 1)",
            f"the header names columns twice: {names(twice)}",
            "every name once",
            "rename or delete the repeated columns",
        )
    return _Layout(path, separator, columns)


def _quickly(raw: bytes, layout: _Layout, line: int, skip: int) -> _Piece | None:
    """By polars; None where it refuses the piece or where rows are not lines (line breaks inside quotes)."""
    if b'"' in raw and _ends_inside_quotes(raw, layout.separator):
        return None
    try:
        table = pl.read_csv(
            raw,
            separator=layout.separator,
            has_header=False,
            skip_rows=skip,
            new_columns=layout.columns,
            infer_schema=False,
            null_values=list(MISSING),
        )
    except pl.exceptions.NoDataError:
        table = pl.DataFrame(schema=dict.fromkeys(layout.columns, pl.String))
    except pl.exceptions.PolarsError:
        return None
    lines = raw.count(b"\n") + (not raw.endswith(b"\n"))
    if table.width != len(layout.columns) or table.height not in (lines - skip, 0):
        return None
    return _Piece(table.with_row_index(LINE, offset=line + skip).cast({LINE: pl.Int64}), lines)


def _ends_inside_quotes(raw: bytes, separator: str) -> bool:
    """The last line opens a quote that it does not close, so that its row goes on in the next piece."""
    last = raw[raw.rstrip(b"\r\n").rfind(b"\n") + 1 :].decode()
    with _long_fields():
        return '"' in last and len(list(csv.reader([last, "the next row"], delimiter=separator))) == 1


def _carefully(raw: bytes, following: Iterator[bytes], layout: _Layout, line: int, skip: int) -> _Piece:
    """Row by row, by the standard library: for unusual files, and to name the lines that are wrong.

    A row that goes on after the piece takes the following one with it.
    """
    text = _Text(raw, following)
    rows: list[list[str]] = []
    lines: list[int] = []
    wide: list[int] = []
    with _long_fields():
        reader = csv.reader(text, delimiter=layout.separator, strict=True)
        start = line
        try:
            for row in reader:
                rows.append(row + [""] * (len(layout.columns) - len(row)))
                lines.append(start)
                if len(row) > len(layout.columns):
                    wide.append(start)
                start = line + reader.line_num
                if text.piece_ended:
                    break
        except csv.Error as error:
            raise BadData(
                f"{layout.path}, line {start} (the first line of the file is line 1)",
                f"a quote that is not closed, or text after a closing quote ({error})",
                'quotes in pairs around a field, and "" for a quote inside',
                "correct this row",
            ) from None
    if wide:
        _refuse_wide(wide, layout)
    table = pl.DataFrame(rows[skip:], schema=dict.fromkeys(layout.columns, pl.String), orient="row")
    table = table.with_columns(pl.when(~pl.all().is_in(list(MISSING))).then(pl.all()))
    return _Piece(table.with_columns(pl.Series(LINE, lines[skip:], dtype=pl.Int64)), start - line)


class _Text:
    """The lines of a piece, and of the following ones as long as somebody asks."""

    def __init__(self, raw: bytes, following: Iterator[bytes]):
        self._following = following
        self._begin(raw)

    def _begin(self, raw: bytes) -> None:
        text = raw.decode()
        self._lines, self._end = io.StringIO(text, newline=""), len(text)

    @property
    def piece_ended(self) -> bool:
        """The last line of a piece was given."""
        return self._lines.tell() == self._end

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.piece_ended:
            self._begin(next(self._following))  # its StopIteration is ours
        return next(self._lines)


def _refuse_wide(wide: Sequence[int], layout: _Layout) -> None:
    shown = ", ".join(str(line) for line in wide[:5]) + (", …" if len(wide) > 5 else "")
    raise BadData(
        f"{layout.path}, line{'s' if len(wide) > 1 else ''} {shown} (the first line of the file is line 1)",
        f"{len(wide):,} row{'s' if len(wide) > 1 else ''} with more fields than the header",
        f"{len(layout.columns)} fields separated by {layout.separator!r}: {names(layout.columns)}",
        "put quotes around fields that hold the separator, or give the right separator",
    )


@contextmanager
def _long_fields() -> Iterator[None]:
    """The csv module refuses fields of 131,073 characters; ours are checked later, with a better message."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
