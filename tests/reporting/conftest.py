"""Runs on a shelf and a browser, for the tests of the report."""

import os
import shutil

import pytest
from shelf import POPULARITY, SQN, Shelf, network, rankings


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


@pytest.fixture(scope="session")
def shelves(tmp_path_factory):
    """Popularity, a GRU, the same with SQN (no better), and one that popularity beats; two seeds of the networks."""
    shelf = Shelf(tmp_path_factory.mktemp("runs"))
    paths = [shelf.run("popularity", POPULARITY, rankings(0, 9, noise=0))]
    for seed in (1, 2):
        paths.append(shelf.run(f"gru4rec-s{seed}", network(), rankings(2.0, seed), seed=seed))
        paths.append(shelf.run(f"sqn-gru-s{seed}", network(objective=SQN), rankings(2.0, 10 + seed), seed=seed))
        lost = rankings(0.0, 20 + seed, sharpness=0.0)
        smorl = {**SQN, "name": "smorl", "weights": [1.0, 1.0, 1.0]}
        paths.append(shelf.run(f"smorl-gru-s{seed}", network(objective=smorl), lost, seed=seed))
    return paths


@pytest.fixture(scope="module")
def browser():
    """The system's Chromium without a window.

    Of one module: while it is open an event loop runs in this thread, and tests of notebooks start one of their own.
    """
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Opens a file: the page, and a list of its requests, errors and console messages, which should stay empty."""
    contexts = []

    def open_file(path, width=1400, scheme="light", scripts=True):
        size = {"width": width, "height": 844 if width < 600 else 1000}
        context = browser.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce", java_script_enabled=scripts
        )
        contexts.append(context)
        page, heard = context.new_page(), []

        def answer(route):
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                heard.append(f"request: {route.request.url}")
                route.abort()

        context.route("**/*", answer)
        page.on("console", lambda message: heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.goto(path.as_uri())
        return page, heard

    yield open_file
    for context in contexts:
        context.close()
