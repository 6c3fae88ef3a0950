from dataclasses import replace

import numpy as np
import pytest
from hand_made import CATALOGUE, SHOP, catalogue_of, random_rankings, rankings_of

from sessionrl.errors import BadDirectory, BadOption, UnknownName
from sessionrl.evaluation import measure as module
from sessionrl.evaluation.bootstrap import FEW_SESSIONS, Resampling, SessionSums, p_beyond, ratios
from sessionrl.evaluation.measure import ONE_SEED, Measurement, measure
from sessionrl.evaluation.metrics_file import MetricsFile, measured

# Two sessions; hits at 1: of three next events (1, 1, 0), of one next event (0).
TWO = rankings_of([[1, 2, 1, 3], [4, 5]], [[1, 2]] * 6, [[0, 0, 1, 2], [0, 0]], greater=[0, 0, 0, 1, 0, 1])


def of(found: list[Measurement]) -> dict[tuple[str, str, str], Measurement]:
    return {(one.metric, one.slice, one.average): one for one in found}


def test_two_averages_by_hand():
    found = of(measure([TWO], CATALOGUE, ["hit@1"], replicates=100))
    event, session = found["hit@1", "all", "event"], found["hit@1", "all", "session"]
    assert event.value == pytest.approx(2 / 4)
    assert session.value == pytest.approx((2 / 3 + 0) / 2)
    assert (event.cases, event.sessions, event.seeds) == (4, 2, 1)
    assert found["hit@1", "first", "event"].value == 1
    assert found["hit@1", "cart/repeat", "event"].value == 1
    assert found["hit@1", "cart/repeat", "event"].cases == 1
    assert ("hit@1", "cart/new", "event") not in found  # no case


def test_cases_without_a_value_do_not_count():
    found = of(measure([TWO], CATALOGUE, ["future_cart_hit@2"], ["all"], replicates=100))
    event = found["future_cart_hit@2", "all", "event"]
    assert (event.value, event.cases, event.sessions) == (1, 2, 1)


def test_several_seeds_are_averaged():
    other = replace(TWO, greater=np.array([0, 1, 1, 1, 0, 0], np.int32))
    found = of(measure([TWO, other], CATALOGUE, ["hit@1", "coverage@1"], ["all"], replicates=100))
    assert found["hit@1", "all", "event"].value == pytest.approx((2 / 4 + 1 / 4) / 2)
    assert found["hit@1", "all", "session"].value == pytest.approx(((2 / 3 + 0) / 2 + (0 + 1) / 2) / 2)
    assert found["hit@1", "all", "event"].seeds == 2


def test_a_number_over_all_lists_has_an_interval_over_seeds_only():
    other = replace(TWO, top=np.full((6, 2), 5, np.int32))
    one = of(measure([TWO], CATALOGUE, ["coverage@2"], replicates=100))
    assert one["coverage@2", "all", "overall"] == Measurement(
        "coverage@2", "all", "overall", 2 / 5, None, None, 4, 2, 1, ONE_SEED
    )
    assert {where for _, where, _ in one} == {"all", "first", "prefix>=2"}
    two = of(measure([TWO, other], CATALOGUE, ["coverage@2"], ["all"], replicates=100))["coverage@2", "all", "overall"]
    assert (two.value, two.low, two.high, two.note) == (pytest.approx(0.3), pytest.approx(0.2), pytest.approx(0.4), "")


def test_intervals_hold_the_value_and_repeat_with_the_seed():
    rankings, catalogue = random_rankings(3, n_sessions=40), catalogue_of(8)
    names = ["hit@3", "ndcg@3", "novelty@3"]
    found = measure([rankings], catalogue, names, replicates=300, seed=1)
    assert all(one.low <= one.value <= one.high for one in found if one.sessions >= FEW_SESSIONS)
    few = [one for one in found if one.sessions < FEW_SESSIONS]
    assert few
    assert {(one.low, one.high, one.note) for one in few} == {(None, None, "no interval: fewer than 10 sessions")}
    assert found == measure([rankings], catalogue, names, replicates=300, seed=1)
    assert found != measure([rankings], catalogue, names, replicates=300, seed=2)


def test_metrics_measured_in_groups_are_the_same(monkeypatch):
    rankings, catalogue = random_rankings(3, n_sessions=20), catalogue_of(8)
    names = ["hit@3", "coverage@3", "recall@3"]
    whole = measure([rankings], catalogue, names, replicates=50)
    monkeypatch.setattr(module, "BUDGET", 1)
    grouped = measure([rankings], catalogue, names, replicates=50)
    assert [replace(one, low=0, high=0) for one in grouped] == [replace(one, low=0, high=0) for one in whole]
    ends = [[(one.low or 0, one.high or 0) for one in found] for found in (grouped, whole)]
    assert np.array(ends[0]) == pytest.approx(np.array(ends[1]), abs=1e-6)  # float32 sums in another order
    assert [one.metric for one in whole] == sorted([one.metric for one in whole], key=names.index)


def test_a_metric_asked_for_twice_is_measured_once():
    once, twice = (measure([SHOP], CATALOGUE, ["hit@1"] * n, ["all"], replicates=10) for n in (1, 2))
    assert once == twice


def test_the_interval_is_that_of_a_bootstrap_over_sessions():
    """Against the textbook's standard error of a mean, for sessions of one case each."""
    random = np.random.default_rng(0)
    greater = random.integers(0, 2, 800)
    sessions = rankings_of([[1, 2]] * 400, [[1]] * 800, greater=greater.tolist())
    event = measure([sessions], CATALOGUE, ["hit@1"], ["all"], replicates=1500)[0]
    error = np.sqrt(event.value * (1 - event.value) / 400)
    assert (event.high - event.low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.08)


def test_equal_columns_are_kept_once():
    sums = SessionSums()
    places = [sums.add(np.array(column, float)) for column in ([1, 2], [3, 4], [1, 2])]
    assert places == [0, 1, 0]
    assert sums.totals.tolist() == [[3, 7]]
    totals = Resampling(50, 0).sessions(sums)
    assert set(map(tuple, totals.tolist())) == {(2, 6), (3, 7), (4, 8)}  # one session twice, each once, the other twice


def test_resampling_in_blocks_covers_all_replicates(monkeypatch):
    sums = SessionSums()
    sums.add(np.ones(10))
    monkeypatch.setattr("sessionrl.evaluation.bootstrap.BLOCK", 30)
    assert Resampling(7, 0).sessions(sums).tolist() == [[10]] * 7


def test_ratios_weigh_seeds():
    totals = np.array([[1.0, 6.0, 2.0, 3.0]])
    value, weight = np.array([[0], [1]]), np.array([[2], [3]])
    assert ratios(totals, value, weight, np.array([[1.0, 1.0]])).tolist() == [[7 / 5]]
    assert ratios(totals, value, weight, np.array([[2.0, 0.0]])).tolist() == [[1 / 2]]
    assert np.isnan(ratios(np.zeros((1, 4)), value, weight, np.ones((1, 2)))).all()


def test_p_is_never_zero():
    drawn = np.array([1.0, 2.0, 3.0, np.nan])
    assert p_beyond(drawn, 0, "below") == 1 / 4
    assert p_beyond(drawn, 2, "below") == 3 / 4
    assert p_beyond(drawn, 2, "above") == 3 / 4


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"n_items": 6}, "6 items were ranked, and the catalogue has 5"),
        ({"kinds": ("view", "cart", "sale")}, "kinds of event view, cart, purchase against view, cart, sale"),
        (
            {"target": np.array([1, 2, 2, 4, 4, 5], np.int32)},
            "target differs in 2 events, the first in row 2, 1 against 2",
        ),
    ],
)
def test_rankings_of_other_cases_are_refused(change: dict[str, object], difference: str):
    with pytest.raises(BadDirectory) as error:
        measure([TWO, replace(TWO, **change)], CATALOGUE, ["hit@1"])
    assert str(error.value) == (
        f"The rankings are not of the same cases: {difference}.\n"
        "  do now: compare runs of one prepared data set; train or evaluate again those that are of another"
    )


def test_bad_requests_are_refused():
    with pytest.raises(BadDirectory, match=r"not of the same cases: 6 events against 4\."):
        measure([TWO, SHOP], CATALOGUE, ["hit@1"])
    with pytest.raises(UnknownName, match="No slice is called 'al'"):
        measure([TWO], CATALOGUE, ["hit@1"], ["al"])
    with pytest.raises(BadOption, match="A metric needs lists of 3 items, but the rankings keep 2"):
        measure([TWO], CATALOGUE, ["recall@3"])


def test_the_file_of_measurements(tmp_path):
    saturated = replace(TWO, greater=np.zeros(6, np.int32), equal=np.full(6, 5, np.int32), n_items=5)
    content = measured([saturated], CATALOGUE, ["hit@1", "coverage@1"], replicates=20)
    path = tmp_path / "metrics.json"
    content.save(path)
    again = MetricsFile.load(path)
    assert again == content
    assert again.find("hit@1").value == pytest.approx(1 / 5)
    assert again.find("hit@2") is None
    mrr = again.tie_gap["mrr@20"]
    assert (mrr.standard, mrr.conservative, mrr.gap) == (1, pytest.approx(1 / 5), pytest.approx(4 / 5))
    assert mrr.expected == pytest.approx(137 / 60 / 5)
    assert {name: again.protocol[name] for name in ("replicates", "seeds", "items", "listed", "cases", "sessions")} == {
        "replicates": 20,
        "seeds": 1,
        "items": 5,
        "listed": 2,
        "cases": 4,
        "sessions": 2,
    }


def test_a_file_of_something_else_is_refused():
    with pytest.raises(BadDirectory) as error:
        MetricsFile.from_json({"protocol": {}, "tie_gap": {}})
    assert str(error.value) == (
        "The measurements cannot be read (KeyError: 'measurements').\n  do now: measure again with `sessionrl evaluate`"
    )


def test_sessions_of_one_event_leave_the_headline_empty():
    cold = rankings_of([[1], [2]], [[1, 2]] * 2)
    content = measured([cold], CATALOGUE, ["hit@1", "coverage@2"], replicates=20)
    assert {one.slice for one in content.measurements} == {"first"}
    assert content.tie_gap == {}
