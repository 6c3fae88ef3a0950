"""Runs on a shelf, for the tests of the report."""

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
