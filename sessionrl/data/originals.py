"""The original files of public logs: where they are, and whether they have their publisher's columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from sessionrl.data.files import find
from sessionrl.data.schema import names
from sessionrl.data.tables import Table, read_chunks
from sessionrl.errors import BadData, did_you_mean


def original_file(path: Path, stems: Sequence[str]) -> Path:
    """The path itself, or if it is a folder the first of the files that is in it, maybe packed.

    Raises:
        BadData: there is no such path, the folder has none of them, or there is only the publisher's zip archive.
    """
    if not path.exists():
        beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        found = f"there is no such file or folder.{did_you_mean(path.name, beside)}"
        raise BadData(path, found, f"the folder with {stems[0]}, or that file", "check the path")
    if path.suffix == ".zip":
        raise _packed(path)
    if not path.is_dir():
        return path
    file = find(path, stems)
    if file is None:
        archives = sorted(path.glob("*.zip"))
        if archives:
            raise _packed(archives[0])
        inside = [one.name for one in path.iterdir() if not one.name.startswith(".")]
        found = f"there is no {stems[0]} in this folder, only: {names(sorted(inside)) or 'nothing'}"
        raise BadData(path, found, f"{' or '.join(stems)}, maybe .gz or .xz", "check the path")
    return file


def original_chunks(path: Path, wanted: Mapping[str, Sequence[str]], source: str) -> Iterator[Table]:
    """The wanted columns of a file with a header line, piece by piece.

    wanted: the name that a column gets -> the names that it has in one copy or another; the publisher's first
    source: the publisher, for messages

    Raises:
        BadData: a column is missing, and as `read_chunks`.
    """
    for rows, origin in read_chunks(path):
        header = rows.columns
        found = {ours: next((one for one in theirs if one in header), None) for ours, theirs in wanted.items()}
        missing = [wanted[ours][0] for ours, theirs in found.items() if theirs is None]
        if missing:
            raise BadData(
                path if origin.unit == "row" else f"{path}, line 1 (the first line of the file is line 1)",
                f"no column {', '.join(missing)} among: {names(header)}.{did_you_mean(missing[0], header)}",
                f"{source}'s columns {', '.join(theirs[0] for theirs in wanted.values())}",
                "give the original file, or read it with the reader delimited",
            )
        yield Table(rows.select(pl.col(str(theirs)).alias(ours) for ours, theirs in found.items()), origin)


def only(table: Table, rows: pl.Series) -> Table:
    """The table of these rows; `rows` is a mask, [n] Boolean."""
    return Table(table.rows.filter(rows), replace(table.origin, lines=table.origin.lines.filter(rows)))


def _packed(archive: Path) -> BadData:
    return BadData(archive, "this is a zip archive", "the files that are in it", f"unpack it: unzip {archive.name}")
