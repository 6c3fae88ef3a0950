"""Calibration of Q: a head that is the return is perfect, a planted shift is its bias, and rewards by hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl import registry
from sessionrl.analysis.calibration import Head, Played, above_smallest, calibration, earned, played
from sessionrl.analysis.heads import head_names, known
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.prepared import Prepared
from sessionrl.data.sessions import Sessions
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.objectives.objective import Valued

KINDS = ("view", "purchase")
ROWS = [[1, 2, 3], [4], [2, 4, 1, 1], [3, 3]]
EVENTS = [[0, 1, 0], [0], [0, 0, 1, 0], [1, 1]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    sessions = Sessions.of(ROWS, EVENTS)
    vectors = np.eye(5, 2, dtype=np.float32)
    counts = np.array([0, 8, 4, 2, 1])
    catalogue = Catalogue(counts, counts, vectors, pl.DataFrame({"item_id": list("abcd")}))
    card = {"parts": {"train": {"kinds": {"view": 9, "purchase": 6}}}}
    parts = {"train": sessions, "valid": sessions, "test": sessions}
    rewards = np.array([0.5, 2.0], np.float32)
    path = tmp_path_factory.mktemp("prepared")
    return Prepared(path, parts, Vocabulary(pl.Series(list("abcd"))), catalogue, KINDS, rewards, card, "0" * 16)


def network(rewards):
    torch.manual_seed(0)
    return Network(Items(5, 6), registry.build("backbone", {"name": "gru"}, dim=6), rewards).eval()


def of(realised, predicted, reward=None, kind=None):
    n = len(realised)
    head = Head("q", np.asarray(reward if reward is not None else realised, float), np.asarray(predicted, float),
                np.asarray(realised, float))  # fmt: skip
    session = np.arange(n) // 2
    kinds = np.zeros(n, np.int64) if kind is None else np.asarray(kind)
    return Played((head,), session, kinds, Valued({}, 0.5)), head


def test_returns_and_predictions_of_logged_actions_by_hand(prepared):
    net, objective = network(1), registry.build("objective", {"name": "sqn", "gamma": 0.5})
    found = played(net, objective, prepared.test, prepared, known(prepared, 0))
    # Actions are all events but the first: 2, 3 | - | 4, 1, 1 | 3, with rewards 2, .5 | .5, 2, .5 | 2.
    assert found.session.tolist() == [0, 0, 2, 2, 2, 3]
    assert found.kind.tolist() == [1, 0, 0, 1, 0, 1]
    (head,) = found.heads
    assert head.reward.tolist() == [2, 0.5, 0.5, 2, 0.5, 2]
    assert head.realised.tolist() == [2.25, 0.5, 0.5 + 0.5 * 2.25, 2.25, 0.5, 2]
    from sessionrl.nn.prefixes import Prefixes

    alone = [([1], 2), ([1, 2], 3), ([2], 4), ([2, 4], 1), ([2, 4, 1], 1), ([3], 3)]
    for value, (items, action) in zip(head.predicted, alone, strict=True):
        state = Prefixes(torch.tensor([items]), torch.tensor([len(items) - 1]))
        own = net(state, heads="q", taken=torch.tensor([action])).q.item()
        assert value == pytest.approx(own, abs=1e-6)


def test_an_event_that_may_not_be_recommended_takes_a_step_and_earns_nothing(prepared):
    shown = np.array([False, False, True, True, True])
    hidden = replace(prepared, catalogue=replace(prepared.catalogue, recommendable=shown))
    objective = registry.build("objective", {"name": "sqn", "gamma": 0.5})
    found = played(network(1), objective, prepared.test, hidden, known(hidden, 0))
    assert found.session.tolist() == [0, 0, 2, 3]
    assert found.heads[0].realised.tolist() == [2.25, 0.5, 0.5, 2]


def test_shuffled_rewards_are_the_same_however_sessions_are_grouped(prepared, monkeypatch):
    objective = registry.build("objective", {"name": "shuffled_reward", "of": {"name": "sqn"}})
    many = prepared.test.select(np.tile(np.arange(len(prepared.test)), 20))
    whole = played(network(1), objective, many, prepared, known(prepared, 0))
    monkeypatch.setattr("sessionrl.analysis.calibration.CELLS", 20)
    pieces = played(network(1), objective, many, prepared, known(prepared, 0))
    assert pieces.heads[0].reward.tolist() == whole.heads[0].reward.tolist()
    assert len(set(map(tuple, whole.heads[0].reward.reshape(20, -1).tolist()))) > 1


def test_every_head_has_its_own_reward_and_name(prepared):
    objective = registry.build("objective", {"name": "smorl"})
    net = network(3)
    found = played(net, objective, prepared.test, prepared, known(prepared, 0))
    assert [head.name for head in found.heads] == ["relevance", "diversity", "novelty"]
    assert head_names(objective, net, prepared) == ["relevance", "diversity", "novelty"]
    tail = prepared.catalogue.tail()
    assert found.heads[2].reward.tolist() == tail[[2, 3, 4, 1, 1, 3]].astype(float).tolist()


def test_what_is_no_value_is_not_calibrated(prepared):
    for name, heads in (("hist", 1), ("next_item", 0)):
        objective = registry.build("objective", {"name": name})
        assert played(network(heads), objective, prepared.test, prepared, known(prepared, 0)) is None
    assert head_names(registry.build("objective", {"name": "hist"}), network(1), prepared) == ["head 1"]


def test_what_is_known_of_kinds_comes_from_the_card(prepared):
    assert known(prepared, 0).kind_shares.tolist() == pytest.approx([0.6, 0.4])


def test_a_head_that_is_the_return_is_perfect():
    realised = np.random.default_rng(0).gamma(2.0, size=400)
    found = calibration(*of(realised, realised), KINDS)
    assert found.bias == (0, 0, 0)
    for one in (found.correlation, found.slope, found.explained):
        assert one == pytest.approx((1, 1, 1), abs=1e-4)
    assert len(found.bins) == 10
    assert sum(one.events for one in found.bins) == 400
    for one in found.bins:
        assert one.predicted == pytest.approx(one.realised.value, rel=1e-6)
        assert one.realised.low <= one.realised.value <= one.realised.high


@settings(max_examples=10)
@given(st.floats(-3, 3), st.integers(0, 5))
def test_a_planted_shift_is_the_bias_and_changes_no_order(shift, seed):
    realised = np.random.default_rng(seed).normal(size=60)
    found = calibration(*of(realised, realised + shift), KINDS, seed)
    assert found.bias == pytest.approx((shift,) * 3, abs=1e-5)
    assert found.correlation.value == pytest.approx(1)
    assert found.slope.value == pytest.approx(1)
    assert found.explained.value == pytest.approx(1 - shift**2 / realised.var())


def test_a_prediction_that_spreads_twice_too_far_has_half_the_slope():
    realised = np.random.default_rng(1).normal(size=200)
    found = calibration(*of(realised, 2 * realised), KINDS)
    assert found.slope.value == pytest.approx(0.5)
    assert found.slope.low < 0.5001


def test_intervals_of_a_head_that_hardly_spreads_are_those_of_one_about_zero():
    random = np.random.default_rng(0)
    predicted = 0.01 * random.normal(size=2000)
    realised = 0.7 * predicted + 0.01 * random.normal(size=2000)
    near, far = (calibration(*of(realised + level, predicted + level), KINDS) for level in (0, 10))
    assert far.slope == pytest.approx(near.slope, abs=1e-4)
    assert far.explained == pytest.approx(near.explained, abs=1e-4)


def test_a_constant_is_the_yardstick_and_has_no_order():
    realised = np.random.default_rng(2).normal(1.0, size=100)
    found = calibration(*of(realised, np.full(100, realised.mean())), KINDS)
    assert found.explained.value == pytest.approx(0, abs=1e-9)
    assert np.isnan(found.correlation.value)
    assert len(found.bins) == 1


def test_noise_is_seldom_taken_for_knowledge():
    taken = 0
    for seed in range(40):
        realised, predicted = np.random.default_rng(seed).normal(size=(2, 200))
        found = calibration(*of(realised, predicted), KINDS, seed)
        taken += found.correlation.low > 0
        assert found.explained.high < 0
    assert taken <= 4  # one in forty is expected


def test_kinds_and_what_they_earn_by_hand():
    read, head = of([2.25, 0.5, 2.0, 0.5], [1, 1, 2, 2], reward=[2, 0.5, 2, 0.5], kind=[1, 0, 1, 0])
    found = calibration(read, head, (*KINDS, "cart"))
    assert [(one.name, one.events, one.predicted, one.realised.value) for one in found.kinds] == [
        ("view", 2, 1.5, 0.5),
        ("purchase", 2, 1.5, 2.125),
    ]
    assert earned(read, head, (*KINDS, "cart")) == [("view", 2, 0.5, 0.5, 0.2), ("purchase", 2, 2, 0.5, 0.8)]


def test_how_sparse_a_reward_is():
    assert above_smallest(np.array([0.2, 0.2, 0.2, 1.0])) == 0.25
    assert above_smallest(np.array([0.0, -1e-9, 1.0, 1.0])) == 0.5
    assert above_smallest(np.full(3, 0.7)) == 0
