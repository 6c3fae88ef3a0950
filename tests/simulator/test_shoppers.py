"""The session process follows its equations, one mechanism at a time."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sessionrl.simulator.draws import Draws
from sessionrl.simulator.records import NONE
from sessionrl.simulator.shop import Shop, ShopOptions
from sessionrl.simulator.shoppers import Shoppers, choose

OPTIONS = ShopOptions(items=120, categories=6, users=50, slate_size=5)
SESSIONS = 400
STAYING = {"leave_base": -50.0, "leave_purchase": 0.0}
# Nothing that is shown can change what comes later: section 4.8's null world.
NULL = {"boredom_click": 0.0, "leave_boredom": 0.0, "leave_click": 0.0, "leave_purchase": 0.0, "cart_commitment": 0.0}


def shoppers(sessions=SESSIONS, **changes):
    numbers = np.arange(sessions)
    return Shoppers(Shop.draw(replace(OPTIONS, **changes), 1), Draws(2), numbers, numbers % 3)


def shown(count, first):
    """Every session sees the items first, first + 1, …"""
    return np.tile(np.arange(first, first + 5), (count, 1))


def walk(crowd, first, steps=3):
    """The outcomes of some steps with one slate for all."""
    return [crowd.step(shown(len(crowd), first)) for _ in range(steps)]


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


def test_two_policies_meet_the_same_shoppers():
    one, other = shoppers(), shoppers()
    assert np.array_equal(one.landing.items, other.landing.items)
    assert np.array_equal(one.landing.users, other.landing.users)
    a, b = walk(one, 0, 1)[0], walk(other, 60, 1)[0]
    assert not np.array_equal(a.clicked, b.clicked)
    assert np.array_equal(a.organic, b.organic)
    assert np.array_equal(a.revisited, b.revisited)


def test_a_session_does_not_depend_on_its_batch():
    together = shoppers(64)
    alone = Shoppers(together.shop, Draws(2), np.array([33]), np.array([33 % 3]))
    assert alone.landing.items[0] == together.landing.items[33]
    steps = 0
    while len(alone):
        mine = alone.step(shown(1, 10))
        all_of_them = together.step(shown(len(together), 10))
        row = int(np.flatnonzero(all_of_them.sessions == 33)[0])
        assert mine.clicked[0].tolist() == all_of_them.clicked[row].tolist()
        assert mine.left[0] == all_of_them.left[row]
        steps += 1
    assert steps > 1


def test_chances_are_the_equations():
    crowd = shoppers(3)
    s, shop = crowd._state, crowd.shop
    s.boredom[1, 0], s.commitment[1, 0] = 1.8, 9.0
    chances = crowd.chances(shown(3, 0))
    liking = s.intent[1] @ shop.vectors[2]
    # Item 2 is of category 0: boredom is 1 above the free part, and only 4 of the 9 views count.
    click = -3.6 + 3.0 * liking + shop.appeal[2] - 0.7 * 1.0
    cart = -4.2 + 2.0 * liking + 0.35 * 4 - shop.sensitivity[s.users[1]] * shop.log_price[2]
    assert chances.click[1, 2] == pytest.approx(sigmoid(click))
    assert chances.cart[1, 2] == pytest.approx(sigmoid(cart))
    assert chances.buy[1, 0] == pytest.approx(sigmoid(-0.75 + s.need[1]))


def test_clicks_come_as_often_as_chances_and_positions_say():
    crowd = shoppers(20_000, click_base=0.0)
    slates = shown(20_000, 40)
    expected = crowd.chances(slates).click * 0.85 ** np.arange(5)
    clicked = crowd.step(slates).clicked
    error = np.sqrt((expected * (1 - expected)).sum(axis=0))
    assert (np.abs(clicked.sum(axis=0) - expected.sum(axis=0)) < 4 * error).all()


def test_boredom_is_what_was_shown():
    crowd = shoppers(**STAYING)
    crowd.step(shown(SESSIONS, 18))  # items 18, 19 are of category 0, and 20, 21, 22 of category 1
    weight = 0.85 ** np.arange(5)
    expected = weight[:2].sum() / weight.sum()
    assert np.allclose(crowd._state.boredom[:, :2], [expected, 1 - expected])
    crowd.step(shown(SESSIONS, 18))
    assert np.allclose(crowd._state.boredom[:, 0], 1.85 * expected)
    assert (crowd._state.boredom[:, 2:] == 0).all()


@pytest.mark.parametrize(("boredom_click", "moved"), [(0.0, False), (0.7, True)])
def test_without_boredom_clicks_do_not_depend_on_exposure(boredom_click, moved):
    crowd = shoppers(boredom_click=boredom_click)
    before = crowd.chances(shown(SESSIONS, 0)).click
    crowd._state.boredom += 5.0
    after = crowd.chances(shown(SESSIONS, 0)).click
    assert (after < before).all() if moved else np.array_equal(after, before)


def test_in_the_null_world_the_slates_do_not_decide_when_a_session_ends():
    assert NULL.keys() <= vars(OPTIONS).keys()
    lengths = []
    for first in (0, 60):
        crowd, length = shoppers(pull=0.0, **NULL), np.zeros(SESSIONS, int)
        while len(crowd):
            length[crowd.observation.sessions] += 1
            crowd.step(shown(len(crowd), first))
        lengths.append(length)
    assert np.array_equal(*lengths)
    # Constant P(leave) = sigma(-1.9): the mean of the geometric distribution, cut at 60 steps.
    chance = sigmoid(-1.9)
    mean = (1 - (1 - chance) ** 60) / chance
    assert abs(lengths[0].mean() - mean) < 4 * mean / np.sqrt(SESSIONS)


def test_leaving_is_the_equation():
    crowd = shoppers(20_000, leave_spread=0.5, click_base=-2.0, leave_purchase=0.0)
    crowd._state.boredom[:, 1] = 2.0
    patience = crowd._state.patience.copy()
    # Positions 3, 4 and 5 are of the boring category.
    weight = 0.85 ** np.arange(5)
    boring = 2.0 * weight[2:].sum() / weight.sum()
    outcome = crowd.step(shown(20_000, 18))
    clicks = outcome.clicked.any(axis=1)
    chance = sigmoid(-1.9 + patience + 0.7 * boring - 0.7 * clicks)
    assert patience.std() == pytest.approx(0.5, rel=0.03)
    for group in (clicks, ~clicks):
        error = np.sqrt((chance * (1 - chance))[group].sum())
        assert abs(outcome.left[group].sum() - chance[group].sum()) < 4 * error


def test_a_purchase_ends_at_least_its_share_of_sessions():
    eager = {"click_base": 50.0, "cart_base": 50.0, "buy_base": 50.0, "leave_base": -50.0}
    left = shoppers(5000, leave_purchase=0.4, **eager).step(shown(5000, 0)).left
    assert abs(left.mean() - 0.4) < 4 * np.sqrt(0.4 * 0.6 / 5000)
    assert shoppers(leave_purchase=0.4, **(eager | {"leave_base": 50.0})).step(shown(SESSIONS, 0)).left.all()


def test_the_first_intent_lies_between_a_favourite_and_the_lasting_taste():
    still = {"intent_spread": 0.0, "pull": 0.0}
    shop, users = shoppers().shop, shoppers().landing.users
    taste = shoppers(focus=0.0, **still)._state.intent
    assert np.allclose(taste, shop.tastes[users])
    favourite = shoppers(focus=1.0, **still)._state.intent
    centre = np.argmax(favourite @ shop.centres.T, axis=1)
    assert np.allclose(favourite, shop.centres[centre])
    assert (shop.favourites[users] == centre[:, None]).any(axis=1).all()
    both = 0.45 * favourite + 0.55 * taste
    assert np.allclose(shoppers(**still)._state.intent, both / np.linalg.norm(both, axis=1, keepdims=True))


def test_intent_drifts_by_its_spread_even_when_nothing_is_viewed():
    crowd = shoppers(drift=0.3, click_base=-50.0, organic=0.0, revisit=0.0, **STAYING)
    before = crowd._state.intent
    walk(crowd, 0, 1)
    # z + 0.3 ε with ε a random direction: on average at a right angle, so the cosine is 1 / sqrt(1 + 0.3²).
    cosine = np.einsum("bd,bd->b", before, crowd._state.intent)
    assert cosine.mean() == pytest.approx(1 / np.sqrt(1.09), abs=0.01)


def test_needs_differ_between_sessions():
    assert shoppers(need_spread=2.0)._state.need.std() == pytest.approx(2.0, rel=0.15)


def test_searches_find_the_right_category_and_in_it_the_items_that_are_liked():
    crowd = shoppers(5000, pull=0.0)
    landed, intent, shop = crowd.landing.items, crowd._state.intent, crowd.shop
    logits = 4.0 * intent @ shop.centres.T + 0.5 * np.log(shop.category_popularity)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    share = np.bincount(shop.category[landed], minlength=6) / 5000
    assert np.abs(share - expected.mean(axis=0)).max() < 4 * np.sqrt(0.25 / 5000)
    weeks = np.arange(5000) % 3
    typical = shop.draw_within(weeks, shop.category[landed], np.random.default_rng(0).random(5000))
    gain = np.einsum("bd,bd->b", intent, shop.vectors[landed] - shop.vectors[typical])
    assert gain.mean() > 4 * gain.std() / np.sqrt(5000)


def test_everybody_is_gone_at_the_last_step_and_nobody_before():
    crowd = shoppers(max_steps=3, **STAYING)
    gone = [int(outcome.left.sum()) for outcome in walk(crowd, 0)]
    assert gone == [0, 0, SESSIONS]
    assert len(crowd) == 0


def test_bounce_ends_sessions_at_the_landing():
    crowd = shoppers(2000, bounce=0.3)
    assert len(crowd.landing.items) == 2000
    assert abs(len(crowd) - 1400) < 4 * np.sqrt(2000 * 0.3 * 0.7)
    assert len(shoppers(bounce=1.0)) == 0


def test_views_are_remembered_newest_first():
    crowd = shoppers(click_base=50.0, position_decay=1.0, organic=0.0, revisit=0.0, **STAYING)
    landed = crowd.landing.items
    assert crowd.observation.history[:, 0].tolist() == landed.tolist()
    crowd.step(shown(SESSIONS, 0))
    assert (crowd.observation.history[:, :5] == [4, 3, 2, 1, 0]).all()
    assert crowd.observation.history[:, 5].tolist() == landed.tolist()
    assert (crowd.observation.history[:, 6:] == NONE).all()
    elsewhere = crowd.shop.category[landed] != 0
    # Five views of category 0: 1 + .8 + .8² + .8³ + .8⁴.
    assert np.allclose(crowd.observation.interest[elsewhere, 0], 3.3616)
    assert (crowd._state.commitment[elsewhere, 0] == 5).all()


def test_a_view_pulls_the_intent_all_the_way():
    crowd = shoppers(pull=1.0, drift=0.0)
    assert np.allclose(crowd._state.intent, crowd.shop.vectors[crowd.landing.items])


def test_revisits_go_back_by_geometric_steps():
    crowd = shoppers(20_000, revisit=1.0, organic=0.0, click_base=50.0, position_decay=1.0, **STAYING)
    crowd.step(shown(20_000, 0))
    history = crowd.observation.history
    revisited = crowd.step(shown(20_000, 5)).revisited
    newest = (revisited == history[:, 0]).mean()
    second = (revisited == history[:, 1]).mean()
    assert newest == pytest.approx(0.6, abs=0.02)
    assert second == pytest.approx(0.24, abs=0.02)
    assert (revisited[:, None] == history).any(axis=1).all()


def test_an_earlier_observation_does_not_change():
    crowd = shoppers(revisit=1.0)
    before = crowd.observation
    kept = before.history.copy()
    walk(crowd, 0, 1)
    assert np.array_equal(before.history, kept)


def test_buying_implies_a_cart_and_a_cart_a_click():
    crowd = shoppers(2000, click_base=-1.0, cart_base=0.0)
    bought = 0
    for outcome in walk(crowd, 0, 4):
        assert not (outcome.carted & ~outcome.clicked).any()
        assert not (outcome.bought & ~outcome.carted).any()
        bought += int(outcome.bought.sum())
    assert bought > 100


def test_the_basket_remembers_where_its_items_were_shown():
    eager = {"click_base": 50.0, "cart_base": 50.0, "position_decay": 1.0, **STAYING}
    crowd = shoppers(100, basket=1.0, buy_base=-50.0, **eager)
    first = crowd.step(shown(100, 10))
    assert first.carted.all()
    assert not first.bought.any()
    assert (first.rest == NONE).all()
    crowd._state.need += 100.0
    second = crowd.step(shown(100, 30))
    assert second.bought.all()
    assert (second.rest[:, :5] == [14, 13, 12, 11, 10]).all()
    assert (second.rest_position[:, :5] == [4, 3, 2, 1, 0]).all()
    assert (second.rest_step[:, :5] == 0).all()
    third = crowd.step(shown(100, 50))
    assert (third.rest == NONE).all(), "nothing is bought twice"


def test_choose_follows_softmax():
    uniform = (np.arange(1000) + 0.5) / 1000
    chosen = choose(np.tile(np.log([0.2, 0.5, 0.3]), (1000, 1)), uniform)
    assert np.bincount(chosen).tolist() == [200, 500, 300]


@pytest.mark.parametrize(
    ("slates", "message"),
    [
        (np.zeros((2, 4), int), "slates have the shape (2, 4), but 2 sessions see 5 items"),
        (shown(2, 116), "slates hold items 116 … 120, but the shop's are 0 … 119"),
        (shown(2, -1), "slates hold items -1 … 3, but the shop's are 0 … 119"),
        (np.array([[0, 1, 2, 3, 4], [5, 6, 7, 5, 8]]), "the slate of session 1 holds an item twice: [5, 6, 7, 5, 8]"),
    ],
    ids=["shape", "beyond", "negative", "twice"],
)
def test_impossible_slates_are_refused(slates, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        shoppers(2).step(slates)
