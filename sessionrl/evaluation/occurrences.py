"""Where the items of a list occur in its session: among the events read, among those to come, in earlier lists.

All functions take rankings of whole sessions (every event of a session has its row) and lists ``[n, k]``.
"""

import numba
import numpy as np
import numpy.typing as npt

from sessionrl.evaluation.rankings import Rankings


def of_kind(rankings: Rankings, kind: str) -> npt.NDArray[np.bool_]:
    """[n] whether the event is of this kind; nowhere if the log has no such kind."""
    if kind not in rankings.kinds:
        return np.zeros(len(rankings), np.bool_)
    return np.asarray(rankings.event_type == rankings.kinds.index(kind))


def ahead(rankings: Rankings, k: int, counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """[n, k] whether the listed item comes next or later in the session, in a row that is `counted` ``[n]``."""
    return np.asarray(_ahead(rankings.offsets, rankings.target, counted, rankings.lists(k), rankings.n_items))


def n_ahead(rankings: Rankings, counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """[n] distinct items that come next or later in the session, in rows that are `counted` ``[n]``."""
    return np.asarray(_n_ahead(rankings.offsets, rankings.target, counted, rankings.n_items))


def times_read(rankings: Rankings, k: int) -> npt.NDArray[np.int32]:
    """[n, k] how often the listed item occurs among the events read."""
    return np.asarray(_times_read(rankings.offsets, rankings.target, rankings.lists(k), rankings.n_items))


def listed_before(rankings: Rankings, k: int) -> npt.NDArray[np.bool_]:
    """[n, k] whether the item stood in an earlier list of the session, the list before the first event left out."""
    return np.asarray(_listed_before(rankings.offsets, rankings.position, rankings.lists(k), rankings.n_items))


@numba.njit(cache=True)
def _ahead(offsets, targets, counted, lists, n_items):  # type: ignore[no-untyped-def]
    found = np.zeros(lists.shape, np.bool_)
    # Rows rise from session to session, so what is left of an earlier session lies before every row of this one.
    last = np.full(n_items + 1, -1, np.int64)
    for session in range(len(offsets) - 1):
        for row in range(offsets[session], offsets[session + 1]):
            if counted[row]:
                last[targets[row]] = row
        for row in range(offsets[session], offsets[session + 1]):
            for place in range(lists.shape[1]):
                found[row, place] = last[lists[row, place]] >= row
    return found


@numba.njit(cache=True)
def _n_ahead(offsets, targets, counted, n_items):  # type: ignore[no-untyped-def]
    distinct = np.zeros(len(targets), np.int64)
    met = np.full(n_items + 1, -1, np.int64)  # the last session in which the item was met
    for session in range(len(offsets) - 1):
        so_far = 0
        for row in range(offsets[session + 1] - 1, offsets[session] - 1, -1):
            if counted[row] and met[targets[row]] != session:
                met[targets[row]] = session
                so_far += 1
            distinct[row] = so_far
    return distinct


@numba.njit(cache=True)
def _times_read(offsets, targets, lists, n_items):  # type: ignore[no-untyped-def]
    found = np.zeros(lists.shape, np.int32)
    times = np.zeros(n_items + 1, np.int32)
    for session in range(len(offsets) - 1):
        for row in range(offsets[session], offsets[session + 1]):
            for place in range(lists.shape[1]):
                found[row, place] = times[lists[row, place]]
            times[targets[row]] += 1
        for row in range(offsets[session], offsets[session + 1]):
            times[targets[row]] = 0
    return found


@numba.njit(cache=True)
def _listed_before(offsets, position, lists, n_items):  # type: ignore[no-untyped-def]
    found = np.zeros(lists.shape, np.bool_)
    listed = np.full(n_items + 1, -1, np.int64)  # the last session in which the item was listed
    for session in range(len(offsets) - 1):
        for row in range(offsets[session], offsets[session + 1]):
            if position[row] > 0:
                for place in range(lists.shape[1]):
                    found[row, place] = listed[lists[row, place]] == session
                    listed[lists[row, place]] = session
    return found
