"""Item vectors in two dimensions, how far to trust what one sees there, their clusters, and which items to draw."""

from importlib.util import find_spec
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.errors import MissingExtra

Vectors = npt.NDArray[np.floating]
Numbers = npt.NDArray[np.int64]
Method = Literal["auto", "pca", "tsne", "umap"]
FEW = 30  # below, neighbourhoods are no smaller than the whole, and PCA shows all there is
NEIGHBOURS = 15  # of UMAP, and those that `trustworthiness` follows
PERPLEXITY = 30.0  # the usual one of t-SNE: about as many neighbours hold on to an item
STEPS = 500  # of t-SNE; from a start by PCA the map hardly changes afterwards
RESTARTS = 5  # of k-means
BLOCK = 256  # rows whose distances to all others are held at once


class Projection(NamedTuple):
    """A map of n items.

    places:    [n, 2] float64
    method:    "pca", "tsne" or "umap": what "auto" took
    explained: share of the variance that the two axes of PCA hold, in [0, 1]; None for the other methods
    trust:     see `trustworthiness`; NaN for fewer than four items
    """

    places: npt.NDArray[np.float64]
    method: str
    explained: float | None
    trust: float


class Axes(NamedTuple):
    """Principal axes: places [n, 2] float64 along the first two, and the share of the variance they hold, in [0, 1]."""

    places: npt.NDArray[np.float64]
    explained: float


def project(vectors: Vectors, method: Method = "auto", seed: int = 0) -> Projection:
    """Item vectors [n, d] on a map; those of t-SNE and UMAP begin with that of PCA.

    t-SNE (van der Maaten & Hinton 2008) and UMAP (McInnes et al., arXiv:1802.03426) keep neighbours together; how far
    apart groups lie, how large and how round they are means nothing there. PCA keeps large distances and loses small
    ones. Rows of unit length make the Euclidean neighbours those by cosine.

    Args:
        vectors: memory and time are meant for thousands of rows; see `drawn_items`
        method: "auto" takes t-SNE if scikit-learn is installed and there are `FEW` items or more, else PCA
        seed: of t-SNE and UMAP; PCA needs none

    Raises:
        MissingExtra: what was asked for by name is not installed.
    """
    values = np.asarray(vectors, np.float64)
    chosen = _chosen(method, len(values))
    axes = principal_axes(values)
    if chosen == "tsne":
        places = _tsne(values, axes.places, seed)
    elif chosen == "umap":
        places = _umap(values, axes.places, seed)
    else:
        places = axes.places
    explained = axes.explained if chosen == "pca" else None
    return Projection(places, chosen, explained, trustworthiness(values, places))


def principal_axes(vectors: Vectors) -> Axes:
    """PCA by the singular values of the centred rows [n, d], n and d at least 1; the variance of equal rows is 0.

    The sign of an axis is chosen so that the coordinate farthest from 0 is positive: a map is no mirror image of the
    one of yesterday.
    """
    values = np.asarray(vectors, np.float64)
    centred = values - values.mean(0)
    # Of the d × d matrix: the rows can be many, and their own singular vectors are not needed.
    variances, directions = np.linalg.eigh(centred.T @ centred)
    first_two = directions[:, ::-1][:, :2]
    places = centred @ first_two
    if places.shape[1] < 2:
        places = np.hstack([places, np.zeros((len(places), 1))])
    farthest = places[np.abs(places).argmax(0), [0, 1]]
    variances = variances.clip(0)
    total = variances.sum()
    explained = float(variances[-2:].sum() / total) if total > 0 else 0.0
    return Axes(places * np.where(farthest < 0, -1, 1), explained)


def trustworthiness(vectors: Vectors, places: Vectors, k: int = NEIGHBOURS) -> float:
    """Whether neighbours on the map [n, 2] are neighbours in truth [n, d]; 1 if all are, about 0.5 by chance.

    T(k) = 1 - 2 / (n k (2n - 3k - 1)) sum_i sum_{j in U_k(i)} (r(i, j) - k), where U_k(i) are those of the k nearest
    on the map that are not among the k nearest in truth, and r(i, j) >= 1 is the rank of j by true distance from i
    (Venna & Kaski 2001, doi:10.1007/3-540-44668-0_68). k is lowered where n is small; NaN for n < 4.
    """
    n = len(vectors)
    if n < 4:
        return float("nan")
    k = min(k, (n - 1) // 2)
    beyond = 0
    for first in range(0, n, BLOCK):
        rows = np.arange(first, min(first + BLOCK, n))
        near = np.argsort(_distances(places, rows), 1, kind="stable")[:, :k]
        truth = _distances(vectors, rows)
        its_own = np.take_along_axis(truth, near, 1)
        for neighbour in its_own.T:  # one more than those that are truly nearer
            ranks = (truth < neighbour[:, None]).sum(1) + 1
            beyond += int((ranks - k).clip(0).sum())
    return 1 - 2 * beyond / (n * k * (2 * n - 3 * k - 1))


def clusters(vectors: Vectors, k: int, seed: int = 0) -> Numbers:
    """[n] cluster 0 … k - 1 of every row [n, d], the largest first; fewer clusters where rows are equal.

    k-means (Lloyd 1982) from the starts of k-means++ (Arthur & Vassilvitskii 2007), the best of `RESTARTS` by its sum
    of squares.
    """
    from scipy.cluster.vq import kmeans, vq

    values = np.asarray(vectors, np.float64)
    rng = np.random.default_rng(seed)
    tried = [kmeans(values, _spread_starts(values, k, rng)) for _ in range(RESTARTS)]
    centres, _ = min(tried, key=lambda one: float(one[1]))
    labels, _ = vq(values, centres)
    _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.argsort(np.argsort(-sizes, kind="stable"))
    return np.asarray(rank[labels], np.int64)


def drawn_items(counts: Numbers, allowed: npt.NDArray[np.bool_], points: int, seed: int = 0) -> Numbers:
    """Item numbers to draw, most events first: all allowed ones if `points` suffice.

    Otherwise half of them are the most popular ones, without which nobody finds his way on the map, and half are drawn
    by chance from the rest, so that it also shows the long tail.

    Args:
        counts: [V] events of the items
        allowed: [V] bool
        points: 1 or more
        seed: of the chance
    """
    items = np.flatnonzero(allowed)
    items = items[np.argsort(-counts[items], kind="stable")]
    if len(items) > points:
        popular = (points + 1) // 2
        rest = np.random.default_rng(seed).choice(len(items) - popular, points - popular, replace=False) + popular
        items = items[np.concatenate([np.arange(popular), np.sort(rest)])]
    return items.astype(np.int64)


def _chosen(method: Method, n: int) -> str:
    if method == "auto":
        return "tsne" if n >= FEW and find_spec("sklearn") else "pca"
    if method == "tsne" and not find_spec("sklearn"):
        raise MissingExtra("scikit-learn", "map", "A map by t-SNE")
    if method == "umap" and not find_spec("umap"):
        raise MissingExtra("umap-learn", "umap", "A map by UMAP")
    return method if n > 3 else "pca"


def _tsne(values: npt.NDArray[np.float64], start: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    near_nothing = (
        start / max(float(start[:, 0].std()), 1e-12) * 1e-4
    )  # as its authors start, and scikit-learn with PCA
    tsne = TSNE(perplexity=perplexity, init=near_nothing.astype(np.float32), max_iter=STEPS, random_state=seed)
    return np.asarray(tsne.fit_transform(values.astype(np.float32)), np.float64)


def _umap(values: npt.NDArray[np.float64], start: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    from umap import UMAP

    near = min(NEIGHBOURS, len(values) - 1)
    wide = start / max(float(np.abs(start).max()), 1e-12) * 10
    found = UMAP(n_neighbors=near, init=wide, random_state=seed, n_jobs=1).fit_transform(values.astype(np.float32))
    return np.asarray(found, np.float64)


def _distances(vectors: Vectors, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """[len(rows), n] squared distances of these rows to all, their own being infinite."""
    values = np.asarray(vectors, np.float64)
    squares = (values**2).sum(1)
    found = np.asarray(squares[rows, None] + squares - 2 * values[rows] @ values.T)
    found[np.arange(len(rows)), rows] = np.inf
    return found


def _spread_starts(values: npt.NDArray[np.float64], k: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """[<= k, d] rows, each drawn with a chance that grows with its squared distance from those drawn before."""
    starts = [values[rng.integers(len(values))]]
    nearest = ((values - starts[0]) ** 2).sum(1)
    while len(starts) < k and nearest.sum() > 0:
        starts.append(values[rng.choice(len(values), p=nearest / nearest.sum())])
        nearest = np.minimum(nearest, ((values - starts[-1]) ** 2).sum(1))
    return np.stack(starts)
