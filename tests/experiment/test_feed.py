"""Items that inform and items that are shown: a feed learns from everything and lists only what belongs into it."""

import json

import numpy as np
import pytest
import toy_described
import toy_shop

from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment, Reporter
from sessionrl.recommender import Recommender

MODELS = {
    "network": ("gru4rec-ce", ["training.epochs=6"]),
    "weighted": ("sqn-gru", ["policy.name=weighted", "policy.weights=[0.0]"]),
    "baseline": ("session-knn", []),
    "ensemble": ("gru4rec-ce", ["ensemble.baseline.name=markov", "ensemble.weight=0.5"]),
}


@pytest.fixture(scope="module")
def feed(tmp_path_factory):
    """Every second of thirty items may be recommended."""
    return toy_described.prepare_described(tmp_path_factory.mktemp("feed"), shown=True)


@pytest.fixture(scope="module", params=MODELS)
def run(request, feed, tmp_path_factory):
    preset, options = MODELS[request.param]
    said: list[str] = []
    experiment = Experiment(toy_shop.configured(preset, *options), feed, Reporter(say=said.append))
    made = experiment.new_run(tmp_path_factory.mktemp(request.param))
    experiment.run(made)
    return made, said


def test_only_what_may_be_recommended_is_ranked(feed, run):
    shown = feed.catalogue.recommendable
    assert shown.sum() == 15
    rankings = Rankings.load(run[0].rankings)
    assert (rankings.n_items, rankings.n_shown, rankings.top.shape[1]) == (30, 15, 15)
    assert shown[rankings.top].all()
    cases = shown[rankings.target]
    assert (rankings.greater + rankings.equal)[cases].max() <= 15
    assert rankings.target.tolist() == feed.test.items.tolist(), "what only informs is still read"


def test_events_of_other_items_are_no_cases_and_this_is_said(feed, run):
    run, said = run
    hidden = int((~feed.catalogue.recommendable[feed.test.items]).sum())
    found = json.loads(run.metrics.read_text())
    protocol = found["protocol"]
    assert protocol["recommendable_items"] == 15
    assert protocol["events_of_items_not_recommended"] == hidden
    sessions = feed.test
    assert protocol["cases"] == (feed.catalogue.recommendable[sessions.items] & (sessions.position > 0)).sum()
    assert f"{hidden} of these events are of items that may not be recommended, and no cases" in said
    value = {(one["metric"], one["slice"]): one["value"] for one in found["measurements"]}
    assert value["hit@20", "all"] == pytest.approx(1), "a list of all fifteen holds the next item"
    assert value["coverage@20", "all"] == pytest.approx(1), "all that could be shown is shown"
    assert value["gini@20", "all"] == pytest.approx(0, abs=1e-12)


def test_only_what_may_be_recommended_is_served(feed, run):
    recommender = Recommender.load(run[0].path)
    answers = recommender.recommend([[], ["sku-06"], ["sku-10", "sku-11", "sku-12"]], k=15)
    for answer in answers:
        assert feed.catalogue.recommendable[feed.vocabulary.encode(answer.items)].all()
        assert np.isfinite(answer.scores).all()
        assert len(set(answer.items)) == 15
    with pytest.raises(ValueError, match=r"^k = 16, but it should lie in 1 … 15, the number of items that may be"):
        recommender.recommend([["sku-06"]], k=16)


@pytest.mark.parametrize("preset", ["gru4rec-ce", "markov"])
def test_what_only_informs_informs(feed, tmp_path, preset):
    experiment = Experiment(toy_shop.configured(preset, *([] if preset == "markov" else ["training.epochs=8"])), feed)
    run = experiment.new_run(tmp_path)
    experiment.run(run)
    answers = Recommender.load(run.path).recommend([["sku-06"], ["sku-12"], ["sku-20"]], k=2)
    for answer, following in zip(answers, ("sku-07", "sku-13", "sku-21"), strict=True):
        assert following in answer.items
