"""Trade-off fronts: weight 0 is the run itself, dials by hand, the Pareto front and the verdicts of known points."""

import doctest

import numpy as np
import pytest
import torch

from sessionrl import registry
from sessionrl.analysis import dials, front
from sessionrl.analysis.dials import NOISE, POPULARITY, START, TOGETHER, TRAINED, Dial, Setting
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.metric import metric
from sessionrl.evaluation.rankings import rank
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.scorers import NetworkScorer

V, KINDS = 31, ("view", "purchase")
HEADLINE = "ndcg@5"


@pytest.fixture(scope="module")
def catalogue():
    import polars as pl

    random = np.random.default_rng(5)
    counts = np.concatenate([[0], np.sort(random.integers(1, 300, V - 1))[::-1]]).astype(np.int64)
    vectors = random.normal(size=(V, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[0] = 0
    hidden = np.arange(V) > 0
    hidden[3] = False
    return Catalogue(counts, counts, vectors, pl.DataFrame({"item_id": range(1, V)}), hidden)


@pytest.fixture(scope="module")
def sessions():
    random = np.random.default_rng(6)
    rows = [random.integers(1, V, random.integers(1, 7)).tolist() for _ in range(60)]
    return Sessions.of(rows, [[n % 2 for n in row] for row in rows])


def scorer(catalogue, policy=None, rewards=2):
    torch.manual_seed(1)
    network = Network(Items(V, 6), registry.build("backbone", {"name": "gru"}, dim=6), rewards)
    policy = registry.build("policy", policy or {"name": "greedy"})
    return NetworkScorer(network, policy, catalogue.counts, catalogue.recommendable)


def turned(scorer, sessions, catalogue, chosen, events=1000):
    sample = dials.sampled(sessions, catalogue.recommendable, events, seed=0)
    about = dials.empty(sample, KINDS, catalogue.recommendable, 5, V - 1)
    return sample, dials.turned(scorer, sample, chosen, about, seed=0)


@pytest.mark.parametrize("policy", [{"name": "greedy"}, {"name": "greedy", "revisit": [2.0, 1.0]}])
def test_weight_0_is_the_run_itself_on_the_sample(catalogue, sessions, policy, monkeypatch):
    monkeypatch.setattr(dials, "SESSIONS", 20)
    one = scorer(catalogue, policy)
    sample, found = turned(one, sessions, catalogue, dials.dials_of(["a", "b"]), events=90)
    assert 50 < len(found[START]) <= 90 < sample.of
    shown = catalogue.recommendable
    own = rank(one.scored(sample.sessions, sample.sessions.cases()), sample.sessions, KINDS, V - 1, 5, shown)
    own = own.rows((own.position >= 1) & shown[own.target])
    for part in ("session", "position", "target", "event_type", "repeat", "greater", "equal", "top"):
        np.testing.assert_array_equal(getattr(found[START], part), getattr(own, part))
    measured = front.points(found, catalogue, HEADLINE, seed=0)
    assert measured[0].setting == START
    assert measured[0].accuracy.model == pytest.approx(metric(HEADLINE).per_case(own, catalogue).mean())
    assert measured[0].accuracy.difference == 0
    assert measured[0].axes["coverage@5"].model == metric("coverage@5").overall(own, catalogue)


def test_a_dial_at_a_weight_is_the_policy_with_that_weight(catalogue, sessions):
    chosen = [Dial("b", (1,), (0.5,)), Dial(TOGETHER, (0, 1), (-2.0,))]
    _, found = turned(scorer(catalogue), sessions, catalogue, chosen)
    for setting, weights in ((Setting("b", 0.5), [0.0, 0.5]), (Setting(TOGETHER, -2.0), [-2.0, -2.0])):
        _, own = turned(scorer(catalogue, {"name": "weighted", "weights": weights}), sessions, catalogue, [])
        assert set(own) == {START, TRAINED}
        np.testing.assert_array_equal(found[setting].greater, own[TRAINED].greater)
        np.testing.assert_array_equal(found[setting].top, own[TRAINED].top)
        assert (found[setting].top != own[START].top).any()


def test_without_popularity_only_the_rarest_are_left_and_with_it_only_the_most_popular(catalogue, sessions):
    _, found = turned(scorer(catalogue), sessions, catalogue, [Dial(POPULARITY, (), (-1e4, 1e4))])
    shown = np.flatnonzero(catalogue.recommendable)
    order = shown[np.argsort(-catalogue.counts[shown], kind="stable")]
    for weight, items in ((-1e4, order[:5]), (1e4, order[-5:])):
        counts = catalogue.counts[found[Setting(POPULARITY, weight)].top]
        assert (np.sort(counts, 1) == np.sort(catalogue.counts[items])).all()


def test_noise_is_the_same_for_one_seed_and_alone_shows_everything(catalogue, sessions):
    chosen = [Dial(NOISE, (), (1e4,))]
    (_, one), (_, again) = (turned(scorer(catalogue), sessions, catalogue, chosen) for _ in range(2))
    loud = Setting(NOISE, 1e4)
    np.testing.assert_array_equal(one[loud].top, again[loud].top)
    assert set(np.unique(one[loud].top)) == set(np.flatnonzero(catalogue.recommendable))


@pytest.mark.parametrize("tied", [True, False])
def test_a_random_head_stands_on_the_same_network_which_it_leaves_alone(catalogue, sessions, tied):
    torch.manual_seed(1)
    network = Network(Items(V, 6, tied=tied), registry.build("backbone", {"name": "gru"}, dim=6), 2)
    policy = registry.build("policy", {"name": "greedy"})
    one = NetworkScorer(network, policy, catalogue.counts, catalogue.recommendable)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    sample, found = turned(one, sessions, catalogue, [Dial("a", (0,), (1e4,))])
    about = dials.empty(sample, KINDS, catalogue.recommendable, 5, V - 1)
    own, again, other = (dials.random_head(one, sample, (0.0, 1e4), about, seed) for seed in (3, 3, 4))
    alone = Setting(dials.RANDOM, 1e4)
    assert set(own) == {Setting(dials.RANDOM, 0.0), alone}
    np.testing.assert_array_equal(own[Setting(dials.RANDOM, 0.0)].top, found[START].top)
    np.testing.assert_array_equal(own[alone].top, again[alone].top)
    assert (own[alone].top != other[alone].top).any()
    assert (own[alone].top != found[Setting("a", 1e4)].top).any()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_of_many_heads_only_the_sum_gets_a_dial():
    assert [dial.name for dial in dials.dials_of(["a"])] == ["a", POPULARITY, NOISE]
    assert [dial.name for dial in dials.dials_of(["a", "b"])] == ["a", "b", TOGETHER, POPULARITY, NOISE]
    assert [dial.name for dial in dials.dials_of(list("abcdef"))] == [TOGETHER, POPULARITY, NOISE]
    assert all(weight > 0 for weight in dials.dials_of(["a"])[-1].weights)


def test_where_few_sessions_would_fit_each_gives_one_case(catalogue, sessions):
    every = dials.sampled(sessions, catalogue.recommendable, 10**6, seed=1)
    assert every.whole
    of = len(np.unique(every.cases.session))
    for events in (of, 30):
        sample = dials.sampled(sessions, catalogue.recommendable, events, seed=1)
        assert not sample.whole
        assert len(sample.cases.session) == len(np.unique(sample.cases.session)) == len(sample.sessions.lengths)
        assert len(sample.cases.session) in (events, of)
        assert (sample.cases.length >= 1).all()
        items = sample.sessions.items[sample.sessions.offsets[sample.cases.session] + sample.cases.length]
        assert catalogue.recommendable[items].all()
    assert len(set(dials.sampled(sessions, catalogue.recommendable, of, seed=2).cases.length.tolist())) > 2


def test_sessions_are_drawn_whole_and_those_without_a_case_never(catalogue, sessions, monkeypatch):
    monkeypatch.setattr(dials, "SESSIONS", 5)
    sample = dials.sampled(sessions, catalogue.recommendable, 40, seed=1)
    assert len(sample.cases.session) <= 40
    ids = sample.sessions.ids.to_numpy()
    assert (sample.sessions.lengths == sessions.lengths[ids]).all()
    assert (np.diff(ids) > 0).all()
    assert (sample.sessions.lengths > 1).all()
    every = dials.sampled(sessions, catalogue.recommendable, 10**6, seed=1)
    assert len(every.cases.session) == every.of


@pytest.mark.parametrize(
    ("items", "settings", "events"), [(1200, 100, 4000), (30_000, 100, 2666), (10**6, 70, 300), (10**6, 300, 83)]
)
def test_events_become_fewer_with_items_and_settings(items, settings, events):
    assert dials.affordable(items, settings, 4000) == events


def test_the_example_of_the_pareto_front_is_true():
    assert doctest.testmod(front).attempted == 1
    assert doctest.testmod(front).failed == 0


def test_equal_points_are_both_on_the_front():
    assert front.pareto(np.array([1.0, 1.0, 0.0]), np.array([2.0, 2.0, 2.0])).tolist() == [True, True, False]


def known_points(catalogue, sessions):
    """Of real rankings; accuracy falls with the weight of both dials."""
    chosen = [Dial("a", (0,), (0.1, 8.0)), Dial(POPULARITY, (), (0.1, 8.0))]
    _, found = turned(scorer(catalogue), sessions, catalogue, chosen)
    return chosen, found, front.points(found, catalogue, HEADLINE, seed=0)


def with_accuracy(point, value):
    from dataclasses import replace

    return point._replace(accuracy=replace(point.accuracy, model=value))


def test_dials_are_tried_again_where_they_are_about_to_cost_too_much(catalogue, sessions):
    chosen, _, measured = known_points(catalogue, sessions)
    accuracy = {START: 1.0, Setting("a", 0.1): 0.99, Setting("a", 8.0): 0.89, Setting(POPULARITY, 0.1): 1.5}
    told = [with_accuracy(point, accuracy.get(point.setting, 1.6)) for point in measured]
    closer = {dial.name: dial.weights for dial in front.at_the_price(chosen, told, 0.02)}
    # From .1 to 8 accuracy falls from .99 to .89, so that .98 is a tenth of the way.
    assert closer["a"] == pytest.approx([0.1 + 0.79 * inside for inside in front.INSIDE])
    assert closer[POPULARITY] == ()


def test_a_network_of_its_own_is_weighed_from_its_own_weight_0(catalogue, sessions):
    """The control at weight 0 is not the network at weight 0, so that its line does not go through it."""
    one = front.points({START: known_points(catalogue, sessions)[1][START]}, catalogue, HEADLINE, seed=0)[0]
    accuracy = {0.0: 0.4, 0.1: 0.2, -0.1: 0.2}
    own = [with_accuracy(one._replace(setting=Setting(dials.SUPERVISED, w)), its) for w, its in accuracy.items()]
    (found,) = front.at_the_price([Dial(dials.SUPERVISED, (), ())], [with_accuracy(one, 0.3), *own], 0.02)
    # .294 is 53 % of the way from .4 to .2, on both sides.
    assert sorted(found.weights) == pytest.approx(
        sorted(s * 0.053 * i for i in front.INSIDE for s in (1, -1)), abs=1e-4
    )


def test_a_verdict_takes_the_highest_that_costs_little_and_measures_it_where_it_was_not_picked(catalogue, sessions):
    _, found, measured = known_points(catalogue, sessions)
    cheap = [with_accuracy(point, measured[0].accuracy.model) for point in measured]
    half = front.halves(found[START], seed=2)
    judged = front.part(found, half.judging)
    novelty = next(one for one in front.verdicts(cheap, judged, catalogue, 0.02, 0) if one.axis == "novelty@5")
    far = Setting(POPULARITY, 8.0)
    assert novelty.others.setting == far
    at, start = (metric("novelty@5").per_case(judged[one], catalogue).mean() for one in (far, START))
    assert (novelty.start, novelty.others.value) == (pytest.approx(start), pytest.approx(at))
    assert novelty.other_gain == pytest.approx(at - start)
    assert novelty.other_gain > 0
    assert novelty.difference.difference == pytest.approx(novelty.heads.value - novelty.others.value)
    dear = [measured[0], *(with_accuracy(point, 0.0) for point in measured[1:])]
    for one in front.verdicts(dear, judged, catalogue, 0.02, 0):
        assert (one.heads.setting, one.others.setting, one.difference) == (None, None, None)
        assert one.gain == one.other_gain == 0


def test_halves_hold_whole_sessions_and_every_event_once(catalogue, sessions):
    _, found, _ = known_points(catalogue, sessions)
    about = found[START]
    picking, judging = front.halves(about, seed=2)
    assert (picking ^ judging).all()
    assert not set(about.session[picking]) & set(about.session[judging])
    assert abs(len(set(about.session[picking])) - len(set(about.session[judging]))) <= 1
    one = front.part(found, judging)[START]
    assert sorted(set(one.session)) == list(range(len(set(about.session[judging]))))
    np.testing.assert_array_equal(one.top, about.top[judging])
    assert front.halves(about.rows(about.session == about.session[0]), seed=2) is None


def test_the_luck_of_the_best_of_many_is_gone_on_other_sessions(catalogue, sessions):
    """Forty orders by chance are equally good: the best of them is no better than another where it was not picked."""
    loud = [Dial(NOISE, (), tuple(1e6 + 1e4 * n for n in range(40)))]
    sample = dials.sampled(sessions, catalogue.recommendable, 1000, seed=0)
    about = dials.empty(sample, KINDS, catalogue.recommendable, 5, V - 1)
    lucky, left = [], []
    for seed in range(5):
        found = {}
        for n, weight in enumerate(loud[0].weights):
            one = dials.turned(scorer(catalogue), sample, [Dial(NOISE, (), (weight,))], about, 100 * seed + n)
            found[Setting(NOISE, weight)] = one[Setting(NOISE, weight)]
        found[START] = next(iter(found.values()))
        half = front.halves(about, seed)
        on = front.points(front.part(found, half.picking), catalogue, HEADLINE, 0)
        raised = front.most_accurate(on, front.part(found, half.judging), catalogue, HEADLINE, 0)
        lucky.append(max(point.accuracy.difference for point in on))
        left.append(raised.accuracy.difference)
    assert min(lucky) > 0
    assert abs(np.mean(left)) < np.mean(lucky) / 2
