from pathlib import Path

import polars as pl
import pytest
from shelf import METRICS, NEXT_ITEM, POPULARITY, SQN, network, rankings

from sessionrl.errors import BadDirectory, BadOption
from sessionrl.reporting.families import family
from sessionrl.reporting.models import differences, load_catalogue, load_models
from sessionrl.reporting.results import results_of
from sessionrl.runs import RunDirectory, read_json, write_json


def test_runs_that_differ_only_in_their_seed_are_one_model(shelves):
    models = load_models(shelves)
    assert [model.label for model in models] == ["popularity", "gru4rec", "sqn-gru", "smorl-gru"]
    assert [model.seeds for model in models] == [[1], [1, 2], [1, 2], [1, 2]]
    assert [model.kind for model in models] == ["baseline", "network", "network", "network"]
    assert [model.part for model in models] == ["popularity", "next_item", "sqn", "smorl"]
    assert models[1].paths == [shelves[1], shelves[4]]
    assert [len(log) for log in models[1].log] == [18, 18]
    assert models[0].log == [[]]
    assert [len(one) for one in models[2].rankings] == [len(models[0].rankings[0])] * 2
    assert len(load_catalogue(models)) == 61


def test_models_of_one_preset_are_told_apart_by_their_options(shelf):
    ranked = rankings(1, 1)
    paths = [
        shelf.run("a", network(objective=SQN), ranked, preset="sqn-gru"),
        shelf.run("b", network(objective={**SQN, "gamma": 0.9}), ranked, preset="sqn-gru"),
        shelf.run("c", network(objective={**SQN, "gamma": 0.9}, training={"clip": 1.0}), ranked, preset="sqn-gru"),
        shelf.run("d", network(), ranked, preset="gru4rec"),
    ]
    assert [model.label for model in load_models(paths)] == [
        "sqn-gru",
        "sqn-gru (objective.gamma=0.9)",
        "sqn-gru (objective.gamma=0.9, training.clip=1.0)",
        "gru4rec",
    ]


def test_a_control_is_called_by_its_objective_whatever_else_that_has(shelf):
    ranked = rankings(1, 1)
    hist = {"name": "hist", "supervised": NEXT_ITEM, "weight": 1.0, "longest": 50}
    paths = [
        shelf.run("a", network(objective=SQN), ranked, preset="sqn-gru"),
        shelf.run("b", network(objective=hist), ranked, preset="sqn-gru"),
        shelf.run("c", network(objective={**hist, "longest": 9}), ranked, preset="sqn-gru"),
    ]
    labels = [model.label for model in load_models(paths)]
    assert labels == [
        "sqn-gru",
        "sqn-gru (objective.longest=50, objective.name=hist)",
        "sqn-gru (objective.longest=9, objective.name=hist)",
    ]
    (alone,) = load_models(paths[1:2])
    assert alone.label == "sqn-gru (objective.name=hist)"


def test_models_that_would_be_called_alike_have_all_their_differences_in_their_names(shelf):
    paths = [
        shelf.run("a", network(), rankings(1, 1), preset="mine"),
        shelf.run("b", network(training={"clip": 1.0}), rankings(1, 1), preset="mine"),
        shelf.run("c", network(policy={"revisit": 1.0}), rankings(1, 1), preset="mine"),
    ]
    assert [model.label for model in load_models(paths)] == [
        "mine",
        "mine (training.clip=1.0)",
        "mine (policy.revisit=1.0)",
    ]
    without = network()
    del without["training"]["epochs"]
    paths = [
        shelf.run("d", network(training={"epochs": 5}), rankings(1, 1), preset="gru4rec-ce"),
        shelf.run("e", without, rankings(1, 1), preset="gru4rec-ce"),
    ]
    assert [model.label for model in load_models(paths)] == [
        "gru4rec-ce (training.epochs=5)",
        "gru4rec-ce (training.epochs=none)",
    ]


def test_of_one_seed_trained_twice_the_newest_counts_and_it_is_said(shelf):
    new = shelf.run("new", POPULARITY, rankings(0, 1), preset="popularity", started="2026-05-02T08:00:00+00:00")
    old = shelf.run("old", POPULARITY, rankings(0, 1), preset="popularity", started="2026-05-01T23:00:00+00:00")
    (model,) = load_models([new, old])
    assert model.paths == [new]
    assert model.notes == (f"{old} has the configuration and the seed of {new}, which is newer: it was left out.",)


def test_a_run_given_twice_counts_once(shelf):
    run = shelf.run("one", POPULARITY, rankings(0, 1))
    (model,) = load_models([run, run])
    assert model.paths == [run]
    assert model.notes == (f"{run} was given twice and counts once.",)


def test_runs_on_different_data_are_refused(shelf):
    one = shelf.run("one", POPULARITY, rankings(0, 1))
    two = shelf.run("two", POPULARITY, rankings(0, 1), card={"fingerprint": "fedcba9876543210"})
    with pytest.raises(BadDirectory) as caught:
        load_models([one, two])
    assert str(caught.value) == (
        f"{one} and {two} are of different data: the first has the fingerprint 0123456789abcdef, "
        "the second fedcba9876543210.\n"
        "  do now: give runs of one prepared data set, or train the second again with "
        f"`sessionrl train {two}/config.toml --data prepared/shop`"
    )


def test_runs_whose_numbers_mean_different_items_are_refused(shelf):
    paths = [shelf.run(name, POPULARITY, rankings(0, 1), preset=name) for name in ("anew", "one", "two")]
    for path, further in zip(paths[1:], (["old-1", "old-2"], ["old-2"]), strict=True):
        run = RunDirectory(path)
        write_json(run.data, {**read_json(run.data), "from": {"run": "older"}})
        items = pl.read_parquet(run.items)
        pl.concat([items, pl.DataFrame({"item_id": further})], how="diagonal").write_parquet(run.items)
    for alike in (paths[:2], paths[::2]):
        assert len(load_models(alike)) == 2
    with pytest.raises(BadDirectory) as caught:
        load_models(paths)
    assert str(caught.value) == (
        f"{paths[1]} and {paths[2]} know different items besides those of their data, because they go on from "
        "different runs or were extended by different tables.\n"
        "  do now: compare each of them with the runs that know the items of the data alone"
    )


def test_an_unfinished_run_is_refused(shelf):
    run = shelf.run("one", POPULARITY, rankings(0, 1))
    (run / "metrics.json").unlink()
    with pytest.raises(BadDirectory) as caught:
        load_models([run])
    assert str(caught.value) == (
        f"{run} is an unfinished run: it has no metrics.json.\n"
        f"  do now: finish it with `sessionrl train --resume {run}`, or leave it out"
    )


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(BadDirectory) as caught:
        load_models([tmp_path])
    assert str(caught.value) == (
        f"{tmp_path} is not a run: it has no config.toml.\n  do now: give a directory that `sessionrl train` printed"
    )


def test_no_run_at_all_is_refused():
    with pytest.raises(BadOption) as caught:
        load_models([])
    assert str(caught.value) == "Give at least one run: a directory that `sessionrl train` printed."


def test_differences_name_options_and_what_only_the_other_has():
    one, other = {"a": {"x": 1, "y": 2}, "b": METRICS}, {"a": {"x": 1, "y": 3, "z": 4}, "b": METRICS}
    assert differences(one, other) == {"a.y": 2, "a.z": None}
    assert differences(one, one) == {}


def test_a_missing_file_is_named(shelf):
    run = shelf.run("one", POPULARITY, rankings(0, 1))
    Path(run / "data.json").unlink()
    with pytest.raises(BadDirectory) as caught:
        load_models([run])
    assert str(caught.value) == (f"{run}/data.json is missing.\n  do now: check the path, or make the directory again")


def test_an_ensemble_has_a_colour_of_its_own(shelf):
    ensemble = {"baseline": {"name": "stan"}, "weight": 0.3}
    paths = [
        shelf.run("alone", network(), rankings(1, 1), preset="gru4rec"),
        shelf.run("both", {**network(), "ensemble": ensemble}, rankings(1, 1), preset="gru4rec-knn"),
        shelf.run("counts", POPULARITY, rankings(1, 1), preset="popularity"),
    ]
    assert [family(model) for model in load_models(paths)] == ["supervised", "ensemble", "baseline"]


def test_an_ensemble_and_its_control_differ_in_more_than_the_objective(shelf):
    ensemble = {"baseline": {"name": "stan"}, "weight": 0.3}
    paths = [
        shelf.run("alone", network(), rankings(1, 1), preset="gru4rec"),
        shelf.run("both", {**network(objective=SQN), "ensemble": ensemble}, rankings(1, 1), preset="sqn-knn"),
    ]
    models = load_models(paths)
    (found,) = results_of(models, 100).controlled
    assert {"ensemble.weight", "ensemble.baseline.name"} <= set(found.other)
