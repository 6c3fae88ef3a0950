"""Closest items and purity: what is drawn of vectors made by hand, in words and numbers."""

import io
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
from shelf import N_ITEMS, POPULARITY, SQN, network, rankings, shop

from sessionrl.errors import BadOption, UnknownName
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.policies import Greedy
from sessionrl.reporting.pictures.closest import Closest, _verdict, networks
from sessionrl.reporting.pictures.purity import NeighboursOfOneCategory
from sessionrl.reporting.subject import CannotDraw, Subject
from sessionrl.scorers import NetworkScorer

CATALOGUE, _ = shop()  # sku-001, sku-003, … are lamps and the others rugs
NUMBERS = np.arange(N_ITEMS + 1)
LAMP = NUMBERS % 2 == 1


def turning(step: float) -> np.ndarray:
    """Item i at angle `step` i: the nearest of an item are the items with numbers nearest to its own."""
    return np.stack([np.cos(step * NUMBERS), np.sin(step * NUMBERS)], 1)


def by_category(noise: float) -> np.ndarray:
    """Lamps one way, rugs another; with noise they mix."""
    clean = np.where(LAMP[:, None], [1.0, 0.0], [0.0, 1.0])
    return clean + noise * np.random.default_rng(1).normal(size=clean.shape)


def recommender(vectors: np.ndarray) -> SimpleNamespace:
    items = Items(*vectors.shape)
    items.id = torch.nn.Parameter(torch.from_numpy(vectors.astype(np.float32)))
    return SimpleNamespace(
        scorer=NetworkScorer(Network(items, GRU(dim=vectors.shape[1]), 0), Greedy(), CATALOGUE.counts)
    )


def subject(shelf, vectors, **catalogue) -> Subject:
    """Runs by name, a preset and maybe a seed behind ``-s``, that have these vectors; counting beside them."""
    paths, recommenders = [shelf.run("popularity", POPULARITY, rankings(0, 9))], {}
    for nth, (name, its) in enumerate(vectors.items()):
        preset, _, seed = name.partition("-s")
        options = network(objective=SQN) if preset.startswith("sqn") else network()
        path = shelf.run(name, options, rankings(1.0 - nth / 10, 4), seed=int(seed or 1), preset=preset)
        paths.append(path)
        recommenders[path] = recommender(its)
    made = Subject.of(paths)
    made.__dict__["_recommenders"] = recommenders
    made.__dict__["catalogue"] = replace(CATALOGUE, **catalogue)
    return made


def rows(panel):
    return {row.label: [cell.item for cell in row.cells] for row in panel.rows}


def test_rows_hold_the_closest_and_the_furthest(shelf):
    (drawing,) = Closest(items=("sku-020",), k=2).draw(subject(shelf, {"gru4rec": turning(0.05)}))
    (panel,) = drawing.panels
    found = rows(panel)
    assert found["the item"] == [20]
    assert set(found["closest"]) == {19, 21}
    assert found["furthest"] == [60, 59]
    assert (panel.title, panel.note) == ("sku-020", f"asked for, events in training: {CATALOGUE.counts[20]:,}")
    closest, furthest = panel.rows[1:]
    assert closest.note == "0 of 2 of its category"
    assert {cell.frame for cell in closest.cells} == {"differs"}
    assert {cell.frame for cell in furthest.cells} == {""}
    assert [cell.note for cell in furthest.cells] == ["−0.42", "−0.37"]  # cosines of 2 and of 1.95
    assert set(panel.products) == {19, 20, 21, 59, 60}


def test_the_csv_says_which_neighbour_of_which_model(shelf):
    (drawing,) = Closest(items=("sku-020",), k=1).draw(subject(shelf, {"gru4rec": turning(0.05)}))
    table = pl.read_csv(io.StringIO(drawing.csv))
    assert table.row(1) == ("sku-020", "gru4rec", "furthest", 1, "sku-060", -0.4161, "rug", "rug")
    assert table["category of the item"].to_list() == ["rug", "rug"]
    assert table["its category"][0] == "lamp"


def test_two_models_stand_below_each_other_and_say_what_they_share(shelf):
    made = subject(shelf, {"gru4rec": turning(0.05), "sqn-gru": by_category(0.05)})
    (drawing,) = Closest(items=("sku-020",), k=4).draw(made)
    labels = [row.label for row in drawing.panels[0].rows]
    assert labels == ["the item", "gru4rec, closest", "gru4rec, furthest", "sqn-gru, closest", "sqn-gru, furthest"]
    near, _, far = (set(rows(drawing.panels[0])[label]) for label in labels[1:4])
    assert drawing.panels[0].rows[3].note == f"4 of 4 of its category, {len(near & far)} of 4 also in gru4rec"
    assert "only runs with another seed can show" in drawing.caption


@pytest.mark.parametrize(
    ("other", "words"), [(turning(0.05), "no more unlike than"), (by_category(0.3), "more unlike than")]
)
def test_two_models_are_compared_with_two_trainings_of_one(shelf, other, words):
    made = subject(shelf, {"gru4rec-s1": turning(0.05), "gru4rec-s2": turning(0.05), "sqn-gru-s1": other})
    (drawing,) = Closest(items=("sku-020",)).draw(made)
    assert "gru4rec shares 100% with itself trained with another seed, and sqn-gru shares " in drawing.caption
    assert f"the two models are {words} these two trainings of one." in drawing.caption
    assert ("shares 100% with that training" in drawing.caption) == (words == "no more unlike than")


def test_a_difference_that_may_be_luck_of_the_items_is_not_called_one():
    random = np.random.default_rng(0)
    assert (
        _verdict(0.05 + random.normal(size=400) / 10)
        == "the two models are more unlike than these two trainings of one"
    )
    assert _verdict(random.normal(size=400) / 10).startswith("the two models are no more unlike than")
    assert _verdict(0.05 + random.normal(size=20)).endswith("cannot be told")


def test_of_three_models_the_reinforced_one_is_compared_with_its_control(shelf):
    paths, vectors = [], {"gru4rec-x": by_category(0.3), "gru4rec": turning(0.05), "sqn-gru": turning(0.051)}
    for nth, name in enumerate(vectors):
        options = network(objective=SQN) if name == "sqn-gru" else network(backbone={"layers": 1 + (nth == 0)})
        paths.append(shelf.run(name, options, rankings(3.0 - nth, 4)))
    made = Subject.of(paths)
    made.__dict__["_recommenders"] = dict(zip(paths, map(recommender, vectors.values()), strict=True))
    made.__dict__["catalogue"] = CATALOGUE
    caption = Closest(shown=1).draw(made)[0].caption
    assert re.search(r"gru4rec and sqn-gru share \d+%; how many two trainings", caption)


def test_a_model_that_was_told_the_categories_is_named(shelf):
    made = subject(shelf, {"gru4rec": turning(0.05)})
    assert "No network was told the category: where they agree" in Closest(shown=1).draw(made)[0].caption
    items = made.networks[0].config["items"]
    items["features"] = ["price"]
    assert "No network was told the category, but gru4rec read price" in Closest(shown=1).draw(made)[0].caption
    items["features"] = ["category", "price"]
    assert "gru4rec read the category in the table of items" in Closest(shown=1).draw(made)[0].caption
    assert "gru4rec read the category in the table of items" in NeighboursOfOneCategory().draw(made)[0].caption


def test_rules_choose_items_that_say_why(shelf):
    made = subject(shelf, {"gru4rec": turning(0.05), "sqn-gru": by_category(0.3)})
    panels = Closest(shown=6).draw(made)[0].panels
    assert len({panel.rows[0].cells[0].item for panel in panels}) == 6
    assert panels[0].note == f"the most popular, {CATALOGUE.counts[1]:,} events"
    # Item 1, at an end of the row, agrees most with its category too and is shown once; item 2 agrees least.
    assert [panel.rows[0].cells[0].item for panel in panels[:2]] == [1, 2]
    assert "agree least with its category: 40% of 10" in panels[1].note
    words = ("the most popular below the top tenth", "among the rarest", "drawn by lot")
    assert [any(panel.note.startswith(some) for panel in panels[2:]) for some in words] == [True] * 3
    assert [panel.rows for panel in Closest(shown=6).draw(made)[0].panels] == [panel.rows for panel in panels]


def test_rare_items_and_those_off_sale_are_no_neighbours(shelf):
    counts = CATALOGUE.counts.copy()
    counts[[19, 21]] = 1
    onsale = (NUMBERS > 0) & (NUMBERS != 18)
    made = subject(shelf, {"gru4rec": turning(0.05)}, counts=counts, recommendable=onsale)
    (drawing,) = Closest(items=("sku-020", "sku-019"), k=2).draw(made)
    assert set(rows(drawing.panels[0])["closest"]) == {18, 22}
    assert "Left out are 2 of 60 items with fewer than 5 training events" in drawing.caption
    assert drawing.panels[1].note.startswith("asked for, events in training: 1; it would have been left out")
    (drawing,) = Closest(items=("sku-020",), k=2, recommendable=True).draw(made)
    assert set(rows(drawing.panels[0])["closest"]) == {17, 22}
    assert "Items that may not be recommended are left out." in drawing.caption


def test_where_nearly_all_items_are_rare_all_are_shown(shelf):
    made = subject(shelf, {"gru4rec": turning(0.05)}, counts=np.minimum(CATALOGUE.counts, 2))
    (drawing,) = Closest(items=("sku-020",), k=2).draw(made)
    assert set(rows(drawing.panels[0])["closest"]) == {19, 21}
    assert "So few items have 5 training events that all are shown" in drawing.caption


def test_items_without_categories_have_no_frames(shelf):
    made = subject(shelf, {"gru4rec": turning(0.05)}, items=CATALOGUE.items.select("item_id"))
    (drawing,) = Closest(items=("sku-020",), k=2).draw(made)
    assert {cell.frame for row in drawing.panels[0].rows for cell in row.cells} == {""}
    assert "categor" not in drawing.caption
    with pytest.raises(CannotDraw, match="no column 'category' with two values or more"):
        NeighboursOfOneCategory().draw(made)


def test_what_is_not_there_is_refused(shelf):
    made = subject(shelf, {"gru4rec": turning(0.05)})
    with pytest.raises(BadOption) as caught:
        Closest(items=("sku-06",)).draw(made)
    assert str(caught.value) == (
        "picture 'closest', option 'items': no item is called 'sku-06', or not every model knows it."
        " Did you mean 'sku-060'?\n  do now: give ids as the log has them, of items that the training part holds"
    )
    with pytest.raises(UnknownName, match="No network is called 'popularity'"):
        Closest(models=("popularity",)).draw(made)
    counting = replace(made, models=tuple(model for model in made.models if model.kind == "baseline"))
    for picture in (Closest(), NeighboursOfOneCategory()):
        with pytest.raises(CannotDraw, match=r"all of them count\.\n  do now: add a run of a network"):
            picture.draw(counting)


def test_an_item_that_one_model_does_not_know_is_refused(shelf):
    made = subject(shelf, {"gru4rec": turning(0.05), "sqn-gru": turning(0.05)[:-10]})
    with pytest.raises(BadOption, match="no item is called 'sku-060', or not every model knows it"):
        Closest(items=("sku-060",)).draw(made)
    (drawing,) = Closest(items=("sku-050",), k=3).draw(made)
    assert {item for its in rows(drawing.panels[0]).values() for item in its} <= set(range(1, 51))


def test_models_in_the_order_of_the_results_one_of_each_family_first(shelf):
    names = ("gru4rec", "gru4rec-x", "gru4rec-y", "sqn-gru")
    paths = [
        shelf.run(
            name,
            network(objective=SQN) if name == "sqn-gru" else network(backbone={"layers": nth + 1}),
            rankings(3.0 - nth, 4),
        )
        for nth, name in enumerate(names)
    ]
    made = Subject.of(paths)
    assert [model.part for model in made.networks] == ["next_item", "next_item", "next_item", "sqn"]
    chosen = networks(made, ())
    assert [model.part for model in chosen] == ["next_item", "next_item", "sqn"]
    assert networks(made, [chosen[2].label]) == [chosen[2]]


def test_purity_of_vectors_that_know_all_and_nothing(shelf):
    made = subject(shelf, {"gru4rec": by_category(0.01), "sqn-gru": turning(0.05)})
    (drawing,) = NeighboursOfOneCategory(k=2).draw(made)
    table = pl.read_csv(io.StringIO(drawing.csv))
    assert table["vectors"].to_list() == ["gru4rec", "sqn-gru", "seen together, counted"]
    assert table["seed"].to_list() == [1, 1, None]
    # Of items in a row the two nearest are of the other category, but for the first and the last.
    assert table["share"].to_list()[:2] == [1.0, round(2 * 0.5 / 60, 4)]
    assert table["chance"].to_list() == [round(29 / 59, 4)] * 3
    assert table["items"].to_list() == [60] * 3
    assert "2% in sqn-gru; 100% in gru4rec. Where a network was trained once" in drawing.caption
    assert "read no order" in drawing.caption
    assert "Over 60 items" in drawing.reading


def test_networks_are_told_apart_by_their_trainings_only(shelf):
    apart = {"gru4rec-s1": by_category(0.01), "gru4rec-s2": by_category(0.2)}
    apart |= {"sqn-gru-s1": turning(0.05), "sqn-gru-s2": turning(0.051)}
    (drawing,) = NeighboursOfOneCategory(k=2).draw(subject(shelf, apart))
    assert "every training of gru4rec has more than any of sqn-gru." in drawing.caption
    assert len(pl.read_csv(io.StringIO(drawing.csv))) == 5


def test_networks_whose_trainings_overlap_are_not_told_apart(shelf):
    crossed = {"gru4rec-s1": by_category(0.01), "gru4rec-s2": turning(0.05)}
    crossed |= {"sqn-gru-s1": by_category(0.2), "sqn-gru-s2": turning(0.051)}
    (drawing,) = NeighboursOfOneCategory(k=2).draw(subject(shelf, crossed))
    assert "their trainings overlap, so the networks cannot be told apart here." in drawing.caption


def test_categories_of_items_that_were_hardly_seen_say_nothing(shelf):
    counts = np.where(NUMBERS == 7, 100, np.minimum(CATALOGUE.counts, 2))
    counts[[8, 9]] = 100
    known = pl.Series([str(n % 2) if n not in (8, 9) else None for n in range(1, N_ITEMS + 1)])
    items = CATALOGUE.items.with_columns(category=known)
    made = subject(shelf, {"gru4rec": turning(0.05)}, counts=counts, items=items)
    with pytest.raises(CannotDraw) as caught:
        NeighboursOfOneCategory().draw(made)
    assert str(caught.value) == (
        "Items with 5 training events or more do not have two values of 'category' between them.\n"
        "  do now: ask for fewer events with purity.least_events=N, or name another column with purity.column=NAME"
    )


def test_few_items_are_drawn_by_lot_and_another_column_is_asked(shelf):
    made = subject(shelf, {"gru4rec": by_category(0.2)})
    table = made.catalogue.items.with_columns(shelf=pl.Series(["left", "right", "right"] * 20))
    made.__dict__["catalogue"] = replace(made.catalogue, items=table)
    (drawing,) = NeighboursOfOneCategory(column="shelf", items=30).draw(made)
    assert drawing.title == "How often neighbours are of the same shelf"
    assert "Over 30 drawn of 60 items" in drawing.reading
    assert "No network was told the shelf: " in drawing.caption
    with pytest.raises(CannotDraw, match="no column 'colour'"):
        NeighboursOfOneCategory(column="colour").draw(made)
    text = drawing.panels[0].svg
    assert "chance" in text
    assert "gru4rec" in text
