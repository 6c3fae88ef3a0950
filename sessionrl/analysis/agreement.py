"""Agreement: how many items the lists of two models share."""

from collections.abc import Mapping
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from sessionrl.evaluation.rankings import Rankings

ROWS = 65_536  # lists compared at once: the comparison holds k² bytes for each
SEEDS = 3  # training seeds of a model that are compared: each pair of them reads all lists

Rows = npt.NDArray[np.int64]


def overlap(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """[n] |A_i ∩ B_i| / k of lists of distinct items [n, k]; the order within a list does not count.

    >>> overlap(np.array([[1, 2], [3, 4]]), np.array([[2, 1], [4, 5]])).tolist()
    [1.0, 0.5]
    """
    shared = np.empty(len(one), np.float64)
    for start in range(0, len(one), ROWS):
        rows = slice(start, start + ROWS)
        shared[rows] = (one[rows, :, None] == other[rows, None, :]).sum((1, 2))
    return np.asarray(shared / max(1, one.shape[1]))


def mean_overlap(one: Rankings, other: Rankings, rows: Rows, k: int) -> float:
    """The mean over the given rows of `overlap` of the first k items; NaN without rows."""
    if not len(rows):
        return float("nan")
    return float(overlap(one.lists(k)[rows], other.lists(k)[rows]).mean())


def overlap_of_models(one: Mapping[int, Rankings], other: Mapping[int, Rankings], rows: Rows, k: int) -> float:
    """The mean of `mean_overlap` over pairs of training seeds, a different one of each model.

    Runs with the same seed begin with the same weights and see the events in the same order, which makes their lists
    alike; they are paired only where there is no other pair, because both models have a single run of one seed.

    one, other: rankings of two models by training seed
    """
    every = list(product(list(one)[:SEEDS], list(other)[:SEEDS]))
    pairs = [(a, b) for a, b in every if a != b] or every
    values = [mean_overlap(one[a], other[b], rows, k) for a, b in pairs]
    return float(np.mean(values))


def overlap_of_seeds(model: Mapping[int, Rankings], rows: Rows, k: int) -> float | None:
    """The mean of `mean_overlap` over pairs of training seeds of one model; None with a single one."""
    values = [mean_overlap(one, other, rows, k) for one, other in combinations(list(model.values())[:SEEDS], 2)]
    return float(np.mean(values)) if values else None
