"""How much of the catalogue the lists show in all."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


def exposures(rankings: Rankings, k: int) -> npt.NDArray[np.int64]:
    """[V] lists of k that hold the item; 0 at `PAD`."""
    return np.bincount(rankings.lists(k).ravel(), minlength=rankings.n_items + 1)


def shown(rankings: Rankings, k: int, catalogue: Catalogue) -> npt.NDArray[np.int64]:
    """[items that may be recommended] lists of k that hold the item."""
    return exposures(rankings, k)[catalogue.recommendable]


def rarefied(rankings: Rankings, catalogue: Catalogue, k: int, lists: int) -> float:
    """Expected coverage of `lists` lists drawn without replacement from all N: the number of lists made equal.

    1/#I Σ_i (1 - C(N - n_i, m) / C(N, m)), n_i the lists that hold item i, m the lists drawn. Hurlbert 1971,
    doi:10.2307/1934145. NaN where there are fewer than m lists. Coverage rises with the number of lists, so that only
    values at the same number can be compared.
    """
    from scipy.special import gammaln

    n = len(rankings)
    if n < lists:
        return float("nan")
    without = n - shown(rankings, k, catalogue)  # lists that lack the item
    possible = without >= lists
    left = np.where(possible, without, lists)
    log_share = gammaln(left + 1) - gammaln(left - lists + 1) - gammaln(n + 1) + gammaln(n - lists + 1)
    return float((1 - np.where(possible, np.exp(log_share), 0)).mean())


@register("metric", "coverage")
@dataclass(frozen=True)
class Coverage:
    """The share of the catalogue that is in at least one list of k.

    CV@k = #(∪_n L_n) / #I, I the items that may be recommended. In [0, 1]. It rises with the number of lists. SMORL,
    arXiv:2110.15097.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def overall(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """In [0, 1]."""
        return float((shown(rankings, self.k, catalogue) > 0).mean())


@register("metric", "coverage_1k")
@dataclass(frozen=True)
class CoverageOfThousand:
    """The share of the catalogue that 1,000 random lists of k show, by expectation (see `rarefied`). In [0, 1]."""

    k: int
    better: ClassVar[Better] = "higher"

    def overall(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """In [0, 1]; NaN with fewer than 1,000 lists."""
        return rarefied(rankings, catalogue, self.k, 1_000)


@register("metric", "coverage_10k")
@dataclass(frozen=True)
class CoverageOfTenThousand:
    """The share of the catalogue that 10,000 random lists of k show, by expectation (see `rarefied`). In [0, 1]."""

    k: int
    better: ClassVar[Better] = "higher"

    def overall(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """In [0, 1]; NaN with fewer than 10,000 lists."""
        return rarefied(rankings, catalogue, self.k, 10_000)


@register("metric", "tail_coverage")
@dataclass(frozen=True)
class TailCoverage:
    """The share of the tail, the nine tenths of items with the fewest events, that is in at least one list of k.

    CV-tail@k = #(∪_n L_n ∩ T) / #T, T = items with at most the 0.9-quantile of all items' training events. In [0, 1].
    SMORL, arXiv:2110.15097, which calls it novelty; the thesis has "fewer than" in place of "at most".
    """

    k: int
    better: ClassVar[Better] = "higher"

    def overall(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """In [0, 1]."""
        return float((exposures(rankings, self.k) > 0)[catalogue.tail()].mean())
