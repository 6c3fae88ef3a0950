"""How much of the rest of the session a list holds: precision, recall and MAP."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.occurrences import ahead, n_ahead
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


def relevant(rankings: Rankings, k: int) -> npt.NDArray[np.bool_]:
    """[n, k] whether the listed item is the next one or comes later in the session."""
    return ahead(rankings, k, np.ones(len(rankings), np.bool_))


def n_relevant(rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.int64]:
    """[n] ≥ 1, distinct items that may be recommended in the rest of the session, the next one included."""
    # Of a session's end that holds nothing to recommend there is no case.
    return np.maximum(n_ahead(rankings, catalogue.recommendable[rankings.target]), 1)


@register("metric", "precision")
@dataclass(frozen=True)
class Precision:
    """The share of the k listed items that occur in the rest of the session.

    precision@k = #(L ∩ F) / k, F the set of distinct items from the next event to the session's last. In [0, 1].
    Ludewig & Jannach 2018, arXiv:1803.09587.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        return np.asarray(relevant(rankings, self.k).sum(1) / self.k)


@register("metric", "recall")
@dataclass(frozen=True)
class Recall:
    """The share of the distinct items in the rest of the session that are among the k listed.

    recall@k = #(L ∩ F) / #F, F the set of distinct items from the next event to the session's last. In [0, 1].
    Ludewig & Jannach 2018, arXiv:1803.09587. GRU4Rec's "recall@20" is hit@20 here.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        return np.asarray(relevant(rankings, self.k).sum(1) / n_relevant(rankings, catalogue))


@register("metric", "map")
@dataclass(frozen=True)
class MeanAveragePrecision:
    """Precision at every listed item of the rest of the session, averaged over all distinct items of that rest.

    map@k = 1/#F Σ_{r ≤ k} 1[L_r in F] #(L_{1..r} ∩ F) / r, F the set of distinct items from the next event to the
    session's last; divided by #F and not by min(k, #F), as trec_eval does. In [0, 1].
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 1]."""
        hits = relevant(rankings, self.k)
        precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
        return np.asarray((precision * hits).sum(1) / n_relevant(rankings, catalogue))
