"""The kernel of the session-kNN family: the sessions nearest to a history, and the items they hold.

Compiled with numba and released from the interpreter lock. Nothing is shared between cases, so that a batch of
cases gives the very numbers that each case gives alone.
"""

from typing import Literal, NamedTuple, Self, get_args

import numpy as np
import numpy.typing as npt
from numba import njit

from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.sessions import PAD, Cases, Sessions

Curve = Literal["same", "linear", "div", "log", "quadratic"]
Similarity = Literal["dot", "cosine"]
_SAME, _LINEAR, _DIV, _LOG, _QUADRATIC, _EXPONENTIAL = range(6)


class SessionIndex(NamedTuple):
    """S training sessions as lists of distinct items, both ways round; session numbers rise with time.

    session_offsets: [S + 1] int64, session s owns the slice session_offsets[s]:session_offsets[s + 1] of
    session_items:   [D] int32, distinct items in the order of their last events
    item_offsets:    [V + 1] int64, item i owns the slice item_offsets[i]:item_offsets[i + 1] of
    item_sessions:   [P] int32, sessions that hold it, newest first, cut after the newest m
    """

    session_offsets: npt.NDArray[np.int64]
    session_items: npt.NDArray[np.int32]
    item_offsets: npt.NDArray[np.int64]
    item_sessions: npt.NDArray[np.int32]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The four arrays by name."""
        return dict(zip(self._fields, self, strict=True))

    @classmethod
    def restored(cls, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave; others beside them are left alone."""
        return cls(
            arrays["session_offsets"].astype(np.int64),
            arrays["session_items"].astype(np.int32),
            arrays["item_offsets"].astype(np.int64),
            arrays["item_sessions"].astype(np.int32),
        )


class Fall(NamedTuple):
    """How a weight falls with distance, as the kernel knows it.

    curve: its place in `Curve`, or the one behind them, which is exponential
    scale: > 0, the distance at which the exponential is 1/e
    """

    curve: int
    scale: float


class Neighbourhood(NamedTuple):
    """How near sessions are found and how they vote.

    neighbours:     k ≥ 1, sessions that vote
    sample:         m ≥ 1, newest sessions sharing an item with the history that may become neighbours
    last_items:     ≥ 1, newest events of the history that are read
    weighting:      weighs events by their place in the history
    decay:          weighs a neighbour by the newest item it shares with the history
    nearness:       [L] float64 ≥ 0, weighs a neighbour's items by how many items they are away from that shared one
    session_weight: [S] float64 ≥ 0, factor of every session's similarity
    item_weight:    [V] float64 ≥ 0, factor of every item's votes
    """

    neighbours: int
    sample: int
    last_items: int
    weighting: Fall
    decay: Fall
    nearness: npt.NDArray[np.float64]
    session_weight: npt.NDArray[np.float64]
    item_weight: npt.NDArray[np.float64]


def curved(curve: Curve) -> Fall:
    """A named curve."""
    return Fall(get_args(Curve).index(curve), 1.0)


def exponential(scale: float | None) -> Fall:
    """exp(-distance / scale), or no fall at all for None."""
    return curved("same") if scale is None else Fall(_EXPONENTIAL, scale)


def index_sessions(train: Sessions, size: int, sample: int) -> SessionIndex:
    """Index the training sessions, which are in order of time, by the items 1 … size - 1.

    Only the newest `sample` sessions of an item can be among the `sample` newest that share any item with a
    history, so the others are left out of its list; the result is the same.
    """
    last = np.sort(len(train.items) - 1 - np.unique((train.session * size + train.items)[::-1], return_index=True)[1])
    session, item = train.session[last], train.items[last]
    session_offsets = np.searchsorted(session, np.arange(len(train) + 1)).astype(np.int64)
    newest_first = np.argsort(item[::-1], kind="stable")
    by_item, by_session = item[::-1][newest_first], session[::-1][newest_first]
    rank = np.arange(len(by_item)) - np.searchsorted(by_item, by_item)
    by_item, by_session = by_item[rank < sample], by_session[rank < sample]
    item_offsets = np.searchsorted(by_item, np.arange(size + 1)).astype(np.int64)
    return SessionIndex(session_offsets, item.astype(np.int32), item_offsets, by_session.astype(np.int32))


def nearness(index: SessionIndex, scale: float | None) -> npt.NDArray[np.float64]:
    """[L] exp(-distance / scale) for every distance between two items of a session; 1 for None."""
    distance = np.arange(np.diff(index.session_offsets).max(initial=0))
    return np.asarray(np.ones(len(distance)) if scale is None else np.exp(-distance / scale))


def length_factor(index: SessionIndex, similarity: Similarity) -> npt.NDArray[np.float64]:
    """[S] what the norm of a session as a set of items does to its similarity: 1, or 1 / sqrt(|n|) in a cosine.

    The norm of the history is the same for all its neighbours and left out.
    """
    distinct = np.maximum(np.diff(index.session_offsets), 1)
    return np.asarray(distinct**-0.5 if similarity == "cosine" else np.ones(len(distinct)))


def inverse_frequency(index: SessionIndex) -> npt.NDArray[np.float64]:
    """[V] ln(S / S_i) ≥ 0, where S_i of S sessions hold item i; 0 where none does."""
    sessions = len(index.session_offsets) - 1
    holding = np.bincount(index.session_items, minlength=len(index.item_offsets) - 1)
    return np.log(np.where(holding > 0, sessions, 1) / np.maximum(holding, 1))


def score_cases(
    index: SessionIndex, how: Neighbourhood, base: npt.NDArray[np.float64], sessions: Sessions, cases: Cases
) -> SparseScores:
    """List the items with a score > 0; all others have the base, which must be below 0."""
    offsets, items, scores = _score_cases(
        index, how, sessions.items, sessions.offsets[cases.session], np.asarray(cases.length, np.int64)
    )
    return SparseScores(base, offsets, items, scores)


@njit(cache=True, nogil=True)
def _position_weight(fall, place, length):  # type: ignore[no-untyped-def]
    """Weight of the event at `place` (1 … length, the newest last) of the events read."""
    curve, back = fall.curve, length - place
    if curve == _LINEAR:
        return max(0.0, 1.0 - 0.1 * back)
    if curve == _DIV:
        return place / length
    if curve == _LOG:
        return 1.0 / np.log10(back + 1.7)
    if curve == _QUADRATIC:
        return (place / length) ** 2
    if curve == _EXPONENTIAL:
        return np.exp(-back / fall.scale)
    return 1.0


@njit(cache=True, nogil=True)
def _decay(fall, step):  # type: ignore[no-untyped-def]
    """Weight of a neighbour whose newest shared item is `step` events from the end (1 is the last event)."""
    curve = fall.curve
    if curve == _LINEAR:
        return max(0.0, 1.0 - 0.1 * step)
    if curve == _DIV:
        return 1.0 / step
    if curve == _LOG:
        return 1.0 / np.log10(step + 1.7)
    if curve == _QUADRATIC:
        return 1.0 / (step * step)
    if curve == _EXPONENTIAL:
        return np.exp((1 - step) / fall.scale)
    return 1.0


@njit(cache=True, nogil=True)
def _read(items, start, length, last_items, size):  # type: ignore[no-untyped-def]
    """Distinct known items of the history, newest first, and how many events from the end each was last; [D], [D].

    Also the number of known events read. Unknown numbers are skipped as if they had never happened.
    """
    found = np.empty(min(length, last_items), np.int64)
    steps = np.empty(min(length, last_items), np.int64)
    distinct = events = 0
    for at in range(start + length - 1, start - 1, -1):
        item = items[at]
        if item <= PAD or item >= size:
            continue
        events += 1
        if not np.any(found[:distinct] == item):
            found[distinct] = item
            steps[distinct] = events
            distinct += 1
        if events == last_items:
            break
    return found[:distinct], steps[:distinct], events


@njit(cache=True, nogil=True)
def _candidates(index, how, found, steps, events):  # type: ignore[no-untyped-def]
    """The newest m sessions that share an item of weight > 0, newest first; [C] each.

    session, similarity, and of the newest item they share: how many events from the end it was, and the item.
    The items' lists are merged like sorted files, so recency costs no heap and similarity no table of sessions.
    """
    weights = np.array([_position_weight(how.weighting, events + 1 - step, events) for step in steps])
    heads, ends = index.item_offsets[found], index.item_offsets[found + 1]
    heads[weights == 0.0] = ends[weights == 0.0]
    most = min(how.sample, np.sum(ends - heads))
    session = np.empty(most, np.int64)
    similarity = np.zeros(most)
    step = np.empty(most, np.int64)
    shared = np.empty(most, np.int64)
    for candidate in range(most):
        newest = -1
        for d in range(len(found)):
            if heads[d] < ends[d]:
                newest = max(newest, index.item_sessions[heads[d]])
        if newest < 0:
            return session[:candidate], similarity[:candidate], step[:candidate], shared[:candidate]
        session[candidate] = newest
        for d in range(len(found) - 1, -1, -1):
            if heads[d] < ends[d] and index.item_sessions[heads[d]] == newest:
                heads[d] += 1
                similarity[candidate] += weights[d]
                step[candidate] = steps[d]
                shared[candidate] = found[d]
        similarity[candidate] *= how.session_weight[newest]
    return session, similarity, step, shared


@njit(cache=True, nogil=True)
def _vote(index, how, candidates, score, touched):  # type: ignore[no-untyped-def]
    """Add the votes of the k nearest candidates to `score` [V]; equal ones: the newest. Returns items touched."""
    session, similarity, step, shared = candidates
    threshold, tied = -1.0, 0
    if len(session) > how.neighbours:
        threshold = np.partition(similarity, len(session) - how.neighbours)[len(session) - how.neighbours]
        tied = how.neighbours - np.sum(similarity > threshold)
    listed = 0
    for candidate in range(len(session)):
        if similarity[candidate] < threshold or (similarity[candidate] == threshold and tied == 0):
            continue
        if similarity[candidate] == threshold:
            tied -= 1
        vote = similarity[candidate] * _decay(how.decay, step[candidate])
        if vote == 0.0:
            continue
        first, last = index.session_offsets[session[candidate]], index.session_offsets[session[candidate] + 1]
        place = first
        while index.session_items[place] != shared[candidate]:
            place += 1
        for at in range(first, last):
            item = index.session_items[at]
            share = vote * how.nearness[abs(at - place)]
            if share > 0.0 and score[item] == 0.0:
                touched[listed] = item
                listed += 1
            score[item] += share
    return listed


@njit(cache=True, nogil=True)
def _score_cases(index, how, items, starts, lengths):  # type: ignore[no-untyped-def]
    """The listed part of `SparseScores`: offsets, items, scores."""
    size = len(how.item_weight)
    score, touched = np.zeros(size), np.empty(size, np.int32)
    offsets = np.zeros(len(starts) + 1, np.int64)
    out_items, out_scores = np.empty(64, np.int32), np.empty(64)
    used = 0
    for case in range(len(starts)):
        found, steps, events = _read(items, starts[case], lengths[case], how.last_items, size)
        listed = _vote(index, how, _candidates(index, how, found, steps, events), score, touched)
        if used + listed > len(out_items):
            more = max(len(out_items), listed)
            out_items = np.concatenate((out_items, np.empty(more, np.int32)))
            out_scores = np.concatenate((out_scores, np.empty(more)))
        for item in touched[:listed]:
            if how.item_weight[item] > 0.0:
                out_items[used] = item
                out_scores[used] = score[item] * how.item_weight[item]
                used += 1
            score[item] = 0.0
        offsets[case + 1] = used
    return offsets, out_items[:used].copy(), out_scores[:used].copy()
