"""Newer events without forgetting: the items of an older model are appended."""

import numpy as np
import polars as pl
import pytest

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.vocabulary import Vocabulary

OLDER = Vocabulary(["gone", "q", "left"])
OLD_CATALOGUE = Catalogue(
    np.array([0, 9, 8, 7]),
    np.array([0, 5, 5, 5]),
    np.ones((4, 5), np.float32),
    pl.DataFrame({"item_id": OLDER.ids, "price": [1, 2, 3], "colour": ["red", "blue", None]}),
    np.array([False, False, True, True]),
)


@pytest.fixture
def prepared(tmp_path) -> Prepared:
    rows = [(f"s{n}", item, n * 43_200, 1.5) for n in range(9) for item in "ppqr"]
    pl.DataFrame(rows, ["session_id", "item_id", "timestamp", "price"], orient="row").write_csv(tmp_path / "log.csv")
    options = Preparation(min_item_events=1, test_days=1, valid_days=1, vector_dim=2)
    return prepare(Delimited(str(tmp_path / "log.csv"), time_unit="s"), options, tmp_path / "out")


def test_the_items_that_the_log_lacks_come_last(prepared):
    grown = prepared.grown(OLDER, OLD_CATALOGUE)
    assert grown.vocabulary.ids.to_list() == ["p", "q", "r", "gone", "left"]
    assert grown.catalogue.counts.tolist() == [*prepared.catalogue.counts.tolist(), 0, 0]
    assert grown.catalogue.sessions.tolist() == [*prepared.catalogue.sessions.tolist(), 0, 0]
    assert np.array_equal(grown.catalogue.vectors[:4], prepared.catalogue.vectors)
    assert grown.catalogue.vectors.shape == (6, 2)
    assert not grown.catalogue.vectors[4:].any()
    assert grown.catalogue.recommendable.tolist() == [False, True, True, True, False, True]
    assert grown.catalogue.items.rows(named=True)[2:] == [
        {"item_id": "r", "price": 1.5, "colour": None},
        {"item_id": "gone", "price": 1.0, "colour": "red"},
        {"item_id": "left", "price": 3.0, "colour": None},
    ]
    assert grown.parts is prepared.parts
    assert (grown.fingerprint, grown.card) == (prepared.fingerprint, prepared.card)


def test_growing_again_by_what_it_grew_to_gives_the_same(prepared):
    grown = prepared.grown(OLDER, OLD_CATALOGUE)
    again = prepared.grown(grown.vocabulary, grown.catalogue)
    assert again.vocabulary.fingerprint == grown.vocabulary.fingerprint
    assert again.catalogue.items.equals(grown.catalogue.items)
    assert grown.grown(OLDER, OLD_CATALOGUE) is grown


def test_a_grown_catalogue_can_be_saved(prepared, tmp_path):
    grown = prepared.grown(OLDER, OLD_CATALOGUE).catalogue
    grown.save(tmp_path / "items.parquet", tmp_path / "vectors.safetensors")
    loaded = Catalogue.load(tmp_path / "items.parquet", tmp_path / "vectors.safetensors")
    assert loaded.items.equals(grown.items)
    assert np.array_equal(loaded.recommendable, grown.recommendable)


@pytest.mark.parametrize(
    ("ids", "older", "both"),
    [
        ([2, 1], [3, 1], [2, 1, 3]),
        ([2, 1], ["1", "3"], [2, 1, 3]),
        ([2, 1], ["1", "03"], ["2", "1", "03"]),
        (["b", "1"], [1, 3], ["b", "1", "3"]),
        ([2, 1], [1], [2, 1]),
    ],
)
def test_ids_of_two_types(ids, older, both):
    assert Vocabulary(ids).grown(Vocabulary(older).ids).ids.to_list() == both
