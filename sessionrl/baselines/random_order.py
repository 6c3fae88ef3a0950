"""A random order: what every number must be compared with to mean anything."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import PAD, Cases, Sessions
from sessionrl.registry import register


@register("baseline", "random")
@dataclass(eq=False)
class RandomOrder:
    """Items drawn at random, anew for every history, all training items equally likely.

    score(i) = 1 - (r - 1) / listed for the item drawn r-th, 0 for the items that are not drawn.

    The generator is seeded with the seed and a hash of the history's known items, so that a history is answered alike
    alone, among others and after a restart. Items that are not drawn stay tied: a metric of the rank reads ties as
    every order at once, so it has the expectation that it would have under a whole random order. Items that no
    training session holds come last.

    seed ≥ 0 · listed ≥ 1, items that are drawn, to be as many as lists are long.
    """

    seed: Annotated[int, Field(ge=0)] = 1
    listed: Annotated[int, Field(ge=1)] = 100
    base: npt.NDArray[np.float64] = field(init=False, repr=False)  # [V] 0 for items of the training part, -1 others

    def fit(self, train: Sessions, catalogue: Catalogue) -> Self:
        """See which items there are."""
        self.base = np.where(np.bincount(train.items, minlength=len(catalogue)) > 0, 0.0, -1.0)
        self.base[PAD] = -np.inf
        return self

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Each case lists the items that its history draws; numbers outside the catalogue are ignored."""
        there = np.flatnonzero(self.base == 0.0)
        drawn = min(self.listed, len(there))
        items = np.empty((len(cases.session), drawn), np.int32)
        for n, (start, length) in enumerate(zip(sessions.offsets[cases.session], cases.length, strict=True)):
            items[n] = there[
                self._generator(sessions.items[start : start + length]).choice(len(there), drawn, replace=False)
            ]
        scores = np.tile(1.0 - np.arange(drawn) / self.listed, len(items))
        return SparseScores(self.base, np.arange(len(items) + 1) * drawn, items.ravel(), scores)

    def _generator(self, history: npt.NDArray[np.int32]) -> np.random.Generator:
        known = history[(history > PAD) & (history < len(self.base))]
        digest = blake2b(known.astype("<i4").tobytes(), digest_size=8).digest()
        return np.random.default_rng([self.seed, int.from_bytes(digest, "little")])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Which items there are."""
        return {"base": self.base}

    def restore(self, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        self.base = arrays["base"].astype(np.float64)
        return self
