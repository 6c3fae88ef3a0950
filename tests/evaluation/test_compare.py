from dataclasses import replace

import numpy as np
import pytest
from hand_made import CATALOGUE, SHOP, rankings_of

from sessionrl.errors import BadDirectory
from sessionrl.evaluation.compare import Comparison, caution_about, compare, holm, sign_flip_floor
from sessionrl.evaluation.rankings import Rankings


def model(chance: float, seed: int, sessions: int = 200) -> Rankings:
    """A model that is right in the one next event of a session with this chance."""
    random = np.random.default_rng(seed)
    greater = (random.random(2 * sessions) >= chance).astype(int)
    return rankings_of([[1, 2]] * sessions, [[1, 2]] * 2 * sessions, greater=greater.tolist())


def one(p: float | None = 0.01, **fields: object) -> Comparison:
    given = {
        "metric": "hit@1",
        "slice": "all",
        "average": "event",
        "model": 0.6,
        "baseline": 0.5,
        "difference": 0.1,
        "low": 0.05,
        "high": 0.15,
        "p": p,
        "p_holm": p,
        "p_equivalent": 0.9,
        "smallest_effect": 0.005,
        "better": "higher",
        "cases": 1,
        "sessions": 1,
        "seeds": (5, 5),
        "caution": "",
    }
    return Comparison(**(given | fields))


def test_a_better_model_is_better_and_the_other_worse():
    good, bad = [model(0.6, 1)], [model(0.3, 2)]
    found = compare(good, bad, CATALOGUE, ["hit@1"], replicates=500)
    event = found[0]
    assert (event.average, event.mark, event.cases, event.seeds) == ("event", "better", 200, (1, 1))
    assert event.difference == pytest.approx(event.model - event.baseline)
    assert event.low < event.difference < event.high
    assert event.p == pytest.approx(2 / 501)
    back = compare(bad, good, CATALOGUE, ["hit@1"], replicates=500)[0]
    assert back.mark == "worse"
    assert (back.low, back.high) == pytest.approx((-event.high, -event.low))


def test_a_model_is_equivalent_to_itself():
    rankings = [model(0.5, 1)]
    found = compare(rankings, rankings, CATALOGUE, ["hit@1", "average_popularity@2"], replicates=200)
    assert {(c.difference, c.low, c.high, c.p, c.mark) for c in found} == {(0, 0, 0, 1, "equivalent")}


def test_sessions_are_paired():
    """The same rankings but for one case: unpaired sessions would hide the difference in their own noise."""
    rankings = model(0.5, 1)
    wrong = np.flatnonzero((rankings.greater > 0) & (rankings.position > 0))[:12]
    greater = rankings.greater.copy()
    greater[wrong] = 0
    found = compare([replace(rankings, greater=greater)], [rankings], CATALOGUE, ["hit@1"], replicates=500)[0]
    assert found.difference == pytest.approx(12 / 200)
    assert found.mark == "better"
    assert found.high - found.low < 0.08  # unpaired 2 * 1.96 * sqrt(2 * .25 / 200) = .196


def test_a_number_over_all_lists_needs_seeds():
    """Four seeds that differ by luck nearly always fall on one side: there is no p before the fifth."""
    rankings = [model(0.5, seed) for seed in range(1, 6)]
    few = compare(rankings[:4], rankings, CATALOGUE, ["coverage@2"])[0]
    assert (few.p, few.low, few.mark, few.difference) == (None, None, "not distinguishable", 0)
    both = compare(rankings, rankings, CATALOGUE, ["coverage@2", "hit@1"], replicates=100)
    assert [c.metric for c in both] == ["coverage@2", "hit@1", "hit@1"]
    assert both[0].mark == "equivalent"


def test_other_cases_are_refused():
    with pytest.raises(BadDirectory, match=r"The rankings are not of the same cases: 400 events against 4\."):
        compare([model(0.5, 1)], [SHOP], CATALOGUE, ["hit@1"])


def test_nothing_in_common_is_no_comparison():
    assert compare([SHOP], [SHOP], CATALOGUE, ["hit@1"], ["cart/new"]) == []


def test_marks():
    assert one().mark == "better"
    assert one(better="lower").mark == "worse"
    assert one(better="neither").mark == "different"
    assert one(p_equivalent=0.04).mark == "equivalent"
    assert one(p_holm=0.06).mark == "not distinguishable"
    assert one(low=-0.01).mark == "not distinguishable"
    assert one(p=None, p_equivalent=None, low=None, high=None).mark == "not distinguishable"


def test_holm_by_hand():
    corrected = [c.p_holm for c in holm([one(p) for p in (0.04, 0.01, None, 0.03, 0.03)])]
    assert corrected == pytest.approx([0.09, 0.04, None, 0.09, 0.09])
    assert [c.p_holm for c in holm([one(0.5), one(0.9)])] == [1, 1]
    assert holm([]) == []


def test_what_seeds_allow():
    assert [sign_flip_floor(seeds) for seeds in (5, 6, 8)] == [0.0625, 0.03125, 0.0078125]
    assert caution_about(6, 8) == ""
    assert caution_about(3, 5) == "3 training seeds: no sign-flip test over them can give p below 0.25."
    assert caution_about(5, 1) == (
        "One training seed of the baseline: the interval covers the choice of sessions, not the luck of training "
        "(there is none where nothing is drawn at random, as in popularity and kNN)."
    )
    assert caution_about(1, 3).startswith("One training seed of the model: ")
    assert caution_about(1, 1).startswith("One training seed of both models: ")


def test_no_difference_is_found_where_there_is_none():
    """A/A: both models draw their seeds from one distribution; seeds differ more than sessions do.

    evaluation.md measured .04 for the crossed bootstrap with five seeds, and .14 for one over sessions alone.
    """
    random = np.random.default_rng(5)
    found = {"crossed": 0, "sessions alone": 0}
    trials, sessions = 60, 150
    events = [[1, 2]] * sessions
    for trial in range(trials):
        likely = random.beta(2, 2, (2, sessions))  # how likely a hit is, by side and session
        sides = []
        for side in likely:
            luck = random.normal(0, 0.05, 5)  # of training
            missed = [random.random(sessions) >= np.clip(side + lucky, 0, 1) for lucky in luck]
            sides.append(
                [
                    rankings_of(events, [[]] * 2 * sessions, greater=np.repeat(row, 2).astype(int).tolist())
                    for row in missed
                ]
            )
        for name, n in (("crossed", 5), ("sessions alone", 1)):
            result = compare(sides[0][:n], sides[1][:n], CATALOGUE, ["hit@1"], replicates=200, seed=trial)
            found[name] += not result[0].low <= 0 <= result[0].high
    assert found["crossed"] <= 0.12 * trials
    assert found["sessions alone"] > found["crossed"]
