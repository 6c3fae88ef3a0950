"""Pictures of products and the map on the page of a real report, of the made-up runs, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from sessionrl.contracts.made_up_runs import made_up_runs
from sessionrl.reporting.picture import Asked
from sessionrl.reporting.report import write_report

WIDE, NARROW = 1400, 390
OF_PRODUCTS = ("sheet", "closest", "map", "most_shown", "never_shown")
FOLDED = "main :is(.products, .reading):not([open])"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    asked = Asked(names=OF_PRODUCTS)
    return write_report(made_up_runs(), tmp_path_factory.mktemp("pictures") / "report.html", asked=asked)


def show_all(page):
    """Unfolds everything, and passes by everything, so that what waits to be seen is there."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for figure in page.locator("figure").all():
        figure.scroll_into_view_if_needed()


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "dark"), (NARROW, "light")])
def test_products_and_maps_are_accessible_load_nothing_and_fit(opened, report, width, scheme):
    page, heard = opened(report, width, scheme)
    assert page.locator("figure").count() >= len(OF_PRODUCTS)
    show_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert heard == []


def test_every_product_has_a_picture_and_says_what_it_is(opened, report):
    page, _ = opened(report)
    assert page.locator(".product .picture").count() > 50
    assert page.evaluate(
        """[...document.querySelectorAll(".product .picture")].filter((one) => !one.ariaLabel
        || !getComputedStyle(one).backgroundImage.startsWith('url("data:image/')).length"""
    ) == 0  # fmt: skip
    said = page.locator(".product .picture").first.get_attribute("aria-label")
    assert re.fullmatch(r"(chair|lamp|rug) no\. \d+, (chair|lamp|rug), [\d.]+", said)


def test_the_contents_are_folded_where_there_is_no_room_beside_the_page(opened, report):
    page, _ = opened(report, NARROW)
    assert not page.locator("nav.contents a").first.is_visible()
    page.locator("nav.contents summary").press("Enter")
    page.get_by_role("link", name="What was trained on what").click()
    assert page.evaluate("location.hash") == "#trained"
    page.set_viewport_size({"width": WIDE, "height": 1000})
    page.wait_for_function("document.getElementById('contents').open")
    assert page.locator("nav.contents a").first.is_visible()


def test_on_paper_folded_products_are_open_and_fold_again(opened, report):
    page, heard = opened(report)
    folded = page.locator(FOLDED).count()
    assert folded > 0
    page.evaluate(
        f"addEventListener('beforeprint', () => {{ window.onPaper = document.querySelectorAll('{FOLDED}').length; }})"
    )
    pdf = page.pdf(format="A4")
    assert page.evaluate("window.onPaper") == 0
    assert page.locator(FOLDED).count() == folded
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 30
    assert heard == []


def test_a_page_that_may_remember_nothing_works_all_the_same(opened, report):
    page, heard = opened(report)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    page.reload()
    button = page.get_by_role("button", name="Colours")
    button.click()
    button.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert heard == []
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") is None
