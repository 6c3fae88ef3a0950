"""Vectors of items: those a network reads, those it scores by, and their table."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch

from sessionrl.analysis.item_vectors import item_vectors, scoring_vectors, unit_rows, vector_table
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.item_features import CodedItems
from sessionrl.ensemble import EnsembleScorer
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.items import Described, Items
from sessionrl.nn.network import Network
from sessionrl.policies import Greedy
from sessionrl.scorers import BaselineScorer, NetworkScorer

COUNTS = np.array([0, 9, 4, 0])
TABLE = pl.DataFrame({"item_id": ["b", "a", "c"], "name": ["bed", "bowl", "chair"], "count": [1, 2, 3]})
CATALOGUE = Catalogue(COUNTS, COUNTS, np.zeros((4, 2), np.float32), TABLE)


def network(rewards=0, **options) -> NetworkScorer:
    torch.manual_seed(3)
    return NetworkScorer(Network(Items(4, 2, **options), GRU(dim=2), rewards), Greedy(), COUNTS)


def recommender(scorer, catalogue=CATALOGUE):
    return SimpleNamespace(scorer=scorer, catalogue=catalogue)


def test_tied_vectors_are_one_table():
    scorer = network(rewards=1)
    np.testing.assert_array_equal(item_vectors(recommender(scorer)), scorer.network.items.id.detach().numpy())
    assert scoring_vectors(recommender(scorer)) is None


def test_untied_vectors_score_as_the_supervised_head_does():
    scorer = network(rewards=2, tied=False)
    vectors = scoring_vectors(recommender(scorer))
    states = torch.tensor([[1.0, 0.0], [0.5, -2.0]])
    scores = scorer.network.score(states, heads="supervised").logits.detach().numpy()
    np.testing.assert_allclose(states.numpy() @ vectors[1:].T, scores, rtol=1e-5)
    assert not np.allclose(vectors, item_vectors(recommender(scorer)))


def test_features_are_part_of_the_vectors():
    # Items 1 and 2 have one word each; item 3, which had no event, has that of item 1 and nothing else.
    codes = CodedItems(np.array([0, 0, 1, 2, 3]), np.array([0, 1, 0]), np.zeros((4, 0), np.float32))
    scorer = network(features=("colour",), described=Described(codes, 2, COUNTS))
    found, items = item_vectors(recommender(scorer)), scorer.network.items
    torch.testing.assert_close(torch.from_numpy(found), items.folded().id)
    np.testing.assert_allclose(found[1] - found[3], items.id[1].detach().numpy(), rtol=1e-5)


def test_those_of_an_ensemble_are_its_networks_and_what_counts_has_none():
    scorer, counting = network(), SimpleNamespace()
    mixed = EnsembleScorer(scorer, counting, 0.5)
    np.testing.assert_array_equal(item_vectors(recommender(mixed)), item_vectors(recommender(scorer)))
    for asked in (item_vectors, scoring_vectors, vector_table):
        with pytest.raises(BadOption) as caught:
            asked(recommender(BaselineScorer(counting)))
        assert str(caught.value) == (
            "This model counts and has no vectors of items.\n"
            "  do now: give a run of a network, such as one of `sessionrl train gru4rec`"
        )


def test_the_table_has_a_row_for_every_item_and_keeps_what_the_shop_said():
    scorer = network(rewards=1, tied=False)
    table = vector_table(recommender(scorer))
    assert table.columns == ["item_id", "vector", "count", "output_vector", "name", "shop_count"]
    assert table.schema["vector"] == table.schema["output_vector"] == pl.Array(pl.Float32, 2)
    assert table.drop("vector", "output_vector").rows() == [
        ("b", 9, "bed", 1),
        ("a", 4, "bowl", 2),
        ("c", 0, "chair", 3),
    ]
    np.testing.assert_array_equal(table["vector"].to_numpy(), item_vectors(recommender(scorer))[1:])
    unit = vector_table(recommender(scorer), unit=True)
    for name in ("vector", "output_vector"):
        np.testing.assert_allclose(np.linalg.norm(unit[name].to_numpy(), axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(unit[name].to_numpy(), unit_rows(table[name].to_numpy()))
    assert "output_vector" not in vector_table(recommender(network())).columns


def test_a_row_of_zeros_stays_so():
    assert unit_rows(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0, 0], pytest.approx([0.6, 0.8])]
