import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from sessionrl.analysis.projection import Projection
from sessionrl.contracts.made_up_runs import N_ITEMS, made_up_runs
from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import UnknownName
from sessionrl.reporting.drawing import COLOURS
from sessionrl.reporting.map_colours import Groups, anchors, fifths, grouped
from sessionrl.reporting.map_data import Recipe, item_map, pictures
from sessionrl.reporting.map_figure import map_figure
from sessionrl.reporting.map_panel import map_panel, moved_panel
from sessionrl.reporting.pictures import item_map as words
from sessionrl.reporting.pictures.item_map import Map
from sessionrl.reporting.products import Products
from sessionrl.reporting.results import besides_the_objective
from sessionrl.reporting.subject import CannotDraw, Subject

N, PLANTED = 60, [4, 17, 41]
RECIPE = Recipe("pca", 3, 0)
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'


def catalogue(**columns) -> Catalogue:
    counts = np.concatenate([[0], np.arange(N, 0, -1)])
    items = pl.DataFrame({"item_id": [f"sku-{n:02}" for n in range(1, N + 1)], **columns})
    return Catalogue(counts, counts, np.zeros((N + 1, 2), np.float32), items)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    return (np.eye(3).repeat(N // 3, 0) @ rng.normal(size=(3, 6)) + 0.2 * rng.normal(size=(N, 6))).astype(np.float32)


@pytest.fixture
def planted(vectors):
    """The same vectors turned and larger, but for three items that point the other way."""
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(6, 6)))
    other = vectors.copy()
    other[PLANTED] *= -1
    return {"before": vectors, "after": 3 * other @ turn.astype(np.float32)}


@pytest.fixture
def found(planted):
    described = catalogue(
        category=["lamp"] * 30 + ["rug"] * 28 + [None, ""], price=[None, *(float(n) for n in range(2, N + 1))]
    )
    return item_map(planted, np.arange(1, N + 1), described, RECIPE)


def test_the_items_that_were_moved_are_found_and_named(found):
    assert sorted(np.argsort(-found.change.moved)[:3]) == PLANTED
    said = words._moved_farthest(found)
    assert said.startswith("Farthest moved: sku-")
    assert set(re.findall(r"sku-\d\d", said)) >= {"sku-05", "sku-18", "sku-42"}
    assert found.change.disparity < found.change.chance


def test_what_was_only_turned_was_not_moved(planted, vectors):
    same = item_map({"one": vectors, "two": -2 * vectors}, np.arange(1, N + 1), catalogue(), RECIPE)
    assert words._what_changed(same, 0.4, "the objective") == "two has the arrangement of one: nothing was moved."
    assert words._moved_farthest(same) == ""
    assert same.places[0] == pytest.approx(same.places[1], abs=1e-9)


@pytest.mark.parametrize(("another", "verdict"), [
    (0.99, "differ by 99%, so the objective moved no more than another seed does."),
    (0.01, "differ by 1%, so the objective moved more than that one other seed does."),
    (None, "it takes two trainings of before with different seeds."),
])  # fmt: skip
def test_what_changed_is_judged_beside_another_seed(found, another, verdict):
    assert words._what_changed(found, another, "the objective").endswith(verdict)


def test_what_moved_items_is_the_objective_only_where_nothing_else_differs(subject):
    control, model = (next(one for one in subject.models if one.label == label) for label in ("gru4rec-ce", "sqn-gru"))
    alone = words._cause([control, model]) == "the objective"
    assert alone == (not besides_the_objective(model, control))
    model.config["inputs"]["gaps"] = not model.config["inputs"]["gaps"]
    assert words._cause([control, model]).startswith("the objective and other options (")
    model.config["inputs"]["gaps"] = not model.config["inputs"]["gaps"]


def test_a_map_lies_in_a_square_and_items_know_their_words(found):
    for places in found.places:
        assert places.min() >= 0
        assert places.max() <= 1
    assert found.words[1] == ("sku-02", "", "lamp", "2.00", N - 1)
    assert found.words[0].price == ""
    assert found.words[1].called == "sku-02"
    assert list(found.colourings) == ["category", "popularity", "price", "cluster", "moved"]
    assert found.usual == "category"


def test_items_without_words_are_coloured_by_what_is_known(vectors):
    bare = item_map({"one": vectors}, np.arange(1, N + 1), catalogue(), RECIPE)
    assert list(bare.colourings) == ["popularity", "cluster"]
    assert bare.usual == "popularity"
    assert bare.change is None


def test_groups_are_ordered_by_size_and_neighbours_differ_in_colour():
    places = np.array([[0, 0], [0, 0.1], [0, 0.2], [1, 1], [1, 1.1], [5, 5], [9, 9]])
    found = grouped("category", ["a", "a", "a", "b", "b", None, ""], places)
    assert found.names == ("a", "b")
    assert found.of.tolist() == [0, 0, 0, 1, 1, -1, -1]
    assert len(set(found.colours)) == 2
    assert anchors(found, places)[0].tolist() == [0, 0.1]
    assert len(set(grouped("x", [str(n) for n in range(30)], np.zeros((30, 2))).names)) == 24


def test_a_name_stands_at_an_item_of_its_group_and_not_between_two_halves():
    places = np.array([[0.0, 0.0], [0, 0.1], [1, 1], [1, 0.9]])
    at = anchors(Groups("x", ("a",), np.zeros(4, np.int64), ("c5",)), places)
    assert at[0].tolist() in places.tolist()


def test_fifths_keep_equal_values_together():
    assert fifths(np.array([1.0, 2, 3, 4, 5, np.nan])).tolist() == [0, 1, 2, 3, 4, -1]
    assert len(set(fifths(np.array([7.0, 7, 7, 7])))) == 1
    assert fifths(np.array([np.nan, np.nan])).tolist() == [-1, -1]


def test_the_panels_hold_every_item_as_a_dot_and_stay_small(found):
    for panel in (map_panel(found, 0, "category"), map_panel(found, 1, "price")):
        assert len(re.findall(r"M [\d.]+ [\d.]+ *\nz", panel.svg)) >= N
        assert len(panel.svg) < 30_000
    assert ">lamp<" in map_panel(found, 0, "category").svg
    label = "Map of 60 items as before sees them, coloured by category. The largest groups: lamp, rug."
    assert map_panel(found, 0, "category").label == label
    moved = moved_panel(found, np.array(PLANTED))
    assert all(f"sku-{n + 1:02}" in moved.label for n in PLANTED)
    assert ">sku-05<" in moved.svg


def test_items_without_a_price_are_hollow_on_the_map_by_price(found):
    figure = map_figure(found, "price")
    marker = json.loads(figure.to_json())["data"][0]["marker"]
    assert marker["symbol"] == ["circle-open"] + ["circle"] * (N - 1)
    assert marker["color"][:2] == [None, 2.0]
    by_category = json.loads(figure.to_json())["layout"]["updatemenus"][0]["buttons"][1]["args"][0]
    assert by_category["marker.symbol"][0] == "circle"


def test_the_figure_holds_the_points_the_words_and_the_menus(found):
    figure = json.loads(map_figure(found, "category").to_json())
    items = figure["data"][0]
    assert items["x"] == found.places[0][:, 0].round(3).tolist()
    assert items["customdata"][1][:5] == ["sku-02", "sku-02", "lamp", "2.00", "59"]
    assert [one["name"] for one in figure["data"]] == ["items", "category", "cluster"]
    assert figure["data"][1]["text"] == ["lamp", "rug"]
    colours, models = figure["layout"]["updatemenus"]
    assert [one["label"] for one in colours["buttons"]] == [
        "category", "popularity", "price", "cluster", "how far it moved",
    ]  # fmt: skip
    assert [one["label"] for one in models["buttons"]] == ["before", "after"]
    assert models["buttons"][1]["args"][0]["x"][0] == found.places[1][:, 0].round(3).tolist()
    used = set(re.findall(r"#[0-9a-f]{6}", json.dumps([figure["data"], figure["layout"]["updatemenus"]])))
    assert used <= set(COLOURS.values())


def test_words_of_the_shop_are_words_for_plotly(vectors):
    described = catalogue(category=["</script><b>lamp</b> & co"] * N)
    figure = map_figure(item_map({"one": vectors}, np.arange(1, N + 1), described, RECIPE), "category")
    assert figure.data[1].text == ("&lt;/script&gt;&lt;b&gt;lamp&lt;/b&gt; &amp; co",)


@pytest.mark.parametrize(("apart", "second"), [(0.01, None), (0.2, 0.7)])
def test_a_name_without_room_gives_way_to_that_of_a_larger_group(found, apart, second):
    places = np.full((N, 2), 0.5)
    places[30:] = (0.5, 0.5 + apart)
    figure = map_figure(replace(found, places=(places, places[::-1])), "category")
    assert figure.data[1].text == ("lamp", "rug")
    assert figure.data[1].y == (0.5, second)
    _, models = figure.layout.updatemenus
    assert models.buttons[1].args[0]["y"][1] == [0.5 + apart, second and 0.5]


def test_pictures_of_the_shop_stay_within_their_budget(vectors):
    given = catalogue(picture=[PIXEL] * N)
    some = item_map({"one": vectors}, np.arange(1, N + 1), given, RECIPE)
    every = pictures(some, Products(given), 100)
    assert len(every) == N
    assert all(one.startswith("data:image/svg+xml;base64,") for one in every)
    assert len(pictures(some, Products(given), 1)) == 1000 // len(every[0])
    assert pictures(some, Products(given), 0) == []
    assert pictures(some, Products(catalogue()), 100) == []


def test_how_to_read_says_what_the_method_cannot_show(found):
    said = words._how_to_read(found, "category", "Nobody was told.")
    assert re.search(r"Drawn by PCA: the two axes hold \d+% of the differences, the rest is not to be seen\.", said)
    assert "categories that the model keeps together. Nobody was told. Drawn" in said
    islands = replace(found, projection=Projection(found.places[0], "tsne", None, 0.9))
    assert "Drawn by t-SNE: what is near is meant" in words._how_to_read(islands, "popularity", "")


def test_no_item_is_named_where_none_stands_out(found):
    even = replace(found, change=found.change._replace(moved=np.linspace(0.8, 1.4, N)))
    assert words._moved_farthest(even) == (
        "No item stands out: the one that moved farthest went 1.4 times as far as the median. Items with few events "
        "moved farther (rank correlation −1.00), which may be noise."
    )


@pytest.fixture(scope="module")
def subject():
    return Subject.of(made_up_runs())


def test_a_network_is_laid_over_its_control(subject):
    drawing, moved = Map(method="pca").draw(subject)
    assert [panel.name for panel in drawing.panels] == ["map-1", "map-2"]
    assert [panel.name for panel in moved.panels] == ["map-moved"]
    assert moved.caption.startswith("Farthest moved: ")
    assert "Farthest moved" not in drawing.caption
    far = [float(row["moved"]) for row in csv.DictReader(io.StringIO(moved.csv))]
    assert far == sorted(far, reverse=True)
    assert far[0] >= 1.5
    assert drawing.title.startswith("Map of the items: gru4rec-ce and ")
    rows = list(csv.DictReader(io.StringIO(drawing.csv)))
    assert len(rows) == N_ITEMS
    assert np.median([float(row["moved"]) for row in rows]) == pytest.approx(1, abs=1e-3)
    assert drawing.reading.endswith(f"All {N_ITEMS} items with training events are drawn.")


def test_fewer_points_are_a_sample_that_is_said(subject):
    (drawing,) = Map(points=10, models=("sqn-gru",)).draw(subject)
    assert drawing.title == "Map of the items: sqn-gru"
    assert drawing.reading.endswith(
        f"10 of {N_ITEMS} items with training events are drawn: the 5 most popular, and 5 by chance from the rest "
        "(seed 0)."
    )
    assert len(drawing.interactive().data[0].x) == 10


def test_what_cannot_be_drawn_is_said(subject):
    with pytest.raises(CannotDraw) as caught:
        Map().draw(Subject(tuple(model for model in subject.models if model.kind == "baseline")))
    assert str(caught.value) == (
        "None of these models is a network, so no item has a vector that was learned.\n"
        "  do now: give the run of a network as well, such as `sessionrl train gru4rec-ce` leaves it"
    )
    with pytest.raises(CannotDraw) as caught:
        Map(models=("popularity",)).draw(subject)
    assert str(caught.value) == (
        "popularity counts and learns no vectors of items.\n  do now: name networks in map.models"
    )
    with pytest.raises(UnknownName, match=r"^No model is called 'sqn'\."):
        Map(models=("sqn",)).draw(subject)
    bare = Subject(subject.models)
    known = subject.catalogue
    bare.__dict__["catalogue"] = Catalogue(
        known.counts, known.sessions, known.vectors, known.items.select("item_id")
    )  # fmt: skip
    with pytest.raises(CannotDraw) as caught:
        Map(colour="price", method="pca").draw(bare)
    assert str(caught.value) == (
        "The map cannot be coloured by price, because no item has one.\n"
        "  do now: leave map.colour out, or give a table of items when you prepare the data"
    )
