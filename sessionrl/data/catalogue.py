"""All that is known about items, by item number."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from safetensors.numpy import load_file, save_file


@dataclass(frozen=True)
class Catalogue:
    """What the training part, and a table of items if there is one, say about V - 1 items; row 0 is `PAD`.

    counts:     [V] int64, events of the item in the training part; 0 at `PAD`
    sessions:   [V] int64, training sessions that hold the item
    vectors:    [V, e] float32, fixed unit vectors shared by all models (diversity is measured on these,
                never on a model's own); zero rows where nothing is known
    items:      one row per item 1 … V - 1 in order: `item_id`, and whatever the shop gave
                (`category`, `price`, `name`, `picture`, …)
    """

    counts: npt.NDArray[np.int64]
    sessions: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    items: pl.DataFrame

    def __len__(self) -> int:
        """V, `PAD` included."""
        return len(self.counts)

    @property
    def popularity(self) -> npt.NDArray[np.float64]:
        """[V] share of the training events; sums to 1."""
        return np.asarray(self.counts / self.counts.sum())

    def tail(self, quantile: float = 0.9) -> npt.NDArray[np.bool_]:
        """[V] the less popular items: count at most the quantile of all counts; False at `PAD`.

        With 0.9, SMORL's choice (arXiv:2110.15097), about nine items in ten are tail.
        """
        tail = self.counts <= np.quantile(self.counts[1:], quantile)
        tail[0] = False
        return np.asarray(tail)

    def save(self, items: Path, vectors: Path) -> None:
        """Items as Parquet, one row each, `item_id`, `count`, `sessions` first; vectors as safetensors."""
        known = pl.DataFrame({"count": self.counts[1:], "sessions": self.sessions[1:]})
        self.items.select("item_id").hstack(known).hstack(self.items.drop("item_id")).write_parquet(items)
        save_file({"vectors": np.ascontiguousarray(self.vectors)}, vectors)

    @classmethod
    def load(cls, items: Path, vectors: Path) -> "Catalogue":
        """What `save` wrote."""
        frame = pl.read_parquet(items)
        counts, sessions = (np.concatenate([[0], frame[name].to_numpy()]) for name in ("count", "sessions"))
        table = load_file(vectors)["vectors"]
        return cls(counts.astype(np.int64), sessions.astype(np.int64), table, frame.drop("count", "sessions"))
