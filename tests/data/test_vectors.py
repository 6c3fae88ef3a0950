"""Fixed item vectors, against a matrix worked out by hand."""

import numpy as np
import pytest

from sessionrl.data.sessions import Sessions
from sessionrl.data.vectors import cooccurrence_vectors, cooccurrences, ppmi_of


def test_items_seen_in_the_same_company_point_the_same_way():
    # 1 and 2 are never together, but both with 3; 4 and 5 only with one another.
    train = Sessions.of([[1, 3], [2, 3], [1, 3], [2, 3], [4, 5], [5, 4]])
    vectors = cooccurrence_vectors(train, items=6, dim=5, seed=1)
    assert (vectors.shape, vectors.dtype) == ((6, 5), np.float32)
    cosine = vectors @ vectors.T
    assert cosine[1, 2] == pytest.approx(1, abs=1e-5)
    assert cosine[1, 4] == pytest.approx(0, abs=1e-5)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([0, 1, 1, 1, 1, 1])


def test_pairs_are_counted_both_ways_within_three_events_of_one_session():
    counts = cooccurrences(Sessions.of([[1, 2, 2, 3, 4], [4, 1]]), items=5).toarray()
    assert counts[1:, 1:].tolist() == [
        [0, 2, 1, 1],  # 1 and 4 lie four apart in the first session, one apart in the second
        [2, 0, 2, 2],
        [1, 2, 0, 1],
        [1, 2, 1, 0],
    ]
    assert not counts[0].any()


def test_mutual_information_by_hand():
    # C_12 = 3, C_13 = 1, sums 4, 3, 1 of 8: log(3 * 8 / (4 * 3)) = log 2 and log(1 * 8 / (4 * 1)) = log 2.
    counts = cooccurrences(Sessions.of([[1, 2], [1, 2], [2, 1], [1, 3]]), items=4)
    assert ppmi_of(counts).toarray()[1:, 1:] == pytest.approx(np.log(2) * np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]]))
    # C_12 = 1 of sums 7, 7 of 26: log(26 / 49) is below 0, rarer than by chance, so it counts as nothing.
    counts = cooccurrences(Sessions.of([*[[1, 3], [1, 4], [2, 3], [2, 4]] * 3, [1, 2]]), items=5)
    assert counts.toarray()[1, 2] == 1
    assert ppmi_of(counts).toarray()[1, 2] == 0


def test_cosines_are_those_of_the_matrix_made_positive():
    # Rows of U sqrt(S) have the inner products P = U S U', so the cosines are P_ij / sqrt(P_ii P_jj).
    train = Sessions.of([[1, 2, 3], [2, 3], [3, 4, 1], [4, 4, 2], [5, 1]])
    values, basis = np.linalg.eigh(ppmi_of(cooccurrences(train, 6)).toarray()[1:, 1:])
    positive = basis * np.abs(values) @ basis.T
    sizes = np.sqrt(np.diag(positive))
    vectors = cooccurrence_vectors(train, items=6, dim=5, seed=1)[1:]
    assert vectors @ vectors.T == pytest.approx(positive / np.outer(sizes, sizes), abs=1e-5)


def test_sessions_do_not_mix():
    apart = cooccurrence_vectors(Sessions.of([[1, 2, 3, 4], [5, 6, 7, 8]]), items=9, dim=8, seed=1)
    assert np.abs(apart[1:5] @ apart[5:].T).max() < 1e-5
    assert not cooccurrence_vectors(Sessions.of([[1, 2], [3, 3]]), items=4, dim=3, seed=1)[3].any()


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
