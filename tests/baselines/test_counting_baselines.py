"""Baselines that count events or pairs of items, against numbers known by hand."""

import numpy as np
import polars as pl
import pytest

from sessionrl.baselines import item_knn
from sessionrl.baselines.item_knn import ItemKNN
from sessionrl.baselines.markov import Markov
from sessionrl.baselines.popularity import Popularity
from sessionrl.baselines.random_order import RandomOrder
from sessionrl.baselines.sequential_rules import SequentialRules
from sessionrl.baselines.session_popularity import SessionPopularity
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadOption
from sessionrl.registry import build, complete

DAY = 86_400_000
TRAIN = Sessions.of([[1, 1, 2], [1, 2, 3], [1, 3]])
CATALOGUE = Catalogue(
    counts=np.array([0, 4, 2, 2, 0]),
    sessions=np.array([0, 3, 2, 2, 0]),
    vectors=np.zeros((5, 0), np.float32),
    items=pl.DataFrame({"item_id": [1, 2, 3, 4]}),
)


def case(history: list[int]) -> tuple[Sessions, Cases]:
    return Sessions.of([history]), Cases(np.array([0]), np.array([len(history)]))


def listed(sparse) -> dict[int, float]:
    return dict(zip(sparse.items.tolist(), sparse.scores.tolist(), strict=True))


def test_popularity_counts_all_events_and_keeps_ties():
    sparse = Popularity().fit(TRAIN, CATALOGUE).scores(*case([3]))
    assert sparse.base.tolist() == [-np.inf, 4, 2, 2, 0]
    assert sparse.offsets.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("last_days", "counts"), [(0.5, [0, 1, 1]), (1, [1, 1, 1]), (30, [2, 1, 1]), (None, [3, 1, 1])]
)
def test_popularity_of_the_last_days_ends_at_the_last_event(last_days, counts):
    times = np.array([0, 71, 99, 99.5, 100]) * DAY
    train = Sessions(
        np.array([1, 1, 1, 2, 3], np.int32), np.zeros(5, np.uint8), times.astype(np.int64), np.array([0, 2, 5]), [0, 1]
    )
    catalogue = Catalogue(np.array([0, 3, 1, 1]), np.array([0, 2, 1, 1]), CATALOGUE.vectors, CATALOGUE.items)
    baseline = Popularity(last_days).fit(train, catalogue)
    assert baseline.counts.tolist() == [0, *counts]


def test_popularity_of_the_last_days_reads_a_log_without_times():
    assert Popularity(last_days=7).fit(TRAIN, CATALOGUE).counts.tolist() == [0, 4, 2, 2, 0]


def test_session_popularity_counts_in_the_session_and_breaks_ties_by_share():
    sparse = SessionPopularity().fit(TRAIN, CATALOGUE).scores(*case([3, 1, 4, 4, 3]))
    assert listed(sparse) == {1: 1 + 4 / 9, 3: 2 + 2 / 9, 4: 2.0}
    assert sparse.base.tolist() == [-np.inf, 4 / 9, 2 / 9, 2 / 9, 0]


def test_by_recency_the_last_event_of_an_item_counts():
    """3 1 4 4 3 in one batch with 2 ? 2 1, where ? is unknown: places are counted over known events of one case."""
    sessions = Sessions.of([[3, 1, 4, 4, 3], [2, 9, 2, 1]])
    by_recency = SessionPopularity(by="recency").fit(TRAIN, CATALOGUE)
    sparse = by_recency.scores(sessions, Cases(np.array([0, 1, 0]), np.array([5, 4, 0])))
    assert sparse.offsets.tolist() == [0, 3, 5, 5]
    assert sparse.items.tolist() == [1, 3, 4, 1, 2]
    assert sparse.scores.tolist() == pytest.approx([2 + 4 / 9, 5 + 2 / 9, 4.0, 3 + 4 / 9, 2 + 2 / 9])


def test_markov_gives_the_share_of_what_followed_the_last_item():
    baseline = Markov().fit(TRAIN, CATALOGUE)
    sparse = baseline.scores(*case([2, 1]))
    assert listed(sparse) == {1: 0.25, 2: 0.5, 3: 0.25}
    assert sparse.base.tolist() == [-np.inf, 4 / 9 - 1, 2 / 9 - 1, 2 / 9 - 1, -1]
    assert baseline.scores(*case([1, 2])).items.tolist() == [3]
    assert baseline.scores(*case([1, 3])).items.tolist() == []  # no session goes on after 3, nor from one to the next


def test_markov_lists_each_case_by_its_own_last_item():
    sparse = (
        Markov()
        .fit(TRAIN, CATALOGUE)
        .scores(Sessions.of([[3, 2, 1], [0, 2]]), Cases(*np.array([[1, 0, 0], [2, 1, 3]])))
    )
    assert sparse.offsets.tolist() == [0, 1, 1, 4]
    assert sparse.items.tolist() == [3, 1, 2, 3]


RULES = Sessions.of([[1, 2, 3, 1], [1, 3], [2, 2]])


@pytest.mark.parametrize(
    ("steps", "after_1", "after_2"),
    [
        (1, {2: 1, 3: 1}, {2: 1, 3: 1}),
        (2, {2: 1, 3: 1 + 1 / 2}, {1: 1 / 2, 2: 1, 3: 1}),
        (3, {1: 1 / 3, 2: 1, 3: 1 + 1 / 2}, {1: 1 / 2, 2: 1, 3: 1}),
        (99, {1: 1 / 3, 2: 1, 3: 1 + 1 / 2}, {1: 1 / 2, 2: 1, 3: 1}),
    ],
)
def test_sequential_rules_count_one_over_the_distance(steps, after_1, after_2):
    rules = SequentialRules(steps).fit(RULES, CATALOGUE)
    assert listed(rules.scores(*case([3, 1]))) == pytest.approx(after_1)
    assert listed(rules.scores(*case([2]))) == pytest.approx(after_2)
    assert listed(rules.scores(*case([4]))) == {}


SHARED = Sessions.of([[1, 2, 1], [2, 1], [1, 3], [3], [1, 4, 2, 2]])  # S_1 = 4, S_2 = 3, S_3 = 2, S_4 = 1


def test_item_knn_is_the_cosine_of_sets_of_sessions():
    cosine = ItemKNN(damping=0, alpha=0.5).fit(SHARED, CATALOGUE)
    assert listed(cosine.scores(*case([3, 1]))) == pytest.approx({2: 3 / 12**0.5, 3: 1 / 8**0.5, 4: 1 / 2})
    assert listed(cosine.scores(*case([4]))) == pytest.approx({1: 1 / 2, 2: 1 / 3**0.5})
    assert listed(cosine.scores(*case([]))) == {}


def test_item_knn_damps_and_weighs_the_two_items():
    damped = ItemKNN(damping=2, alpha=0.25).fit(SHARED, CATALOGUE)
    expected = {2: 3 / (6**0.25 * 5**0.75), 3: 1 / (6**0.25 * 4**0.75), 4: 1 / (6**0.25 * 3**0.75)}
    assert listed(damped.scores(*case([1]))) == pytest.approx(expected)


def test_item_knn_with_alpha_one_is_association_rules():
    rules = ItemKNN(damping=0, alpha=1).fit(SHARED, CATALOGUE)
    assert listed(rules.scores(*case([2]))) == pytest.approx({1: 3 / 3, 4: 1 / 3})


@pytest.mark.parametrize("rows", [1, 3, 1024])
def test_item_knn_keeps_the_most_similar_and_of_equal_ones_the_smaller_number(rows, monkeypatch):
    monkeypatch.setattr(item_knn, "ROWS", rows)
    two = ItemKNN(similar=2, damping=0, alpha=1).fit(SHARED, CATALOGUE)
    assert listed(two.scores(*case([1]))) == pytest.approx({2: 3 / 4, 3: 1 / 4})


def test_random_draws_each_item_equally_often_and_anew_for_each_history():
    size = 31
    train = Sessions.of([list(range(1, size - 1))])  # item 30 is in no session
    catalogue = Catalogue(
        np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros((size, 0), np.float32), CATALOGUE.items
    )
    histories = Sessions.of([[1 + n % 29, 1 + n // 29] for n in range(29 * 29)])
    cases = Cases(np.arange(len(histories)), histories.lengths)
    sparse = RandomOrder(listed=5).fit(train, catalogue).scores(histories, cases)
    lists = sparse.items.reshape(-1, 5)
    assert sparse.scores[:5].tolist() == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])
    assert len({*map(tuple, lists.tolist())}) > 800
    for place in (0, 4):
        counts = np.bincount(lists[:, place], minlength=size)
        assert counts[0] == counts[30] == 0
        # 841 draws among 29 items: 29 each, with a standard deviation of 5.3.
        assert counts[1:30].min() > 29 - 4 * 5.3
        assert counts[1:30].max() < 29 + 4 * 5.3
    other = RandomOrder(seed=2, listed=5).fit(train, catalogue).scores(histories, cases)
    assert np.mean(other.items == sparse.items) < 0.06
    assert sparse.base.tolist() == [-np.inf, *[0.0] * 29, -1.0]


def test_options_out_of_range_are_refused():
    with pytest.raises(BadOption) as error:
        build("baseline", {"name": "popularity", "last_days": 0})
    assert str(error.value) == "baseline 'popularity', option 'last_days' = 0: Input should be greater than 0."


def test_all_time_is_the_default_and_needs_no_option():
    assert complete("baseline", {"name": "popularity"}) == {"name": "popularity", "last_days": "none"}
    assert build("baseline", {"name": "popularity", "last_days": 2.5}).last_days == 2.5
