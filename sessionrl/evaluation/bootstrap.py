"""The crossed ("pigeonhole") bootstrap: training seeds and test sessions are resampled independently of each other.

A measurement is a ratio of two sums over sessions, and a replicate weighs session i of seed s with v_s w_i, where v and
w count how often each was drawn. A t-test over seeds ignores that all seeds share one test set, and a bootstrap over
sessions alone ignores the luck of training; both find differences where there are none. Owen 2007, arXiv:0712.1111.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FEW_SESSIONS = 10  # below it resampling them says nothing of other visitors: of one session all replicates are equal
BLOCK = 1 << 24  # weights drawn at once: 64 MiB as float32

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class SessionSums:
    """Columns ``[S]`` of sums per session; equal columns are kept once, however often they are added.

    The denominators of most metrics and seeds are the same few columns, so this saves half of all work.
    """

    def __init__(self) -> None:
        self._columns: list[npt.NDArray[np.float32]] = []
        self._totals: list[float] = []
        self._at: dict[bytes, int] = {}

    def add(self, column: Floats) -> int:
        """The place of the column among the distinct ones."""
        key = hashlib.blake2b(column.tobytes(), digest_size=16).digest()
        if key not in self._at:
            self._at[key] = len(self._columns)
            # float32 is for the replicates alone; the averages themselves come from `totals`.
            self._columns.append(column.astype(np.float32))
            self._totals.append(float(column.sum()))
        return self._at[key]

    @property
    def totals(self) -> Floats:
        """[1, D] sums over all sessions, each session once."""
        return np.array([self._totals])

    @property
    def columns(self) -> npt.NDArray[np.float32]:
        """[S, D] all distinct columns."""
        return np.stack(self._columns, axis=1)


class Resampling(NamedTuple):
    """So many replicates from one seed: whatever is measured with it is measured on the same sessions and seeds."""

    replicates: int
    seed: int

    def sessions(self, sums: SessionSums) -> Floats:
        """[B, D] sums over as many sessions as there are, drawn with replacement, once for all columns."""
        random = np.random.default_rng([self.seed, 0])
        columns = sums.columns
        sessions = len(columns)
        rows = max(1, BLOCK // sessions)
        parts = []
        for start in range(0, self.replicates, rows):
            n = min(rows, self.replicates - start)
            drawn = random.integers(0, sessions, (n, sessions)) + np.arange(n)[:, None] * sessions
            times = np.bincount(drawn.ravel(), minlength=n * sessions).reshape(n, sessions)
            parts.append(times.astype(np.float32) @ columns)
        return np.concatenate(parts).astype(np.float64)

    def seeds(self, seeds: int, side: int = 0) -> Floats:
        """[B, R] how often each training seed is drawn; for every side of a comparison on its own."""
        random = np.random.default_rng([self.seed, 1, side])
        return random.multinomial(seeds, np.full(seeds, 1 / seeds), self.replicates).astype(np.float64)


def ratios(totals: Floats, value: Indices, weight: Indices, seed_weights: Floats) -> Floats:
    """[B, C] ``Σ_s v_s totals[value_s] / Σ_s v_s totals[weight_s]``; NaN where nothing was drawn that counts.

    Args:
        totals: [B, D].
        value: [R, C] columns of the numerators of seed s.
        weight: [R, C] columns of the denominators.
        seed_weights: [B, R].
    """
    above = sum(seed_weights[:, s, None] * totals[:, columns] for s, columns in enumerate(value))
    below = sum(seed_weights[:, s, None] * totals[:, columns] for s, columns in enumerate(weight))
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) > 0))


def interval(replicates: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """[C] and [C], the percentile interval of every column of ``[B, C]`` replicates."""
    tail = (1 - level) / 2
    low, high = np.nanquantile(replicates, [tail, 1 - tail], axis=0)
    return low, high


def p_beyond(replicates: Floats, bound: float, side: str) -> float:
    """One-sided ``(b + 1) / (m + 1)``, b of m replicates at or beyond the bound, ``below`` or ``above`` it.

    Never 0: m replicates cannot show that something has a chance under 1 / (m + 1).
    """
    drawn = replicates[np.isfinite(replicates)]
    beyond = int((drawn <= bound).sum() if side == "below" else (drawn >= bound).sum())
    return (beyond + 1) / (len(drawn) + 1)
