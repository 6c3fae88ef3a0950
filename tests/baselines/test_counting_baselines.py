"""Popularity, S-POP and Markov against numbers known by hand."""

import numpy as np
import polars as pl
import pytest

from sessionrl.baselines.markov import Markov
from sessionrl.baselines.popularity import Popularity
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
    listed = dict(zip(sparse.items.tolist(), sparse.scores.tolist(), strict=True))
    assert listed == {1: 1 + 4 / 9, 3: 2 + 2 / 9, 4: 2.0}
    assert sparse.base.tolist() == [-np.inf, 4 / 9, 2 / 9, 2 / 9, 0]


def test_markov_gives_the_share_of_what_followed_the_last_item():
    baseline = Markov().fit(TRAIN, CATALOGUE)
    sparse = baseline.scores(*case([2, 1]))
    assert dict(zip(sparse.items.tolist(), sparse.scores.tolist(), strict=True)) == {1: 0.25, 2: 0.5, 3: 0.25}
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


def test_options_out_of_range_are_refused():
    with pytest.raises(BadOption) as error:
        build("baseline", {"name": "popularity", "last_days": 0})
    assert str(error.value) == "baseline 'popularity', option 'last_days' = 0: Input should be greater than 0."


def test_all_time_is_the_default_and_needs_no_option():
    assert complete("baseline", {"name": "popularity"}) == {"name": "popularity", "last_days": "none"}
    assert build("baseline", {"name": "popularity", "last_days": 2.5}).last_days == 2.5
