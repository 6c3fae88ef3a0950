"""What is known of sessions besides their items counts when a model recommends, as it does when it is ranked."""

import contextlib
import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import toy_shop

from sessionrl import cli
from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment
from sessionrl.recommender import Recommender

INPUTS = ("inputs.session_features=true", "inputs.event_types=true", "inputs.gaps=true")
LANDS = {"north": 1, "south": 29}  # after item i comes i + 1 in the north, i - 1 in the south


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("lands"), np.random.default_rng(3)
    with (folder / "log.csv").open("w", newline="", encoding="utf-8") as file:
        log = csv.writer(file)
        log.writerow(["session_id", "item_id", "timestamp", "event_type", "land"])
        for session in range(300):
            land, at, time = list(LANDS)[session % 2], int(rng.integers(30)), toy_shop.FIRST + session * 8640
            for _ in range(6):
                log.writerow([session, toy_shop.ITEMS[at], time, rng.choice(["view", "cart"]), land])
                at, time = (at + LANDS[land]) % 30, time + int(rng.integers(5, 500))
    reader = Delimited(str(folder / "log.csv"), further_columns=("land",))
    return prepare(reader, Preparation(test_days=3, valid_days=3, session_features=("land",)), folder / "lands")


@pytest.fixture(scope="module")
def run(shop, tmp_path_factory):
    options = (*INPUTS, "items.start=true", "training.epochs=8", "items.dim=16")
    experiment = Experiment(toy_shop.configured("gru4rec-ce", *options), shop)
    made = experiment.new_run(tmp_path_factory.mktemp("runs"))
    experiment.run(made)
    return made


def test_after_one_item_the_land_decides_what_is_recommended(run):
    recommender = Recommender.load(run.path)
    north, south = recommender.recommend([["sku-10"], ["sku-10"]], k=3, features=[{"land": "north"}, {"land": "south"}])
    assert north.items.index("sku-11") < [*north.items, "sku-09"].index("sku-09")
    assert south.items.index("sku-09") < [*south.items, "sku-11"].index("sku-11")


def test_what_is_recommended_is_what_was_ranked(shop, run):
    rankings, test, recommender = Rankings.load(run.rankings), shop.test, Recommender.load(run.path)
    told = {"event_types": [], "timestamps": [], "features": []}
    histories = []
    for session, length in zip(rankings.session[:40], rankings.position[:40], strict=True):
        events = slice(test.offsets[session], test.offsets[session] + length)
        histories.append(shop.vocabulary.decode(test.items[events]))
        told["event_types"].append([shop.kinds[kind] for kind in test.event_types[events]])
        told["timestamps"].append(test.timestamps[events].tolist())
        code = test.features[session, 0]
        told["features"].append({"land": shop.session_features.values[0][code - 1]})
    answers = recommender.recommend(histories, 5, **told)
    assert [answer.items for answer in answers] == [shop.vocabulary.decode(row) for row in rankings.top[:40, :5]]
    for name in told:  # and each of the three changes something
        fewer = recommender.recommend(histories, 5, **{**told, name: None})
        assert [answer.scores for answer in fewer] != [answer.scores for answer in answers]


def test_what_is_said_of_unknown_items_goes_with_them(run):
    recommender = Recommender.load(run.path)
    known = recommender.recommend([["sku-10", "sku-11"]], 5, [["cart", "view"]], [[1000, 90_000]])
    (more,) = recommender.recommend([["sku-10", "x", "sku-11"]], 5, [["cart", "cart", "view"]], [[1000, 2000, 90_000]])
    assert known == [replace(more, unknown=[])]


def test_what_does_not_fit_the_sessions_is_refused(run):
    recommender = Recommender.load(run.path)
    with pytest.raises(ValueError, match=r"^timestamps should hold one entry for every event of every session$"):
        recommender.recommend([["sku-10", "sku-11"]], timestamps=[[1000]])
    with pytest.raises(UnknownName, match=r"No kind of event is called 'veiw'. Did you mean 'view'"):
        recommender.recommend([["sku-10"]], event_types=[["veiw"]])
    with pytest.raises(BadOption, match=r"No session feature is called 'lnad'. Did you mean 'land'"):
        recommender.recommend([["sku-10"]], features=[{"lnad": "north"}])
    with pytest.raises(ValueError, match=r"^features should hold one entry for every session$"):
        recommender.recommend([["sku-10"]], features=[])


def test_no_sessions_get_no_answers(run):
    assert Recommender.load(run.path).recommend([]) == []


def asked(monkeypatch, capsys, run, *options):
    """Exit code, what was printed, and what was said of a mistake."""
    monkeypatch.setattr(
        sys, "argv", ["sessionrl", "recommend", str(run.path), "--items", "sku-10", "-k", "3", *options]
    )
    with contextlib.suppress(SystemExit):
        cli.main()
    return capsys.readouterr()


def test_the_command_line_tells_it_too(run, monkeypatch, capsys):
    recommender = Recommender.load(run.path)
    (answer,) = recommender.recommend(
        [["sku-10"]], k=3, event_types=[["cart"]], timestamps=[[5000]], features=[{"land": "south"}]
    )
    told = ("--event-types", "cart", "--timestamps", "5000", "--features", "land=south", "--json")
    assert json.loads(asked(monkeypatch, capsys, run, *told).out)["items"] == answer.items
    assert answer.items != json.loads(asked(monkeypatch, capsys, run, "--json").out)["items"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--event-types", "view,cart"),
         "--event-types 'view,cart' has 2 entries for 1 items. Give one for each, in order."),
        (("--event-types", "veiw"),
         "No kind of event is called 'veiw'. Did you mean 'view'? Known: cart, purchase, view."),
        (("--timestamps", "soon"), "--timestamps: 'soon' is no whole number of milliseconds."),
        (("--features", "south"), "--features 'south': write NAME=VALUE, with commas between."),
        (("--features", "lnad=south"), "No session feature is called 'lnad'. Did you mean 'land'? Known: land."),
    ],
)  # fmt: skip
def test_what_is_told_wrongly_is_explained(run, monkeypatch, capsys, options, message):
    assert asked(monkeypatch, capsys, run, *options).err == f"sessionrl: {message}\n"
