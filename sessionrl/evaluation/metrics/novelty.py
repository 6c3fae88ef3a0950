"""How little known the listed items are, by the events of the training part."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


@register("metric", "novelty")
@dataclass(frozen=True)
class Novelty:
    """Mean self-information of the k listed items, in bits: rare items are news.

    novelty@k = -1/k Σ_{i ∈ L} log2 p(i), p(i) the item's share of the training events; an item without training events
    counts as one with a single event. At least 0. Zhou et al. 2010, doi:10.1073/pnas.1000488107. RecTools' MIUF has
    the share of users in place of the share of events.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] ≥ 0, bits."""
        bits = np.log2(catalogue.counts.sum()) - np.log2(np.maximum(catalogue.counts, 1))
        return np.asarray(bits[rankings.lists(self.k)].mean(1))


@register("metric", "average_popularity")
@dataclass(frozen=True)
class AveragePopularity:
    """Mean share of the training events that the k listed items have.

    ARP@k = 1/k Σ_{i ∈ L} c_i / Σ_j c_j, c the events of an item in the training part. In [0, 1].
    Yin et al. 2012, doi:10.14778/2311906.2311916.
    """

    k: int
    better: ClassVar[Better] = "lower"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        return np.asarray(catalogue.popularity[rankings.lists(self.k)].mean(1))


@register("metric", "tail_share")
@dataclass(frozen=True)
class TailShare:
    """The share of the k listed items that belong to the tail, the nine tenths of items with the fewest events.

    APLT@k = #(L ∩ T) / k, T = items with at most the 0.9-quantile of all items' training events. In [0, 1].
    Abdollahpouri et al. 2019, arXiv:1901.07555, with SMORL's tail (arXiv:2110.15097).
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        return np.asarray(catalogue.tail()[rankings.lists(self.k)].mean(1))
