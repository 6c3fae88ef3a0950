"""benchmarks/tables.py: the search is equal for all, sees validation only, is resumed, and names what is missing."""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from toy_shop import COLUMNS, KINDS, SMALL, write_log

from sessionrl.data.preparation import Preparation

FOLDER = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="benchmarks are no part of a source distribution")

MODELS = "last-items,item-knn,gru4rec-ce"


@pytest.fixture
def scripts(monkeypatch, tmp_path):
    """The modules of the script, with a study of the toy shop."""
    monkeypatch.syspath_prepend(str(FOLDER))
    tables, search, studies = (importlib.import_module(name) for name in ("tables", "search", "studies"))
    study = studies.Study(
        path=write_log(tmp_path / "log.csv").name,
        reader={"name": "delimited", "columns": COLUMNS, "kinds": KINDS},
        preparation=Preparation(test_days=3.0, valid_days=3.0),
        models=(*MODELS.split(","), "random", "sasrec"),
        options=("evaluation.select_on=all", *SMALL),
        slices=("all",),
        metrics=("hit@20", "ndcg@20"),
        tune_train=100,
        tune_valid=20,
    )
    monkeypatch.setitem(studies.STUDIES, "toy", study)
    yield tables, search, study
    for name in ("tables", "printing", "finals", "search", "studies", "variants"):
        sys.modules.pop(name)


def trials(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "toy" / "trials.jsonl").read_text().splitlines()]


def test_search_final_and_table_are_resumed_and_missing_models_are_named(scripts, tmp_path, capsys):
    tables, _, _ = scripts
    out = tmp_path / "out"
    given = ["toy", "--data", str(tmp_path), "--out", str(out), "--trials", "2", "--seeds", "1"]
    tables.main([*given, "--models", MODELS, "training.epochs=1"])
    first = capsys.readouterr().out
    made = trials(out)
    assert [(trial["model"], trial["number"]) for trial in made] == [
        ("item-knn", 1), ("item-knn", 2), ("gru4rec-ce", 1), ("gru4rec-ce", 2)
    ]  # fmt: skip
    assert {(trial["train_sessions"], trial["valid_sessions"], trial["where"]) for trial in made} == {(100, 20, "all")}
    assert "Missing" not in first
    assert "| last-items | 0 | – | – | – | – | no options |" in first
    assert "| gru4rec-ce | 1 | 0." in first
    assert not [path for path in (out / "toy").iterdir() if path.name.startswith(".trial")]

    tables.main([*given, "--stage", "table", "training.epochs=1"])
    whole = capsys.readouterr().out
    assert trials(out) == made
    assert "**Missing**: sasrec has 0 of 1 finished runs, its trials are not all made" in whole
    assert "**Missing**: random has 0 of 1 finished runs, see --stage final" in whole
    assert [line for line in first.splitlines() if line.startswith("| gru4rec-ce")] == [
        line for line in whole.splitlines() if line.startswith("| gru4rec-ce")
    ]


def test_every_model_has_the_same_number_of_distinct_settings_and_the_preset_is_the_first(scripts, tmp_path):
    tables, search, study = scripts
    prepared = tables.prepared_log(study, tmp_path, tmp_path / "out")
    made = search.Search(replace(study, trials=5), prepared, tmp_path, ["evaluation.top=30"])
    assert made.small.test is made.small.valid  # what a trial measures
    for model in search.SPACES:
        settings = made.settings(model)
        assert len(settings) == 5, model
        assert settings[0] == {}
        configurations = [made.configured(model, setting) for setting in settings]
        assert len({json.dumps(search.config.complete(one)) for one in configurations}) == 5, model
