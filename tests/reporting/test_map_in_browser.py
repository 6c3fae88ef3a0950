"""The map of items on the screen, in a real browser."""

import json

import pytest

from sessionrl.contracts.made_up_runs import made_up_runs
from sessionrl.reporting.figure_files import write_pictures
from sessionrl.reporting.picture import Asked

READY = "figure.alive"


@pytest.fixture(scope="module")
def map_page(tmp_path_factory):
    files, drawn = write_pictures(made_up_runs(), tmp_path_factory.mktemp("map"), Asked(("map",)))
    assert not drawn.missing
    return files[0]


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
