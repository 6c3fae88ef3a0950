"""Where a target lies among the scores of the whole catalogue: exact counts and the best K items.

Nothing is sampled, and sparse scores are never made dense.
"""

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from sessionrl.baselines.baseline import SparseScores

if TYPE_CHECKING:
    import torch

BLOCK = 1 << 25  # scores compared at once on an accelerator: the comparison holds one byte for each


class Counts(NamedTuple):
    """What is kept of the scores of N cases.

    greater: [N] int32, items scored greater than the target
    equal:   [N] int32 ≥ 1, items scored as the target, itself included
    top:     [N, K] int32, the best K item numbers, best first
    """

    greater: npt.NDArray[np.int32]
    equal: npt.NDArray[np.int32]
    top: npt.NDArray[np.int32]


def n_scored(scores: "torch.Tensor | SparseScores") -> int:
    """Items that are scored, `PAD` not counted."""
    return len(scores.base) - 1 if isinstance(scores, SparseScores) else int(scores.shape[1])


def n_cases(scores: "torch.Tensor | SparseScores") -> int:
    """Cases that are scored."""
    return len(scores.offsets) - 1 if isinstance(scores, SparseScores) else int(scores.shape[0])


def lists_hidden(scores: "torch.Tensor | SparseScores", hidden: npt.NDArray[np.bool_]) -> bool:
    """Whether one of the hidden items [V] has another score than -inf."""
    if isinstance(scores, SparseScores):
        return bool((scores.base[hidden] != -np.inf).any() or hidden[scores.items].any())
    columns = _columns(scores, hidden)
    return bool((columns != -float("inf")).any())


def _columns(scores: "torch.Tensor", chosen: npt.NDArray[np.bool_]) -> "torch.Tensor":
    """[N, chosen items but `PAD`]."""
    import torch

    return scores[:, torch.from_numpy(np.flatnonzero(chosen[1:])).to(scores.device)]


def not_finite(
    scores: "torch.Tensor | SparseScores", shown: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.bool_]:
    """[N] whether a case has a score that is NaN or infinite (the base's `PAD` is -inf by contract and left out).

    shown: [V] the items that are looked at; all if not given
    """
    if isinstance(scores, SparseScores):
        bad = np.zeros(n_cases(scores), np.bool_)
        bad[np.repeat(np.arange(len(bad)), np.diff(scores.offsets))[~np.isfinite(scores.scores)]] = True
        base = scores.base[1:] if shown is None else scores.base[shown]
        return np.asarray(bad | bool(~np.isfinite(base).all()))
    if shown is not None:
        scores = _columns(scores, shown)
    if scores.device.type == "cpu":
        return np.asarray(_not_finite_rows(scores.detach().numpy()))
    return not_finite_on_device(scores)


def count(scores: "torch.Tensor | SparseScores", targets: npt.NDArray[np.int64], top: int) -> Counts:
    """Count around the targets ``[N]`` (item numbers) and list the best `top` items.

    Of equal scores the smaller item number is listed first (on an accelerator the order is its own).
    """
    if isinstance(scores, SparseScores):
        return _count_sparse(scores, targets, top)
    if scores.device.type == "cpu":
        return Counts(*_count_rows(scores.detach().numpy(), targets, top))
    rows = max(1, BLOCK // scores.shape[1])
    parts = [count_on_device(scores[i : i + rows], targets[i : i + rows], top) for i in range(0, len(targets), rows)]
    return Counts(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def not_finite_on_device(scores: "torch.Tensor") -> npt.NDArray[np.bool_]:
    """`not_finite` for dense scores ``[N, V - 1]`` where they lie."""
    # x - x is 0 for a finite x and NaN otherwise, and one NaN makes the sum NaN.
    return np.asarray((scores - scores).sum(1).ne(0).cpu().numpy())


def count_on_device(scores: "torch.Tensor", targets: npt.NDArray[np.int64], top: int) -> Counts:
    """`count` for dense scores ``[N, V - 1]`` where they lie, without a loop over items."""
    import torch

    own = scores.gather(1, torch.as_tensor(targets, device=scores.device)[:, None] - 1)
    greater = (scores > own).sum(1, dtype=torch.int32)
    equal = (scores == own).sum(1, dtype=torch.int32)
    best = scores.topk(top, dim=1).indices.int() + 1
    return Counts(greater.cpu().numpy(), equal.cpu().numpy(), best.cpu().numpy())


def _count_sparse(scores: SparseScores, targets: npt.NDArray[np.int64], top: int) -> Counts:
    if len(scores.items) and not (scores.items.min() >= 1 and scores.items.max() < len(scores.base)):
        raise ValueError(f"sparse scores list item numbers outside 1 … {len(scores.base) - 1}")
    # Stable, so that items of equal base come in the order of their numbers.
    order = np.argsort(-scores.base[1:], kind="stable").astype(np.int32) + 1
    rising = np.sort(scores.base[1:])
    greater, equal, best, repeated = _count_listed(*scores, order, rising, targets, top)
    if repeated >= 0:
        raise ValueError(f"sparse scores list an item twice in case {repeated}")
    return Counts(greater, equal, best)


@numba.njit(cache=True)
def _not_finite_rows(scores):  # type: ignore[no-untyped-def]
    bad = np.zeros(len(scores), np.bool_)
    for n in range(len(scores)):
        failures = 0
        for score in scores[n]:
            failures += not np.isfinite(score)
        bad[n] = failures > 0
    return bad


@numba.njit(cache=True)
def _insert(best, values, filled, item, value):  # type: ignore[no-untyped-def]
    """Place an item in a list sorted by falling value, then rising number; returns how many places are filled."""
    last = len(best) - 1
    if filled > last:
        if value < values[last] or (value == values[last] and item > best[last]):
            return filled
        place = last
    else:
        place = filled
        filled += 1
    while place > 0 and (values[place - 1] < value or (values[place - 1] == value and best[place - 1] > item)):
        values[place] = values[place - 1]
        best[place] = best[place - 1]
        place -= 1
    values[place] = value
    best[place] = item
    return filled


@numba.njit(cache=True)
def _count_rows(scores, targets, top):  # type: ignore[no-untyped-def]
    greater = np.zeros(len(targets), np.int32)
    equal = np.zeros(len(targets), np.int32)
    best = np.zeros((len(targets), top), np.int32)
    values = np.empty(top, scores.dtype)
    for n in range(len(targets)):
        own = scores[n, targets[n] - 1]
        above = 0
        same = 0
        for score in scores[n]:
            above += score > own
            same += score == own
        greater[n] = above
        equal[n] = same
        filled = 0
        for column in range(scores.shape[1] if top else 0):
            if filled < top or scores[n, column] > values[top - 1]:
                filled = _insert(best[n], values, filled, np.int32(column + 1), scores[n, column])
    return greater, equal, best


@numba.njit(cache=True)
def _count_listed(base, offsets, items, scores, order, rising, targets, top):  # type: ignore[no-untyped-def]
    greater = np.zeros(len(targets), np.int32)
    equal = np.zeros(len(targets), np.int32)
    best = np.zeros((len(targets), top), np.int32)
    values = np.empty(top)
    listed = np.full(len(base), -1, np.int64)  # the last case that lists the item
    for n in range(len(targets)):
        own = base[targets[n]]
        for at in range(offsets[n], offsets[n + 1]):
            if listed[items[at]] == n:
                return greater, equal, best, n
            listed[items[at]] = n
            if items[at] == targets[n]:
                own = scores[at]
        up_to = np.searchsorted(rising, own, side="right")
        above = len(rising) - up_to
        same = up_to - np.searchsorted(rising, own, side="left")
        filled = 0
        for at in range(offsets[n], offsets[n + 1]):
            # A listed item leaves its base score and takes its own.
            above += np.int64(scores[at] > own) - np.int64(base[items[at]] > own)
            same += np.int64(scores[at] == own) - np.int64(base[items[at]] == own)
            if top:
                filled = _insert(best[n], values, filled, items[at], scores[at])
        greater[n] = above
        equal[n] = same
        for item in order if top else order[:0]:
            if filled == top and base[item] < values[top - 1]:
                break
            if listed[item] != n:
                filled = _insert(best[n], values, filled, item, base[item])
    return greater, equal, best, -1
