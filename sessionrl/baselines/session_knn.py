"""Session-kNN with weighted positions, the V-SKNN family."""

from dataclasses import dataclass, field
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from sessionrl.baselines.baseline import SparseScores
from sessionrl.baselines.neighbours import (
    Curve,
    Neighbourhood,
    SessionIndex,
    Similarity,
    curved,
    index_sessions,
    inverse_frequency,
    length_factor,
    nearness,
    score_cases,
)
from sessionrl.baselines.popularity import below_zero, popularity_share
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.registry import register


@register("baseline", "session_knn")
@dataclass(eq=False)
class SessionKNN:
    """Items of the sessions nearest to this one, newer events weighing more: V-SKNN.

    score(i) = (1 + b ln(S / S_i)) sum_{n in N_k(s), i in n} sim(s, n) decay(p(s, n))

    sim(s, n) = sum_{j in s, j in n} w(j)

    N_k(s) are the k training sessions n most similar to the session s (of equal ones the newest) among the m newest
    that share an item with it; w(j) weighs the last event of item j in s by its place i of L; p(s, n) is the place
    counted from the end, 1 for the last event, of the newest item of s in n; S_i of S training sessions hold item i.
    Items already in the session are recommended like any other. Unlisted items follow in order of popularity.

    Ludewig & Jannach 2018, arXiv:1803.09587; after S-KNN of Jannach & Ludewig 2017, doi:10.1145/3109859.3109872, which
    takes the cosine of unweighted sets of items.

    The curves   same  linear                    div   log                      quadratic
    weighting    1     max(0, 1 - 0.1 (L - i))   i/L   1 / log10(L - i + 1.7)   (i/L)^2
    decay        1     max(0, 1 - 0.1 p)         1/p   1 / log10(p + 1.7)       1/p^2
    The authors' code (session-rec, vsknn.py) differs: linear curves turn negative or switch on the wrong place, the
    idf counts events instead of sessions, and the similarity is divided by a number that is the same for all n.

    similarity "dot" is the sum above; "cosine" divides it by the norm of n as a set of items, sqrt(|n|), and by that of
    s, which is the same for all n and left out. With equal weights, no decay and no idf that is S-KNN.

    neighbours, k ≥ 1 · sample, m ≥ 1 · idf_weighting, b ≥ 0 · last_items ≥ 1, newest events of the session that
    are read.

    The defaults were chosen by NDCG@20 on the last 5,000 training sessions of the published RetailRocket sequence
    split, never on its test part. The best settings lie on a plateau: k 200 … 1500, m 200 … 10,000 and 3 … 20 items
    change it by less than .002; k and m are taken from its middle, as logs with fewer items need more sessions.
    """

    neighbours: Annotated[int, Field(ge=1)] = 500
    sample: Annotated[int, Field(ge=1)] = 1000
    weighting: Curve = "linear"
    decay: Curve = "linear"
    idf_weighting: Annotated[float, Field(ge=0)] = 10.0
    last_items: Annotated[int, Field(ge=1)] = 7
    similarity: Similarity = "dot"
    index: SessionIndex = field(init=False, repr=False)
    base: npt.NDArray[np.float64] = field(init=False, repr=False)  # [V] in [-1, 0)
    _how: Neighbourhood = field(init=False, repr=False)

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """Index the training sessions."""
        index = index_sessions(train, len(catalogue), self.sample)
        return self._learnt(index, below_zero(popularity_share(train, len(catalogue))))

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Each case lists the items of its neighbours; numbers outside the catalogue are ignored."""
        return score_cases(self.index, self._how, self.base, sessions, cases)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The index, and the popularity that orders what no neighbour holds."""
        return {**self.index.arrays(), "base": self.base}

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        return self._learnt(SessionIndex.restored(arrays), arrays["base"].astype(np.float64))

    def _learnt(self, index: SessionIndex, base: npt.NDArray[np.float64]) -> Self:
        self.index, self.base = index, base
        self._how = Neighbourhood(
            self.neighbours,
            self.sample,
            self.last_items,
            curved(self.weighting),
            curved(self.decay),
            nearness(index, None),
            length_factor(index, self.similarity),
            1.0 + self.idf_weighting * inverse_frequency(index),
        )
        return self
