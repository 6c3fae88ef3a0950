"""Who is shown, by hand: tenths with ties, rarefaction, what no list holds."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.analysis.exposure import (
    OfCategory,
    by_popularity,
    growth,
    lens,
    most,
    never,
    never_by_category,
    never_by_popularity,
    share_of,
    shown,
)
from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metrics.coverage import rarefied
from sessionrl.evaluation.rankings import Rankings

FEW = settings(max_examples=25, deadline=None)


def catalogue(counts, shown=None, **columns):
    counts = np.array([0, *counts], np.int64)
    items = pl.DataFrame({"item_id": [f"i{n}" for n in range(1, len(counts))], **columns})
    flags = np.array([False, *shown]) if shown is not None else np.zeros(0, np.bool_)
    return Catalogue(counts, counts, np.zeros((len(counts), 2), np.float32), items, flags)


def rankings(sessions, top, kinds=None, n_items=5):
    """Sessions of targets, and one list per event."""
    session = np.repeat(np.arange(len(sessions)), [len(one) for one in sessions]).astype(np.int32)
    target = np.concatenate(sessions).astype(np.int32)
    position = np.concatenate([np.arange(len(one)) for one in sessions]).astype(np.int32)
    repeat = np.array([item in one[:place] for one in sessions for place, item in enumerate(one)])
    event_type = np.zeros(len(target), np.uint8) if kinds is None else np.array(kinds, np.uint8)
    nothing = np.zeros(len(target), np.int32)
    return Rankings(
        session, position, target, event_type, repeat, nothing, nothing + 1, np.array(top, np.int32), n_items,
        ("view", "purchase"),
    )  # fmt: skip


def test_only_lists_after_the_first_event_count():
    ranked = rankings([[1, 2, 3], [4, 4]], [[5, 1], [1, 2], [1, 3], [5, 2], [2, 3]], kinds=[0, 0, 1, 0, 0])
    found = shown(ranked, catalogue([5, 4, 3, 2, 1]), 2, "purchase")
    assert found.lists == 3
    assert found.times.tolist() == [0, 2, 2, 2, 0, 0]
    assert found.chosen.tolist() == [0, 0, 1, 1, 1, 0]
    assert found.bought.tolist() == [0, 0, 0, 1, 0, 0]


def test_without_a_kind_every_next_event_counts_and_of_an_unknown_kind_none():
    ranked = rankings([[1, 2]], [[1, 2], [1, 2]])
    assert shown(ranked, catalogue([5, 4, 3, 2, 1]), 1, None).bought.tolist() == [0, 0, 1, 0, 0, 0]
    assert shown(ranked, catalogue([5, 4, 3, 2, 1]), 1, "gift").bought.sum() == 0


def test_tenths_of_twenty_items_hold_two_each():
    counts = list(range(40, 20, -1))
    values = np.arange(21)
    assert by_popularity(values, catalogue(counts)).tolist() == [3, 7, 11, 15, 19, 23, 27, 31, 35, 39, 0]


def test_items_of_equal_popularity_share_evenly_over_the_cuts():
    values = np.array([0, 10, *[0] * 9])
    assert by_popularity(values, catalogue([7] * 10)).tolist() == pytest.approx([1.0] * 10 + [0])
    # Five items are half a tenth each: the first tenth has half of the first item.
    assert by_popularity(np.array([0, 8, 0, 0, 0, 0]), catalogue([5, 4, 3, 2, 1])).tolist() == [4, 4] + [0] * 9


def test_items_without_events_are_a_group_of_their_own_and_hidden_ones_are_in_none():
    values = np.array([0, 1, 2, 4, 8])
    groups = by_popularity(values, catalogue([9, 9, 0, 5], [True, True, True, False]))
    assert groups[-1] == 4
    assert groups[:-1].sum() == pytest.approx(3)


def test_the_lens_of_a_shop_without_places_is_unknown():
    assert np.isnan(lens(np.zeros(4, np.int64), catalogue([3, 2, 1]))).all()


@FEW
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=40))
def test_shares_of_the_lens_sum_to_one(items):
    counts, times = (np.array(column, np.int64) for column in zip(*items, strict=True))
    if times.any():
        found = lens(np.append(0, times), catalogue(counts))
        assert found.sum() == pytest.approx(1)
        assert (found >= -1e-12).all()


def test_growth_by_hand():
    # Two lists of one place, items 1 and 2: one list shows one item, both show two. Item 3 never.
    assert growth(np.array([0, 1, 1, 0]), 2).distinct.tolist() == pytest.approx([1, 2])
    # Item 1 in both of two lists, item 2 in one.
    assert growth(np.array([0, 2, 1]), 2).distinct.tolist() == pytest.approx([1.5, 2])
    assert growth(np.zeros(3, np.int64), 0).lists.tolist() == []


@FEW
@given(st.lists(st.integers(0, 300), min_size=1, max_size=30))
def test_growth_rises_bends_and_ends_at_the_items_that_are_shown(times):
    found = growth(np.array([0, *times]), 300, points=300)
    steps = np.diff(found.distinct) / np.diff(found.lists)
    assert (steps >= -1e-9).all()
    assert (np.diff(steps) <= 1e-9).all()
    assert found.distinct[-1] == pytest.approx(np.count_nonzero(times))
    assert found.distinct[0] == pytest.approx(sum(times) / 300)


def test_growth_has_the_fixed_numbers_of_lists_and_agrees_with_the_metric():
    rng = np.random.default_rng(2)
    top = np.array([rng.permutation(400)[:3] + 1 for _ in range(2_000)])
    ranked = rankings([[1] * 2_000], top, n_items=400)
    shop = catalogue([1] * 400)
    found = growth(np.bincount(top.ravel(), minlength=401), 2_000)
    assert {1_000, 2_000} <= set(found.lists.tolist())
    assert 10_000 not in found.lists
    thousand = found.distinct[found.lists.tolist().index(1_000)]
    assert thousand / 400 == pytest.approx(rarefied(ranked, shop, 3, 1_000))


def test_never_shown_are_the_popular_ones_first_and_only_what_may_be_shown():
    shop = catalogue([5, 9, 9, 1, 7], [True, True, True, True, False])
    assert never(np.array([0, 0, 0, 0, 3, 0]), shop).tolist() == [2, 3, 1]


@FEW
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.booleans()), min_size=1, max_size=30))
def test_never_shown_and_shown_are_all_that_may_be_recommended(items):
    counts, times, may = zip(*items, strict=True)
    shop = catalogue(counts, may)
    times = np.append(0, times)
    held = np.count_nonzero(times[shop.recommendable])
    assert len(never(times, shop)) + held == np.count_nonzero(shop.recommendable)


def test_shares_never_shown_by_tenth_and_unknown_where_there_is_no_item():
    shop = catalogue(list(range(20, 0, -1)))
    found = never_by_popularity(np.array([0, 1, 0, 1, 1, *[0] * 16]), shop)
    assert found[:3].tolist() == [0.5, 0, 1]
    assert np.isnan(found[-1])


def test_never_shown_by_category():
    shop = catalogue([3, 3, 3, 3], [True, True, True, False], category=["rug", "rug", None, "rug"])
    assert never_by_category(np.array([0, 1, 0, 0, 0]), shop) == [OfCategory("rug", 2, 1)]
    assert never_by_category(np.zeros(3, np.int64), catalogue([1, 1])) == []


def test_most_shown_and_their_share():
    times = np.array([0, 1, 5, 5, 0])
    assert most(times, 2).tolist() == [2, 3]
    assert most(times, 9).tolist() == [2, 3, 1]
    assert share_of(most(times, 2), times) == pytest.approx(10 / 11)
    assert np.isnan(share_of(np.array([1]), np.zeros(3, np.int64)))
