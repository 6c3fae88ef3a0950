"""First-order Markov chain: what followed the last item."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from sessionrl.baselines.baseline import SparseScores
from sessionrl.baselines.popularity import below_zero, popularity_share
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import PAD, Cases, Sessions
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

    offsets: npt.NDArray[np.int64] = field(init=False, repr=False)  # [V + 1]; item i owns offsets[i]:offsets[i + 1] of
    followers: npt.NDArray[np.int32] = field(init=False, repr=False)  # [F] the items that followed it, and
    shares: npt.NDArray[np.float64] = field(init=False, repr=False)  # [F] in (0, 1], how often
    base: npt.NDArray[np.float64] = field(init=False, repr=False)  # [V] in [-1, 0)

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """Count what follows what."""
        size = len(catalogue)
        inside = train.position[1:] > 0
        keys, counts = np.unique(
            train.items[:-1][inside].astype(np.int64) * size + train.items[1:][inside], return_counts=True
        )
        source = keys // size
        self.offsets = np.searchsorted(source, np.arange(size + 1)).astype(np.int64)
        self.followers = (keys % size).astype(np.int32)
        self.shares = counts / np.bincount(source, weights=counts, minlength=size)[source]
        self.base = below_zero(popularity_share(train, size))
        return self

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Each case lists the items that followed its last known item."""
        last = last_items(sessions, cases, len(self.base))
        found = np.where(last == PAD, 0, self.offsets[last + 1] - self.offsets[last])
        offsets = np.concatenate([[0], np.cumsum(found)]).astype(np.int64)
        at = np.repeat(self.offsets[last] - offsets[:-1], found) + np.arange(offsets[-1])
        return SparseScores(self.base, offsets, self.followers[at], self.shares[at])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The transitions by item, and the popularity they fall back to."""
        return {"offsets": self.offsets, "followers": self.followers, "shares": self.shares, "base": self.base}

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        self.offsets = arrays["offsets"].astype(np.int64)
        self.followers = arrays["followers"].astype(np.int32)
        self.shares = arrays["shares"].astype(np.float64)
        self.base = arrays["base"].astype(np.float64)
        return self


def last_items(sessions: Sessions, cases: Cases, size: int) -> npt.NDArray[np.int64]:
    """[N] the last item of each history that lies in 1 … size - 1; `PAD` where there is none."""
    last = np.zeros(len(cases.session), np.int64)
    at = sessions.offsets[cases.session] + cases.length - 1
    open_cases = np.flatnonzero(cases.length > 0)
    while len(open_cases):
        items = sessions.items[at[open_cases]]
        known = (items > PAD) & (items < size)
        last[open_cases[known]] = items[known]
        open_cases = open_cases[~known]
        at[open_cases] -= 1
        open_cases = open_cases[at[open_cases] >= sessions.offsets[cases.session[open_cases]]]
    return last
