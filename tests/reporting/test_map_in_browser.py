"""The map of items on the screen, in a real browser."""

import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from sessionrl.contracts.made_up_runs import made_up_runs
from sessionrl.data.catalogue import Catalogue
from sessionrl.reporting.drawing import Drawing
from sessionrl.reporting.figure_files import write_pictures
from sessionrl.reporting.map_data import Recipe, item_map
from sessionrl.reporting.map_figure import map_figure
from sessionrl.reporting.map_panel import map_panel
from sessionrl.reporting.page import shown, write_page
from sessionrl.reporting.picture import Asked, Drawn

READY = "figure.alive"
HOSTILE = "</script><b>lamp</b><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def map_page(tmp_path_factory):
    files, drawn = write_pictures(made_up_runs(), tmp_path_factory.mktemp("map"), Asked(("map",)))
    assert not drawn.missing
    return files[0]


@pytest.fixture
def hostile_page(tmp_path):
    """Forty items whose names and categories are written like HTML."""
    counts = np.concatenate([[0], np.arange(40, 0, -1)])
    ids = pl.DataFrame({"item_id": [f"sku-{n}" for n in range(40)], "name": [HOSTILE] * 40, "category": [HOSTILE] * 40})
    vectors = {"gru": np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)}
    catalogue = Catalogue(counts, counts, np.zeros((41, 2), np.float32), ids)
    found = item_map(vectors, np.arange(1, 41), catalogue, Recipe("pca", 3, 0))
    panels = (map_panel(found, 0, "category"),)
    drawing = Drawing("map", HOSTILE, "Look.", panels, "a\n1\n", interactive=lambda: map_figure(found, "category"))
    subject = SimpleNamespace(products=SimpleNamespace(problems=""))
    content = shown(subject, Drawn({"items": [drawing]}, {}, {})) | {"title": "Lamps"}
    return write_page("pictures.html", content, tmp_path / "index.html")


def dots(page) -> dict:
    """The trace of the items as plotly has it."""
    return json.loads(page.evaluate("JSON.stringify(document.querySelector('.plot').data[0])"))


def test_the_map_is_drawn_over_the_static_panels_and_nothing_is_loaded(opened, map_page):
    page, heard = opened(map_page)
    page.wait_for_selector(READY)
    assert len(dots(page)["x"]) == len(dots(page)["customdata"]) > 10
    assert not page.is_visible("figure .panels")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1400
    page.emulate_media(media="print")
    assert page.is_visible("figure .panels")
    assert not page.is_visible(".live")
    assert heard == []


def test_an_item_is_found_by_its_name_and_shown(opened, map_page):
    page, _ = opened(map_page)
    page.wait_for_selector(READY)
    first = dots(page)["customdata"][0]
    page.fill("input[name=find]", first[0])
    page.wait_for_function("document.querySelector('.plot').data[0].selectedpoints?.length === 1")
    assert page.inner_text("output") == "1 item"
    assert first[1] in page.inner_text(".card")
    assert f"{first[4]} events" in page.inner_text(".card")
    page.fill("input[name=find]", "no such thing")
    page.wait_for_function("document.querySelector('.plot').data[0].selectedpoints?.length === 0")
    assert page.inner_text("output") == "0 items"
    assert not page.is_visible(".card")


def test_enter_shows_what_was_found_one_after_another(opened, map_page):
    page, _ = opened(map_page)
    page.wait_for_selector(READY)
    names = [one[1] for one in dots(page)["customdata"] if "lamp" in one[1]]
    page.fill("input[name=find]", "lamp")
    page.wait_for_function(f"document.querySelector('.plot').data[0].selectedpoints?.length === {len(names)}")
    assert page.inner_text("output") == f"{len(names)} items"
    for nth in (*range(len(names)), 0):
        page.press("input[name=find]", "Enter")
        assert page.inner_text("output") == f"{nth + 1} of {len(names)}: {names[nth]}"
        assert page.inner_text(".card strong") == names[nth]


def test_pointing_at_a_dot_shows_the_item(opened, map_page):
    page, _ = opened(map_page)
    page.wait_for_selector(READY)
    page.locator(".plot .point").first.hover(force=True)
    page.wait_for_selector(".card", state="visible")
    named = {one[1] for one in dots(page)["customdata"]}
    assert page.inner_text(".card strong") in named


def test_names_written_like_html_are_words(opened, hostile_page):
    page, heard = opened(hostile_page)
    page.wait_for_selector(READY)
    assert page.text_content(".plot .textpoint") == HOSTILE
    page.fill("input[name=find]", "onerror")
    assert page.inner_text("output") == "40 items"
    page.press("input[name=find]", "Enter")
    assert page.inner_text(".card strong") == HOSTILE
    assert page.locator("img").count() == 0
    assert heard == []


def swipe(page, pixels: int) -> None:
    """A finger goes down over the middle of the map, so that the page goes up."""
    touch = page.context.new_cdp_session(page)
    box = page.locator(".plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for nth, kind in enumerate(["touchStart", *["touchMove"] * 10, "touchEnd"]):
        points = [] if kind == "touchEnd" else [{"x": x, "y": y + nth * pixels / 10}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_finger_on_the_map_scrolls_the_page(opened, map_page):
    page, heard = opened(map_page, width=390)
    page.wait_for_selector(READY)
    page.evaluate("document.querySelector('.plot').scrollIntoView({ block: 'center', behavior: 'instant' })")
    before = page.evaluate("scrollY")
    assert before > 100
    swipe(page, 150)
    page.wait_for_function(f"scrollY < {before - 50}")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert heard == []


def test_menus_colour_the_items_and_change_the_model(opened, map_page):
    page, _ = opened(map_page)
    page.wait_for_selector(READY)
    before = dots(page)
    page.get_by_label("Colour by").select_option("popularity")
    page.wait_for_function("document.querySelector('.plot').data[0].marker.showscale === true")
    assert dots(page)["marker"]["color"] != before["marker"]["color"]
    page.locator(".controls select").first.select_option(index=1)  # of the model
    page.wait_for_function(f"document.querySelector('.plot').data[0].x[0] !== {before['x'][0]}")


def test_colours_follow_the_page(opened, map_page):
    page, _ = opened(map_page)
    page.wait_for_selector(READY)
    light = dots(page)["marker"]["colorscale"]
    page.click("#theme")  # as the system, light
    page.click("#theme")  # dark
    scale = "JSON.stringify(document.querySelector('.plot').data[0].marker.colorscale)"
    page.wait_for_function(f"{scale} !== {json.dumps(json.dumps(light, separators=(',', ':')))}")


def test_without_scripts_the_static_panels_stay(opened, map_page):
    page, _ = opened(map_page, scripts=False)
    assert page.is_visible("figure .panels")
    assert not page.is_visible(".live")


def test_where_unpacking_fails_the_static_panels_stay(opened, map_page, tmp_path):
    begins = 'id="plotly">'
    before, after = map_page.read_text().split(begins)
    broken = tmp_path / "broken.html"
    broken.write_text(f"{before}{begins}AAAA{after[4:]}")  # no longer gzip
    page, heard = opened(broken)
    page.wait_for_selector(".live[data-failed]", state="attached")
    assert page.is_visible("figure .panels")
    assert not page.is_visible(".live")
    assert heard == []
