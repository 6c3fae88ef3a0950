"""Who is shown and what the log is like: the words and numbers of the pictures."""

import doctest
import io
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import toy_shop
from shelf import POPULARITY, SQN, network, rankings

from sessionrl.data.sessions import Sessions
from sessionrl.reporting import cells, lists
from sessionrl.reporting.cells import Cells
from sessionrl.reporting.line_names import looks
from sessionrl.reporting.models import load_models
from sessionrl.reporting.pictures import most_shown, repetition
from sessionrl.reporting.pictures.coverage_growth import CoverageGrowth
from sessionrl.reporting.pictures.drift import DriftOfTheLog
from sessionrl.reporting.pictures.log import Kinds, SessionLengths, Zipf
from sessionrl.reporting.pictures.most_shown import MostShown
from sessionrl.reporting.pictures.never_shown import NeverShown
from sessionrl.reporting.pictures.popularity_lens import PopularityLens
from sessionrl.reporting.pictures.repetition import Repetition
from sessionrl.reporting.pictures.visits import ConversionFunnel, RepeatedItems
from sessionrl.reporting.subject import CannotDraw, Subject


@pytest.fixture(scope="module")
def models(shelves):
    return tuple(load_models(shelves))


@pytest.fixture
def subject(models):
    return Subject(models)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return toy_shop.prepare_log(tmp_path_factory.mktemp("log"))


@pytest.fixture
def log(models, prepared):
    """The data alone: no run of it has weights, or any other file."""
    return of_log(models, prepared)


def of_log(models, prepared):
    subject = Subject(models)
    subject.__dict__["prepared"] = prepared
    return subject


def table(drawing):
    return pl.read_csv(io.StringIO(drawing.csv), infer_schema_length=None)


@pytest.mark.parametrize("module", [most_shown, repetition])
def test_the_examples_are_true(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_lens_has_everybody_and_their_shares_sum_to_one(subject):
    drawing = PopularityLens(k=5).draw(subject)[0]
    sums = table(drawing).group_by("who", maintain_order=True).agg(pl.col("share of places").sum())
    assert sums["who"].to_list() == ["visitors", *(model.label for model in subject.models)]
    assert sums["share of places"].to_list() == pytest.approx([1.0] * 5)
    # Five places, and six items in a tenth: popularity shows nothing outside of the first.
    shares = dict(table(drawing).filter(tenth="1").select("who", "share of places").iter_rows())
    assert shares["popularity"] == pytest.approx(1)
    assert drawing.caption.startswith(f"The most popular tenth of the items takes {shares['visitors']:.0%} of what ")
    assert "and 100% (popularity) of the places in lists of 5." in drawing.caption


def test_the_lens_says_where_another_objective_changed_nothing(shelf):
    same = rankings(2.0, 1)
    paths = [shelf.run("gru", network(), same), shelf.run("sqn", network(objective=SQN), same)]
    label, other = (model.label for model in reversed(load_models(paths)))
    caption = PopularityLens().draw(Subject(tuple(load_models(paths))))[0].caption
    assert (
        "No tenth differs by as much as 1% of the places from the same encoder without reinforcement learning: "
        f"{label} (against {other}). There it changed next to nothing about how popular what is shown is." in caption
    )


def test_growth_ends_at_what_all_lists_show(subject):
    drawing = CoverageGrowth(k=5).draw(subject)[0]
    ends = table(drawing).group_by("who", maintain_order=True).last()
    popularity = ends.row(by_predicate=pl.col("who") == "popularity", named=True)
    assert popularity["different items"] == pytest.approx(5)
    assert popularity["share of the items"] == pytest.approx(5 / 60)
    ranked, seeds = subject.models[1].rankings, []
    for one in ranked:
        seeds.append(len(np.unique(one.lists(5)[one.position > 0])))
    assert ends["different items"][2] == pytest.approx(np.mean(seeds))
    assert "In the second half of the lists hardly anything new is shown by popularity." in drawing.caption


def test_growth_marks_the_numbers_at_which_other_test_parts_compare(subject):
    fixed = table(CoverageGrowth().draw(subject)[0]).filter(point="fixed", who="visitors")
    cases = int((subject.models[0].rankings[0].position > 0).sum())
    assert fixed["lists"].to_list() == [1_000, cases]


def test_never_shown_counts_and_names_what_was_bought(subject):
    drawing = NeverShown(k=5, items=3).draw(subject)[0]
    ranked = subject.models[0].rankings[0]
    later = ranked.position > 0
    bought = ranked.target[later & (ranked.event_type == 2)]
    held = np.unique(ranked.lists(5)[later])
    missed = int((~np.isin(bought, held)).sum())
    said = dict(
        table(drawing)
        .filter(pl.col("model") == "popularity", pl.col("group").is_null())
        .select("what", "value")
        .iter_rows()
    )
    assert said["items never shown"] == 55
    assert said["times they were bought"] == missed
    assert f"popularity 55 ({missed:,})" in drawing.caption
    popular, chances = drawing.panels[-2:]
    row = next(row for row in popular.rows if row.label == "popularity")
    assert [cell.item for cell in row.cells] == [6, 7, 8]
    assert row.note == "55 items"
    first = next(row for row in chances.rows if row.label == "popularity").cells[0]
    assert int(first.note) == np.bincount(bought[~np.isin(bought, held)]).max()
    assert set(popular.products) == {cell.item for row in popular.rows for cell in row.cells}


def test_items_that_no_model_shows(subject, models):
    held = [np.unique(model.rankings[0].top[model.rankings[0].position > 0, :1]) for model in models]
    nobody = 60 - len(np.unique(np.concatenate(held)))
    drawing = NeverShown(k=1).draw(subject)[0]
    expected = f"{nobody} items, of which" if nobody else "There is no item that none of these models shows."
    assert expected in drawing.caption
    alone = NeverShown(k=1).draw(Subject(models[:1]))[0]
    assert "none of" not in alone.caption
    assert "none of them" not in [row.label for row in alone.panels[-2].rows]


def test_never_shown_without_categories_has_one_table(subject):
    assert [panel.name for panel in NeverShown(k=5).draw(subject)[0].panels[:2]] == [
        "never-shown-popularity",
        "never-shown-category",
    ]
    bare = Subject(subject.models)
    bare.__dict__["catalogue"] = replace(subject.catalogue, items=subject.catalogue.items.select("item_id"))
    names = [getattr(panel, "name", "") for panel in NeverShown(k=5).draw(bare)[0].panels]
    assert "never-shown-category" not in names


def test_most_shown_sets_the_places_against_the_visitors(subject):
    drawing = MostShown(k=5, top=5, items=2).draw(subject)[0]
    ranked = subject.models[0].rankings[0]
    looks_at = np.bincount(ranked.target[ranked.position > 0], minlength=61)
    visits = looks_at[1:6].sum() / looks_at.sum()
    row = table(drawing).row(by_predicate=pl.col("who") == "popularity")
    assert row[1:] == pytest.approx((1.0, visits))
    assert f"popularity 100% ({visits:.0%})" in drawing.caption
    rows = {row.label: row.cells for row in drawing.panels[-1].rows}
    assert [(cell.item, cell.note) for cell in rows["popularity"]] == [(1, "100%"), (2, "100%")]


def test_repetition_of_a_model_that_always_shows_the_same(subject):
    drawing = Repetition(k=5).draw(subject)[0]
    its = table(drawing).filter(model="popularity")
    assert its.filter((pl.col("what") == "list_before") & (pl.col("events read") > 1))["share"].to_list() == [1.0] * 4
    assert its["events read"].max() == 5
    assert "popularity 100%" in drawing.caption
    before, _, seen = drawing.panels
    assert "columns 2, 3, 4, 5: " in before.label
    assert "visitors' next" in seen.label


def test_eight_models_at_most_and_the_others_are_named(models, monkeypatch):
    monkeypatch.setattr(lists, "MOST", 2)
    subject = Subject.measured(models)
    best, second, *rest = (model.label for model in subject.models)
    found = lists.compared(subject)
    assert [model.label for model in found.models] == [best, second]
    assert found.left_out == f"Drawn are the 2 models with the best ndcg@5, not {rest[0]} and {rest[1]}."


def test_shorter_lists_are_drawn_as_long_as_they_are_and_none_not_at_all(shelf, models):
    assert lists.length(models, 50) == 10
    run = shelf.run("popularity", POPULARITY, replace(rankings(0, 9), top=np.zeros((len(rankings(0, 9)), 0), np.int32)))
    with pytest.raises(CannotDraw) as error:
        PopularityLens().draw(Subject(tuple(load_models([run]))))
    assert str(error.value) == (
        "The rankings of these runs keep no lists (evaluation.top = 0).\n  do now: train with evaluation.top=50"
    )


def test_models_of_one_family_differ_by_their_dashes(models):
    found = looks([*models, *models])
    assert len(set(found)) == 8


def test_cells_are_said_in_words_and_a_gap_is_no_zero():
    table = Cells("Never", ["a", "b"], ["1", "2"], np.array([[0.5, np.nan], [0, 1]]), "tenths")
    assert table.said() == "Never; columns 1, 2: a 50%, –; b 0%, 100%."
    assert cells.height_of(table._replace(columns=["1", "curtains"])) > cells.height_of(table)


def test_lengths_of_the_parts(log, prepared):
    drawing = SessionLengths().draw(log)[0]
    its = table(drawing).filter(part="train")
    assert its["sessions"].sum() == len(prepared.train)
    assert (its["events"] * its["sessions"]).sum() == len(prepared.train.items)
    assert f"training {int(np.median(prepared.train.lengths))} (" in drawing.caption


def test_kinds_with_their_share_of_the_rewards(log):
    drawing = Kinds().draw(log)[0]
    sums = table(drawing).group_by("part").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * 3)
    assert re.match(r"View [\d.]+% of the events and \d+% of the rewards; cart ", drawing.caption)
    assert drawing.reading.startswith(
        "Shares of the events of each part, and how many they are. Numbers about purchase"
    )


def test_zipf_counts_the_training_part(log, prepared):
    drawing = Zipf().draw(log)[0]
    assert table(drawing)["events"][0] == prepared.train.counts(31).max()
    assert drawing.caption.startswith("The most frequent of the 30 items with events in training takes ")


def test_repeats_name_the_share_of_the_test_part(log, prepared):
    drawing = RepeatedItems().draw(log)[0]
    its = table(drawing).filter(part="test", by="kind")
    share = its["on an item seen before"].sum() / its["next events"].sum()
    assert its["next events"].sum() == len(prepared.test.items) - len(prepared.test)
    assert drawing.caption.startswith(f"{share:.0%} of the next events of the test part are on an item seen earlier")
    assert "most next items are new to the session: putting back what was seen gets little right" in drawing.caption


def test_the_funnel_of_all_parts(log, prepared):
    drawing = ConversionFunnel().draw(log)[0]
    sessions = sum(len(part) for part in prepared.parts.values())
    assert table(drawing)["of all"].unique().sort()[0] == sessions
    viewed = table(drawing).row(0, named=True)
    assert drawing.caption.startswith(f"Of {sessions:,} sessions {viewed['share of all']:.1%} have a view, ")
    items = sum(len(np.unique(part.session * 99 + part.items)) for part in prepared.parts.values())
    assert table(drawing)["of all"].max() == items


def test_drift_says_what_preparing_took_away(log, prepared, models):
    drawing = DriftOfTheLog().draw(log)[0]
    assert drawing.title == "How the log changes from day to day"
    assert "Not seen here" not in drawing.caption
    unseen = {"test": {"events": 9, "targets": 7, "items": 4}}
    kept = prepared.card["parts"]["test"]["events"]
    changed = of_log(models, replace(prepared, card=prepared.card | {"unseen": unseen}))
    assert (
        f"Not seen here: 9 events of the test part, {9 / (kept + 9):.0%} of it, were on 4 items that training lacks, "
        "and were dropped when the log was prepared." in DriftOfTheLog().draw(changed)[0].caption
    )


def test_a_log_without_times_has_no_drift(models, prepared):
    ordered = of_log(models, replace(prepared, card=prepared.card | {"order_only": True}))
    with pytest.raises(CannotDraw) as error:
        DriftOfTheLog().draw(ordered)
    assert str(error.value) == "This log has an order but no times, so nothing can be said about its weeks."


def test_a_log_of_one_kind_has_neither_kinds_nor_a_funnel(models, prepared):
    one = Sessions.of([[1, 2], [2, 3, 2]])
    single = of_log(models, replace(prepared, kinds=("view",), parts=dict.fromkeys(prepared.parts, one)))
    for picture, words in (
        (Kinds(), "All events of this log are of one kind (view), so there is no share to see."),
        (ConversionFunnel(), "All events of this log are of one kind (view): nothing leads anywhere."),
    ):
        with pytest.raises(CannotDraw) as error:
            picture.draw(single)
        assert str(error.value) == words
    assert "By kind:" not in RepeatedItems().draw(single)[0].caption


@pytest.mark.parametrize(
    "picture", [SessionLengths(), Kinds(), Zipf(), RepeatedItems(), ConversionFunnel(), DriftOfTheLog()]
)
def test_pictures_of_the_log_are_drawn(log, picture):
    for panel in picture.draw(log)[0].panels:
        assert panel.svg.startswith("<svg")


@pytest.mark.parametrize("picture", [PopularityLens(), CoverageGrowth(), NeverShown(), MostShown(), Repetition()])
def test_pictures_of_lists_are_drawn_of_one_model_too(models, picture):
    for subject in (Subject(models), Subject(models[:1])):
        for panel in picture.draw(subject)[0].panels:
            assert getattr(panel, "svg", "<svg").startswith("<svg")
