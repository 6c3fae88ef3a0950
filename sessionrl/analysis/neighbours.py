"""Neighbours: which items a model holds for alike, and whether the shop's own categories agree."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.analysis.item_vectors import unit_rows

BLOCK = 65_536  # items that are compared at once
AT_ONCE = 128  # items whose neighbours are sought together
REPLICATES = 2000

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Matrix = npt.NDArray[np.float32]


class Neighbours(NamedTuple):
    """Of n items the k closest and the k furthest by cosine, most extreme first.

    closest, furthest:           [n, k] item numbers; neither the item itself nor `PAD`
    similarity, dissimilarity:   [n, k] float32, cosines in -1 … 1
    """

    closest: Numbers
    similarity: Matrix
    furthest: Numbers
    dissimilarity: Matrix


class Purity(NamedTuple):
    """The share of the k nearest neighbours that carry the label of their item, mean over n items.

    low, high: 95% interval of a bootstrap over the items, which says nothing of other trainings
    chance:    the same for neighbours drawn at random among the others
    of_items:  [n] the share of each item
    """

    value: float
    low: float
    high: float
    chance: float
    of_items: npt.NDArray[np.float64]


def neighbours(vectors: npt.NDArray[np.floating], items: Numbers, k: int, among: Flags) -> Neighbours:
    """The items most and least alike, by cosine.

    Memory is the vectors of unit length and a block of [AT_ONCE, BLOCK] cosines, whatever the size of the catalogue.

    Args:
        vectors: [V, d]
        items: [n] item numbers, those that are looked at
        k: neighbours of each; fewer if `among` has no more
        among: [V] bool, items that may be a neighbour; `PAD` never is
    """
    units, known = unit_rows(vectors), np.flatnonzero(among)
    known = known[known > 0]
    k = max(0, min(k, len(known) - 1))
    found = [_extremes(units, items[at : at + AT_ONCE], k, known) for at in range(0, len(items), AT_ONCE)]
    empty = np.zeros((0, k), np.int64), np.zeros((0, k), np.float32)
    return Neighbours(*map(np.concatenate, zip(*(found or [(*empty, *empty)]), strict=True)))


def purity(
    vectors: npt.NDArray[np.floating], labels: Numbers, items: Numbers, k: int, among: Flags, seed: int = 0
) -> Purity:
    """How often near means alike: precision at k of retrieving an item's own label by cosine.

    purity = 1/n sum_i 1/k |{j in N_k(i) : l_j = l_i}|

    Args:
        vectors: [V, d]
        labels: [V] codes, such as those of categories; -1 where unknown
        items: [n] item numbers; those without a label do not count
        k: neighbours of each
        among: [V] bool, items that may be a neighbour; those without a label are none
        seed: of the bootstrap
    """
    among = among & (labels >= 0)
    items = items[labels[items] >= 0]
    k = min(k, int(among[1:].sum()) - 1)
    if not len(items) or k < 1:
        return _with_interval(np.zeros(0), float("nan"), seed)
    closest = neighbours(vectors, items, k, among).closest
    shares = (labels[closest] == labels[items][:, None]).mean(1)
    sizes = np.bincount(labels[1:][among[1:]], minlength=int(labels.max()) + 1)
    others = among[1:].sum() - among[items]
    chance = ((sizes[labels[items]] - among[items]) / others).mean()
    return _with_interval(shares, float(chance), seed)


def shared(
    one: npt.NDArray[np.floating], other: npt.NDArray[np.floating], items: Numbers, k: int, among: Flags
) -> npt.NDArray[np.float64]:
    """[n] the share of an item's k nearest that are among its k nearest of other vectors as well.

    Args:
        one: [V, d]
        other: [V, e]
        items: [n] item numbers
        k: neighbours of each
        among: [V] bool, items that may be a neighbour
    """
    near, far = (neighbours(vectors, items, k, among).closest for vectors in (one, other))
    return np.asarray((near[:, :, None] == far[:, None, :]).any(2).mean(1))


def _with_interval(shares: npt.NDArray[np.float64], chance: float, seed: int) -> Purity:
    if not len(shares):
        nothing = float("nan")
        return Purity(nothing, nothing, nothing, nothing, shares)
    drawn = np.random.default_rng(seed).multinomial(len(shares), np.full(len(shares), 1 / len(shares)), REPLICATES)
    low, high = np.quantile(drawn @ shares / len(shares), [0.025, 0.975])
    return Purity(float(shares.mean()), float(low), float(high), chance, shares)


def _extremes(units: Matrix, items: Numbers, k: int, known: Numbers) -> tuple[Numbers, Matrix, Numbers, Matrix]:
    rows = units[items]
    near, far = _Best(len(items), k), _Best(len(items), k)
    for start in range(0, len(known), BLOCK):
        block = known[start : start + BLOCK]
        cosines = rows @ units[block].T
        itself = block[None, :] == items[:, None]
        near.offer(np.where(itself, -np.inf, cosines), block)
        far.offer(np.where(itself, -np.inf, -cosines), block)
    return near.items, near.values, far.items, -far.values


class _Best:
    """The k largest values of every row so far, and whose they are."""

    def __init__(self, rows: int, k: int):
        self.k = k
        self.items, self.values = np.zeros((rows, 0), np.int64), np.zeros((rows, 0), np.float32)

    def offer(self, values: Matrix, items: Numbers) -> None:
        chosen = np.broadcast_to(np.arange(values.shape[1]), values.shape)
        if values.shape[1] > self.k:
            chosen = np.sort(np.argpartition(-values, self.k, axis=1)[:, : self.k], axis=1)
        both = np.concatenate([self.values, np.take_along_axis(values, chosen, 1)], 1)
        whose = np.concatenate([self.items, items[chosen]], 1)
        order = np.argsort(-both, axis=1, kind="stable")[:, : self.k]
        self.values, self.items = np.take_along_axis(both, order, 1), np.take_along_axis(whose, order, 1)
