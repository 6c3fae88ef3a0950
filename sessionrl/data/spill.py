"""Rows laid aside on disk in groups, so that no more than one group is in memory at a time."""

import io
from pathlib import Path

import polars as pl

_LENGTH_BYTES = 8
_GROUP = "\0group"  # a name that no table has


class Spill:
    """Rows are added in any order of groups and taken up group by group, in the order in which they were added.

    A column that is whole numbers in some rows and text in others is text when it is taken up.
    """

    def __init__(self, folder: Path, groups: int):
        folder.mkdir()
        self.groups = groups
        self._folder = folder
        self._schema: dict[str, pl.DataType] = {}

    def add(self, rows: pl.DataFrame, group: pl.Series) -> None:
        """Every row to the group with its number, 0 … groups - 1."""
        texts = {name for name, kind in self._schema.items() if kind == pl.String}
        self._schema = {name: pl.String() if name in texts else kind for name, kind in rows.schema.items()}
        grouped = rows.with_columns(group.alias(_GROUP)).partition_by(_GROUP, as_dict=True, include_key=False)
        for (number,), part in grouped.items():
            stream = io.BytesIO()
            # The newest form of text columns may drag the bytes of the rows of all other groups along.
            part.write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
            with self._path(number).open("ab") as file:
                file.write(len(stream.getbuffer()).to_bytes(_LENGTH_BYTES, "little"))
                file.write(stream.getbuffer())

    def take(self, group: int) -> pl.DataFrame:
        """The rows of a group; its file is deleted."""
        path = self._path(group)
        if not path.exists():
            return pl.DataFrame(schema=self._schema)
        parts = []
        with path.open("rb") as file:
            while length := int.from_bytes(file.read(_LENGTH_BYTES), "little"):
                parts.append(pl.read_ipc_stream(io.BytesIO(file.read(length))).cast(self._schema))  # type: ignore[arg-type]
        path.unlink()
        return pl.concat(parts, rechunk=True)

    def _path(self, group: object) -> Path:
        return self._folder / f"{group}.arrows"
