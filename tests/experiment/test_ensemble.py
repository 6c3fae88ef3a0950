"""A network and a baseline in one run: how they are mixed, how the weight is chosen, and what is kept."""

import json
import math

import numpy as np
import pytest
import torch
import toy_shop
from hypothesis import given
from hypothesis import strategies as st

from sessionrl import config, registry
from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.sessions import Sessions
from sessionrl.ensemble import GRID, EnsembleScorer, mixed
from sessionrl.errors import BadOption
from sessionrl.evaluation.metrics_file import MetricsFile
from sessionrl.evaluation.rankings import Rankings, rank
from sessionrl.experiment import Experiment, Reporter
from sessionrl.policies import Greedy
from sessionrl.recommender import Recommender

BASE = np.array([-np.inf, -0.5, -0.6, -0.7])


def sparse(*cases: dict[int, float]) -> SparseScores:
    offsets = np.concatenate([[0], np.cumsum([len(case) for case in cases])]).astype(np.int64)
    items = np.array([item for case in cases for item in case], np.int32)
    return SparseScores(BASE, offsets, items, np.array([score for case in cases for score in case.values()], float))


def test_probabilities_are_mixed_by_hand():
    order = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]).log() + torch.tensor([[7.0], [-3.0]])
    found = mixed(order, sparse({2: 3.0, 3: 1.0}, {1: 5.0}), 0.4).softmax(1)
    expected = [[0.6 * 0.5, 0.6 * 0.3 + 0.4 * 0.75, 0.6 * 0.2 + 0.4 * 0.25], [0.6 * 0.1 + 0.4, 0.6 * 0.1, 0.6 * 0.8]]
    assert found.numpy() == pytest.approx(np.array(expected), rel=1e-5)


def test_where_the_baseline_lists_nothing_the_network_is_alone():
    order = torch.tensor([[0.5, -3.0, 2.0], [0.1, 0.1, 0.8]])
    found = mixed(order, sparse({}, {1: 0.0}), 0.9)
    assert torch.equal(found, order)


def test_the_smallest_scores_are_shares_like_any_other():
    found = mixed(torch.zeros(1, 3), sparse({1: 5e-324, 2: 1e5}), 0.5).softmax(1)
    assert found.numpy() == pytest.approx(np.array([[1 / 6, 1 / 6 + 1 / 2, 1 / 6]]), rel=1e-5)
    assert mixed(torch.zeros(1, 3), sparse({1: 5e-324}), 0.5).softmax(1)[0, 0] == pytest.approx(1 / 6 + 1 / 2)


numbers = st.floats(-50, 50, width=32)
listed = st.dictionaries(st.integers(1, 3), st.floats(0.01, 100), max_size=3)


@given(rows=st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=4), data=st.data())
def test_at_weight_0_the_scores_are_the_networks_and_at_weight_1_the_baseline_comes_first(rows, data):
    order = torch.tensor(rows, dtype=torch.float32)
    cases = [data.draw(listed) for _ in rows]
    assert torch.equal(mixed(order, sparse(*cases), 0.0), order)
    alone = mixed(order - order.amax(1, keepdim=True) * 0.9, sparse(*cases), 1.0)
    for case, row in zip(cases, alone.tolist(), strict=True):
        for item, score in case.items():
            worse = [other for other in case if case[other] < 0.99 * score]
            assert all(row[other - 1] < row[item - 1] for other in worse)


def settings(*assignments: str) -> config.Config:
    return toy_shop.configured("gru4rec-knn", "ensemble.baseline.name=markov", *assignments)


def finished(toy, parent, *assignments, say=lambda sentence: None):
    experiment = Experiment(settings(*assignments), toy, Reporter(say))
    run = experiment.new_run(parent)
    experiment.run(run)
    return run


@pytest.fixture(scope="module")
def done(toy, tmp_path_factory):
    said = []
    return finished(toy, tmp_path_factory.mktemp("runs"), "refit=true", say=said.append), said


def test_the_weight_is_the_best_on_the_validation_part_and_stays_when_both_are_refitted(done, toy):
    run, said = done
    chosen = json.loads(run.ensemble.read_text(encoding="utf-8"))
    values = {float(weight): value for weight, value in chosen["ndcg@20"].items()}
    assert tuple(values) == GRID
    assert values[chosen["weight"]] == max(values.values())
    network = max(entry["validation"] for entry in run.read_log() if "validation" in entry)
    assert values[0.0] == network
    both = len(toy.train) + len(toy.valid)
    assert said[-5:] == [
        f"Fitting markov on {len(toy.train):,} sessions",
        f"Chose ensemble.weight={chosen['weight']} on view/new of the validation part",
        f"Training gru4rec-knn (refit) on {both:,} sessions",
        f"Fitting markov on {both:,} sessions",
        f"Ranking {len(toy.test.items):,} events of test over 30 items",
    ]
    assert Recommender.load(run.path).scorer.weight == chosen["weight"]


def test_what_is_loaded_ranks_as_what_was_measured(done, toy):
    run, _ = done
    loaded, kept = Recommender.load(run.path), Rankings.load(run.rankings)
    again = rank(loaded.scored(toy.test), toy.test, toy.kinds, 30)
    assert all(np.array_equal(getattr(again, name), getattr(kept, name)) for name in ("greater", "equal", "top"))
    assert MetricsFile.load(run.metrics).find("ndcg@20").value > 0.6


def test_a_weight_that_is_given_is_taken(toy, tmp_path):
    run = finished(toy, tmp_path, "ensemble.weight=0.25", "policy.revisit=[]")
    assert not run.ensemble.exists()
    loaded = Recommender.load(run.path)
    assert isinstance(loaded.scorer, EnsembleScorer)
    assert loaded.scorer.weight == 0.25
    sessions = Sessions.of([[3, 4], [5], [6, 6, 7]])
    order = dict(_rows(loaded.scorer.network, sessions))
    for case, row in _rows(loaded.scorer, sessions):
        share = np.zeros(30)
        if case[1]:
            followers = loaded.scorer.baseline.scores(sessions, _one(case))
            share[followers.items - 1] = followers.scores
        expected = (
            0.75 * order[case].softmax(0).numpy() + 0.25 * share if share.any() else order[case].softmax(0).numpy()
        )
        assert row.softmax(0).numpy() == pytest.approx(expected, rel=1e-4)


def test_the_policy_comes_after_the_mixture(tmp_path, toy):
    run = finished(toy, tmp_path, "ensemble.weight=0.5", "policy.revisit=[]")
    scorer, sessions = Recommender.load(run.path).scorer, Sessions.of([[3, 4, 3]])
    plain = dict(_rows(scorer, sessions))
    scorer.network.policy = Greedy(revisit=(5.0,))
    for case, row in _rows(scorer, sessions):
        added = torch.zeros(30)
        added[[item - 1 for item in [3, 4, 3][: case[1]]]] = 5.0
        torch.testing.assert_close(row - plain[case], added, atol=1e-5, rtol=0)


def _one(case):
    from sessionrl.data.sessions import Cases

    return Cases(np.array([case[0]]), np.array([case[1]]))


def _rows(scorer, sessions):
    for chunk, scores in scorer.scored(sessions, sessions.cases()):
        yield from zip(zip(chunk.session.tolist(), chunk.length.tolist(), strict=True), scores, strict=True)


def test_a_run_that_was_stopped_after_the_choice_does_not_choose_again(done, toy, tmp_path):
    experiment = Experiment(settings(), toy)
    run = experiment.new_run(tmp_path)
    run.ensemble.write_text('{"weight": 0.7}', encoding="utf-8")
    experiment.run(run)
    assert Recommender.load(run.path).scorer.weight == 0.7


def refused(toy, *assignments) -> str:
    with pytest.raises(BadOption) as error:
        Experiment(settings(*assignments), toy)
    return str(error.value)


def test_options_that_do_not_fit_are_refused(toy):
    assert refused(toy, "ensemble.weight=1.5") == (
        "[ensemble], option 'weight' = 1.5: Input should be less than or equal to 1."
    )
    assert refused(toy, "ensemble.baseline.name=stan", "ensemble.baseline.nearnes=3") == (
        "baseline 'stan' has no option 'nearnes'. Did you mean 'nearness'? Options: neighbours, sample, position, "
        "recency, nearness, match, similarity, idf_weighting, last_items."
    )
    with pytest.raises(BadOption) as error:
        config.complete({**config.load("gru4rec"), "ensemble": {"baseline": {"neighbours": 9}}})
    assert str(error.value) == (
        "[ensemble.baseline] has no 'name'. Give it as ensemble.baseline.name=stan. "
        f"Known: {', '.join(registry.names('baseline'))}."
    )
    with pytest.raises(BadOption) as error:
        config.complete({"baseline": {"name": "markov"}, "ensemble": {"weight": 0.5}})
    assert str(error.value) == "A baseline has no section [ensemble]. Leave out [baseline] to train a network."


def test_every_default_of_the_baseline_is_written_out():
    complete = config.complete(config.load("gru4rec-knn"))
    assert complete["ensemble"]["weight"] == "none"
    assert complete["ensemble"]["baseline"]["recency"] == "none"
    assert config.complete(complete) == complete


def test_without_a_validation_part_the_weight_must_be_given(tmp_path):
    prepared = toy_shop.prepare_log(tmp_path, valid_days=0.0)
    assert refused(prepared) == (
        "There is no validation part on which ensemble.weight could be chosen.\n"
        "  do now: give it, as in ensemble.weight=0.3, or prepare the data with a validation part"
    )
    assert math.isclose(Experiment(settings("ensemble.weight=0.5"), prepared).config["ensemble"]["weight"], 0.5)
