"""Sessions, boundaries and filters on logs small enough to do by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionrl.data.cold_items import Items
from sessionrl.data.cutting import Cut, Cutting, Log, immediate_repeats
from sessionrl.data.encoding import ranked_by_frequency
from sessionrl.data.filtering import fixed_point, staying
from sessionrl.data.sessions import TEST, TRAIN, VALID
from sessionrl.data.splits import as_published, at_random, by_time

MINUTE = 60_000
DAY = 86_400_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
NONE_SPARED = np.zeros(len(LETTERS), bool)


def cut(rows, rule="auto", idle_minutes=30.0, columns=("user_id", "item_id", "timestamp")) -> tuple[Cutting, Cut]:
    """From rows of the given columns; every event is a view unless said; items are single letters."""
    events = pl.DataFrame(rows, schema=list(columns), orient="row")
    kind = pl.col("event_type") if "event_type" in columns else pl.lit("view")
    part = pl.col("part") if "part" in columns else pl.lit("train")
    cutting = Cutting.of(events.columns, rule, idle_minutes, "log.csv")
    return cutting, cutting.cut(
        events.with_columns(
            item=pl.col("item_id").map_elements(LETTERS.index, return_dtype=pl.Int64).cast(pl.UInt32),
            kind=pl.when(kind == "view").then(0).otherwise(1).cast(pl.UInt8),
            part=pl.when(part == "test").then(TEST).otherwise(TRAIN).cast(pl.Int8),
        )
    )


def log_of(rows, *options, **more) -> Log:
    return Log.of(cut(rows, *options, **more)[1].sessions)


def sessions(log: Log) -> dict:
    return {
        log.ids[number]: [LETTERS[item] for item in log.items[log.session == number]]
        for number in np.unique(log.session).tolist()
    }


def test_a_gap_longer_than_the_idle_time_cuts_and_an_equal_one_does_not():
    rows = [(1, "a", 0), (1, "b", 30 * MINUTE), (1, "c", 60 * MINUTE + 1), (2, "d", 1)]
    cutting, (found, counts) = cut(rows)
    assert sessions(Log.of(found)) == {"1/1": ["a", "b"], "2/1": ["d"], "1/2": ["c"]}
    assert cutting.rule == "idle gap of more than 30 minutes per user_id"
    assert counts.tolist() == [2, 1, 0, 0]  # two visitors, one with several sessions; session ids there are none
    assert sessions(log_of(rows, idle_minutes=31)) == {"1/1": ["a", "b", "c"], "2/1": ["d"]}


def test_the_logs_own_ids_win_unless_the_gap_is_asked_for():
    columns = ("session_id", "user_id", "item_id", "timestamp")
    rows = [(7, 1, "a", 0), (7, 1, "b", 90 * MINUTE), (8, 1, "c", 91 * MINUTE)]
    assert sessions(log_of(rows, columns=columns)) == {7: ["a", "b"], 8: ["c"]}
    assert sessions(log_of(rows, "gap", columns=columns)) == {"1/1": ["a"], "1/2": ["b", "c"]}
    assert cut(rows, columns=columns)[0].rule == "the log's session_id"
    assert cut(rows, columns=columns)[1].counts.tolist() == [2, 0, 2, 0]
    strangers = [*rows, (8, 2, "c", 91 * MINUTE)]
    assert cut(strangers, columns=columns)[1].counts.tolist() == [2, 0, 2, 1]
    assert Cutting.of(["session_id", "item_id"], "gap", 30, "log.csv").rule.endswith("per session_id")


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
    split = by_time(int(log.starts.max()), valid_days=1, test_days=1)
    part = split.parts(log)
    assert dict(zip(log.ids, part.tolist(), strict=True)) == {
        "train": TRAIN,
        "over": TRAIN,
        "valid": VALID,
        "test": TEST,
        "last": TEST,
    }
    assert sessions(log.keep(log.times >= np.array(split.ends)[part][log.session])) == {
        "over": ["c", "d"],
        "valid": ["g"],
    }
    assert split.rule == "by time: validation starts at 1970-01-09T00:00:00Z, test at 1970-01-10T00:00:00Z"
    assert by_time(10 * DAY, valid_days=0, test_days=2).parts(log).tolist() == [TRAIN, TRAIN, TEST, TEST, TEST]


def test_published_split_validates_on_the_last_training_sessions():
    rows = [(name, "x", time, "train") for time, name in enumerate("abcdefghij")]
    rows += [("a", "x", 20, "test"), ("a", "y", 21, "test")]
    log = log_of(rows, columns=("session_id", "item_id", "timestamp", "part"))
    assert len(log.ids) == 11  # session a of the test is not session a of training
    split = as_published(10, valid_share=0.2)
    assert split.parts(log).tolist() == [TRAIN] * 8 + [VALID] * 2 + [TEST]
    assert not split.leaks_future
    assert as_published(10, valid_share=0.001).parts(log).tolist() == [TRAIN] * 9 + [VALID] + [TEST]
    assert as_published(10, valid_share=0).parts(log).tolist() == [TRAIN] * 10 + [TEST]


def test_random_split_says_that_it_leaks():
    log = log_of([(user, "x", user) for user in range(100)])
    split = at_random(100, valid_share=0.05, test_share=0.1, seed=3)
    part = split.parts(log).tolist()
    assert np.bincount(part).tolist() == [85, 5, 10]
    assert split.leaks_future
    assert part == at_random(100, 0.05, 0.1, seed=3).parts(log).tolist()
    assert part != at_random(100, 0.05, 0.1, seed=4).parts(log).tolist()


@pytest.mark.parametrize("split", [by_time(50, 1e-7, 2e-7), as_published(99, 0.2), at_random(100, 0.2, 0.3, 1)])
def test_a_split_does_not_depend_on_the_pieces_that_a_log_comes_in(split):
    rows = [(session, "x", session, "test" if session == 3 else "train") for session in range(100)]
    found = cut(rows, columns=("session_id", "item_id", "timestamp", "part"))[1].sessions.sort("start")
    whole = split.parts(Log.of(found)).tolist()
    pieces = [Log.of(found[:20]), Log.of(found[20:21], 20, 19), Log.of(found[21:], 21, 20)]
    assert [part for piece in pieces for part in split.parts(piece).tolist()] == whole
    assert set(whole) == {TRAIN, VALID, TEST}


def chain() -> Log:
    """Dropping z makes session 1 short, which makes y rare, which makes session 2 short; session 3 stays."""
    rows = [(1, "y", 1), (1, "z", 2), (2, "y", 3), (2, "x", 4), (3, "x", 5), (3, "x", 6), (3, "w", 7), (3, "w", 8)]
    return log_of(rows)


def filtered(log, min_item_events, min_session_events):
    """What `fixed_point` says of a log in one piece, and the events that stay."""
    found = fixed_point([log], [TRAIN], NONE_SPARED, min_item_events, min_session_events)
    return found, staying(log, found.support > 0, [TRAIN], min_session_events)


def test_filtering_goes_on_until_nothing_changes():
    found, keep = filtered(chain(), min_item_events=2, min_session_events=2)
    assert sessions(chain().keep(keep)) == {"3/1": ["x", "x", "w", "w"]}
    assert {LETTERS[code]: n for code, n in enumerate(found.support.tolist()) if n} == {"w": 2, "x": 2}
    assert (found.rare_items, found.short_sessions) == (2, 2)
    assert filtered(chain(), min_item_events=1, min_session_events=2)[1].all()
    assert not fixed_point([chain()], [TEST], NONE_SPARED, 1, 1).support.any()


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40),
    min_item=st.integers(1, 4),
    min_session=st.integers(1, 4),
)
def test_the_fixed_point_is_one_and_the_largest(rows, min_item, min_session):
    log = log_of([(user, LETTERS[item], time) for time, (user, item) in enumerate(rows)])
    found, keep = filtered(log, min_item, min_session)
    support, lengths = np.bincount(log.items[keep], minlength=6), np.bincount(log.session[keep], minlength=6)
    assert found.support[:6].tolist() == support[:6].tolist()
    assert found.rare_items + found.short_sessions == int((~keep).sum())
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


def test_sessions_too_short_by_what_is_known_and_ranks():
    known = np.array([letter in "xw" for letter in LETTERS])
    assert sessions(chain().keep(staying(chain(), known, [TRAIN], 2))) == {"3/1": ["x", "x", "w", "w"]}
    assert sessions(chain().keep(staying(chain(), known, [TRAIN], 1)))["2/1"] == ["x"]
    support = np.array([2, 0, 3, 2])
    ids = pl.Series(["z", "n", "x", "w"])
    assert ranked_by_frequency(support, Items(ids, np.zeros(4, bool))).tolist() == [2, 3, 0]
    assert ranked_by_frequency(support, Items(ids, np.array([True, True, False, False]))).tolist() == [2, 3, 0, 1]


@pytest.mark.parametrize("minutes", [0.5, 30, 1e6])
def test_every_event_is_in_one_session(minutes):
    rng = np.random.default_rng(0)
    rows = [(int(user), LETTERS[item], int(time)) for user, item, time in rng.integers(0, [9, 9, DAY], (200, 3))]
    log = log_of(rows, idle_minutes=minutes)
    assert log.lengths.sum() == 200
    assert (log.lengths > 0).all()
    assert (np.diff(log.times)[np.diff(log.session) == 0] <= minutes * MINUTE).all()
