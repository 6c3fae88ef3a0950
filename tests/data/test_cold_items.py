"""Items that the shop describes stay, however few training events they have."""

import numpy as np
import polars as pl
import pytest

from sessionrl.data.card import card_lines
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.errors import BadOption

DAY = 86_400
LOG = [  # session, item, seconds; days 0-9 training, 10 validation, 11 test
    ("a", "p", 0),
    ("a", "q", 1),
    ("a", "few", 2),  # one training event, described
    ("a", "rare", 3),  # one training event, not described
    ("b", "q", 100),
    ("b", "p", 101),
    ("c", "q", 10 * DAY),
    ("c", "none", 10 * DAY + 1),  # no training event, described
    ("d", "p", 11 * DAY),
    ("d", "none", 11 * DAY + 1),
    ("d", "few", 11 * DAY + 2),
    ("d", "stranger", 11 * DAY + 3),  # no training event, not described
    ("e", "q", 12 * DAY),
    ("e", "p", 12 * DAY + 1),
]
COLD = Preparation(min_item_events=2, cold_items=True, test_days=1, valid_days=1)


def write_log(path, rows=LOG, **more) -> str:
    events = pl.DataFrame(rows, schema=["session_id", "item_id", "timestamp"], orient="row").with_columns(**more)
    events.write_csv(path)
    return str(path)


def read_with(tmp_path, items: str) -> Delimited:
    (tmp_path / "items.csv").write_text(items)
    return Delimited(write_log(tmp_path / "log.csv"), time_unit="s", items_path=str(tmp_path / "items.csv"))


def test_described_items_stay_behind_the_frequent_ones(tmp_path):
    reader = read_with(tmp_path, "item_id,price\nnever,1\nnone,2\nfew,3\nq,4\n")
    prepared = prepare(reader, COLD, tmp_path / "out")
    assert prepared.vocabulary.ids.to_list() == ["p", "q", "few", "never", "none"]
    assert prepared.catalogue.counts.tolist() == [0, 2, 2, 1, 0, 0]
    assert prepared.catalogue.items["price"].to_list() == [None, 4.0, 3.0, 1.0, 2.0]
    assert not prepared.catalogue.vectors[4:].any()
    assert np.array_equal(prepared.train.items, [1, 2, 3, 2, 1])
    assert [prepared.vocabulary.decode(part.items) for part in (prepared.valid, prepared.test)] == [
        ["q", "none"],
        ["p", "none", "few", "q", "p"],
    ]
    card = prepared.card
    assert card["unseen"]["test"] == {"events": 1, "targets": 1, "items": 1}
    assert (card["dropped"]["rare_items"], card["dropped"]["unseen_items"]) == (1, 1)
    assert card["catalogue"] == {
        "items": 5,
        "described": 4,
        "described_without_events": 0,
        "without_events": 2,
        "rare": 1,
    }
    assert "  cold items kept: 2 without events in training, 1 with few" in card_lines(card)
    assert Prepared.load(tmp_path / "out").fingerprint == prepared.fingerprint


def test_without_the_option_they_go(tmp_path):
    reader = read_with(tmp_path, "item_id,price\nnone,2\nfew,3\n")
    prepared = prepare(reader, Preparation(min_item_events=2, test_days=1, valid_days=1), tmp_path / "out")
    assert prepared.vocabulary.ids.to_list() == ["p", "q"]
    assert "without_events" not in prepared.card["catalogue"]
    assert not [line for line in card_lines(prepared.card) if "cold" in line]


def test_ids_that_are_numbers_in_the_log_and_text_in_the_table(tmp_path):
    numbers = {"p": 1, "q": 2, "few": 3, "rare": 4, "none": 5, "stranger": 6}
    path = write_log(tmp_path / "log.csv", [(s, numbers[item], time) for s, item, time in LOG])
    (tmp_path / "items.csv").write_text("item_id,price\n3,1\n5,2\nnew,3\n")
    reader = Delimited(path, time_unit="s", items_path=str(tmp_path / "items.csv"))
    prepared = prepare(reader, COLD, tmp_path / "out")
    assert prepared.vocabulary.ids.to_list() == ["1", "2", "3", "5", "new"]
    assert prepared.catalogue.items["price"].to_list() == [None, None, 1.0, 2.0, 3.0]


def test_without_a_table_the_events_describe_the_items(tmp_path):
    told = pl.when(pl.col("item_id") != "rare").then(pl.lit("plants"))
    path = write_log(tmp_path / "log.csv", category=told)
    prepared = prepare(Delimited(path, time_unit="s"), COLD, tmp_path / "out")
    assert prepared.vocabulary.ids.to_list() == ["p", "q", "few", "none", "stranger"]
    assert prepared.card["unseen"]["test"]["events"] == 0


def test_where_nothing_describes_the_items_cold_ones_are_refused(tmp_path):
    with pytest.raises(BadOption) as error:
        prepare(Delimited(write_log(tmp_path / "log.csv"), time_unit="s"), COLD, tmp_path / "out")
    assert str(error.value) == (
        "data, option 'cold_items' = True: this log has no table of items, nor do its events tell anything of them, so "
        "that nothing could recommend an item without events. Give a table (of the reader 'delimited': "
        "reader.items_path=FILE), or leave the option out."
    )
    assert not (tmp_path / "out").exists()
