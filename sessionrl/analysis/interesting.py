"""Items worth looking at, chosen by rules that say why, so that nobody picks the examples that flatter a model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.analysis.neighbours import neighbours, shared
from sessionrl.data.catalogue import Catalogue

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Vectors = npt.NDArray[np.floating]

LOOKED_AT = 400  # items among which the purest, the most mixed and the most different are sought, at most
CELLS = 100_000_000  # cosines that are taken for each of these rules, at most
NEAREST = 10  # neighbours that these rules compare


class Interesting(NamedTuple):
    """An item number and why it is looked at, in words."""

    item: int
    why: str


@dataclass(frozen=True, eq=False)
class Range:
    """The items that a choice is made from.

    catalogue: of all items
    among:     [V] bool, items known well enough to be looked at
    labels:    [V] codes of categories, -1 where unknown
    """

    catalogue: Catalogue
    among: Flags
    labels: Numbers

    @property
    def items(self) -> Numbers:
        """[n] item numbers, most events first."""
        found = np.flatnonzero(self.among)
        return found[np.argsort(-self.catalogue.counts[found], kind="stable")]

    def drawn(self, seed: int) -> Numbers:
        """[n] item numbers, at most `LOOKED_AT`, fewer of a catalogue so large that `CELLS` would be passed."""
        most = max(1, min(LOOKED_AT, CELLS // len(self.among)))
        return np.sort(np.random.default_rng(seed).permutation(self.items)[:most])


def interesting(of: Range, vectors: Mapping[str, Vectors], shown: int, seed: int = 0) -> list[Interesting]:
    """At most `shown` items, each once, by the rules in their order.

    Args:
        of: the items
        vectors: [V, d] by the label of the model; with two or more, the item whose neighbours differ most is sought
        shown: how many
        seed: of what is drawn
    """
    found: dict[int, str] = {}
    for one in _by_rules(of, vectors, seed):
        found.setdefault(*one)
        if len(found) == shown:
            break
    return [Interesting(*one) for one in found.items()]


def _by_rules(of: Range, vectors: Mapping[str, Vectors], seed: int) -> Iterator[Interesting]:
    items, counts = of.items, of.catalogue.counts
    if not len(items):
        return
    yield Interesting(int(items[0]), f"the most popular, {counts[items[0]]:,} events")
    looked_at = of.drawn(seed)
    yield from _by_category(of, vectors, looked_at)
    yield from _by_difference(of, vectors, looked_at)
    tail = items[of.catalogue.tail()[items]]
    for item in tail[:1]:
        yield Interesting(int(item), f"the most popular below the top tenth, {counts[item]:,} events")
    yield Interesting(int(items[-1]), f"among the rarest that are looked at, {counts[items[-1]]:,} events")
    for item in np.random.default_rng(seed).permutation(items):
        yield Interesting(int(item), f"drawn by lot, {counts[item]:,} events")


def _by_category(of: Range, vectors: Mapping[str, Vectors], items: Numbers) -> Iterator[Interesting]:
    """The one whose neighbours are most, and the one whose neighbours are least of its own category."""
    items = items[of.labels[items] >= 0]
    if len(np.unique(of.labels[items])) < 2:
        return
    label, first = next(iter(vectors.items()))
    closest = neighbours(first, items, NEAREST, of.among & (of.labels >= 0)).closest
    shares = (of.labels[closest] == of.labels[items][:, None]).mean(1)
    for nth, words in ((int(np.argmax(shares)), "most"), (int(np.argmin(shares)), "least")):
        yield Interesting(
            int(items[nth]),
            f"of {len(items):,} drawn items {_whose(shares, nth)} neighbours in {label} agree {words} with its "
            f"category: {shares[nth]:.0%} of {closest.shape[1]}",
        )


def _by_difference(of: Range, vectors: Mapping[str, Vectors], items: Numbers) -> Iterator[Interesting]:
    """The one of whose neighbours the first two models share fewest."""
    if len(vectors) < 2 or len(of.items) < 2:
        return
    (one, its), (other, others) = list(vectors.items())[:2]
    same = shared(its, others, items, NEAREST, of.among)
    nth = int(np.argmin(same))
    yield Interesting(
        int(items[nth]),
        f"of {len(items):,} drawn items {_whose(same, nth)} neighbours differ most between {one} and {other}: "
        f"{same[nth]:.0%} of {min(NEAREST, len(of.items) - 1)} are the same, {same.mean():.0%} on average",
    )


def _whose(values: npt.NDArray[np.float64], nth: int) -> str:
    """Not "the one" where others are as extreme: of these it has the most events."""
    alike = int((values == values[nth]).sum())
    return "the one whose" if alike == 1 else f"one of {alike:,} whose"
