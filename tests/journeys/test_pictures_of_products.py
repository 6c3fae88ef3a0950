"""A run shows the products of its shop as long as their pictures are where they were."""

import shutil

import polars as pl
import pytest

from sessionrl import config
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.experiment import Experiment
from sessionrl.reporting.drawn_card import drawn_card
from sessionrl.reporting.product_pictures import data_uri
from sessionrl.reporting.products import Products
from sessionrl.runs import RunDirectory
from sessionrl.simulator.log import simulate_log
from sessionrl.simulator.shop import ShopOptions


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the log of a simulated shop and a run of popularity on it."""
    folder = tmp_path_factory.mktemp("my shop ü")
    log = folder / "shop"
    simulate_log(ShopOptions(items=24, categories=4, users=30), sessions=300, days=12, seed=1).save(log)
    reader = Delimited(str(log / "events.csv"), items_path=str(log / "items.csv"))
    prepared = prepare(reader, Preparation(test_days=2, valid_days=2), folder / "prepared")
    popularity = config.override(config.load("popularity"), ["evaluation.replicates=100"])
    Experiment(popularity, prepared).run(Experiment(popularity, prepared).new_run(folder / "runs"))
    return folder


def products_of(place) -> Products:
    (run,) = (place / "runs").iterdir()
    return Products(Catalogue.load(RunDirectory(run).items, RunDirectory(run).vectors))


def test_a_run_shows_what_the_shop_drew(place):
    products = products_of(place)
    cards = products.cards(range(1, len(products.catalogue)))
    assert len(cards) > 10
    for card in cards.values():
        drawn = (place / "shop" / "pictures" / f"{card.item_id}.svg").read_bytes()
        assert card.picture == data_uri("image/svg+xml", drawn)
    assert products.problems == ""


def test_when_the_pictures_are_gone_the_page_can_say_so(place, tmp_path):
    shutil.copytree(place / "runs", tmp_path / "runs")
    products = products_of(tmp_path)
    item = products.catalogue.items["item_id"][0]
    gone = place / "shop" / "pictures" / f"{item}.svg"
    kept = gone.read_bytes()
    gone.unlink()
    try:
        cards = products.cards([1, 2])
    finally:
        gone.write_bytes(kept)
    assert products.problems == (
        "1 of 2 pictures of products could not be shown, so drawn cards stand in their place. "
        f"The first is of {item}, {gone.resolve()}: there is no such file."
    )
    assert cards[1].picture.startswith("data:image/svg+xml;base64,")


def test_a_log_from_before_the_shop_drew_still_works(place, tmp_path):
    items = pl.read_csv(place / "shop" / "items.csv").drop("picture")
    items.write_csv(tmp_path / "items.csv")
    reader = Delimited(str(place / "shop" / "events.csv"), items_path=str(tmp_path / "items.csv"))
    products = Products(prepare(reader, Preparation(test_days=2, valid_days=2), tmp_path / "prepared").catalogue)
    card = products.card(1)
    words = (card.item_id, card.name, card.category, card.price)
    assert all(words)
    assert card.picture == data_uri("image/svg+xml", drawn_card(*words).encode())
    assert products.problems == ""
