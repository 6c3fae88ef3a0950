"""Statistics of a log, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sessionrl.analysis.drift import drift
from sessionrl.analysis.log_statistics import (
    item_funnel,
    kinds,
    lengths,
    popularity,
    repeats_by_kind,
    repeats_by_position,
    session_funnel,
)
from sessionrl.data.sessions import Sessions

LOG = Sessions.of([[1, 2, 1, 1], [2, 2], [3]], [[0, 0, 0, 1], [0, 2], [0]])
HOUR = 3_600_000
DAY = 24 * HOUR


def test_lengths_and_how_many_are_as_long_or_longer():
    found = lengths(LOG)
    assert found.length.tolist() == [1, 2, 4]
    assert found.sessions.tolist() == [1, 1, 1]
    assert found.at_least().tolist() == pytest.approx([1, 2 / 3, 1 / 3])


def test_kinds_that_do_not_occur_are_counted_too():
    assert kinds(LOG, 4).tolist() == [5, 1, 1, 0]


def test_repeats_are_of_the_events_after_the_first():
    by_kind = repeats_by_kind(LOG, 3)
    assert by_kind.events.tolist() == [2, 1, 1]
    assert by_kind.seen.tolist() == [1, 1, 1]
    assert by_kind.immediate.tolist() == [0, 1, 1]
    by_position = repeats_by_position(LOG, 2)
    assert by_position.events.tolist() == [2, 2]
    assert by_position.seen.tolist() == [1, 2]
    assert by_position.immediate.tolist() == [1, 1]


def test_the_last_item_of_one_session_is_not_repeated_by_the_next():
    assert repeats_by_kind(Sessions.of([[1, 2], [2, 1]]), 1).immediate.tolist() == [0]


def test_funnels_of_sessions_and_of_their_items():
    log = Sessions.of([[1, 2, 1, 1], [2, 2], [3]], [[0, 0, 1, 2], [0, 2], [0]])
    sessions, items = session_funnel(log, 3), item_funnel(log, 3)
    assert (sessions.having.tolist(), sessions.reached.tolist()) == ([3, 1, 2], [3, 1, 1])
    assert (items.having.tolist(), items.reached.tolist()) == ([4, 1, 2], [4, 1, 1])


def test_shares_of_the_top_and_no_slope_of_few_items():
    found = popularity(np.array([0, 10, 60, 10, 10, 10, 0]))
    assert found.counts.tolist() == [60, 10, 10, 10, 10]
    assert (found.top_1, found.top_20) == (0.6, 0.6)
    assert found.slope is None


def test_the_slope_of_a_power_law_is_its_power_and_rare_items_are_left_out():
    ranks = np.arange(1, 2_001)
    found = popularity(np.round(1e6 * ranks**-0.8).astype(np.int64)).slope
    assert found.exponent == pytest.approx(0.8, abs=0.001)
    assert found.height == pytest.approx(1e6, rel=0.01)
    assert (found.first, found.last) == (1, 2_000)
    assert found.r2 == pytest.approx(1)
    assert popularity(np.append(np.full(50, 10), np.full(900, 9))).slope.last == 50


def at(log, times):
    return replace(log, timestamps=np.array(times, np.int64))


def test_drift_by_day():
    log = Sessions.of([[1, 2], [1], [2, 3]])
    found = drift([at(log, [0, HOUR, DAY, 2 * DAY, 2 * DAY + 20 * HOUR])], np.array([0, 5, 1, 0]), top=1)
    assert found.step == "day"
    assert found.start.tolist() == [0, DAY, 2 * DAY]
    assert found.events.tolist() == [2, 1, 2]
    assert found.sessions.tolist() == [1, 1, 1]
    assert found.new.tolist() == [1, 0, 0.5]
    assert found.unseen.tolist() == [0, 0, 0.5]
    assert np.isnan(found.overlap[0])
    assert found.overlap[1:].tolist() == [1, 0]


def test_the_span_decides_the_step_and_parts_are_one_log():
    log = Sessions.of([[1], [1]])
    weeks = drift([at(log, [0, 60 * DAY]), at(log, [0, 12 * HOUR])], np.array([0, 3]))
    assert weeks.step == "week"
    assert weeks.events.tolist() == [3, 0, 0, 0, 0, 0, 0, 0, 1]
    assert np.isnan(weeks.new[1])
    hours = drift([at(log, [15 * HOUR, 17 * HOUR])], np.array([0, 3]))
    assert (hours.step, hours.start.tolist()) == ("hour", [15 * HOUR, 16 * HOUR])
    assert hours.events.tolist() == [1, 0]


def test_a_step_of_which_less_than_half_is_there_is_left_out():
    log = Sessions.of([[1], [1], [1], [2]])
    found = drift([at(log, [20 * HOUR, DAY, 2 * DAY, 3 * DAY + HOUR])], np.array([0, 3, 1]))
    assert found.start.tolist() == [DAY, 2 * DAY]
    assert found.new.tolist() == [0, 0]
