"""First-order Markov chain: what followed the last item."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from sessionrl.baselines.baseline import SparseScores
from sessionrl.baselines.item_lists import ItemLists, followers
from sessionrl.baselines.popularity import below_zero, popularity_share
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.registry import register


@register("baseline", "markov")
@dataclass(eq=False)
class Markov:
    """What followed the last item in training, the most frequent first.

    score(j) = count(i -> j) / sum_l count(i -> l), where i is the last item of the history.

    Counted over neighbouring events of the training sessions, without smoothing; an item followed by itself counts
    like any other ("mc" in Ludewig & Jannach 2018, arXiv:1803.09587). Items that never followed i are ordered by
    popularity below all that did; so are all items after an empty history.
    """

    lists: ItemLists = field(init=False, repr=False)  # values in (0, 1]

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """Count what follows what."""
        counts = followers(train, len(catalogue), 1)
        counts.data /= np.repeat(counts.sum(1), np.diff(counts.indptr))
        self.lists = ItemLists.of(counts, below_zero(popularity_share(train, len(catalogue))))
        return self

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Each case lists the items that followed its last known item."""
        return self.lists.scores(sessions, cases)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The transitions by item, and the popularity they fall back to."""
        return self.lists.arrays()

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        self.lists = ItemLists.restored(arrays)
        return self
