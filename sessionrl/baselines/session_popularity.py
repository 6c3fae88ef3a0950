"""Popularity within the session, S-POP."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from sessionrl.baselines.baseline import SparseScores
from sessionrl.baselines.popularity import popularity_share
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import PAD, Cases, Sessions
from sessionrl.registry import register


@register("baseline", "session_popularity")
@dataclass(eq=False)
class SessionPopularity:
    """The items most frequent in the session so far, then the popular ones.

    score(i) = events of item i so far in the session + its share of the training events, which is < 1.

    S-POP of Hidasi et al. 2016, arXiv:1511.06939: items equally frequent in the session are ordered by popularity in
    the training part, and so are all items that the session does not hold.
    """

    share: npt.NDArray[np.float64] = field(init=False, repr=False)  # [V] in [0, 1)

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """Count the events of every item."""
        self.share = popularity_share(train, len(catalogue))
        return self

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Each case lists the distinct items of its history; numbers outside the catalogue are ignored."""
        base = self.share.copy()
        base[PAD] = -np.inf
        case = np.repeat(np.arange(len(cases.session)), cases.length)
        behind = np.arange(len(case)) - np.repeat(np.cumsum(cases.length) - cases.length, cases.length)
        items = sessions.items[sessions.offsets[cases.session][case] + behind]
        known = (items > PAD) & (items < len(base))
        keys, counts = np.unique(case[known] * len(base) + items[known], return_counts=True)
        listed = keys % len(base)
        offsets = np.searchsorted(keys, np.arange(len(cases.session) + 1) * len(base))
        return SparseScores(base, offsets, listed.astype(np.int32), counts + self.share[listed])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The shares."""
        return {"share": self.share}

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        self.share = arrays["share"].astype(np.float64)
        return self
