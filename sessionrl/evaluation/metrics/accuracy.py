"""Where the next item landed: hit, NDCG and MRR, by expectation over the order of equally scored items."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


def expected_gain(rankings: Rankings, gains: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[n] ``(1/e) Σ_{r=g+1}^{min(g+e, k)} gains[r - 1]``: the mean gain if equal scores were put in random order.

    g items are scored greater than the target, e as the target (itself included), so that its rank is one of
    g + 1, …, g + e, each as likely.

    Args:
        rankings: n cases.
        gains: [k] gain of the ranks 1, …, k; later ranks gain nothing.
    """
    total = np.concatenate([[0.0], np.cumsum(gains)])
    first = np.minimum(rankings.greater, len(gains))
    # int64: g + e may pass 2^31 in no real catalogue, but clipping first would hide it if it did.
    last = np.minimum(rankings.greater.astype(np.int64) + rankings.equal, len(gains))
    return np.asarray((total[last] - total[first]) / rankings.equal)


@register("metric", "hit")
@dataclass(frozen=True)
class Hit:
    """The next item is among the first k.

    hit@k = 1[r ≤ k] for the rank r of the next item; by expectation over ties clip((k - g) / e, 0, 1). In [0, 1].
    With one next item it is also called recall@k (Hidasi et al. 2016, arXiv:1511.06939).
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        return expected_gain(rankings, np.ones(self.k))


@register("metric", "ndcg")
@dataclass(frozen=True)
class NDCG:
    """The next item is among the first k, and the higher the better, with a logarithmic discount.

    ndcg@k = 1[r ≤ k] / log2(r + 1); the ideal list has the one next item first and gains 1. By expectation over ties
    (1/e) Σ_{r=g+1}^{min(g+e, k)} 1 / log2(r + 1). In [0, 1]. Järvelin & Kekäläinen 2002.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        return expected_gain(rankings, 1 / np.log2(np.arange(2, self.k + 2)))


@register("metric", "mrr")
@dataclass(frozen=True)
class MRR:
    """The next item is among the first k, and the higher the better, with gain one over its rank.

    mrr@k = 1[r ≤ k] / r; by expectation over ties (H_{min(g+e, k)} - H_{min(g, k)}) / e with H_m = Σ_{r=1}^m 1/r.
    In [0, 1]. Hidasi et al. 2016, arXiv:1511.06939.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        return expected_gain(rankings, 1 / np.arange(1, self.k + 1))
