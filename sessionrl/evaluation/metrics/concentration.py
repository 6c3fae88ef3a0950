"""How unevenly the places in the lists are shared out among all items, those never shown included."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.metrics.coverage import exposures, shown
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


@register("metric", "gini")
@dataclass(frozen=True)
class Gini:
    """How unequal the items' shares of all places in the lists of k are: 0 all equal, near 1 a few items everywhere.

    Σ_i (2i - n - 1) P_(i) / (n Σ P) over all n items, P_(1) ≤ … ≤ P_(n) the lists that hold an item, zeros included.
    In [0, 1 - 1/n].
    """

    k: int
    better: ClassVar[Better] = "lower"

    def overall(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """In [0, 1)."""
        times = np.sort(shown(rankings, self.k, catalogue))
        n = len(times)
        return float(((2 * np.arange(1, n + 1) - n - 1) * times).sum() / (n * times.sum()))


@register("metric", "entropy")
@dataclass(frozen=True)
class Entropy:
    """Shannon entropy of the items in all lists of k, in bits: high when many items share the places.

    -Σ_i p(i) log2 p(i), p(i) the item's share of all places. In [0, log2 n] for n items.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def overall(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """At least 0, bits."""
        times = exposures(rankings, self.k)
        share = times[times > 0] / times.sum()
        return float(-(share * np.log2(share)).sum())
