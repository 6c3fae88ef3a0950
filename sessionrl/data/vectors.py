"""Fixed item vectors from co-occurrence in the training part: diversity is measured on these, for every model."""

from collections.abc import Reversible
from typing import Any

import numpy as np
import numpy.typing as npt

from sessionrl.data.sessions import Sessions

WINDOW = 3  # events to either side
_BLOCK = 1 << 20  # pairs
NEWEST_EVENTS = 1 << 22  # of the training part: pairs of items grow with the log, and old ones tell little of the shop


def newest_sessions(pieces: Reversible[Sessions], most_events: int) -> Sessions:
    """The last sessions that have together at most so many events; all of them where the part is no longer.

    pieces: of the training part, in order; read from the last one as far as needed
    """
    newest = Sessions.of([])
    for piece in reversed(pieces):
        too_many = len(piece.items) + len(newest.items) - most_events  # events at the beginning of this piece
        begin = int(np.searchsorted(piece.offsets, max(too_many, 0)))
        newest = Sessions.concatenate(piece.slice(begin, len(piece)), newest)
        if begin:
            break
    return newest


def cooccurrence_vectors(train: Sessions, items: int, dim: int, seed: int) -> npt.NDArray[np.float32]:
    """PPMI matrix M ≈ U S Wᵀ; rows of U √S made unit length.  [V, min(dim, V - 1)] float32

    M_ij = max(0, log(C_ij C / (C_i C_j))), where C_ij counts how often i and j ≠ i lie at most `WINDOW` events apart in
    a session, both ways, and C_i and C are its sums. Skip-gram with negative samples factorises the same matrix, but
    shifted (Levy & Goldberg 2014). Zero rows: `PAD`, and items never beside another more often than by chance.

    items: V, `PAD` included
    seed:  of the start vector of the truncated decomposition, so that equal input gives equal vectors
    """
    from scipy.sparse.linalg import svds

    ppmi = ppmi_of(cooccurrences(train, items))
    width = min(dim, items - 1)
    if not ppmi.nnz:
        return np.zeros((items, width), np.float32)
    if width < items // 2:
        start = np.random.default_rng(seed).standard_normal(items).astype(np.float32)
        left, sizes, _ = svds(ppmi, k=width, v0=start)
    else:  # svds needs fewer vectors than rows, and for so few items the whole decomposition costs nothing
        left, sizes, _ = np.linalg.svd(ppmi.toarray())
        left, sizes = left[:, :width], sizes[:width]
    scaled = left * np.sqrt(sizes)
    scaled[np.diff(ppmi.indptr) == 0] = 0.0
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    # A row that is all rounding error (its item lies outside the space kept) has no direction worth a unit vector.
    unit = np.divide(scaled, lengths, out=np.zeros_like(scaled), where=lengths > 1e-6)
    return np.asarray(unit, np.float32)


def cooccurrences(train: Sessions, items: int) -> Any:
    """[V, V] sparse int32 counts of two items at most `WINDOW` events apart in a session; symmetric, empty diagonal."""
    from scipy import sparse

    session = train.session
    counts = sparse.csr_array((items, items), dtype=np.int32)
    for distance in range(1, WINDOW + 1):
        one, other = train.items[:-distance], train.items[distance:]
        together = (session[:-distance] == session[distance:]) & (one != other)
        pairs = (np.ones(int(together.sum()), np.int32), (one[together], other[together]))
        counts = counts + sparse.coo_array(pairs, shape=(items, items)).tocsr()
    return counts + counts.T


def ppmi_of(counts: Any) -> Any:
    """[V, V] sparse float32: positive pointwise mutual information of a symmetric matrix of counts."""
    from scipy import sparse

    of_item = np.asarray(counts.sum(axis=1), np.float64).ravel()
    ppmi = sparse.csr_array(
        (np.empty(counts.nnz, np.float32), counts.indices.copy(), counts.indptr.copy()), shape=counts.shape
    )
    for first in range(0, counts.nnz, _BLOCK):  # a logarithm in float64 of all pairs at once would be the peak
        pairs = np.arange(first, min(first + _BLOCK, counts.nnz))
        row, column = np.searchsorted(counts.indptr, pairs, side="right") - 1, counts.indices[pairs]
        pmi = np.log(counts.data[pairs] * of_item.sum() / (of_item[row] * of_item[column]))
        ppmi.data[pairs] = np.maximum(pmi, 0.0)
    ppmi.eliminate_zeros()
    return ppmi
