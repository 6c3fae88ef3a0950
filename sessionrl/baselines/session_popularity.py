"""The items of the session itself, by count (S-POP) or newest first."""

from dataclasses import dataclass, field
from typing import Literal, Self

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
    """The items of the session so far, the most frequent or the newest first, then the popular ones.

    score(i) = c(i) + share of the training events that are of item i, which is < 1

    by "count", c(i) is the number of events of item i so far in the session: S-POP of Hidasi et al. 2016,
    arXiv:1511.06939. By "recency" it is the place of its last event in the session, 1 for the first. Items equally
    frequent in the session are ordered by popularity in the training part, and so are all items that it does not hold.
    """

    by: Literal["count", "recency"] = "count"
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
        case, items = case[known], items[known]
        # Read backwards, so that the first event found of each item is its last.
        keys, back, values = np.unique((case * len(base) + items)[::-1], return_index=True, return_counts=True)
        offsets = np.searchsorted(keys, np.arange(len(cases.session) + 1) * len(base))
        if self.by == "recency":
            values = len(case) - back - np.searchsorted(case, keys // len(base))
        listed = keys % len(base)
        return SparseScores(base, offsets, listed.astype(np.int32), values + self.share[listed])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The shares."""
        return {"share": self.share}

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        self.share = arrays["share"].astype(np.float64)
        return self
