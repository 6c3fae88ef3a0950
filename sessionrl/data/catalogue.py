"""All that is known about items, by item number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from safetensors.numpy import load_file, save_file

from sessionrl.errors import BadData
from sessionrl.shown import ROWS, table

FLAG = "recommendable"  # the column of a table of items
DESCRIBING = ("picture", "name", "category", "price")


@dataclass(frozen=True)
class Catalogue:
    """What the training part, and a table of items if there is one, say about V - 1 items; row 0 is `PAD`.

    counts:     [V] int64, events of the item in the training part; 0 at `PAD`
    sessions:   [V] int64, training sessions that hold the item
    vectors:    [V, e] float32, fixed unit vectors shared by all models (diversity is measured on these,
                never on a model's own); zero rows where nothing is known
    items:      one row per item 1 … V - 1 in order: `item_id`, and whatever the shop gave
                (`category`, `price`, `name`, `picture`, …)
    recommendable: [V] bool, items that may be shown: states read every item, but only these are scored, drawn as
                negatives, ranked and served; False at `PAD`. All items where nothing is given
    """

    counts: npt.NDArray[np.int64]
    sessions: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    items: pl.DataFrame
    recommendable: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        if not len(self.recommendable):
            object.__setattr__(self, "recommendable", np.arange(len(self.counts)) > 0)

    def __len__(self) -> int:
        """V, `PAD` included."""
        return len(self.counts)

    def __repr__(self) -> str:
        return f"Catalogue({len(self.items):,} items with {', '.join(self.items.columns)})"

    def _repr_html_(self) -> str:
        first, counts = self.items.head(ROWS), self.counts[1 : ROWS + 1].tolist()
        header = ["item number", "events", *first.columns]
        known = first.with_columns(pl.col("item_id").cast(pl.String)).iter_rows()  # no number with its thousands parted
        rows = [(n, count, *row) for n, (count, row) in enumerate(zip(counts, known, strict=True), 1)]
        return table(header, rows, f"{len(self.items):,} items; the first {len(first)}")

    @property
    def popularity(self) -> npt.NDArray[np.float64]:
        """[V] share of the training events; sums to 1."""
        return np.asarray(self.counts / self.counts.sum())

    def tail(self, quantile: float = 0.9) -> npt.NDArray[np.bool_]:
        """[V] the less popular of the items that may be recommended: count at most the quantile of their counts.

        With 0.9, SMORL's choice (arXiv:2110.15097), about nine items in ten are tail.
        """
        return np.asarray(self.recommendable & (self.counts <= np.quantile(self.counts[self.recommendable], quantile)))

    def described(self, ids: Sequence[str | int]) -> dict[str, list[Any]]:
        """Picture, name, category and price of item ids in their order, those of the columns that the shop gave."""
        names = [name for name in DESCRIBING if name in self.items.columns]
        asked = pl.DataFrame({"item_id": pl.Series([str(one) for one in ids], dtype=pl.String)})
        known = self.items.select(pl.col("item_id").cast(pl.String), *names)
        found = asked.join(known, on="item_id", how="left", maintain_order="left")
        return {name: found[name].to_list() for name in names}

    def numbers(self) -> dict[str, npt.NDArray[np.float32]]:
        """The columns of numbers of the table of items by name, [V] each; NaN where unknown, and at `PAD`.

        A column of text is one if all that stands in it are numbers: a CSV file has only text.
        """
        columns = [_as_numbers(column) for column in self.items.drop("item_id")]
        return {
            one.name: np.concatenate([[np.nan], one.to_numpy()]).astype(np.float32)
            for one in columns
            if one is not None
        }

    def grown(self, older: "Catalogue", items: npt.NDArray[np.integer], ids: pl.Series) -> "Catalogue":
        """With items of an older catalogue appended: their attributes and flags, but no events.

        Their `vectors` are zero rows, because directions found in two logs mean different things.

        items: [n] item numbers in `older`
        ids:   [V + n - 1] the ids of all items, `PAD` left out
        """
        table = older.items[(items - 1).tolist()].with_columns(
            pl.col(name).cast(kind, strict=False)
            for name, kind in self.items.schema.items()
            if name in older.items.columns
        )
        both = pl.concat([self.items, table], how="diagonal").with_columns(ids.alias("item_id"))
        nothing = np.zeros(len(items), np.int64)
        return Catalogue(
            np.concatenate([self.counts, nothing]),
            np.concatenate([self.sessions, nothing]),
            np.concatenate([self.vectors, np.zeros((len(items), self.vectors.shape[1]), np.float32)]),
            both,
            np.concatenate([self.recommendable, older.recommendable[items]]),
        )

    def save(self, items: Path, vectors: Path) -> None:
        """Items as Parquet, one row each, `item_id`, `count`, `sessions` first; vectors as safetensors.

        The column `recommendable` stands there only if some item is not.
        """
        known = pl.DataFrame({"count": self.counts[1:], "sessions": self.sessions[1:]})
        if not self.recommendable[1:].all():
            known = known.with_columns(pl.Series(FLAG, self.recommendable[1:]))
        self.items.select("item_id").hstack(known).hstack(self.items.drop("item_id")).write_parquet(items)
        save_file({"vectors": np.ascontiguousarray(self.vectors)}, vectors)

    @classmethod
    def load(cls, items: Path, vectors: Path) -> "Catalogue":
        """What `save` wrote; without the column `recommendable` every item is."""
        frame = pl.read_parquet(items)
        counts, sessions = (np.concatenate([[0], frame[name].to_numpy()]) for name in ("count", "sessions"))
        table = load_file(vectors)["vectors"]
        flags = frame[FLAG].to_numpy() if FLAG in frame.columns else np.ones(len(frame), np.bool_)
        described = frame.drop("count", "sessions", FLAG, strict=False)
        flags = np.concatenate([[False], flags]).astype(np.bool_)
        return cls(counts.astype(np.int64), sessions.astype(np.int64), table, described, flags)


def recommendable(items: pl.DataFrame, path: object) -> npt.NDArray[np.bool_]:
    """[V] of a table with a row per item 1 … V - 1, maybe with a Boolean `recommendable`; null and no column: True.

    path: named in messages

    Raises:
        BadData: the column is not Boolean, or no item is recommendable.
    """
    if FLAG not in items.columns:
        return np.arange(len(items) + 1) > 0
    if items[FLAG].dtype != pl.Boolean:
        found = f"the column {FLAG} of the items is of type {items[FLAG].dtype}"
        raise BadData(path, found, "true, false or nothing", "mend items() of this reader")
    flags = items[FLAG].fill_null(True).to_numpy()
    if not flags.any():
        raise BadData(
            path,
            f"none of the {len(items):,} items is {FLAG}",
            "at least one that may be shown",
            f"correct the column {FLAG} in the table of items, or leave it out",
        )
    return np.concatenate([[False], flags])


def _as_numbers(column: pl.Series) -> pl.Series | None:
    """Float64; None where something in it is no finite number, or where it is text and nothing stands in it."""
    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    if column.dtype != pl.String:
        return None
    text = column.str.strip_chars().replace("", None).drop_nulls()
    if not len(text) or not text.cast(pl.Float64, strict=False).is_finite().fill_null(False).all():
        return None
    return column.str.strip_chars().cast(pl.Float64, strict=False)
