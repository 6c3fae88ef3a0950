"""Item-kNN: the items most similar to the last one."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.sparse import coo_array, csr_array, vstack

from sessionrl.baselines.baseline import SparseScores
from sessionrl.baselines.item_lists import ItemLists
from sessionrl.baselines.popularity import below_zero, popularity_share
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.registry import register

ROWS = 1024  # items whose similarities are held at once, before each is cut to its list


@register("baseline", "item_knn")
@dataclass(eq=False)
class ItemKNN:
    """The items that share the most sessions with the last one, for their number of sessions.

    score(j) = S_ij / ((S_i + damping)^alpha (S_j + damping)^(1 - alpha)), where i is the last item of the history

    S_i training sessions hold item i, S_ij hold both. alpha = 1/2 without damping is the cosine of the items as sets of
    sessions, Linden, Smith & York 2003, doi:10.1109/MIC.2003.1167344; Hidasi et al. 2016, arXiv:1511.06939, section 4,
    damp it, so that rare items do not come first by chance. alpha = 1 without damping orders by S_ij alone:
    association rules of two items ("ar" in Ludewig & Jannach 2018, arXiv:1803.09587, who count events).

    An item is not similar to itself and is left to popularity. So are the items that share no session with i, or are
    not among the `similar` most similar (of equal ones the smaller numbers), and all items after an empty history.

    similar ≥ 1 · damping ≥ 0, sessions · alpha in [0, 1].

    The default alpha was chosen by NDCG@20 among 20 settings on the last 5,000 training sessions of the published
    RetailRocket sequence split, never on its test part: .145 with .9, and with 1/2 .141, or .129 without
    damping.
    """

    similar: Annotated[int, Field(ge=1)] = 100
    damping: Annotated[float, Field(ge=0)] = 20.0
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.9
    lists: ItemLists = field(init=False, repr=False)

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """Count shared sessions and keep the most similar items of each."""
        size = len(catalogue)
        holding = coo_array((np.ones(len(train.items)), (train.items, train.session)), shape=(size, len(train))).tocsr()
        holding.data[:] = 1.0  # a session holds an item once, however often it occurs there
        damped = holding.sum(1) + self.damping
        sessions = holding.T.tocsr()
        table = [
            self._most_similar(holding[first : first + ROWS] @ sessions, first, damped)
            for first in range(0, size, ROWS)
        ]
        self.lists = ItemLists.of(vstack(table), below_zero(popularity_share(train, size)))
        return self

    def _most_similar(self, shared: Any, first: int, damped: npt.NDArray[np.float64]) -> Any:
        """[R, V] sparse similarities of the items first … first + R - 1, from the sessions they share with others."""
        pairs = shared.tocoo()
        row, item = pairs.coords
        other = item != row + first
        row, item, together = row[other], item[other], pairs.data[other]
        similarity = together / (damped[row + first] ** self.alpha * damped[item] ** (1 - self.alpha))
        order = np.lexsort((item, -similarity, row))
        row, item, similarity = row[order], item[order], similarity[order]
        kept = np.arange(len(row)) - np.searchsorted(row, row) < self.similar
        return csr_array((similarity[kept], (row[kept], item[kept])), shape=shared.shape)

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Each case lists the items similar to its last known item."""
        return self.lists.scores(sessions, cases)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The similar items of each, and the popularity they fall back to."""
        return self.lists.arrays()

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        self.lists = ItemLists.restored(arrays)
        return self
