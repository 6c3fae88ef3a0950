"""Alignment: the item vectors of two models laid over each other, and how far each item then lies from itself.

Two trainings of one network find the same neighbours in another direction, mirrored or larger: none of this changes a
score. So the vectors themselves are laid over each other first, in all their dimensions, and both are drawn on one map
afterwards. Maps that were made apart could not be compared: t-SNE bends each of them in its own way.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.analysis.projection import Vectors


class Aligned(NamedTuple):
    """Vectors of n items from two models, centred, of total size 1, the second turned onto the first.

    first:     [n, d] float64, sum of squares 1 (0 where all its rows are equal)
    second:    [n, d] float64, turned and mirrored, but not shrunk: sum of squares 1
    disparity: in [0, 1], what remains of the first when the second, at its best scale, is taken from it: 0 if the two
               are the same up to rotation, reflection, scale and place; 1 where all rows of one are equal
    """

    first: npt.NDArray[np.float64]
    second: npt.NDArray[np.float64]
    disparity: float


def aligned(first: Vectors, second: Vectors) -> Aligned:
    """Lay the second of two arrangements of the same n items over the first: orthogonal Procrustes.

    With X and Y centred and divided by their Frobenius norms, the orthogonal R that minimises ||X - Y R||_F is U V^T
    from the singular value decomposition Y^T X = U S V^T (Schönemann 1966, doi:10.1007/BF02289451). The best scale is
    s = tr S, and then ||X - s Y R||_F^2 = 1 - (tr S)^2, the disparity (Gower 1975, doi:10.1007/BF02291478), as
    `scipy.spatial.procrustes` has it. Only Y^T X is decomposed, so that n may be large.

    Args:
        first: [n, d]
        second: [n, e], row by row the same items; the shorter of d and e is filled with zeros

    Raises:
        ValueError: they have different numbers of rows.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} vectors, but both should be of the same items, row by row")
    width = max(first.shape[1], second.shape[1])
    one, other = _standard(first, width), _standard(second, width)
    left, sizes, right = np.linalg.svd(other.T @ one)
    return Aligned(one, other @ (left @ right), max(0.0, 1 - float(sizes.sum()) ** 2))


def moved(pair: Aligned) -> npt.NDArray[np.float64]:
    """[n] how far each item lies from itself, ||x_i - y_i R||, divided by the median of all; all 1 if none moved.

    Relative, because how far items lie apart on average says little: it grows with the noise of two trainings.
    """
    distances = np.linalg.norm(pair.first - pair.second, axis=1)
    median = float(np.median(distances))
    return distances / median if median > 1e-12 else np.ones(len(distances))


def by_chance(first: Vectors, second: Vectors, seed: int = 0) -> float:
    """The disparity that is left if the items of the second are shuffled: what models without anything in common have.

    It is below 1, because a rotation in d dimensions always finds something to agree on.
    """
    return aligned(first, second[np.random.default_rng(seed).permutation(len(second))]).disparity


def _standard(vectors: Vectors, width: int) -> npt.NDArray[np.float64]:
    """[n, width] centred, of sum of squares 1."""
    values = np.zeros((len(vectors), width))
    values[:, : vectors.shape[1]] = vectors - np.asarray(vectors, np.float64).mean(0)
    size = np.linalg.norm(values)
    return values / size if size > 0 else values
