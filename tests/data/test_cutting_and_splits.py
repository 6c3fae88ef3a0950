"""Sessions, boundaries and filters on logs small enough to do by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionrl.data.cutting import Log, cut, immediate_repeats
from sessionrl.data.filtering import fixed_point, in_short_sessions, ranked_by_frequency
from sessionrl.data.splits import TEST, TRAIN, VALID, as_published, at_random, by_time, started_too_early

MINUTE = 60_000
DAY = 86_400_000
KINDS = ("view", "cart")


def log_of(rows, rule="auto", idle_minutes=30.0, columns=("user_id", "item_id", "timestamp")) -> Log:
    """From rows of the given columns; every event is a view unless said."""
    events = pl.DataFrame(rows, schema=list(columns), orient="row")
    if "event_type" not in columns:
        events = events.with_columns(event_type=pl.lit("view"))
    return cut(events, rule, idle_minutes, KINDS, "log.csv")


def sessions(log: Log) -> dict:
    return {
        log.ids[number]: [log.item_ids[int(item)] for item in log.items[log.session == number]]
        for number in np.unique(log.session).tolist()
    }


def test_a_gap_longer_than_the_idle_time_cuts_and_an_equal_one_does_not():
    rows = [(1, "a", 0), (1, "b", 30 * MINUTE), (1, "c", 60 * MINUTE + 1), (2, "d", 1)]
    log = log_of(rows)
    assert sessions(log) == {"1/1": ["a", "b"], "2/1": ["d"], "1/2": ["c"]}
    assert log.rule == "idle gap of more than 30 minutes per user_id"
    assert log.several_sessions == 0.5
    assert sessions(log_of(rows, idle_minutes=31)) == {"1/1": ["a", "b", "c"], "2/1": ["d"]}


def test_the_logs_own_ids_win_unless_the_gap_is_asked_for():
    columns = ("session_id", "user_id", "item_id", "timestamp")
    rows = [(7, 1, "a", 0), (7, 1, "b", 90 * MINUTE), (8, 1, "c", 91 * MINUTE)]
    log = log_of(rows, columns=columns)
    assert sessions(log) == {7: ["a", "b"], 8: ["c"]}
    assert (log.rule, log.several_sessions) == ("the log's session_id", None)
    assert sessions(log_of(rows, "gap", columns=columns)) == {"1/1": ["a"], "1/2": ["b", "c"]}
    assert log_of([(7, "a", 0)], "gap", columns=("session_id", "item_id", "timestamp")).rule.endswith("per session_id")


def test_order_is_by_start_then_id_and_inside_by_time_then_row():
    rows = [(2, "d", 5), (1, "b", 9), (1, "a", 5), (1, "c", 9), (3, "e", 1)]
    log = log_of(rows)
    assert list(sessions(log).items()) == [("3/1", ["e"]), ("1/1", ["a", "b", "c"]), ("2/1", ["d"])]
    assert log.position.tolist() == [0, 0, 1, 2, 0]
    assert log.times.tolist() == [1, 5, 9, 9, 5]
    assert log.starts.tolist() == [1, 5, 5]


def test_an_immediate_repeat_has_session_item_and_kind_of_the_event_before():
    columns = ("user_id", "item_id", "timestamp", "event_type")
    rows = [(1, "a", 1, "view"), (1, "a", 2, "view"), (1, "a", 3, "cart"), (1, "b", 4, "cart"), (1, "a", 5, "cart")]
    log = log_of([*rows, (1, "a", 6, "cart"), (1, "a", 7, "cart"), (2, "a", 8, "cart")], columns=columns)
    assert immediate_repeats(log).tolist() == [False, True, False, False, False, True, True, False]


def test_split_by_time_is_by_session_start_and_cuts_at_the_boundary():
    rows = [
        ("train", "a", 0),
        ("over", "b", 8 * DAY - 20 * MINUTE),  # starts in training, goes on into validation, and into the test
        ("over", "c", 8 * DAY),
        ("over", "d", 9 * DAY),
        ("valid", "e", 8 * DAY),
        ("valid", "f", 9 * DAY - 1),
        ("valid", "g", 9 * DAY),
        ("test", "h", 9 * DAY),
        ("last", "i", 10 * DAY),
        ("last", "j", 12 * DAY),  # a session of days moves no boundary
    ]
    log = log_of(rows, columns=("session_id", "item_id", "timestamp"))
    split = by_time(log, valid_days=1, test_days=1)
    assert dict(zip(log.ids, split.part.tolist(), strict=True)) == {
        "train": TRAIN,
        "over": TRAIN,
        "valid": VALID,
        "test": TEST,
        "last": TEST,
    }
    assert sessions(log.keep(~split.keep)) == {"over": ["c", "d"], "valid": ["g"]}
    assert split.rule == "by time: validation starts at 1970-01-09T00:00:00Z, test at 1970-01-10T00:00:00Z"
    assert by_time(log, valid_days=0, test_days=2).part.tolist() == [TRAIN, TRAIN, TEST, TEST, TEST]


def test_published_split_validates_on_the_last_training_sessions():
    rows = [(name, "x", time, "train") for time, name in enumerate("abcdefghij")]
    rows += [("a", "x", 20, "test"), ("a", "y", 21, "test")]
    log = log_of(rows, columns=("session_id", "item_id", "timestamp", "part"))
    assert len(log.ids) == 11  # session a of the test is not session a of training
    split = as_published(log, log.published, valid_share=0.2)
    assert split.part.tolist() == [TRAIN] * 8 + [VALID] * 2 + [TEST]
    assert not split.leaks_future
    assert as_published(log, log.published, valid_share=0.001).part.tolist() == [TRAIN] * 9 + [VALID] + [TEST]
    assert as_published(log, log.published, valid_share=0).part.tolist() == [TRAIN] * 10 + [TEST]


def test_random_split_says_that_it_leaks():
    log = log_of([(user, "x", user) for user in range(100)])
    split = at_random(log, valid_share=0.05, test_share=0.1, seed=3)
    assert np.bincount(split.part).tolist() == [85, 5, 10]
    assert split.leaks_future
    assert split.part.tolist() == at_random(log, 0.05, 0.1, seed=3).part.tolist()
    assert split.part.tolist() != at_random(log, 0.05, 0.1, seed=4).part.tolist()


def test_share_of_test_sessions_that_start_before_the_last_training_event():
    log = log_of([(1, "x", 0), (2, "x", 5), (3, "x", 7), (2, "x", 6)])
    assert started_too_early(log, np.array([TEST, TRAIN, TEST])) == 0.5
    assert started_too_early(log, np.array([TRAIN, VALID, TEST])) == 0.0
    at_the_same_time = log_of([(1, "x", 0), (2, "x", 0)])
    assert started_too_early(at_the_same_time, np.array([TRAIN, TEST])) == 0.0
    assert started_too_early(log, np.array([TEST, TEST, TEST])) is None


def chain() -> Log:
    """Dropping z makes session 1 short, which makes y rare, which makes session 2 short; session 3 stays."""
    rows = [(1, "y", 1), (1, "z", 2), (2, "y", 3), (2, "x", 4), (3, "x", 5), (3, "x", 6), (3, "w", 7), (3, "w", 8)]
    return log_of(rows)


def test_filtering_goes_on_until_nothing_changes():
    log = chain()
    everything = np.ones(len(log), bool)
    filtered = fixed_point(log, everything, min_item_events=2, min_session_events=2)
    assert sessions(log.keep(filtered.keep)) == {"3/1": ["x", "x", "w", "w"]}
    assert (filtered.rare_items, filtered.short_sessions) == (2, 2)
    untouched = fixed_point(log, everything, min_item_events=1, min_session_events=2)
    assert untouched.keep.all()
    assert not fixed_point(log, ~everything, 1, 1).keep.any()


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40),
    min_item=st.integers(1, 4),
    min_session=st.integers(1, 4),
)
def test_the_fixed_point_is_one_and_the_largest(rows, min_item, min_session):
    log = log_of([(user, item, time) for time, (user, item) in enumerate(rows)])
    keep = fixed_point(log, np.ones(len(log), bool), min_item, min_session).keep
    support, lengths = np.bincount(log.items[keep], minlength=6), np.bincount(log.session[keep], minlength=6)
    assert (support[log.items[keep]] >= min_item).all()
    assert (lengths[log.session[keep]] >= min_session).all()
    other = set(range(len(rows)))  # the slow way, sessions before items
    while True:
        kept = [(int(log.session[event]), int(log.items[event]), event) for event in other]
        stays = {e for s, _, e in kept if sum(s == other_s for other_s, _, _ in kept) >= min_session}
        kept = [one for one in kept if one[2] in stays]
        stays = {e for _, i, e in kept if sum(i == other_i for _, other_i, _ in kept) >= min_item}
        if stays == other:
            break
        other = stays
    assert set(np.flatnonzero(keep).tolist()) == other


def test_short_sessions_and_ranks():
    log = chain()
    without_y = log.items != list(log.item_ids).index("y")
    short = in_short_sessions(log, without_y, 2)
    assert sessions(log.keep(short)) == {"1/1": ["z"], "2/1": ["x"]}
    assert [log.item_ids[int(item)] for item in ranked_by_frequency(log, np.ones(len(log), bool))] == [
        "x",
        "w",
        "y",
        "z",
    ]
    assert [log.item_ids[int(item)] for item in ranked_by_frequency(log, log.session == 0)] == ["y", "z"]


@pytest.mark.parametrize("minutes", [0.5, 30, 1e6])
def test_every_event_is_in_one_session(minutes):
    rng = np.random.default_rng(0)
    rows = list(zip(rng.integers(0, 9, 200), rng.integers(0, 9, 200), rng.integers(0, DAY, 200), strict=True))
    log = log_of([tuple(int(value) for value in row) for row in rows], idle_minutes=minutes)
    assert log.lengths.sum() == 200
    assert (log.lengths > 0).all()
    assert (np.diff(log.times)[np.diff(log.session) == 0] <= minutes * MINUTE).all()
