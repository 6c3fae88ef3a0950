import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.analysis import interesting as chosen
from sessionrl.analysis import neighbours as module
from sessionrl.analysis.interesting import Range, interesting
from sessionrl.analysis.neighbours import neighbours, purity, shared
from sessionrl.data.catalogue import Catalogue

# Items 1, 2, 3 point one way, 4, 5 another; 6 is between.
VECTORS = np.array([[9, 9], [1, 0], [2, 0.1], [1, 0.2], [0, 1], [0.1, 3], [1, 1]], np.float32)
EVERY = np.arange(7) > 0


def test_neighbours_are_those_of_the_cosine_without_the_item_itself():
    found = neighbours(VECTORS, np.array([1, 4]), 2, EVERY)
    assert found.closest.tolist() == [[2, 3], [5, 6]]
    assert found.furthest.tolist() == [[4, 5], [1, 2]]
    assert found.similarity[0].tolist() == pytest.approx([2 / 4.01**0.5, 1 / 1.04**0.5])
    assert found.dissimilarity[0].tolist() == pytest.approx([0, 0.1 / 9.01**0.5], abs=1e-6)


def test_only_items_among_the_asked_are_neighbours():
    among = EVERY & (np.arange(7) != 2)
    assert neighbours(VECTORS, np.array([1]), 9, among).closest.tolist() == [[3, 6, 5, 4]]
    assert neighbours(VECTORS, np.zeros(0, np.int64), 2, EVERY).closest.shape == (0, 2)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(1, 8), block=st.integers(1, 9))
def test_blocks_change_nothing(seed, k, block):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(25, 4))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ units.T
    items = random.permutation(np.arange(1, 25))[:5]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        patch.setattr(module, "AT_ONCE", 2)
        found = neighbours(vectors, items, k, np.arange(25) > 0)
    for row, item in enumerate(items):
        others = [other for other in range(1, 25) if other != item]
        order = sorted(others, key=lambda other: -cosines[item, other])
        assert found.closest[row].tolist() == order[:k]
        assert found.furthest[row].tolist() == order[::-1][:k]


def test_purity_by_hand():
    labels = np.array([-1, 0, 0, 1, 1, 1, 0])
    found = purity(VECTORS, labels, np.array([1, 4]), 2, EVERY)
    # Of item 1: 2 agrees, 3 does not; of item 4: 5 agrees, 6 does not.
    assert found.of_items.tolist() == [0.5, 0.5]
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    assert found.chance == pytest.approx(2 / 5)


def test_items_without_a_label_neither_count_nor_are_counted():
    labels = np.array([-1, 0, -1, 0, 1, 1, -1])
    found = purity(VECTORS, labels, np.array([1, 2]), 1, EVERY)
    assert found.of_items.tolist() == [1.0]
    assert np.isnan(purity(VECTORS, np.full(7, -1), np.array([1]), 1, EVERY).value)


def test_the_interval_holds_the_value_and_shrinks_with_more_items():
    random = np.random.default_rng(1)
    vectors, labels = random.normal(size=(401, 6)), random.integers(0, 3, 401)
    few, many = (purity(vectors, labels, np.arange(1, n), 5, np.arange(401) > 0) for n in (31, 401))
    for found in (few, many):
        assert found.low <= found.value <= found.high
        assert found.low < found.chance < found.high  # vectors drawn by chance know nothing
    assert many.high - many.low < few.high - few.low


def test_every_chosen_item_says_why(monkeypatch):
    monkeypatch.setattr(chosen, "NEAREST", 2)
    counts = np.array([0, 90, 50, 40, 30, 20, 10])
    table = pl.DataFrame({"item_id": list("abcdef")})
    catalogue = Catalogue(counts, counts, np.zeros((7, 2), np.float32), table)
    labels = np.array([-1, 0, 0, 0, 1, 1, 1])
    of = Range(catalogue, EVERY, labels)
    turned = VECTORS[[0, 1, 5, 3, 4, 2, 6]]
    found = interesting(of, {"one": VECTORS, "other": turned}, 4)
    assert found[0] == (1, "the most popular, 90 events")
    assert len({one.item for one in found}) == 4
    # Item 1 is the purest as well, and is shown once; the two nearest of item 6, of the other category, are 3 and 2.
    assert found[1].item == 6
    assert found[1].why == ("of 6 drawn items the one whose neighbours in one agree least with its category: 0% of 2")
    assert "differ most between one and other" in found[2].why
    assert found == interesting(of, {"one": VECTORS, "other": turned}, 4)
    assert len(interesting(of, {"one": VECTORS}, 99)) == 6
    # With other vectors items 1 and 2 have one another nearest, 3 and 4 as well, and so do 5 and 6.
    monkeypatch.setattr(chosen, "NEAREST", 1)
    pairs = np.array([[9, 9], [1, 0], [1, 0.1], [0, 1], [0.1, 1], [-1, 0], [-1, 0.1]], np.float32)
    assert interesting(of, {"pairs": pairs}, 2)[1] == (
        3,
        "of 6 drawn items one of 2 whose neighbours in pairs agree least with its category: 0% of 1",
    )
    assert interesting(Range(catalogue, np.zeros(7, bool), labels), {"one": VECTORS}, 3) == []


def test_shared_neighbours_by_hand():
    items = np.array([1, 4])
    turned = VECTORS[[0, 1, 4, 3, 2, 5, 6]]  # items 2 and 4 change places
    # Of item 1, {2, 3} against {3, 4}; of item 4, {5, 6} against {1, 3}.
    assert shared(VECTORS, turned, items, 2, EVERY).tolist() == [0.5, 0.0]
    assert shared(VECTORS, VECTORS * 3, items, 2, EVERY).tolist() == [1.0, 1.0]
