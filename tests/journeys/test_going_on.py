"""A newer log comes in, or new items: the model goes on from where it is, one command, and says what became of it."""

import json
import re

import pytest
import toy_described
import toy_two_logs

from sessionrl.runs import RunDirectory, runs_in

SMALL = ("items.dim=8", "objective.negatives=16", "training.epochs=2", "evaluation.replicates=100")


@pytest.fixture
def shop(tmp_path, monkeypatch, sessionrl):
    """A folder with two prepared logs and a network that knows the older one."""
    folder = tmp_path / "a shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    toy_two_logs.prepare_two_logs(folder)
    trained = sessionrl("train", "gru4rec-ce", *SMALL, "--data", "older", "--out", "first")
    assert trained.code == 0, trained.err
    return runs_in(folder / "first")[0].relative_to(folder)


def test_a_model_goes_on_with_a_newer_log(shop, sessionrl):
    answer = sessionrl("train", "--from", shop, "--data", "newer", "training.learning_rate=0.01")
    assert answer.code == 0, answer.err
    ((path,), told) = runs_in(shop.parent.parent / "runs"), answer.err
    run = RunDirectory(path)
    (before,) = re.findall(r"^Before training: ndcg@20 (0\.\d{4})$", told, re.MULTILINE)
    first = run.read_log()[0]
    assert f"{first['validation']:.4f}" == before
    assert first["epoch"] == 0
    assert json.loads(run.data.read_text(encoding="utf-8"))["from"]["new_items"] == 4
    config = run.config.read_text(encoding="utf-8")
    assert f'from = "{shop}"' in config
    assert "learning_rate = 0.01" in config
    assert "epochs = 2" in config

    again = sessionrl("evaluate", path)
    assert again.code == 0, again.err
    asked = sessionrl("recommend", path, "--items", "sku-01,sku-28", "--json")
    assert json.loads(asked.out)["unknown"] == []
    compared = sessionrl("train", "gru4rec-ce", *SMALL, "--data", "newer")
    assert compared.code == 0, compared.err
    (anew,) = [one for one in runs_in(path.parent) if one != path]
    assert sessionrl("compare", anew, path).code == 0
    assert sessionrl("report", anew, path, "--out", "page.html").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gru4rec", "--from", "first"),
         "sessionrl: Give either a preset (`sessionrl list presets`), or --resume RUN to go on as it was begun, or "
         "--from RUN to go on with its model on newer data.\n"),
        (("--from", "nowhere", "--data", "newer"),
         "sessionrl: nowhere is not a run: it does not exist.\n"
         "  do now: give a directory that `sessionrl train` printed\n"),
        (("--from", "RUN", "--data", "newer", "backbone.layers=2"),
         "sessionrl: {run} cannot go on with backbone.layers=2: backbone.gru.bias_hh_l1 is new.\n"
         "  do now: leave what shapes the network as {run}/config.toml has it, or train anew without --from\n"),
    ],
)  # fmt: skip
def test_what_cannot_go_on_is_said_before_anything_is_written(words, message, shop, sessionrl):
    answer = sessionrl("train", *(str(shop) if word == "RUN" else word for word in words))
    assert answer.code == 2
    assert answer.err == message.replace("{run}", str(shop))
    assert not runs_in(shop.parent.parent / "runs")


def test_new_items_enter_a_model_from_a_table(tmp_path, monkeypatch, sessionrl):
    monkeypatch.chdir(tmp_path)
    toy_described.prepare_described(tmp_path)
    options = (*SMALL, toy_described.FEATURES, "items.id_dropout=0.3")
    assert sessionrl("train", "gru4rec-ce", *options, "--data", "described").code == 0
    (run,) = runs_in(tmp_path / "runs")
    lines = ["item_id,room,place", "sku-07,house.bath,7", "new-1,house.hall,13", "new-2,yurt,"]
    (tmp_path / "new.csv").write_text("\n".join(lines), encoding="utf-8")
    answer = sessionrl("extend", run, "--items", "new.csv", "--out", "extended")
    assert answer.code == 0, answer.err
    (extended,) = runs_in(tmp_path / "extended")
    path = extended.relative_to(tmp_path)
    assert answer.out == (
        "2 new items; 1 that the model knew before stay as they were\n"
        "of the new ones 1 have no feature that the model knows: they are ranked blindly\n"
        f"Run:  {path}\nNext: sessionrl recommend {path} --items ID,ID\n"
    )
    asked = json.loads(sessionrl("recommend", path, "--items", "sku-12,new-1", "-k", "32", "--json").out)
    assert asked["unknown"] == []
    assert {"new-1", "new-2"} <= set(asked["items"])
    assert sessionrl("evaluate", path).code == 0
    assert sessionrl("compare", run, path).code == 0
    shown = sessionrl("show", path / "config.toml")
    assert f'extends = "{run}"' in shown.out


def test_a_model_without_features_is_not_extended(shop, sessionrl):
    answer = sessionrl("extend", shop, "--items", "older/items.parquet")
    assert answer.code == 2
    assert answer.err == (
        f"sessionrl: The model in {shop} knows items by their events alone: items.features is empty.\n"
        "  do now: train it with items.features, columns of its table of items (it has none yet);\n"
        f"          or go on with events of the new items: sessionrl train --from {shop} --data DIRECTORY\n"
    )


def test_more_items_than_may_be_recommended_are_refused(tmp_path, monkeypatch, sessionrl):
    monkeypatch.chdir(tmp_path)
    toy_described.prepare_described(tmp_path, shown=True)
    assert sessionrl("train", "popularity", "evaluation.replicates=100", "--data", "shown").code == 0
    (run,) = runs_in(tmp_path / "runs")
    answer = sessionrl("recommend", run, "--items", "", "-k", "16")
    assert answer.code == 2
    assert answer.err == "sessionrl: -k 16: this run may recommend 15 items, so k lies between 1 and that.\n"
    assert sessionrl("recommend", run, "--items", "", "-k", "15").code == 0
