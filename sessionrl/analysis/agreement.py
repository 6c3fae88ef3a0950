"""Agreement: how many items the lists of two models share."""

from collections.abc import Mapping
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.evaluation.bootstrap import FEW_SESSIONS, Resampling, SessionSums, interval
from sessionrl.evaluation.rankings import Rankings

REPLICATES = 1000
ROWS = 65_536  # lists compared at once: the comparison holds k² bytes for each
SEEDS = 3  # training seeds of a model that are compared: each pair of them reads all lists

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def overlap(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> Floats:
    """[n] |A_i ∩ B_i| / k of lists of distinct items [n, k]; the order within a list does not count.

    >>> overlap(np.array([[1, 2], [3, 4]]), np.array([[2, 1], [4, 5]])).tolist()
    [1.0, 0.5]
    """
    shared = np.empty(len(one), np.float64)
    for start in range(0, len(one), ROWS):
        rows = slice(start, start + ROWS)
        shared[rows] = (one[rows, :, None] == other[rows, None, :]).sum((1, 2))
    return np.asarray(shared / max(1, one.shape[1]))


def overlaps(one: Rankings, other: Rankings, rows: Rows, k: int) -> Floats:
    """[n] `overlap` of the first k items in the given rows."""
    return overlap(one.lists(k)[rows], other.lists(k)[rows])


def overlaps_of_models(one: Mapping[int, Rankings], other: Mapping[int, Rankings], rows: Rows, k: int) -> Floats:
    """[n] the mean of `overlaps` over pairs of training seeds, a different one of each model.

    Runs with the same seed begin with the same weights and see the events in the same order, which makes their lists
    alike; they are paired only where there is no other pair, because both models have a single run of one seed.

    one, other: rankings of two models by training seed
    """
    every = list(product(list(one)[:SEEDS], list(other)[:SEEDS]))
    pairs = [(a, b) for a, b in every if a != b] or every
    return np.asarray(np.mean([overlaps(one[a], other[b], rows, k) for a, b in pairs], axis=0))


def overlaps_of_seeds(model: Mapping[int, Rankings], rows: Rows, k: int) -> Floats | None:
    """[n] the mean of `overlaps` over pairs of training seeds of one model; None with a single one."""
    values = [overlaps(one, other, rows, k) for one, other in combinations(list(model.values())[:SEEDS], 2)]
    return np.asarray(np.mean(values, axis=0)) if values else None


class Apart(NamedTuple):
    """By how much less two models agree than two seeds of one, and a 95% interval over sessions; NaN of few sessions.

    It is of these training seeds: how others would agree, it does not say.
    """

    value: float
    low: float
    high: float


def apart(within: Floats, between: Floats, session: npt.NDArray[np.int32], seed: int) -> Apart:
    """The mean of within - between.

    Args:
        within: [n] overlaps of two seeds of a model
        between: [n] overlaps of two models, of the same lists
        session: [n] of every list
        seed: of the bootstrap
    """
    row = np.unique(session, return_inverse=True)[1]
    value = float((within - between).mean())
    if row.max(initial=-1) + 1 < FEW_SESSIONS:
        return Apart(value, float("nan"), float("nan"))
    sums = SessionSums()
    above = sums.add(np.bincount(row, weights=within - between).astype(np.float64))
    below = sums.add(np.bincount(row).astype(np.float64))
    drawn = Resampling(REPLICATES, seed).sessions(sums)
    low, high = interval((drawn[:, above] / drawn[:, below])[:, None])
    return Apart(value, float(low[0]), float(high[0]))
