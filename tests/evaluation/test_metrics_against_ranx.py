"""Without ties our numbers are those of ranx, an independent implementation."""

import warnings

import numpy as np
import pytest
from hand_made import catalogue_of, rankings_of

from sessionrl.evaluation.metric import metric

pytestmark = pytest.mark.slow  # ranx compiles itself for half a minute

N_ITEMS = 12


@pytest.fixture(scope="module")
def ranx():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ranx's own, on import
        return pytest.importorskip("ranx")


@pytest.fixture(scope="module")
def cases():
    """Sessions, and for every event all items from best to worst."""
    random = np.random.default_rng(0)
    sessions = [random.integers(1, N_ITEMS + 1, n).tolist() for n in (1, 3, 6, 2, 5)]
    orders = [random.permutation(N_ITEMS) + 1 for session in sessions for _ in session]
    return sessions, orders


def by_ranx(ranx, relevant: list[set[int]], orders: list[np.ndarray], name: str) -> np.ndarray:
    qrels = {f"q{i:03}": {str(item): 1 for item in items} for i, items in enumerate(relevant)}
    run = {f"q{i:03}": {str(item): float(-r) for r, item in enumerate(order)} for i, order in enumerate(orders)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba's, about the way ranx is written
        return ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), name, return_mean=False)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize(
    ("name", "theirs", "rest"),
    [
        ("hit", "hit_rate", False),
        ("ndcg", "ndcg", False),
        ("mrr", "mrr", False),
        ("precision", "precision", True),
        ("recall", "recall", True),
        ("map", "map", True),
    ],
)
def test_same_numbers(ranx, cases, name: str, theirs: str, rest: bool, k: int):
    sessions, orders = cases
    relevant = [set(s[i:]) if rest else {s[i]} for s in sessions for i in range(len(s))]
    targets = [item for session in sessions for item in session]
    greater = [int(np.flatnonzero(order == t)[0]) for order, t in zip(orders, targets, strict=True)]
    rankings = rankings_of(sessions, [order[:6] for order in orders], greater=greater, n_items=N_ITEMS)
    ours = metric(f"{name}@{k}").per_case(rankings, catalogue_of(N_ITEMS))
    assert ours == pytest.approx(by_ranx(ranx, relevant, orders, f"{theirs}@{k}"))
