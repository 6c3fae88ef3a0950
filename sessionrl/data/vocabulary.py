"""Item ids as the shop writes them <-> item numbers 1, 2, …"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

ItemId = str | int


class Vocabulary:
    """A frozen, ordered set of item ids; item number i is ``ids[i - 1]``, number 0 is `PAD`.

    Fitted on the training part only, most frequent item first, so that ties of scores that are broken by
    item number fall to the more popular item.
    """

    def __init__(self, ids: Sequence[ItemId] | pl.Series):
        series = pl.Series("item_id", ids)
        self.ids = series.cast(pl.Int64) if series.dtype.is_integer() else series.cast(pl.String)
        if self.ids.n_unique() != len(self.ids) or self.ids.null_count():
            raise ValueError("a vocabulary needs ids that are distinct and not null")
        self._numbers: dict[ItemId, int] | None = None

    def __len__(self) -> int:
        """Rows of a table indexed by item number: the items and `PAD`."""
        return len(self.ids) + 1

    @property
    def fingerprint(self) -> str:
        """Equal for equal ids in equal order; 16 hexadecimal digits."""
        digest = hashlib.sha256(str(self.ids.dtype).encode())
        for chunk in self.ids.cast(pl.String).to_list():
            digest.update(chunk.encode() + b"\0")
        return digest.hexdigest()[:16]

    def encode(self, ids: Iterable[ItemId]) -> npt.NDArray[np.int32]:
        """Item numbers; 0 for an id that is not in the vocabulary. Text that is a number finds integer ids."""
        if self._numbers is None:
            self._numbers = {item: number for number, item in enumerate(self.ids.to_list(), 1)}
        keys = (self._as_key(item) for item in ids)
        return np.array([0 if key is None else self._numbers.get(key, 0) for key in keys], dtype=np.int32)

    def decode(self, numbers: npt.NDArray[np.integer]) -> list[ItemId]:
        """Ids of item numbers ≥ 1."""
        flat = np.asarray(numbers)
        if flat.size and (flat.min() < 1 or flat.max() >= len(self)):
            raise ValueError(f"item numbers lie in 1 … {len(self) - 1}, found {flat.min()} … {flat.max()}")
        return self.ids.gather(flat.ravel() - 1).to_list()

    def lacks(self, ids: pl.Series) -> pl.Series:
        """[n] Boolean: the ids that have no number here; 17 and "17" are the same id."""
        return ~ids.cast(pl.String).is_in(self.ids.cast(pl.String).implode())

    def grown(self, ids: pl.Series) -> "Vocabulary":
        """With the ids that it lacks appended in their order; the numbers of the others stay.

        Integer ids become text where one that is appended is no whole number.
        """
        further = ids.filter(self.lacks(ids)).cast(pl.String)
        if self.ids.dtype != pl.String:
            numbers = further.cast(pl.Int64, strict=False)
            if (numbers.cast(pl.String) == further).all(ignore_nulls=False):
                return Vocabulary(pl.concat([self.ids, numbers]))
        return Vocabulary(pl.concat([self.ids.cast(pl.String), further]))

    def save(self, path: Path) -> None:
        """As Parquet with one column, `item_id`, in the order of the numbers."""
        self.ids.to_frame("item_id").write_parquet(path)

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """What `save` wrote."""
        return cls(pl.read_parquet(path)["item_id"])

    def _as_key(self, item: ItemId) -> ItemId | None:
        if self.ids.dtype == pl.String:
            return str(item)
        text = str(item)
        return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else None
