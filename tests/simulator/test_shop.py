"""The drawn world is what its options say, and options that make no world are refused."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sessionrl.errors import BadOption
from sessionrl.simulator.products import categories, item_ids, product_table
from sessionrl.simulator.shop import Shop, ShopOptions, unit

SMALL = ShopOptions(items=60, categories=6, users=200, fashion=0.5)


@pytest.fixture(scope="module")
def shop():
    return Shop.draw(SMALL, seed=1)


def test_one_seed_is_one_world(shop):
    again, other = Shop.draw(SMALL, seed=1), Shop.draw(SMALL, seed=2)
    assert np.array_equal(shop.vectors, again.vectors)
    assert np.array_equal(shop.favourites, again.favourites)
    assert not np.array_equal(shop.vectors, other.vectors)


def test_vectors_lie_around_their_category(shop):
    assert np.allclose(np.linalg.norm(shop.vectors, axis=1), 1)
    assert np.allclose(np.linalg.norm(shop.centres, axis=1), 1)
    # Without an own part every item is its category; without the category's part items of it are unrelated.
    same = Shop.draw(replace(SMALL, category_share=1.0), seed=1)
    assert np.allclose(same.vectors, same.centres[same.category])
    apart = Shop.draw(replace(SMALL, category_share=0.0), seed=1)
    likeness = np.einsum("nd,nd->n", apart.vectors, apart.centres[apart.category])
    assert abs(likeness.mean()) < 4 / np.sqrt(SMALL.items * SMALL.dim)


def test_popularity_is_zipf_inside_each_category_and_across(shop):
    assert shop.popularity.sum() == pytest.approx(1)
    inside = -np.sort(-shop.popularity.reshape(6, 10), axis=1)
    assert np.allclose(inside / inside[:, :1], np.arange(1.0, 11) ** -SMALL.zipf)
    across = -np.sort(-shop.category_popularity)
    assert np.allclose(across / across[0], np.arange(1.0, 7) ** -SMALL.category_zipf)


def test_fashion_moves_shares_and_its_absence_does_not(shop):
    assert np.allclose(shop.shares.reshape(8, 6, 10).sum(axis=2), 1)
    assert np.abs(np.diff(shop.shares, axis=0)).max() > 0.01
    still = Shop.draw(replace(SMALL, fashion=0.0), seed=1)
    assert np.allclose(still.shares, still.popularity / still.category_popularity[still.category])


def test_favourites_differ_and_prices_are_positive_cents(shop):
    assert all(len(set(row)) == SMALL.favourites for row in shop.favourites.tolist())
    assert shop.prices.min() >= 0.01
    assert np.allclose(shop.prices * 100, np.round(shop.prices * 100))
    assert shop.sensitivity.min() >= 0


def test_draws_within_a_category_follow_its_shares(shop):
    uniform = (np.arange(100_000) + 0.5) / 100_000
    for week, category in ((0, 0), (3, 5), (11, 2)):
        drawn = shop.draw_within(np.array(week), np.array(category), uniform)
        assert set(shop.category[drawn]) == {category}
        share = np.bincount(drawn, minlength=SMALL.items) / len(drawn)
        expected = np.where(shop.category == category, shop.shares[week % 8], 0)
        assert np.abs(share - expected).max() < 1e-4


def test_extreme_luck_stays_on_the_shelf(shop):
    ends = np.array([2.0**-33, 1 - 2.0**-33])
    assert shop.draw_within(np.array(0), np.array(2), ends).tolist() == [20, 29]
    assert shop.draw_within(np.array(7), np.array(5), ends).tolist() == [50, 59]


def test_unit_leaves_a_zero_vector():
    assert unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[0.6, 0.8], [0.0, 0.0]]


def test_products_have_different_ids_and_readable_names(shop):
    table = product_table(shop)
    assert table.columns == ["item_id", "name", "category", "price", "colour", "style"]
    assert table["item_id"][0] == "mug-0001"
    assert table["item_id"][11] == "lamp-0002"
    assert table["item_id"].n_unique() == 60
    assert table["name"][0] == f"{table['colour'][0].capitalize()} {table['style'][0]} mug"
    assert table["price"].to_list() == shop.prices.tolist()


def test_colours_are_true_features(shop):
    table = product_table(shop)
    mugs, colour = shop.vectors[:10], table["colour"][:10].to_numpy()
    alike = mugs @ mugs.T
    same = (colour[:, None] == colour) & ~np.eye(10, dtype=bool)
    assert alike[same].mean() > alike[colour[:, None] != colour].mean()


def test_more_categories_than_nouns_get_numbers():
    many = Shop.draw(ShopOptions(items=84, categories=42, users=5), seed=0)
    assert categories(many)[39:] == ["apron", "mug2", "lamp2"]
    assert len(set(item_ids(many))) == 84


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("items", 0, "shop, option 'items' = 0: it must be a whole number, 1 or more."),
        ("users", 2.5, "shop, option 'users' = 2.5: it must be a whole number, 1 or more."),
        ("focus", 1.2, "shop, option 'focus' = 1.2: it must lie between 0 and 1."),
        ("drift", -0.1, "shop, option 'drift' = -0.1: it must not be negative."),
        ("position_decay", 0.0, "shop, option 'position_decay' = 0.0: it must be more than 0."),
        ("click_base", float("nan"), "shop, option 'click_base' = nan: it must be a finite number."),
        ("slate_size", 61, "shop, slate_size = 61 is more than items = 60. Give fewer."),
        ("favourites", 7, "shop, favourites = 7 is more than categories = 6. Give fewer."),
        (
            "items",
            65,
            "shop, items = 65 is not a multiple of categories = 6: every category has equally many items. "
            "Give items = 60.",
        ),
    ],
)
def test_options_that_make_no_shop_are_refused(option, value, message):
    with pytest.raises(BadOption, match=f"^{re.escape(message)}$"):
        replace(SMALL, **{option: value})
