"""A run that is extended by a table of items: it is served and measured like any other, and the old one is left."""

import csv
import json
from dataclasses import replace

import pytest
import toy_described
import toy_shop
from toy_described import FEATURES

from sessionrl.continuing import continuing
from sessionrl.errors import BadData, BadOption
from sessionrl.finding_runs import experiment_on, open_run, run_once
from sessionrl.further_items import extend_run
from sessionrl.recommender import Recommender
from sessionrl.reporting.models import load_models

SETTINGS = toy_shop.configured("gru4rec-ce", FEATURES, "items.id_dropout=0.3")
NEW = [("sku-07", "house.bath", "7"), ("new-1", "house.hall", "13"), ("new-2", "yurt", "")]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return toy_described.prepare_described(tmp_path_factory.mktemp("described shop"))


@pytest.fixture(scope="module")
def old(shop, tmp_path_factory):
    return run_once(SETTINGS, shop, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write(tmp_path_factory.mktemp("table") / "new.csv", NEW)


def write(path, rows, header=("item_id", "room", "place")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def files(run):
    return {path.name: path.read_bytes() for path in run.path.iterdir()}


def test_the_new_run_knows_more_and_the_old_one_is_untouched(old, table, tmp_path):
    before = files(old)
    run, found = extend_run(old.path, table, tmp_path / "runs")
    assert files(old) == before
    assert (found.added, found.known, found.undescribed) == (2, 1, 1)
    assert run.path.parent == tmp_path / "runs"
    assert run.path.name.startswith("gru4rec-ce-extended-")
    assert not list(run.path.parent.glob(".*"))
    served, direct = Recommender.load(run.path), found.recommender
    assert served.vocabulary.ids.to_list()[-2:] == ["new-1", "new-2"]
    for session in ([], ["sku-12"], ["new-1", "sku-03"]):
        assert served.recommend([session], k=32) == direct.recommend([session], k=32)
    assert json.loads(run.data.read_text(encoding="utf-8"))["extends"] == {
        "run": str(old.path),
        "table": str(table),
        "new_items": 2,
    }


def test_it_is_measured_where_the_new_items_compete(shop, old, table, tmp_path):
    run = extend_run(old.path, table, tmp_path).run
    experiment, run = open_run(run.path)
    assert len(experiment.prepared.vocabulary) == len(shop.vocabulary) + 2
    experiment.run(run)
    first, second = load_models([old.path, run.path])
    assert second.label == "gru4rec-ce (extends=gru4rec-ce-described)"
    assert first.rankings[0].n_items == second.rankings[0].n_items == 32
    worse = second.rankings[0].greater >= first.rankings[0].greater
    assert worse.all(), "nothing that the model knew got another score"


def test_it_is_extended_again_and_goes_on_with_events(shop, old, table, tmp_path):
    once = extend_run(old.path, table, tmp_path).run
    more = write(tmp_path / "more.csv", [("new-3", "house.loft", "29")])
    twice = extend_run(once.path, more, tmp_path).run
    assert Recommender.load(twice.path).vocabulary.ids.to_list()[-3:] == ["new-1", "new-2", "new-3"]
    run = run_once(continuing(twice.path, ["training.epochs=1"]), shop, tmp_path)
    assert Recommender.load(run.path).vocabulary.ids.to_list()[-3:] == ["new-1", "new-2", "new-3"]
    about = json.loads(run.data.read_text(encoding="utf-8"))
    assert about["from"]["known_items"] == 33
    assert "extends" not in about


def test_going_on_keeps_what_is_known_of_features(shop, old, tmp_path):
    grown = experiment_on(continuing(old.path), shop)
    before = Recommender.load(old.path)
    assert grown.offer.item_features == before.offer.item_features
    dearer = shop.catalogue.items.with_columns(place=100.0 * shop.catalogue.items["place"].cast(float))
    other = replace(shop, catalogue=replace(shop.catalogue, items=dearer))
    run = grown.new_run(tmp_path)
    text = run.item_features.read_text(encoding="utf-8")
    run.item_features.write_text(text.replace('"house.bath"', '"house.cellar"'), encoding="utf-8")
    read = open_run(run.path)[0].offer.item_features
    assert "house.cellar" in read.columns[0].values, "a run reads items as it was begun"
    columns = {one.name: one for one in experiment_on(continuing(old.path), other).offer.item_features.columns}
    assert columns["place"].edges == before.offer.item_features.columns[1].edges


def test_what_cannot_be_extended_is_refused_with_what_to_do(shop, old, tmp_path):
    baseline = run_once(toy_shop.configured("markov"), shop, tmp_path)
    with pytest.raises(BadOption) as refused:
        extend_run(baseline.path, write(tmp_path / "new.csv", NEW), tmp_path / "out")
    assert str(refused.value) == (
        f"{baseline.path} holds the baseline 'markov', which recommends what it has counted.\n"
        f"  do now: fit it on a log with the new items: sessionrl train {baseline.config} --data DIRECTORY"
    )
    plain = run_once(toy_shop.configured("gru4rec-ce", "training.epochs=1"), shop, tmp_path)
    with pytest.raises(BadOption) as refused:
        extend_run(plain.path, tmp_path / "new.csv", tmp_path / "out")
    assert str(refused.value) == (
        f"The model in {plain.path} knows items by their events alone: items.features is empty.\n"
        "  do now: train it with items.features, columns of its table of items (room, place);\n"
        f"          or go on with events of the new items: sessionrl train --from {plain.path} --data DIRECTORY"
    )
    with pytest.raises(BadData, match="knows all of its 1 items"):
        extend_run(old.path, write(tmp_path / "known.csv", NEW[:1]), tmp_path / "out")
    misspelt = write(tmp_path / "misspelt.csv", NEW, ("item_id", "room", "plce"))
    with pytest.raises(BadData) as refused:
        extend_run(old.path, misspelt, tmp_path / "out")
    assert str(refused.value) == (
        f"{misspelt}: there is no column place, which the model reads. Did you mean 'plce'?\n"
        "  expected: item_id, room, place\n"
        "  do now:   add place, empty where it is unknown"
    )
    assert not (tmp_path / "out").exists()


def test_an_extension_is_no_training(shop, old, table, tmp_path):
    run = extend_run(old.path, table, tmp_path).run
    with pytest.raises(BadOption) as refused:
        experiment_on(continuing(run.path) | {"extends": str(old.path)}, shop)
    assert str(refused.value) == (
        f"{old.path} was extended with new items, which is no training that could be repeated.\n"
        f"  do now: train {old.path} again, or extend it with `sessionrl extend`"
    )
