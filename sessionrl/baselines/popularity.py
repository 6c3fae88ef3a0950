"""Popularity: the same list for everybody, and the order that every other baseline falls back to."""

from dataclasses import dataclass, field
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import PAD, Cases, Sessions
from sessionrl.registry import register

MILLISECONDS_PER_DAY = 86_400_000


@register("baseline", "popularity")
@dataclass(eq=False)
class Popularity:
    """The items with the most events, the same for every session.

    score(i) = events of item i in the last days of the training part; equal counts stay tied.

    last_days: days up to the last training event that are counted, > 0; None counts all. Where a log has an order
               but no time, its running numbers are read as milliseconds, so a day holds 86.4 million events.
    """

    last_days: Annotated[float, Field(gt=0)] | None = None
    counts: npt.NDArray[np.int64] = field(init=False, repr=False)  # [V]

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """Count the events of every item."""
        items = train.items
        if self.last_days is not None and len(items):
            age = train.timestamps.max() - train.timestamps
            items = items[age <= self.last_days * MILLISECONDS_PER_DAY]
        self.counts = np.bincount(items, minlength=len(catalogue)).astype(np.int64)
        return self

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """The counts, whatever the session; no case lists an item."""
        base = self.counts.astype(np.float64)
        base[PAD] = -np.inf
        nothing = np.zeros(len(cases.session) + 1, np.int64)
        return SparseScores(base, nothing, np.empty(0, np.int32), np.empty(0))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The counts."""
        return {"counts": self.counts}

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        self.counts = arrays["counts"].astype(np.int64)
        return self


def popularity_share(train: Sessions, items: int) -> npt.NDArray[np.float64]:
    """[items] share of the training events, in [0, 1): one event is added to the total, so that it never is 1."""
    counts = np.bincount(train.items, minlength=items)
    return np.asarray(counts / (counts.sum() + 1))


def below_zero(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[V] in [-1, 0), in the order of the shares; `PAD` has -inf.

    The base of a baseline whose listed scores are all > 0, so that popularity orders what it does not list and
    never reaches what it does. Shifting keeps the order in float32 too, which scaling by a tiny factor would not.
    """
    base = share - 1.0
    base[PAD] = -np.inf
    return base
