"""The simulated shop draws its own products: well-formed, small, equal for equal products and different for others."""

import itertools
import xml.etree.ElementTree as ET
from dataclasses import replace

import polars as pl
import pytest

from sessionrl.simulator import log as simulated
from sessionrl.simulator.log import SimulatedLog, simulate_log
from sessionrl.simulator.product_drawings import FILLS, GROUNDS, PATTERNS, draw_product
from sessionrl.simulator.product_shapes import MATERIALS, SHAPES
from sessionrl.simulator.products import COLOURS, NOUNS, STYLES
from sessionrl.simulator.shop import ShopOptions

TINY = ShopOptions(items=120, categories=60, users=20)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def log():
    return simulate_log(TINY, sessions=20, days=2, seed=1)


def test_there_is_a_shape_a_colour_and_a_pattern_of_everything_in_the_shop():
    assert tuple(SHAPES) == NOUNS
    assert tuple(FILLS) == COLOURS
    assert tuple(PATTERNS) == tuple(GROUNDS) == STYLES
    used = {part.material for shape in SHAPES.values() for part in (*shape.behind, *shape.front)}
    assert used == set(MATERIALS)


def test_all_products_are_well_formed_small_and_different():
    drawings = set()
    for noun, colour, style in itertools.product(NOUNS, COLOURS, STYLES):
        svg = draw_product(noun, colour, style, 1234.5)
        assert len(svg) < 3000
        drawings.add(svg)
        root = ET.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        assert [text.text for text in root.iter(f"{SVG}text")] == ["1,234.50"]
        patterns = {f"url(#{pattern.get('id')})" for pattern in root.iter(f"{SVG}pattern")}
        assert patterns == {one for path in root.iter() if (one := path.get("fill", "")).startswith("url")}
    assert len(drawings) == 40 * 8 * 8


def test_a_further_round_of_categories_has_the_same_shape_and_its_number():
    first, second, third = (draw_product(noun, "red", "nordic", 5.0) for noun in ("mug", "mug2", "mug3"))
    assert len({first, second, third}) == 3
    assert [text.text for text in ET.fromstring(third).iter(f"{SVG}text")] == ["5.00", "3"]
    assert SHAPES["mug"].body in first
    assert SHAPES["mug"].body in second


def test_the_shop_saves_a_picture_of_each_item_and_says_where_it_is(log, tmp_path):
    log.save(tmp_path / "shop")
    items = pl.read_csv(tmp_path / "shop" / "items.csv")
    assert items.drop("picture").equals(log.items)
    assert items["picture"][0] == "pictures/mug-0001.svg"
    for item in items.iter_rows(named=True):
        drawn = draw_product(item["category"], item["colour"], item["style"], item["price"])
        assert (tmp_path / "shop" / item["picture"]).read_text() == drawn
    assert len(list((tmp_path / "shop" / "pictures").iterdir())) == 120


def test_equal_seeds_draw_equal_pictures(log, tmp_path):
    log.save(tmp_path / "one")
    simulate_log(TINY, sessions=20, days=2, seed=1).save(tmp_path / "again")
    one, again = (
        {file.name: file.read_bytes() for file in (tmp_path / name / "pictures").iterdir()} for name in ("one", "again")
    )
    assert one == again


def test_a_large_shop_draws_only_if_asked(log, tmp_path, monkeypatch):
    few: SimulatedLog = replace(log, items=log.items.head(3))
    monkeypatch.setattr(simulated, "MOST_PICTURES", 2)
    few.save(tmp_path / "large")
    few.save(tmp_path / "asked", pictures=True)
    assert "picture" not in pl.read_csv(tmp_path / "large" / "items.csv").columns
    assert not (tmp_path / "large" / "pictures").exists()
    assert len(list((tmp_path / "asked" / "pictures").iterdir())) == 3
    monkeypatch.setattr(simulated, "MOST_PICTURES", 3)
    few.save(tmp_path / "small")
    few.save(tmp_path / "refused", pictures=False)
    assert (tmp_path / "small" / "pictures").is_dir()
    assert not (tmp_path / "refused" / "pictures").exists()
