"""The logged propensities are the true ones."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest

from sessionrl.errors import BadOption
from sessionrl.simulator.draws import Draws
from sessionrl.simulator.logging_policy import LoggingPolicy, _first_different
from sessionrl.simulator.records import HISTORY, Observation
from sessionrl.simulator.shop import Shop, ShopOptions

TINY = ShopOptions(items=4, categories=2, users=5, favourites=1, slate_size=2, fashion=0.3)
SMALL = ShopOptions(items=120, categories=6, users=50, slate_size=5)


def observation(options, sessions, seed=0):
    """Sessions with interests of their own."""
    interest = np.random.default_rng(seed).poisson(0.5, (sessions, options.categories)).astype(float)
    zeros = np.zeros(sessions, np.int64)
    return Observation(np.arange(sessions), zeros, zeros + 1, np.full((sessions, HISTORY), -1), interest)


def test_slates_come_as_often_as_their_propensities_say():
    shop, policy, sessions = Shop.draw(TINY, 3), LoggingPolicy(0.2, 1.0), 40_000
    same = observation(TINY, sessions)._replace(interest=np.tile([1.0, 0.0], (sessions, 1)))
    drawn = policy.slates(shop, same, Draws(1)).items
    pairs = list(itertools.permutations(range(4), 2))

    known = policy.propensities(shop, same.rows(np.arange(len(pairs))), np.array(pairs)).conditional.prod(axis=1)

    assert known.sum() == pytest.approx(1)
    share = np.array([(drawn == pair).all(axis=1).mean() for pair in pairs])
    assert (np.abs(share - known) < 4 * np.sqrt(known * (1 - known) / sessions)).all()


def test_first_draw_propensities_are_the_equation():
    shop, policy = Shop.draw(TINY, 3), LoggingPolicy(0.2, 1.5)
    seen = observation(TINY, 1)._replace(interest=np.array([[2.0, 0.0]]), weeks=np.array([9]))
    weight = np.exp(1.5 * seen.interest[0]) * np.sqrt(shop.category_popularity)
    expected = 0.2 / 4 + 0.8 * (weight / weight.sum())[shop.category] * shop.shares[1]

    slates = policy.propensities(shop, seen, np.array([[2, 1]]))

    assert np.allclose(slates.first, expected[[2, 1]])
    assert np.allclose(slates.conditional, [[expected[2], expected[1] / (1 - expected[2])]])


def test_mean_importance_weight_of_another_policy_is_one():
    shop, seen = Shop.draw(SMALL, 1), observation(SMALL, 20_000)
    logged = LoggingPolicy(0.1, 1.0).slates(shop, seen, Draws(5))
    target = LoggingPolicy(0.15, 0.8).propensities(shop, seen, logged.items)
    weight = (target.conditional / logged.conditional).prod(axis=1)
    assert weight.std() > 0.1
    assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(len(weight))


def test_drawn_and_judged_propensities_agree():
    shop, seen, policy = Shop.draw(SMALL, 1), observation(SMALL, 50), LoggingPolicy()
    drawn = policy.slates(shop, seen, Draws(5))
    judged = policy.propensities(shop, seen, drawn.items)
    assert np.array_equal(drawn.conditional, judged.conditional)
    assert np.array_equal(drawn.first, judged.first)


def test_slates_are_full_and_have_no_duplicates_even_when_they_hold_the_whole_shop():
    whole = replace(TINY, slate_size=4)
    slates = LoggingPolicy(0.05, 4.0).slates(Shop.draw(whole, 1), observation(whole, 300), Draws(1))
    assert (np.sort(slates.items, axis=1) == np.arange(4)).all()
    assert np.allclose(slates.conditional[:, -1], 1)
    assert (slates.conditional <= 1).all()


def test_a_slate_does_not_depend_on_the_sessions_beside_it():
    shop, seen = Shop.draw(SMALL, 1), observation(SMALL, 64)
    together = LoggingPolicy().slates(shop, seen, Draws(5)).items
    alone = LoggingPolicy().slates(shop, seen.rows(np.array([40])), Draws(5)).items
    assert together[[40]].tolist() == alone.tolist()


def test_partial_slates_are_continued():
    drawn = np.array([[7, 3, -1, 3, 7, 5, 9], [-1, -1, -1, 2, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7]])
    assert _first_different(drawn, 3).tolist() == [[7, 3, 5], [2, -1, -1], [1, 2, 3]]


@pytest.mark.parametrize("exploration", [0.0, 1.5])
def test_a_policy_must_explore(exploration):
    message = (
        f"logging policy, option 'exploration' = {exploration}: it must lie above 0 and not above 1, "
        "because an item that is never shown can never be judged from the log."
    )
    with pytest.raises(BadOption, match=f"^{re.escape(message)}$"):
        LoggingPolicy(exploration=exploration)
