"""The page in a real browser: what it loads, says, sorts, remembers and prints."""

import re
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe

from sessionrl.reporting.drawing import Drawing, Panel, ProductCell, ProductPanel, ProductRow
from sessionrl.reporting.page import shown, write_page
from sessionrl.reporting.picture import Drawn
from sessionrl.reporting.product_pictures import data_uri
from sessionrl.reporting.products import ProductCard
from sessionrl.reporting.report import write_report

WIDE, NARROW = 1400, 390
EMPTY = data_uri("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'/>")


@pytest.fixture(scope="module")
def report(shelves, tmp_path_factory):
    return write_report(shelves, tmp_path_factory.mktemp("browser") / "report.html")


@pytest.fixture(scope="module")
def shelf_page(tmp_path_factory):
    """Twelve products in two rows, with every frame there is, beside a drawing."""
    cards = {
        n: ProductCard(f"sku-{n}", f"A lamp with a long name, number {n}", "lamp", "9.00", EMPTY) for n in range(12)
    }
    frames = ("hit", "target", "agrees", "differs", "")
    cells = tuple(ProductCell(n, f"0.{n:02}", frames[n % 5]) for n in range(12))
    rows = tuple(ProductRow(label, "two words", cells) for label in ("gru4rec", "sqn-gru"))
    panel = Panel("line", (300, 120), "a line that rises", lambda figure: figure.add_subplot().plot([0, 1], [0, 1]))
    drawing = Drawing(
        "shelf", "Lamps", "Look at the lamps.", (panel, ProductPanel("A row", "a note", rows, cards)), "a,b\n"
    )
    subject = SimpleNamespace(products=SimpleNamespace(problems=""))
    content = shown(subject, Drawn({"items": [drawing]}, {"front": "No Q heads."}, {})) | {"title": "Pictures of lamps"}
    return write_page("pictures.html", content, tmp_path_factory.mktemp("browser") / "index.html")


def everything_open(page):
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        *(("report", width, scheme) for width in (WIDE, NARROW) for scheme in ("light", "dark")),
        ("shelf_page", WIDE, "light"),
        ("shelf_page", NARROW, "dark"),
    ],
)
def test_a_page_is_accessible_loads_nothing_and_fits(opened, request, name, width, scheme):
    page, heard = opened(request.getfixturevalue(name), width, scheme)
    everything_open(page)
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_report_is_small(report, shelf_page):
    assert report.stat().st_size < 5_000_000
    assert shelf_page.read_text(encoding="utf-8").count(EMPTY) == 12  # once a product, though it stands in two rows


def values(page, column):
    cells = page.locator("table.sortable").first.locator(f"tbody tr td:nth-child({column})")
    return [float(re.search(r"\d+\.\d+", text)[0]) for text in cells.locator(".value").all_inner_texts()]


def test_a_table_sorts_by_click_and_by_keyboard_and_goes_back(opened, report):
    page, heard = opened(report, WIDE)
    head = page.locator("table.sortable").first.locator("tr.names th").nth(1)
    before = values(page, 2)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert values(page, 2) == sorted(before, reverse=True)
    page.keyboard.press("Enter")  # the button that was clicked has the focus
    assert head.get_attribute("aria-sort") == "ascending"
    assert values(page, 2) == sorted(before)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") is None
    assert values(page, 2) == before
    assert heard == []


def test_a_table_sorts_numbers_by_their_value_and_what_is_missing_last(opened, report):
    page, _ = opened(report, WIDE)
    page.evaluate(
        """() => document.querySelector("table.sortable").querySelectorAll("td:nth-child(2) .value")
        .forEach((cell, nth) => { cell.textContent = ["9.5", "–", "−3", "1,234"][nth]; })"""
    )
    table = page.locator("table.sortable").first
    button = table.locator("tr.names th").nth(1).get_by_role("button")
    cells = table.locator("tbody td:nth-child(2) .value")
    button.click()
    assert cells.all_inner_texts() == ["1,234", "9.5", "−3", "–"]
    button.click()
    assert cells.all_inner_texts() == ["−3", "9.5", "1,234", "–"]


def test_the_colours_are_chosen_and_remembered(opened, report):
    page, heard = opened(report, WIDE, "light")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    button = page.get_by_role("button", name="Colours")
    assert "as the system" in button.inner_text()
    button.click()
    assert page.evaluate(colour) == light
    button.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    dark = page.evaluate(colour)
    assert dark != light
    page.reload()
    assert page.evaluate(colour) == dark
    assert heard == []


def test_the_rows_of_products_scroll_on_a_telephone_and_by_keyboard(opened, shelf_page):
    page, _ = opened(shelf_page, NARROW)
    row = page.locator(".cells").first
    assert row.evaluate("one => one.scrollWidth > one.clientWidth")
    row.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.cells').scrollLeft > 0", timeout=3000)


def test_the_page_can_be_read_without_scripts(opened, report):
    page, heard = opened(report, WIDE, scripts=False)
    assert page.locator("table.sortable tr.names button").count() == 0
    assert page.get_by_role("heading", name="In plain words").is_visible()
    assert not page.locator("#theme").is_visible()
    assert heard == []


def test_on_paper_it_is_light_whole_and_not_long(opened, report):
    page, _ = opened(report, WIDE, "dark")
    pdf = page.pdf(format="A4", print_background=True)
    assert pdf.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 25
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav.contents").is_visible()
    page.set_viewport_size({"width": 704, "height": 1000})  # an A4 page between its margins
    assert page.evaluate("document.documentElement.scrollWidth") == 704
