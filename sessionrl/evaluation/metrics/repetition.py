"""How much lists repeat: each other, and what was read. Both metrics are called R@k in the earlier work."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.occurrences import listed_before, times_read
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


@register("metric", "list_repeat")
@dataclass(frozen=True)
class ListRepeat:
    """How many of the k listed items stood in an earlier list of the same session.

    #(L_t ∩ ∪_{u<t} L_u). Its sum over a session is Σ_t #L_t - #(∪_t L_t), so that the average per session is SMORL's
    R@k (arXiv:2110.15097, normalised by the session's length) and the average per event is repeats per list.
    In [0, k]. The list before the first event belongs to no session's lists.
    """

    k: int
    better: ClassVar[Better] = "lower"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, k]; NaN before the first event."""
        return np.where(rankings.position > 0, listed_before(rankings, self.k).sum(1), np.nan)


@register("metric", "history_repeat")
@dataclass(frozen=True)
class HistoryRepeat:
    """How many events read so far are of an item among the k listed.

    #{(event in the history, item in L) of equal item}: an item counts as often as it was read. This is R@k of the
    thesis liu:diva-195251, there on the last 10 events, here on the whole history. At least 0.
    """

    k: int
    better: ClassVar[Better] = "lower"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] ≥ 0."""
        return np.asarray(times_read(rankings, self.k).sum(1), np.float64)
