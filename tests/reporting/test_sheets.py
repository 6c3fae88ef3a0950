"""The prediction sheet and the agreement of lists: what they show of tiny runs, in words and numbers."""

import doctest
import io
import shutil
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import toy_shop
from shelf import POPULARITY, SQN, network, rankings

from sessionrl import config
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment
from sessionrl.reporting import sheet_rows
from sessionrl.reporting.pictures.agreement import Agreement
from sessionrl.reporting.pictures.sheets import Sheet, pair_of
from sessionrl.reporting.products import Products
from sessionrl.reporting.subject import CannotDraw, Subject
from sessionrl.runs import RunDirectory


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Popularity, a GRU with its whole softmax, and SQN with sampled negatives, trained on the toy shop."""
    folder = tmp_path_factory.mktemp("sheet")
    prepared = toy_shop.prepare_log(folder)
    paths = []
    for preset, negatives in (("gru4rec-ce", 0), ("popularity", 0), ("sqn-gru", 16)):
        asked = toy_shop.configured(preset, negatives=negatives)
        if "baseline" not in asked:
            asked = config.override(asked, ["training.epochs=1"])
        experiment = Experiment(asked, prepared)
        run = experiment.new_run(folder / "runs")
        experiment.run(run)
        paths.append(run.path)
    return paths


@pytest.fixture(scope="module")
def subject(runs):
    return Subject.of(runs)


@pytest.fixture(scope="module")
def drawing(subject):
    return Sheet(k=5).draw(subject)[0]


def numbers(drawing):
    return pl.read_csv(io.StringIO(drawing.csv), infer_schema_length=None)


def test_a_block_has_the_visit_and_a_row_for_every_model(subject, drawing):
    labels = [model.label for model in subject.models]
    for panel in drawing.panels:
        visit, *lists = panel.rows
        assert visit.label == "The visitor"
        assert [cell.frame for cell in visit.cells] == [""] * (len(visit.cells) - 1) + ["target"]
        assert visit.cells[-1].note.startswith("next: ")
        assert [row.label for row in lists] == labels
        target = visit.cells[-1].item
        for row in lists:
            assert len(row.cells) == 5
            for cell in row.cells:
                assert (cell.frame, cell.note.startswith("chosen")) == (
                    ("hit", True) if cell.item == target else ("", False)
                )
        assert set(panel.products) == {cell.item for row in panel.rows for cell in row.cells}


def test_blocks_say_by_which_rule_and_how_many_are_like_them(subject, drawing):
    cases = len(subject.models[0].rankings[0].position.nonzero()[0])
    assert drawing.panels[0].title == "Drawn by lot: every event had the same chance"
    assert drawing.panels[0].note.startswith(f"one of {cases:,} events · session visit ")
    assert drawing.panels[0].note.endswith(" UTC")
    assert all(f"of the {cases:,} events" in panel.note for panel in drawing.panels[2:])
    assert len({panel.note for panel in drawing.panels}) == len(drawing.panels)


def test_the_numbers_are_those_of_the_rankings(subject, drawing):
    table = numbers(drawing)
    # Popularity counts many items alike, so that their rank is a mean of several places.
    hits = table.filter(pl.col("chosen") & (pl.col("row") != "popularity")).select("row", "place", "rank")
    assert len(hits) > 3
    assert (hits["place"] == hits["rank"]).all()
    meanings = dict(table.drop_nulls("share_is").select("row", "share_is").unique().rows())
    assert meanings == {"gru4rec-ce": "probability", "popularity": "score", "sqn-gru": "share"}
    shares = table.drop_nulls("share").group_by("session", "row").agg(pl.col("share").sum())["share"]
    assert shares.is_between(0, 1).all()
    assert table.filter(pl.col("row") == "popularity")["share"].null_count() == (table["row"] == "popularity").sum()
    visits = table.filter(pl.col("row").is_in(["history", "next"]))
    assert (
        visits.filter(pl.col("row") == "next")["place"] == visits.filter(pl.col("row") == "next")["position"] + 1
    ).all()


def test_the_caption_says_which_pair_and_what_the_percentages_are(drawing):
    assert "only those drawn by lot are a fair sample" in drawing.caption
    assert "sqn-gru places the next item higher than gru4rec-ce in " in drawing.caption
    assert "Percentages of gru4rec-ce are the probability of the next item" in drawing.caption
    assert "Percentages with a star, of sqn-gru, are the item's share of the softmax" in drawing.caption
    assert "Below the items of popularity stands the score" in drawing.caption
    stars = {row.label: row.cells[0].note.endswith("%*") for row in drawing.panels[0].rows[1:]}
    assert stars == {"gru4rec-ce": False, "popularity": False, "sqn-gru": True}


def test_what_is_special_about_an_item_is_said_in_words(subject):
    catalogue, prepared = subject.catalogue, subject.prepared
    counts, shown = catalogue.counts.copy(), catalogue.recommendable.copy()
    first, second, third = (int(item) for item in np.unique(prepared.test.items)[:3])
    counts[[first, second]] = (0, 3)
    shown[third] = False
    shop = sheet_rows.Shop(
        prepared.test, prepared.kinds, replace(catalogue, counts=counts, recommendable=shown), subject.products, True
    )
    assert sheet_rows._marks(shop, first, False) == ["no training events"]
    assert sheet_rows._marks(shop, second, False) == []
    assert sheet_rows._marks(shop, second, True) == ["3 training events"]
    assert sheet_rows._marks(shop, third, True) == ["may not be shown"]


def test_of_a_long_visit_the_last_events_are_shown(subject):
    longest = int(np.argmax(subject.prepared.test.lengths))
    read = int(subject.prepared.test.lengths[longest]) - 1
    name = subject.prepared.test.ids[longest]
    visit = Sheet(sessions=(name,)).draw(subject)[0].panels[0].rows[0]
    assert read == 7
    assert (len(visit.cells), visit.note) == (8, "what came next is framed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet_rows, "HISTORY", 4)
        visit = Sheet(sessions=(name,)).draw(subject)[0].panels[0].rows[0]
    assert (len(visit.cells), visit.note) == (5, "3 earlier events left out; what came next is framed")


def test_pictures_are_asked_for_block_by_block_and_only_those_that_are_shown(runs, monkeypatch):
    subject, asked = Subject.of(runs), []
    cards = Products.cards
    monkeypatch.setattr(Products, "cards", lambda self, items: cards(self, asked.append(list(items)) or asked[-1]))
    monkeypatch.setattr(sheet_rows, "HISTORY", 2)
    (drawing,) = Sheet(k=5).draw(subject)
    assert len(asked) == len(drawing.panels)
    shown = {cell.item for panel in drawing.panels for row in panel.rows for cell in row.cells}
    assert {item for items in asked for item in items} == shown


def test_only_the_recommenders_asked_for_last_stay_loaded(runs, monkeypatch):
    monkeypatch.setattr("sessionrl.reporting.subject.LOADED", 2)
    subject = Subject.of(runs)
    one, two, three = subject.models
    first, second = subject.recommender(one), subject.recommender(two)
    assert subject.recommender(one) is first
    third = subject.recommender(three)
    assert subject.recommender(one) is first
    assert subject.recommender(three) is third
    assert subject.recommender(two) is not second


def test_a_session_by_its_id_alone(subject):
    name = subject.prepared.test.ids[3]
    (panel,) = Sheet(sessions=(f"{name}:2",)).draw(subject)[0].panels
    assert panel.title == "Asked for"
    assert f"session {name}, after 2 events" in panel.note
    assert len(panel.rows[0].cells) == 3


def test_sessions_and_rules_together_and_models_by_name(subject):
    name = subject.prepared.test.ids[3]
    asked = Sheet(sessions=(name,), rules=("none_hit",), models=("popularity",), cases=2, k=3)
    drawing = asked.draw(subject)[0]
    assert [panel.title for panel in drawing.panels] == ["Asked for"] + 2 * [
        "The model does not have the next item in the first 3"
    ]
    assert [row.label for row in drawing.panels[0].rows] == ["The visitor", "popularity"]
    assert "Not shown: " in drawing.caption


def test_the_same_seed_draws_the_same_sheet_and_another_another(subject, runs, drawing):
    assert Sheet(k=5).draw(subject)[0].csv == drawing.csv
    assert Sheet(k=5).draw(Subject.of(runs, seed=1))[0].csv != drawing.csv


def test_what_is_asked_wrongly(subject):
    with pytest.raises(UnknownName, match=r"No model is called 'sqn-gro'\. Did you mean 'sqn-gru'\?"):
        Sheet(models=("sqn-gro",)).draw(subject)
    with pytest.raises(BadOption, match="The test part has no session 'nobody'"):
        Sheet(sessions=("nobody",)).draw(subject)
    with pytest.raises(UnknownName, match="No rule for examples is called 'drow'"):
        Sheet(rules=("drow",)).draw(subject)


def test_rankings_that_the_weights_do_not_give_are_not_shown(runs, tmp_path):
    path = tmp_path / runs[1].name
    shutil.copytree(runs[1], path)
    run = RunDirectory(path)
    ranked = Rankings.load(run.rankings)
    replace(ranked, top=ranked.top[:, ::-1]).save(run.rankings)
    with pytest.raises(CannotDraw, match="cannot be computed again: the rankings begin with the items number"):
        Sheet(models=("popularity",)).draw(Subject.of([path]))


def test_without_the_data_there_is_no_sheet(shelves):
    with pytest.raises(CannotDraw, match=r"prepared/shop, the prepared data of these runs, is not there"):
        Sheet().draw(Subject.of(shelves))


def test_agreement_beside_two_seeds_of_one_model(shelf):
    same = rankings(2.0, 1)
    paths = [shelf.run("popularity", POPULARITY, rankings(0, 9, noise=0))]
    paths += [shelf.run(f"gru4rec-s{seed}", network(), same, seed=seed) for seed in (1, 2)]
    paths += [shelf.run(f"sqn-gru-s{seed}", network(objective=SQN), rankings(2.0, 5), seed=seed) for seed in (1, 2)]
    drawing = Agreement(k=99).draw(Subject.of(paths))[0]
    found = {(one, other): overlap for one, other, _, overlap, _ in numbers(drawing).rows()}
    assert found["gru4rec", "gru4rec"] == found["sqn-gru", "sqn-gru"] == 1
    assert ("popularity", "popularity") not in found
    between = found.get(("gru4rec", "sqn-gru"), found.get(("sqn-gru", "gru4rec")))
    assert 0.1 < between < 0.9
    assert drawing.title == "How many of the first 10 items two models share"
    assert (
        f"sqn-gru and its control gru4rec share {100 * between:.0f}% of their items, two seeds of sqn-gru 100% and "
        "two seeds of gru4rec 100%: the other objective changes the lists more than another seed does ("
    ) in drawing.caption


def test_what_is_not_the_objective_alone_is_not_said_of_it(shelf):
    options = network(items={"dropout": 0.4}, objective=SQN)
    paths = [shelf.run(f"gru4rec-s{seed}", network(), rankings(2.0, 1), seed=seed) for seed in (1, 2)]
    paths += [shelf.run(f"sqn-gru-s{seed}", options, rankings(2.0, 5), seed=seed) for seed in (1, 2)]
    caption = Agreement(k=5).draw(Subject.of(paths))[0].caption
    assert "100%: the other objective and other options (items.dropout) together change the lists more" in caption


def test_an_objective_that_changes_no_more_than_a_seed(shelves):
    drawing = Agreement(k=5).draw(Subject.of(shelves))[0]
    assert "changes the lists no more than another seed does." in drawing.caption  # sqn-gru, drawn like the control
    assert "How much of the rest is chance" not in drawing.caption


def test_one_seed_of_each_cannot_say_what_is_chance(subject):
    caption = Agreement().draw(subject)[0].caption
    assert caption.endswith("How much of the rest is chance cannot be said of models with one training seed each.")


def test_one_run_agrees_with_nothing(runs):
    with pytest.raises(CannotDraw) as error:
        Agreement().draw(Subject.of(runs[:1]))
    assert str(error.value) == (
        "There is one run of one model, so that nothing can agree.\n"
        "  do now: give runs of several models, or of several seeds"
    )


def test_the_pair_is_a_network_and_its_control(subject):
    by_label = {model.label: model for model in subject.models}
    assert pair_of(subject.models) == (by_label["sqn-gru"], by_label["gru4rec-ce"])
    assert pair_of([by_label["sqn-gru"], by_label["popularity"]]) is None
    assert pair_of([by_label["gru4rec-ce"]]) is None


def test_examples_of_the_docstrings():
    assert doctest.testmod(sheet_rows).failed == 0
