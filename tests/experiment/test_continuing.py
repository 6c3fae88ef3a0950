"""Going on from an older run on a newer log: what was known stays known, what is new is learned."""

import json
import shutil
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
import toy_shop
from safetensors.torch import load_file
from toy_described import FEATURES, prepare_described
from toy_two_logs import GONE, NEW, prepare_two_logs

from sessionrl import config
from sessionrl.continuing import Origin, continuing
from sessionrl.data.session_features import SessionFeatures
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadDirectory, BadOption
from sessionrl.experiment import Experiment, Reporter
from sessionrl.finding_runs import experiment_on, open_run, run_once
from sessionrl.recommender import Recommender, make_network, network_scorer
from sessionrl.reporting.models import load_models
from sessionrl.reporting.training_log import ended, validations
from sessionrl.runs import RunDirectory
from sessionrl.scorers import BaselineScorer
from sessionrl.training.hooks import Interrupted

GRU = toy_shop.configured("gru4rec-ce", "training.epochs=4", "inputs.event_types=true")


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    return prepare_two_logs(tmp_path_factory.mktemp("two logs"))


@pytest.fixture(scope="module")
def old(logs, tmp_path_factory):
    """A run on the older log; nobody writes into it."""
    return run_once(GRU, logs.older, tmp_path_factory.mktemp("old runs"))


@pytest.fixture(scope="module")
def new(logs, old, tmp_path_factory):
    """A run that goes on from it on the newer log; nobody writes into it."""
    return run_once(continuing(old.path, ["training.epochs=2"]), logs.newer, tmp_path_factory.mktemp("new runs"))


def file_of(run, name):
    return json.loads(getattr(run, name).read_text(encoding="utf-8"))


def scores(scorer, vocabulary, session, items):
    """Of some item ids after a session of item ids."""
    numbers = Sessions.of([vocabulary.encode(session).tolist()])
    ((_, found),) = scorer.scored(numbers, Cases(np.array([0]), np.array([len(session)])))
    return found[0][vocabulary.encode(items) - 1]


def one_case(item, run):
    sessions = Sessions.of([Recommender.load(run.path).vocabulary.encode([item]).tolist()])
    return sessions, Cases(np.array([0]), np.array([1]))


def test_right_after_the_start_known_items_score_as_before(logs, old):
    experiment = experiment_on(continuing(old.path), logs.newer)
    prepared, origin = experiment.prepared, Origin.load(old.path)
    network = make_network(experiment.config, experiment.offer)
    origin.begin(network, experiment.config, prepared, experiment.offer.item_features)
    before = Recommender.load(old.path)
    now = network_scorer(network, experiment.config, prepared.catalogue.counts)
    known = before.vocabulary.ids.to_list()
    for session in (["sku-07"], ["sku-01", "sku-12", "sku-25"]):
        was = scores(before.scorer, before.vocabulary, session, known)
        np.testing.assert_allclose(scores(now, prepared.vocabulary, session, known), was, rtol=1e-5, atol=1e-6)


def test_the_vocabulary_is_that_of_both_the_newer_log_first(logs, old, new):
    ids = Recommender.load(new.path).vocabulary.ids.to_list()
    assert set(ids) == set(toy_shop.ITEMS)
    assert ids[:-3] == logs.newer.vocabulary.ids.to_list()
    assert set(ids[-3:]) == set(GONE)
    assert file_of(new, "data")["from"] == {"run": str(old.path), "known_items": 26, "new_items": 4}


def test_what_is_new_is_learned_and_what_is_gone_is_still_read(old, new):
    recommender = Recommender.load(new.path)
    (after,) = recommender.recommend([[GONE[0], NEW[0]]], k=3)
    assert after.items[0] == NEW[1]
    assert not after.unknown
    assert Recommender.load(old.path).recommend([[NEW[0]]], k=1)[0].unknown == [NEW[0]]


def test_the_value_of_the_older_model_stands_in_the_log(logs, old, tmp_path):
    said = []
    run = run_once(continuing(old.path, ["training.epochs=1"]), logs.newer, tmp_path, Reporter(say=said.append))
    first = next(entry for entry in run.read_log() if "validation" in entry)
    assert (first["epoch"], first["step"], first["phase"]) == (0, 0, "selection")
    before = experiment_on(continuing(old.path), logs.newer)
    network = make_network(before.config, before.offer)
    Origin.load(old.path).begin(network, before.config, before.prepared, before.offer.item_features)
    assert first["validation"] == before._value(network)
    assert f"Before training: ndcg@20 {first['validation']:.4f}" in said
    ((model,),) = [model.runs for model in load_models([run.path])]
    assert validations(model)[0] == (0, first["validation"])
    assert ended(model).chosen == 1


def test_more_training_that_did_not_help_is_said(logs, old, new, tmp_path):
    said = []
    settings = continuing(new.path, ["training.learning_rate=20.0", "training.epochs=1"])
    run = run_once(settings, logs.newer, tmp_path, Reporter(say=said.append))
    before, after = [entry["validation"] for entry in run.read_log() if "validation" in entry]
    assert after <= before
    assert f"No epoch is better than the model of {new.path}: {before:.4f}" in said
    assert ended(load_models([run.path])[0].runs[0])[:2] == (1, after)
    run_once(continuing(old.path), logs.newer, tmp_path, Reporter(say=(others := []).append))
    assert not [sentence for sentence in others if sentence.startswith("No epoch")]


def test_interrupted_and_resumed_nothing_is_different(logs, old, tmp_path):
    settings = continuing(old.path, ["training.epochs=2", "training.target=twins", "refit=true"])
    whole = run_once(settings, logs.newer, tmp_path / "whole")

    def progress(at):
        if at.step == 7:
            raise KeyboardInterrupt

    stopped = experiment_on(settings, logs.newer, Reporter(progress=progress))
    run = stopped.new_run(tmp_path / "parts")
    with pytest.raises(Interrupted):
        stopped.run(run)
    opened, run = open_run(run.path)
    opened.run(run)
    for file in ("weights", "log", "rankings", "metrics"):
        assert getattr(run, file).read_bytes() == getattr(whole, file).read_bytes(), file
    assert not run.start.exists()


def test_with_features_and_ids_left_out_it_is_stopped_in_every_phase_and_resumed(tmp_path):
    shop = prepare_described(tmp_path)
    options = (FEATURES, "items.id_dropout=0.3", "training.epochs=1", "training.transitions_per_batch=64")
    ensemble = ("ensemble.baseline.name=markov", "refit=true")
    first = run_once(toy_shop.configured("gru4rec-ce", *options, *ensemble), shop, tmp_path / "first")
    settings = continuing(first.path)
    whole = run_once(settings, shop, tmp_path / "whole")
    stopped = experiment_on(settings, shop)
    run = stopped.new_run(tmp_path / "parts")

    def stop(refit):
        def progress(at):
            if at.step == 2 and run.ensemble.is_file() == refit:  # the weight is chosen between the two phases
                raise KeyboardInterrupt

        return progress

    for phase in ("selection", "refit"):
        stopped.reporter = Reporter(progress=stop(phase == "refit"))
        with pytest.raises(Interrupted):
            stopped.run(run)
        assert (run.checkpoint / f"{phase}.safetensors").is_file()
        stopped, run = open_run(run.path)
    stopped.run(run)
    for file in ("weights", "log", "ensemble", "rankings", "metrics"):
        assert getattr(run, file).read_bytes() == getattr(whole, file).read_bytes(), file


def test_killed_before_the_first_checkpoint_the_older_model_is_logged_once(logs, old, new, tmp_path):
    experiment = experiment_on(continuing(old.path, ["training.epochs=2"]), logs.newer)
    run = experiment.new_run(tmp_path)
    run.append_log(new.read_log()[0])
    opened, run = open_run(run.path)
    opened.run(run)
    assert run.log.read_bytes() == new.log.read_bytes()


def test_learned_vectors_are_not_moved_to_those_of_the_catalogue_again(logs, old, tmp_path):
    experiment = experiment_on(continuing(old.path, ["items.warm_start=5.0", "training.epochs=1"]), logs.newer)
    run = experiment.new_run(tmp_path)
    start = load_file(run.start)["items.id"]
    experiment.config["training"]["learning_rate"] = 1e-12
    experiment.run(run)
    torch.testing.assert_close(load_file(run.weights)["items.id"], start)


def test_the_older_run_is_not_needed_once_the_new_one_has_begun(logs, old, new, tmp_path):
    copied = RunDirectory(shutil.copytree(old.path, tmp_path / "old"))
    experiment = experiment_on(continuing(copied.path, ["training.epochs=2"]), logs.newer)
    run = experiment.new_run(tmp_path)
    shutil.rmtree(copied.path)
    opened, run = open_run(run.path)
    opened.run(run)
    assert run.weights.read_bytes() == new.weights.read_bytes()
    assert open_run(run.path)[0].measure(run).to_json() == file_of(new, "metrics")


def test_a_run_that_goes_on_is_another_model_than_one_from_the_start(logs, old, new, tmp_path):
    anew = run_once({**GRU, "training": {**GRU["training"], "epochs": 2}}, logs.newer, new.path.parent)
    assert anew.path != new.path
    labels = [model.label for model in load_models([new.path, anew.path])]
    assert labels == ["gru4rec-ce (from=gru4rec-ce-older)", "gru4rec-ce"]


def test_values_of_session_features_are_matched_by_their_names(logs, old):
    then = SessionFeatures(("country", "device"), (("se", "de"), ("phone",)))
    now = SessionFeatures(("device", "segment", "country"), (("tv", "phone"), ("new",), ("de", "fr")))
    experiment, origin = experiment_on(continuing(old.path), logs.newer), Origin.load(old.path)
    settings = config.override(experiment.config, ["inputs.session_features=true"])
    offer = origin.offer._replace(session_features=then)
    trained = make_network(settings, offer)
    with torch.no_grad():
        trained.inputs.features.copy_(1.0 + torch.arange(5.0)[:, None].expand(-1, 8))
    network = make_network(settings, experiment.offer._replace(session_features=now))
    prepared = replace(experiment.prepared, session_features=now)
    origin._replace(network=trained, offer=offer).begin(network, settings, prepared, experiment.offer.item_features)
    # Rows: unknown device, tv, phone; unknown segment, new; unknown country, de, fr.
    assert network.inputs.features[:, 0].tolist() == [4, 0, 5, 0, 0, 1, 3, 0]


def test_what_has_other_shapes_is_refused(logs, old, tmp_path):
    experiment = experiment_on(continuing(old.path, ["items.dim=16"]), logs.newer)
    with pytest.raises(BadOption) as error:
        experiment.new_run(tmp_path)
    assert str(error.value).startswith(f"{old.path} cannot go on with items.dim=16: ")
    assert str(error.value).endswith(
        f".\n  do now: leave what shapes the network as {old.config} has it, or train anew without --from"
    )
    assert not list(tmp_path.iterdir())


def test_a_run_whose_network_reads_another_table_of_items_is_not_used_again(tmp_path):
    shop = prepare_described(tmp_path)
    place = pl.col("place").reverse()
    other = replace(shop, catalogue=replace(shop.catalogue, items=shop.catalogue.items.with_columns(place)))
    small = toy_shop.configured("gru4rec-ce", "training.epochs=1")
    plain = run_once(small, shop, tmp_path / "runs")
    assert run_once(small, other, tmp_path / "runs").path == plain.path
    reads = config.override(small, [FEATURES])
    first = run_once(reads, shop, tmp_path / "runs")
    assert run_once(reads, shop, tmp_path / "runs").path == first.path
    assert run_once(reads, other, tmp_path / "runs").path != first.path


def test_vectors_of_another_column_are_refused(logs, old, tmp_path):
    given = {"look": "a", "text": "b"}
    like = [[1.0, float(number)] for number in range(len(logs.older.vocabulary) - 1)]
    table = logs.older.catalogue.items.with_columns(pl.Series(name, like) for name in given)
    older = replace(logs.older, catalogue=replace(logs.older.catalogue, items=table))
    trained = Experiment(config.override(GRU, ['items.features=["look"]', "training.epochs=1"]), older)
    run = trained.new_run(tmp_path)
    trained.run(run)
    with pytest.raises(BadOption) as error:
        experiment_on(continuing(run.path, ['items.features=["text"]']), older).new_run(tmp_path / "new")
    assert str(error.value) == (
        f"{run.path} cannot go on with items.features=['text']: the vectors of items are look (2 numbers) there and "
        f"text (2 numbers) here.\n  do now: leave what shapes the network as {run.config} has it, or train anew "
        "without --from"
    )
    assert experiment_on(continuing(run.path), older).new_run(tmp_path / "new")


def test_a_baseline_is_fitted_again_instead(logs, tmp_path):
    run = run_once(toy_shop.configured("markov"), logs.older, tmp_path)
    with pytest.raises(BadOption) as error:
        experiment_on(continuing(run.path), logs.newer)
    assert str(error.value) == (
        f"{run.path} holds the baseline 'markov', which has no weights to go on from.\n"
        f"  do now: fit it on the new data, which is fast: sessionrl train {run.config} --data DIRECTORY"
    )


def test_a_log_of_another_shop_is_refused(logs, old, tmp_path):
    experiment = experiment_on(continuing(old.path), logs.newer)
    other = Origin.load(old.path)
    foreign = other._replace(vocabulary=type(other.vocabulary)([f"x{number}" for number in range(27)]))
    network = make_network(experiment.config, experiment.offer)
    with pytest.raises(BadOption) as error:
        foreign.begin(network, experiment.config, experiment.prepared, experiment.offer.item_features)
    assert str(error.value) == (
        f"{old.path} knows none of the 30 items of {logs.newer.path}.\n"
        "  do now: check that both logs write their item ids alike, or train anew without --from"
    )


def test_the_network_of_an_ensemble_goes_on_and_its_baseline_is_fitted_again(logs, tmp_path):
    settings = config.override(GRU, ["ensemble.baseline.name=stan", "training.epochs=1"])
    old = run_once(settings, logs.older, tmp_path)
    new = run_once(continuing(old.path), logs.newer, tmp_path)
    scorer = Recommender.load(new.path).scorer
    assert len(scorer.network.counts) == 31
    (listed,) = [scores for _, scores in BaselineScorer(scorer.baseline).scored(*one_case(NEW[0], new))]
    assert Recommender.load(new.path).vocabulary.encode([NEW[1]])[0] in listed.items
    assert new.ensemble.is_file()


def test_without_the_weights_to_begin_with_it_is_said(logs, old, tmp_path):
    run = experiment_on(continuing(old.path), logs.newer).new_run(tmp_path)
    run.start.unlink()
    opened, run = open_run(run.path)
    with pytest.raises(BadDirectory) as error:
        opened.run(run)
    assert str(error.value) == (
        f"{run.start} is missing: the weights of {old.path}, from which this training goes on.\n"
        f"  do now: begin it again with `sessionrl train {run.config}`"
    )


def test_an_experiment_on_data_without_the_older_items_is_refused(logs, old, tmp_path):
    with pytest.raises(BadOption) as error:
        Experiment(continuing(old.path), logs.newer).new_run(tmp_path)
    assert str(error.value) == (
        f"{logs.newer.path} lacks 3 items that {old.path} knows.\n"
        "  do now: make the experiment with sessionrl.finding_runs.experiment_on, which adds them"
    )
