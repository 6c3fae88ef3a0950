"""Random numbers by name: known, fair, and independent of who asks when."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.simulator.draws import Draws, _child

SESSIONS = np.arange(2000)


def test_the_hash_is_splitmix64():
    # The first numbers of SplitMix64 with seed 1234567, as published at https://prng.di.unimi.it and Rosetta Code.
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert _child(np.uint64(1234567), np.arange(5)).tolist() == known


@given(
    sessions=st.lists(st.integers(0, 10**9), min_size=1, max_size=6),
    step=st.integers(0, 60),
    columns=st.integers(1, 5),
)
@settings(max_examples=30)
def test_a_number_depends_on_its_name_alone(sessions, step, columns):
    draws = Draws(3)
    together = draws.uniform("click", np.array(sessions), step, columns)
    alone = [draws.uniform("click", np.array([session]), np.array([step]), columns + 2)[0] for session in sessions]
    assert np.array_equal(together, np.array(alone)[:, :columns])


@pytest.mark.parametrize(
    ("seed", "purpose", "step"), [(2, "click", 0), (1, "cart", 0), (1, "click", 1)], ids=["seed", "purpose", "step"]
)
def test_another_name_is_another_number(seed, purpose, step):
    one = Draws(1).uniform("click", SESSIONS, 0, 1)[:, 0]
    other = Draws(seed).uniform(purpose, SESSIONS, step, 1)[:, 0]
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(len(SESSIONS))


def test_uniform_numbers_are_uniform_and_never_0_or_1():
    numbers = Draws(1).uniform("click", SESSIONS, 0, 50)
    assert 0 < numbers.min() < numbers.max() < 1
    share = np.histogram(numbers, bins=20, range=(0, 1))[0] / numbers.size
    assert np.abs(share - 0.05).max() < 4 * np.sqrt(0.05 * 0.95 / numbers.size)


@pytest.mark.parametrize("columns", [1, 2, 7])
def test_normal_numbers_are_normal_and_independent(columns):
    numbers = Draws(1).normal("drift", SESSIONS, 0, columns)
    assert numbers.shape == (len(SESSIONS), columns)
    # Standard errors of mean, variance and fourth moment of n normal numbers: sqrt(1/n), sqrt(2/n), sqrt(96/n).
    n = numbers.size
    assert abs(numbers.mean()) < 4 * np.sqrt(1 / n)
    assert abs((numbers**2).mean() - 1) < 4 * np.sqrt(2 / n)
    assert abs((numbers**4).mean() - 3) < 4 * np.sqrt(96 / n)
    related = np.corrcoef(numbers.T).reshape(columns, columns) - np.eye(columns)
    assert np.abs(related).max() < 4.5 / np.sqrt(len(SESSIONS))
