"""For every item a list of items: what the baselines that read the last item only have learned."""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.sessions import PAD, Cases, Sessions


class ItemLists(NamedTuple):
    """What to recommend after each item.

    offsets: [V + 1] int64, item i owns the slice offsets[i]:offsets[i + 1] of
    items:   [F] int32, distinct within a list, and
    values:  [F] float64 > 0, their scores
    base:    [V] float64 < 0, scores of the others; `PAD` has -inf
    """

    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]
    base: npt.NDArray[np.float64]

    @classmethod
    def of(cls, table: Any, base: npt.NDArray[np.float64]) -> Self:
        """From a sparse table ``[V, V]``, row i being the list of item i."""
        rows = csr_array(table)
        rows.eliminate_zeros()
        rows.sort_indices()
        return cls(rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data.astype(np.float64), base)

    def scores(self, sessions: Sessions, cases: Cases) -> SparseScores:
        """Each case lists what its last known item does."""
        last = last_items(sessions, cases, len(self.base))
        found = np.where(last == PAD, 0, self.offsets[last + 1] - self.offsets[last])
        offsets = np.concatenate([[0], np.cumsum(found)]).astype(np.int64)
        at = np.repeat(self.offsets[last] - offsets[:-1], found) + np.arange(offsets[-1])
        return SparseScores(self.base, offsets, self.items[at], self.values[at])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The four arrays by name."""
        return dict(zip(self._fields, self, strict=True))

    @classmethod
    def restored(cls, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        return cls(
            arrays["offsets"].astype(np.int64),
            arrays["items"].astype(np.int32),
            arrays["values"].astype(np.float64),
            arrays["base"].astype(np.float64),
        )


def followers(train: Sessions, size: int, distance: int) -> Any:
    """[size, size] sparse: how often item j came `distance` events after item i in a session."""
    inside = train.position[distance:] >= distance
    source, target = train.items[:-distance][inside], train.items[distance:][inside]
    return coo_array((np.ones(len(source)), (source, target)), shape=(size, size)).tocsr()


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
