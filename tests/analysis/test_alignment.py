import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import procrustes

from sessionrl.analysis.alignment import aligned, by_chance, moved


def turned(vectors, seed=1):
    """Rotated, mirrored, larger and elsewhere."""
    d = vectors.shape[1]
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))
    if np.linalg.det(turn) > 0:
        turn[:, 0] *= -1
    return 3.7 * vectors @ turn + np.arange(d)


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(size=(200, 5))


def test_rotation_reflection_scale_and_place_are_undone(vectors):
    found = aligned(vectors, turned(vectors))
    assert found.disparity == pytest.approx(0, abs=1e-12)
    assert found.second == pytest.approx(found.first, abs=1e-12)
    assert (found.first**2).sum() == pytest.approx(1)
    assert (moved(found) == 1).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**20), st.integers(4, 40), st.integers(1, 6))
def test_the_disparity_is_that_of_scipy_and_the_same_both_ways(seed, n, d):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    assert aligned(one, other).disparity == pytest.approx(procrustes(one, other)[2], abs=1e-9)
    assert aligned(one, other).disparity == pytest.approx(aligned(other, one).disparity, abs=1e-9)


def test_three_items_that_were_moved_are_found(vectors):
    other = vectors.copy()
    planted = [3, 77, 150]
    other[planted] = -other[planted]
    rng = np.random.default_rng(2)
    found = moved(aligned(vectors, turned(other + 0.05 * rng.normal(size=other.shape))))
    assert sorted(np.argsort(-found)[:3]) == planted
    assert found[planted].min() > 3 * np.delete(found, planted).max() / 2
    assert np.median(found) == pytest.approx(1)


def test_vectors_of_different_length_are_compared_too(vectors):
    longer = np.hstack([vectors, np.zeros((200, 2))])
    assert aligned(vectors, turned(longer)).disparity == pytest.approx(0, abs=1e-12)


def test_what_has_nothing_in_common_is_nearly_as_far_apart_as_shuffled_items(vectors):
    other = np.random.default_rng(9).normal(size=(200, 5))
    assert aligned(vectors, other).disparity == pytest.approx(by_chance(vectors, other), abs=0.06)
    assert by_chance(vectors, turned(vectors)) > 0.9
    assert by_chance(vectors, other, seed=3) == by_chance(vectors, other, seed=3)


def test_equal_vectors_and_unequal_numbers(vectors):
    assert aligned(np.ones((4, 2)), np.ones((4, 2))).disparity == 1
    with pytest.raises(ValueError, match=r"^200 and 3 vectors, but both should be of the same items, row by row$"):
        aligned(vectors, vectors[:3])
