"""Training curves in numbers: endings and trends of known curves, and shares of a loss put together by hand."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.analysis import training_curves
from sessionrl.analysis.training_curves import ending, shares, trend


def test_the_examples_are_true():
    assert doctest.testmod(training_curves) == (0, 2)


def test_the_first_of_equal_epochs_is_chosen_and_only_a_last_one_is_still_rising():
    epochs = np.array([1.0, 2, 3])
    assert ending(epochs, np.array([0.1, 0.3, 0.3])) == (2, 0.3, 3, False)
    assert ending(epochs, np.array([0.1, 0.2, 0.3])) == (3, 0.3, 3, True)


def test_a_single_epoch_is_the_best_and_the_last_and_the_model_before_is_no_epoch():
    assert ending(np.array([1.0]), np.array([0.5])) == (1, 0.5, 1, True)
    assert ending(np.array([0.0, 1.0]), np.array([0.9, 0.5])) == (1, 0.5, 1, True)
    assert ending(np.array([0.0]), np.array([0.9])) is None
    assert ending(np.array([]), np.array([])) is None
    assert ending(np.array([1.0, 2.0, 3.0]), np.array([0.2, np.nan, 0.1])) == (1, 0.2, 3, False)


def test_trends_of_known_curves():
    noise = np.random.default_rng(0).normal(size=60) * 0.1
    down = np.linspace(1, 0, 60)
    assert trend(down + noise) == "falls"
    assert trend(1 - down + noise) == "rises"
    assert trend(noise) == "neither"
    assert trend(np.ones(60)) == "neither"
    assert trend(down[:5]) == "too short"
    assert trend(np.concatenate([down, np.full(9, np.nan)])) == "falls"
    # What falls fast and then hardly at all has spread in its first third that is no noise.
    assert trend(np.array([3.8, 3.2, 3.1, 3.05, 2.7, 2.9])) == "falls"
    assert trend(np.array([3.0, 3.2, 2.9, 3.1, 3.05, 2.95])) == "neither"


@settings(max_examples=20)
@given(st.lists(st.floats(0.01, 20), min_size=2, max_size=4), st.integers(0, 99))
def test_factors_that_are_not_logged_are_found(factors, seed):
    parts = np.random.default_rng(seed).uniform(0.5, 1.5, (30, len(factors)))
    total = parts @ factors
    found = shares(total, {str(i): parts[:, i] for i in range(len(factors))})
    late = (parts * factors)[-10:].sum(0) / total[-10:].sum()
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)
    for i, share in enumerate(late):
        assert found.get(str(i), 0.0) == pytest.approx(share, abs=5e-3)


def test_a_part_of_the_warm_up_ends_with_it_and_what_is_only_logged_is_left_out():
    random = np.random.default_rng(1)
    first, second, weight = random.uniform(1, 2, (3, 12))
    first[6:], second[:6] = np.nan, np.nan
    total = np.where(np.isnan(first), 2 * second, first)
    assert shares(total, {"warm": first, "actor": second, "weight": weight}) == {"warm": 0.0, "actor": 1.0}


def test_parts_that_do_not_add_up_have_no_shares():
    random = np.random.default_rng(2)
    parts = {"a": random.uniform(size=20), "b": random.uniform(size=20)}
    assert shares(parts["a"] * parts["b"], parts) == {}
    assert shares(np.array([1.0, 2]), {"a": np.array([1.0, 2]), "b": np.array([0.0, 1])}) == {}
    assert shares(np.array([1.0, 2, 3]), {}) == {}
    assert shares(np.array([1.0, 2, 3]), {"a": np.array([1.0, 2, 3]), "b": np.zeros(3)}) == {}
