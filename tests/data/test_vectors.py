"""Fixed item vectors, against a matrix worked out by hand."""

import numpy as np
import pytest

from sessionrl.data.sessions import Sessions
from sessionrl.data.vectors import cooccurrence_vectors


def test_items_seen_in_the_same_company_point_the_same_way():
    # 1 and 2 are never together, but both with 3; 4 and 5 only with one another.
    train = Sessions.of([[1, 3], [2, 3], [1, 3], [2, 3], [4, 5], [5, 4]])
    vectors = cooccurrence_vectors(train, items=6, dim=5, seed=1)
    assert (vectors.shape, vectors.dtype) == ((6, 5), np.float32)
    cosine = vectors @ vectors.T
    assert cosine[1, 2] == pytest.approx(1, abs=1e-5)
    assert cosine[1, 4] == pytest.approx(0, abs=1e-5)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([0, 1, 1, 1, 1, 1])


def test_the_product_of_the_unnormalised_rows_is_the_matrix_of_information():
    # One pair, seen once: C_12 = 1 each way, sums 1 and 1 of 2, so M_12 = log(1 * 2 / (1 * 1)) = log 2, and
    # its singular vectors are e_1 and e_2 with log 2 each: the unit rows of U sqrt(S) are orthogonal.
    vectors = cooccurrence_vectors(Sessions.of([[1, 2]]), items=3, dim=2, seed=1)
    assert np.abs(vectors @ vectors.T) == pytest.approx(np.diag([0.0, 1.0, 1.0]), abs=1e-6)


def test_the_window_is_three_and_sessions_do_not_mix():
    far = cooccurrence_vectors(Sessions.of([[1, 3, 3, 3, 2], [4, 4]]), items=5, dim=4, seed=1)
    assert not far[4].any()  # never beside another item
    near = Sessions.of([[1, 2, 3, 4], [5, 6, 7, 8]])
    cosine = cooccurrence_vectors(near, items=9, dim=8, seed=1)
    assert np.abs(cosine[1:5] @ cosine[5:].T).max() < 1e-5


def test_nothing_together_is_all_zero_and_few_items_make_few_dimensions():
    assert not cooccurrence_vectors(Sessions.of([[1], [2]]), items=3, dim=64, seed=1).any()
    assert cooccurrence_vectors(Sessions.of([[1, 2, 3]]), items=4, dim=64, seed=1).shape == (4, 3)


def test_the_truncated_decomposition_repeats_itself():
    rng = np.random.default_rng(0)
    train = Sessions.of([rng.integers(1, 60, 5).tolist() for _ in range(200)])
    first, again = (cooccurrence_vectors(train, items=60, dim=8, seed=1) for _ in range(2))
    assert first.shape == (60, 8)
    assert np.array_equal(first, again)
    assert np.linalg.norm(first[1:], axis=1) == pytest.approx(np.ones(59))
    other = cooccurrence_vectors(train, items=60, dim=8, seed=2)
    assert first @ first.T == pytest.approx(other @ other.T, abs=1e-3)  # the start vector changes signs, not cosines
