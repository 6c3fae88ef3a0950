"""Repetition: how much of a list was listed or seen before, step by step along the session."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.occurrences import listed_before, times_read
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.slices import cases_in

CELLS = 4_000_000  # comparisons held at once


class AlongTheSession(NamedTuple):
    """Means over the lists after 1, 2, …, P events, the last column after P events or more.

    list_before:  [P] float64, share of the list that stood in the list one event earlier, in [0, 1]
    any_before:   [P] float64, share that stood in any earlier list of the session, in [0, 1]
    already_seen: [P] float64, share that is among the events read, in [0, 1]
    chosen_again: [P] float64, share of the cases whose next item is among the events read, in [0, 1]
    cases:        [P] int64
    """

    list_before: npt.NDArray[np.float64]
    any_before: npt.NDArray[np.float64]
    already_seen: npt.NDArray[np.float64]
    chosen_again: npt.NDArray[np.float64]
    cases: npt.NDArray[np.int64]


def along_the_session(rankings: Rankings, catalogue: Catalogue, k: int, positions: int = 15) -> AlongTheSession:
    """Of lists of k, in the slice ``all``; NaN where there is no case.

    The list before the first event belongs to no session's lists, so that after one event nothing was listed before.
    """
    chosen = cases_in("all", rankings, catalogue)
    column = np.minimum(rankings.position[chosen], positions) - 1
    cases = np.bincount(column, minlength=positions).astype(np.int64)

    def mean(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        sums = np.bincount(column, values[chosen].astype(np.float64), positions)
        return np.asarray(np.divide(sums, cases, out=np.full(positions, np.nan), where=cases > 0))

    return AlongTheSession(
        mean(in_list_before(rankings, k).mean(1)),
        mean(listed_before(rankings, k).mean(1)),
        mean((times_read(rankings, k) > 0).mean(1)),
        mean(rankings.repeat),
        cases,
    )


def in_list_before(rankings: Rankings, k: int) -> npt.NDArray[np.bool_]:
    """[n, k] whether the item stood in the list one event earlier; nowhere in the first two lists of a session."""
    lists = rankings.lists(k)
    found = np.zeros(lists.shape, np.bool_)
    rows = np.flatnonzero(rankings.position >= 2)
    step = max(1, CELLS // max(1, lists.shape[1] ** 2))
    for first in range(0, len(rows), step):
        some = rows[first : first + step]
        found[some] = (lists[some][:, :, None] == lists[some - 1][:, None, :]).any(2)
    return found
