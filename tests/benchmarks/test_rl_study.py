"""The study "rl": variants differ in the objective alone, share the first trials, and the results outlive the runs."""

import importlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_shop import COLUMNS, KINDS, SMALL, write_log

from sessionrl import config, registry
from sessionrl.data.preparation import Preparation
from sessionrl.evaluation.rankings import Rankings

FOLDER = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="benchmarks are no part of a source distribution")

MODULES = ("tables", "printing", "finals", "search", "studies", "variants")
MODELS = ("popularity", "encoder-gru", "next-gru", "sqn-gru", "gamma0-gru", "unheard-gru")


@pytest.fixture
def modules(monkeypatch):
    """By name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield {name: importlib.import_module(name) for name in MODULES}
    for name in MODULES:
        sys.modules.pop(name)


@pytest.fixture
def call(modules, monkeypatch, tmp_path):
    """The script on a toy shop with the study's own variants, one of them of an objective that is not there."""
    made = dict(modules["variants"].VARIANTS)
    made["unheard-gru"] = replace(made["sqn-gru"], assignments=("objective.name=unheard",))
    study = replace(
        modules["studies"].STUDIES["rl"],
        path=write_log(tmp_path / "log.csv").name,
        reader={"name": "delimited", "columns": COLUMNS, "kinds": KINDS},
        preparation=Preparation(test_days=3.0, valid_days=3.0),
        models=MODELS,
        options=("evaluation.select_on=all", *SMALL, "training.epochs=1"),
        slices=("all", "view/new"),
        metrics=("ndcg@20", "hit@20", "coverage@20"),
        tune_train=60,
        tune_valid=20,
        variants=made,
    )
    monkeypatch.setitem(modules["studies"].STUDIES, "toy", study)
    folders = ["--out", str(tmp_path / "out"), "--results", str(tmp_path / "results")]
    budget = ["--trials", "4", "--shared", "2", "--seeds", "1"]
    return lambda *given: modules["tables"].main(["toy", "--data", str(tmp_path), *folders, *budget, *given])


def test_trials_are_shared_pairs_compared_and_the_results_outlive_the_runs(call, tmp_path, capsys):
    call("--stage", "search", "--models", "sqn-gru")
    assert "sqn-gru: skipped, not all trials of encoder-gru are made" in capsys.readouterr().err

    call()
    whole = capsys.readouterr()
    assert "unheard-gru: skipped, this version has no objective 'unheard'" in whole.err
    assert "**Missing**: unheard-gru has 0 of 1 finished runs, this version has no objective 'unheard'" in whole.out
    results = tmp_path / "results" / "toy"
    trials = [json.loads(line) for line in (results / "trials.jsonl").read_text().splitlines()]
    searched = ("encoder-gru", "next-gru", "sqn-gru", "gamma0-gru")
    assert [(one["model"], one["number"]) for one in trials] == [(model, n) for model in searched for n in (1, 2)]
    best = max(trials[:2], key=lambda trial: trial["value"])
    assert trials[2]["value"] == best["value"]  # the control as it is: the best of the shared trials again
    for pair in ("| sqn-gru | next-gru |", "| gamma0-gru | next-gru |", "| gamma0-gru | sqn-gru |"):
        assert whole.out.count(pair) == 2  # on both slices

    shutil.rmtree(tmp_path / "out")
    call("--stage", "table")
    later = capsys.readouterr().out
    assert [line for line in later.splitlines() if "**Missing**" in line] == [
        line for line in whole.out.splitlines() if "**Missing**" in line
    ]
    assert without_lists(later) == without_lists(whole.out)

    call("--stage", "final", "--models", "next-*,sqn-*,gamma0-*,popularity")
    assert not [path for path in (tmp_path / "out" / "toy").iterdir() if path.name != "prepared"]  # nothing to do


def without_lists(table: str) -> list[str]:
    """The tables less their last column, which has no interval where the lists are lost."""
    return [line.rsplit(" | ", 1)[0] for line in table.splitlines()]


def test_ranks_are_read_as_they_were_written(modules, call, tmp_path):
    call("--models", "popularity")
    (run,) = (tmp_path / "out" / "toy").glob("popularity-*")
    (file,) = (tmp_path / "results" / "toy" / "ranks").iterdir()
    prepared = modules["tables"].prepared_log(modules["studies"].STUDIES["toy"], tmp_path, tmp_path / "out" / "toy")
    ranked, read = Rankings.load(run / "rankings.parquet"), modules["finals"].read_ranks(file, prepared)
    assert read.top.shape == (len(ranked), 0)
    assert (read.n_items, read.kinds) == (ranked.n_items, ranked.kinds)
    for name in ("session", "position", "target", "event_type", "repeat", "greater", "equal"):
        np.testing.assert_array_equal(getattr(read, name), getattr(ranked, name))


def test_variants_differ_from_their_control_in_the_objective_alone_and_have_the_options_of_their_space(modules):
    found = modules["variants"]
    assert len(found.VARIANTS) == 2 * (len(found.OBJECTIVES) + 1)
    for name, variant in found.VARIANTS.items():
        configuration = config.override(config.load(variant.preset), variant.assignments)
        section = configuration["objective"]
        if {section["name"], section.get("of", section)["name"]} - set(registry.names("objective")):
            continue  # the script says so too
        complete, control = config.complete(configuration), config.complete(config.load(variant.preset))
        for part in ("items", "backbone", "training"):
            assert complete[part] == control[part], name
        for option, values in variant.space.items():
            for assignment in modules["search"].assignments({option: values[-1]}):
                config.complete(config.override(configuration, [assignment]))
                modules["search"]._value(complete, option)  # there is such an option, written out
