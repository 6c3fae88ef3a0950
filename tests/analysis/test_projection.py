import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.analysis.projection import clusters, drawn_items, principal_axes, project, trustworthiness
from sessionrl.errors import MissingExtra


def groups(seed=0, each=20, dims=6):
    """Three groups far from each other."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, dims)) * 10
    return np.repeat(centres, each, 0) + rng.normal(size=(3 * each, dims))


def test_principal_axes_of_a_case_done_by_hand():
    # Along (1, 1) / sqrt 2 the places are -2 and 2 times sqrt 2, across it -1 and 1 times sqrt 2: variances 16 and 4.
    vectors = np.array([[2.0, 2.0], [-2.0, -2.0], [1.0, -1.0], [-1.0, 1.0]])
    found = principal_axes(np.hstack([vectors, np.zeros((4, 1))]))
    half = math.sqrt(2)
    assert np.abs(found.places) == pytest.approx(
        np.array([[2 * half, 0], [2 * half, 0], [0, half], [0, half]]), abs=1e-12
    )
    assert found.explained == pytest.approx(1)
    assert principal_axes(np.eye(4)).explained == pytest.approx(2 / 3)


def test_principal_axes_where_there_is_nothing_to_see():
    found = principal_axes(np.ones((5, 3)))
    assert (found.places == 0).all()
    assert found.explained == 0
    line = principal_axes(np.array([[1.0], [2.0], [6.0]])).places
    assert line.tolist() == [[-2.0, 0.0], [-1.0, 0.0], [3.0, 0.0]]


def test_a_map_that_keeps_all_neighbours_is_trusted_fully_and_one_by_chance_by_half():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(300, 2))
    assert trustworthiness(flat, 7 * flat) == 1
    assert trustworthiness(flat, rng.normal(size=(300, 2))) == pytest.approx(0.5, abs=0.05)
    assert math.isnan(trustworthiness(flat[:3], flat[:3]))


def test_trustworthiness_is_that_of_scikit_learn():
    manifold = pytest.importorskip("sklearn.manifold")
    vectors = groups(3)
    places = principal_axes(vectors).places
    assert trustworthiness(vectors, places, 5) == pytest.approx(
        manifold.trustworthiness(vectors, places, n_neighbors=5)
    )


def test_t_sne_keeps_groups_apart_and_comes_out_the_same_again():
    pytest.importorskip("sklearn")
    vectors = groups()
    found = project(vectors)
    assert found.method == "tsne"
    assert found.explained is None
    assert found.trust > 0.8
    middles = found.places.reshape(3, 20, 2).mean(1)
    within = np.linalg.norm(found.places.reshape(3, 20, 2) - middles[:, None], axis=2).max()
    assert min(np.linalg.norm(middles[i] - middles[j]) for i, j in ((0, 1), (0, 2), (1, 2))) > within
    assert (project(vectors).places == found.places).all()


def test_few_items_are_drawn_by_pca_which_says_how_much_it_shows():
    found = project(groups(each=3))
    assert found.method == "pca"
    assert 0.9 < found.explained <= 1


@pytest.mark.parametrize(("method", "package", "extra", "name"), [
    ("tsne", "sklearn", "map", "scikit-learn"),
    ("umap", "umap", "umap", "umap-learn"),
])  # fmt: skip
def test_what_is_asked_for_but_not_installed_is_said(monkeypatch, method, package, extra, name):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr("sessionrl.analysis.projection.find_spec", lambda wanted: None if wanted == package else 1)
    with pytest.raises(MissingExtra) as caught:
        project(groups(), method)
    words = {"tsne": "t-SNE", "umap": "UMAP"}[method]
    assert str(caught.value) == (
        f"A map by {words} needs the package '{name}'. Install it with: pip install 'sessionrl[{extra}]'"
    )
    assert project(groups(), "auto").method == ("pca" if method == "tsne" else "tsne")


@pytest.mark.slow
def test_umap_keeps_groups_apart():
    pytest.importorskip("umap")
    found = project(groups(), "umap")
    assert found.method == "umap"
    assert found.trust > 0.8


def test_clusters_are_the_groups_largest_first_and_the_same_again():
    vectors = np.vstack([groups(each=10), groups(each=10)[:10]])
    found = clusters(vectors, 3)
    assert found.tolist() == [0] * 10 + found[10:30].tolist() + [0] * 10
    assert set(found[10:20]) | set(found[20:30]) == {1, 2}
    assert (clusters(vectors, 3) == found).all()
    assert clusters(np.ones((4, 2)), 3).tolist() == [0, 0, 0, 0]


def test_the_popular_half_is_drawn_and_the_rest_by_chance():
    counts = np.arange(101)[::-1].copy()
    allowed = np.arange(101) > 0
    found = drawn_items(counts, allowed, 20, seed=4)
    assert found[:10].tolist() == list(range(1, 11))
    assert len(set(found)) == 20
    assert found[10:].min() > 10
    assert (found == drawn_items(counts, allowed, 20, seed=4)).all()
    assert (found != drawn_items(counts, allowed, 20, seed=5)).any()
    assert drawn_items(counts, allowed, 1000).tolist() == list(range(1, 101))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=40), st.integers(1, 50), st.integers(0, 9))
def test_no_item_is_drawn_twice_or_without_leave(counts, points, seed):
    counts = np.array(counts)
    allowed = counts > 2
    found = drawn_items(counts, allowed, points, seed)
    assert len(found) == min(points, allowed.sum()) == len(set(found))
    assert allowed[found].all()
    assert (np.diff(counts[found]) <= 0).all()
