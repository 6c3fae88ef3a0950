"""Examples by rule: which events fit is known by hand; shares, fairness, ids, and what is asked wrongly."""

import doctest

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.analysis import agreement
from sessionrl.analysis.agreement import apart, overlap, overlaps, overlaps_of_models, overlaps_of_seeds
from sessionrl.analysis.examples import PAIRED, RULES, Compared, by_id, choose
from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.rankings import Rankings

SESSIONS = [[1, 2, 1], [3, 4], [5, 5, 6], [7, 1]]
IDS = pl.Series(["anna", "bert", "cleo", "x:1"])
FILLER = [7, 8]
# By row; rows 0, 3, 5 and 8 are the first events of sessions, which are no cases.
LISTS = {
    "A": [FILLER, [2, 3], [1, 2], FILLER, [5, 6], FILLER, [5, 1], [1, 2], FILLER, [2, 3]],
    "B": [FILLER, [2, 4], [3, 4], FILLER, [4, 5], FILLER, [5, 1], [1, 2], FILLER, [2, 3]],
}
GREATER = {"A": [0, 0, 0, 0, 5, 0, 0, 2, 0, 4], "B": [0, 0, 4, 0, 0, 0, 0, 3, 0, 4]}
FITTING = {
    "draw": {1, 2, 4, 6, 7, 9},
    "all_hit": {1, 6},
    "none_hit": {7, 9},
    "rl_ahead": {2, 7},
    "rl_behind": {4},
    "rl_differs": {2},
    "new": {1, 4, 7, 9},
    "rare": {4},
    "long": {2, 7},
    "rarest_kind": {4},
    "view": {1, 2, 6, 7, 9},
    "purchase": {4},
}
CATALOGUE = Catalogue(
    counts=np.array([0, 50, 50, 50, 2, 50, 50, 50, 50]),
    sessions=np.array([0, 9, 9, 9, 1, 9, 9, 9, 9]),
    vectors=np.zeros((9, 2), np.float32),
    items=pl.DataFrame({"item_id": [f"sku-{n}" for n in range(1, 9)]}),
)


def ranked(name):
    session = np.repeat(np.arange(4), [len(one) for one in SESSIONS])
    return Rankings(
        session=session.astype(np.int32),
        position=np.concatenate([np.arange(len(one)) for one in SESSIONS]).astype(np.int32),
        target=np.array([item for one in SESSIONS for item in one], np.int32),
        event_type=np.array([0, 0, 0, 0, 1, 0, 0, 0, 0, 0], np.uint8),
        repeat=np.array([item in one[:i] for one in SESSIONS for i, item in enumerate(one)]),
        greater=np.array(GREATER[name], np.int32),
        equal=np.ones(10, np.int32),
        top=np.array(LISTS[name], np.int32),
        n_items=8,
        kinds=("view", "purchase"),
    )


A, B = ranked("A"), ranked("B")
BOTH = Compared({"A": A, "B": B}, CATALOGUE, 2, ("A", "B"))


def chosen(rules, n=9, seed=0, of=BOTH):
    return choose(of, dict.fromkeys(rules, n), seed)


@pytest.mark.parametrize("rule", FITTING)
def test_a_rule_holds_for_the_events_known_by_hand(rule):
    (found,) = chosen([rule]).examples
    assert (found.alike, found.of) == (len(FITTING[rule]), 6)
    assert set(found.rows.tolist()) <= FITTING[rule]
    assert len(found.rows) == len({A.session[row] for row in FITTING[rule]})


def test_every_rule_is_tested_and_has_words_of_its_own():
    assert set(FITTING) == {*RULES, *A.kinds}
    words = [chosen([rule]).examples[0].words for rule in RULES]
    assert len(set(words)) == len(RULES)
    assert chosen(["all_hit"]).examples[0].words == "All 2 models have the next item in the first 2"
    assert (
        chosen(["rare"]).examples[0].words == "The next item is new in its session and rare: at most 5 training events"
    )


def test_the_furthest_ahead_comes_first():
    assert chosen(["rl_ahead"]).examples[0].rows.tolist() == [2, 7]  # 1 - 1/5 before 1/3 - 1/4
    np.testing.assert_allclose(BOTH.gain, [0, 0.8, 1 / 6 - 1, 0, 1 / 3 - 1 / 4, 0])


def test_ahead_and_behind_get_equally_many():
    found = {one.rule: one.rows.tolist() for one in chosen(["rl_ahead", "rl_behind"]).examples}
    assert found == {"rl_ahead": [2], "rl_behind": [4]}


def test_two_models_that_do_not_differ_say_so():
    found = chosen(["rl_ahead", "rl_behind", "rl_differs"], of=Compared({"A": A, "C": A}, CATALOGUE, 2, ("A", "C")))
    assert found.examples == ()
    assert found.left_out == dict.fromkeys(PAIRED, "no event is like this")


def test_without_a_pair_its_rules_are_left_out():
    found = chosen(["rl_ahead", "draw"], of=Compared({"A": A}, CATALOGUE, 2))
    assert [one.rule for one in found.examples] == ["draw"]
    assert found.left_out == {"rl_ahead": "no two models to set against each other: it takes a network and its control"}


def test_what_is_shown_already_is_named():
    found = chosen(["rare", "purchase"])
    assert [one.rule for one in found.examples] == ["rare"]
    assert found.left_out == {"purchase": "every such event is shown already"}


def test_the_draw_comes_before_the_others_and_stands_where_it_is_asked_for():
    for seed in range(20):  # one of them draws what the other rule would have taken
        alone = choose(BOTH, {"draw": 1}, seed).examples[0].rows
        both = choose(BOTH, {"none_hit": 9, "draw": 1}, seed).examples
        assert [one.rule for one in both] == ["none_hit", "draw"]
        np.testing.assert_array_equal(both[1].rows, alone)


def test_every_event_can_be_drawn():
    drawn = {int(choose(BOTH, {"draw": 1}, seed).examples[0].rows[0]) for seed in range(60)}
    assert drawn == FITTING["draw"]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.permutations(list(FITTING)))
def test_no_session_twice_and_the_same_for_the_same_seed(seed, rules):
    found = chosen(rules, 2, seed)
    sessions = [int(A.session[row]) for one in found.examples for row in one.rows]
    assert len(sessions) == len(set(sessions))
    assert {one.rule for one in found.examples} | set(found.left_out) == set(rules)
    assert [one.rows.tolist() for one in found.examples] == [
        one.rows.tolist() for one in chosen(rules, 2, seed).examples
    ]


def test_one_kind_has_no_rarest():
    of = Compared({"A": A.rows(A.event_type == 0)}, CATALOGUE, 2)
    assert chosen(["rarest_kind"], of=of).left_out == {"rarest_kind": "no event is like this"}


def test_an_item_that_may_not_be_shown_is_no_case():
    shown = np.arange(9) > 0
    shown[4] = False
    hidden = Catalogue(CATALOGUE.counts, CATALOGUE.sessions, CATALOGUE.vectors, CATALOGUE.items, shown)
    assert Compared({"A": A}, hidden, 2).cases.tolist() == [1, 2, 6, 7, 9]


def test_an_unknown_rule():
    with pytest.raises(UnknownName) as error:
        chosen(["al_hit"])
    assert str(error.value) == (
        "No rule for examples is called 'al_hit'. Did you mean 'all_hit'? Known: all_hit, draw, long, new, none_hit, "
        "purchase, rare, rarest_kind, rl_ahead, rl_behind, rl_differs, view."
    )


@pytest.mark.parametrize(("asked", "row"), [("anna", 2), ("anna:1", 1), ("cleo:2", 7), ("x:1", 9), ("x:1:1", 9)])
def test_by_id(asked, row):
    found = by_id(BOTH, IDS, [asked, asked])
    assert (found.rule, found.rows.tolist(), found.alike, found.of) == ("sessions", [row], 1, 6)


def test_by_number_where_the_log_has_numbers():
    assert by_id(BOTH, pl.Series([10, 20, 30, 40]), ["20"]).rows.tolist() == [4]


def test_an_unknown_session_has_neighbours():
    with pytest.raises(BadOption) as error:
        by_id(BOTH, IDS, ["bort:1"])
    assert str(error.value) == (
        "The test part has no session 'bort:1'. Next to it: 'anna', 'bert', 'cleo', 'x:1'.\n"
        "  do now: give a session id as the log writes it, or ID:POSITION"
    )


def test_a_position_that_cannot_be_predicted():
    with pytest.raises(BadOption) as error:
        by_id(BOTH, IDS, ["anna:0"])
    assert str(error.value) == (
        "Session 'anna' has no event at position 0 to be predicted: that takes an event before it, and an item that "
        "may be recommended.\n  expected: one of the positions 1, 2\n  do now: give another, as ID:POSITION"
    )


def test_overlap_by_hand():
    rows = BOTH.cases
    np.testing.assert_array_equal(overlap(A.top[rows], B.top[rows]), [0.5, 0, 0.5, 1, 1, 1])
    assert overlaps(A, B, rows, 2).tolist() == [0.5, 0, 0.5, 1, 1, 1]
    assert overlaps(A, B, rows, 1).mean() == pytest.approx(4 / 6)  # the first items: rows 1, 6, 7, 9
    assert len(overlaps(A, B, rows[:0], 2)) == 0


def test_overlap_in_pieces(monkeypatch):
    whole = overlap(A.top, B.top)
    monkeypatch.setattr(agreement, "ROWS", 3)
    np.testing.assert_array_equal(overlap(A.top, B.top), whole)


def test_models_are_compared_with_different_seeds_where_there_are_any():
    rows = BOTH.cases

    def mean(one, other):
        return overlaps_of_models(one, other, rows, 2).mean()

    assert mean({1: A}, {1: B}) == pytest.approx(4 / 6)
    assert mean({1: A, 2: B}, {1: A, 2: B}) == pytest.approx(4 / 6)  # A with A would be 1
    assert mean({1: A}, {1: A, 2: B}) == pytest.approx(4 / 6)
    # Of seeds 1, 2 and 2, 3 only 2 with 2 is left out, wherever it stands.
    assert mean({1: A, 2: B}, {2: B, 3: A}) == pytest.approx((4 / 6 + 1 + 4 / 6) / 3)


def test_seeds_of_one_model():
    assert overlaps_of_seeds({1: A}, BOTH.cases, 2) is None
    three = overlaps_of_seeds({1: A, 2: B, 3: A}, BOTH.cases, 2)
    assert three.mean() == pytest.approx((4 / 6 + 1 + 4 / 6) / 3)


def test_how_much_less_is_shared_has_an_interval_over_sessions():
    random = np.random.default_rng(1)
    session = np.repeat(np.arange(200), 3)
    of_session = random.normal(size=200)[session] / 4
    within, between = 0.7 + of_session + random.normal(size=600) / 9, 0.6 + of_session + random.normal(size=600) / 9
    found = apart(within, between, session, seed=0)
    assert found.low < 0.1 < found.high  # what is the same of a session goes out of the difference
    assert found.high - found.low < 0.05
    assert found.value == pytest.approx((within - between).mean())
    none = apart(within[:27], between[:27], session[:27], seed=0)
    assert np.isnan([none.low, none.high]).all()


def test_examples_of_the_docstrings():
    assert doctest.testmod(agreement, extraglobs={"np": np}).failed == 0
