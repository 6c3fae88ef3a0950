"""The contract of a baseline: a recommender without gradients."""

from typing import NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Cases, Sessions


class SparseScores(NamedTuple):
    """Scores of V items in N cases, where few items differ from a score that all cases share.

    base:    [V] float64, score of every item that a case does not list; `PAD` has -inf
    offsets: [N + 1] int64; case n lists the slice offsets[n]:offsets[n + 1] of
    items:   [M] int32 item numbers ≥ 1, distinct within a case, and
    scores:  [M] float64, their scores in place of the base
    """

    base: npt.NDArray[np.float64]
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]

    def only(self, shown: npt.NDArray[np.bool_]) -> "SparseScores":
        """The same for items [V] that may be recommended; the others have -inf and are listed by no case."""
        if shown[1:].all():
            return self
        kept = shown[self.items]
        before = np.concatenate([[0], np.cumsum(kept)])
        base = np.where(shown, self.base, -np.inf)
        return SparseScores(base, before[self.offsets].astype(np.int64), self.items[kept], self.scores[kept])


class Baseline(Protocol):
    """Options in the constructor, what was learned in arrays, scores for any case."""

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """Learn from the training part; returns itself."""
        ...

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Score the catalogue for each case, from the first ``cases.length`` events of its session."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """All that `fit` learned, to be saved without pickle."""
        ...

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """The inverse of `arrays`; returns itself."""
        ...
