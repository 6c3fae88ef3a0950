"""prepare: counts by hand, what lies on disk, and what must not depend on how the log is written."""

import os
import random
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessionrl import __version__, registry
from sessionrl.data.card import card_lines
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.prepared import fingerprint, read_sessions, write_sessions
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.readers.sequences import Sequences
from sessionrl.data.sessions import PARTS, Sessions
from sessionrl.errors import BadDirectory, UnknownName
from sessionrl.runs import PreparedDirectory

DAY = 86_400
LOG = [  # session, item, seconds, kind; days 0-9 training, 10 validation, 11 test
    ("a", "p", 0, "view"),
    ("a", "p", 1, "view"),  # immediate repeat
    ("a", "q", 2, "view"),
    ("a", "q", 3, "cart"),
    ("a", "rare", 4, "view"),  # one event only
    ("b", "q", 100, "view"),
    ("b", "p", 101, "purchase"),
    ("c", "p", 200, "view"),  # alone once rare2 is gone
    ("c", "rare2", 201, "view"),
    ("d", "p", 10 * DAY - 1, "view"),
    ("d", "q", 10 * DAY - 1, "view"),
    ("d", "p", 10 * DAY + 5, "view"),  # after the boundary
    ("e", "q", 10 * DAY + 10, "view"),
    ("e", "new", 10 * DAY + 11, "cart"),  # unseen, a target
    ("e", "p", 10 * DAY + 12, "cart"),
    ("f", "new", 11 * DAY, "view"),  # unseen, a first event
    ("f", "p", 11 * DAY + 1, "view"),  # left alone
    ("g", "p", 11 * DAY + 2, "view"),
    ("g", "new2", 11 * DAY + 3, "view"),  # unseen, a target
    ("g", "rare", 11 * DAY + 4, "view"),  # unseen, a target
    ("g", "q", 11 * DAY + 5, "purchase"),
    ("h", "q", 12 * DAY, "wish"),
    ("h", "q", 12 * DAY, "view"),
    ("h", "p", 12 * DAY, "view"),
]
OPTIONS = Preparation(min_item_events=2, test_days=1, valid_days=1, ignore_kinds=("wish",))


def write_log(path: Path, rows=LOG) -> Delimited:
    pl.DataFrame(rows, schema=["session_id", "item_id", "timestamp", "event_type"], orient="row").write_csv(path)
    return Delimited(str(path), time_unit="s")


def decoded(prepared: Prepared, name: str) -> dict:
    part = prepared.part(name)
    items = prepared.vocabulary.decode(part.items)
    return {part.ids[s]: items[part.offsets[s] : part.offsets[s + 1]] for s in range(len(part))}


@pytest.fixture
def prepared(tmp_path):
    return prepare(write_log(tmp_path / "log.csv"), OPTIONS, tmp_path / "out")


def test_sessions_and_item_numbers(prepared):
    assert decoded(prepared, "train") == {"a": ["p", "p", "q", "q"], "b": ["q", "p"], "d": ["p", "q"]}
    assert decoded(prepared, "valid") == {"e": ["q", "p"]}
    assert decoded(prepared, "test") == {"g": ["p", "q"], "h": ["q", "p"]}
    assert prepared.vocabulary.ids.to_list() == ["p", "q"]  # four events each: equals go by their id
    assert prepared.kinds == ("view", "cart", "purchase")
    assert prepared.rewards.tolist() == pytest.approx([0.2, 1.0, 1.0])
    assert prepared.train.event_types.tolist() == [0, 0, 0, 1, 0, 2, 0, 0]
    assert prepared.train.timestamps[:3].tolist() == [0, 1000, 2000]
    assert prepared.train.items.dtype == np.int32
    assert prepared.train.event_types.dtype == np.uint8
    with pytest.raises(UnknownName, match=r"No part of a data set is called 'tset'\. Did you mean 'test'\?"):
        prepared.part("tset")


def test_every_row_read_is_kept_or_dropped_for_a_reason(prepared):
    card = prepared.card
    assert card["rows_read"] == len(LOG)
    assert card["dropped"] == {
        "ignored_kinds": 1,
        "immediate_repeats": 0,
        "after_boundary": 1,
        "rare_items": 2,
        "short_sessions": 1,
        "unseen_items": 4,
        "short_sessions_later": 1,
    }
    assert sum(card["dropped"].values()) + sum(part["events"] for part in card["parts"].values()) == len(LOG)
    assert card["unseen"] == {
        "valid": {"events": 1, "targets": 1, "items": 1},
        "test": {"events": 3, "targets": 2, "items": 3},
    }
    assert card["cut"] == {
        "rule": "the log's session_id",
        "sessions": 8,
        "sessions_of_two_or_more": 8,
        "sessions_with": {"view": 8, "cart": 2, "purchase": 2},
        "visitors_with_several_sessions": None,
        "immediate_repeats": 1 / 15,
    }
    assert card["parts"]["train"] == {
        "sessions": 3,
        "events": 8,
        "items": 2,
        "span": ["1970-01-01T00:00:00Z", "1970-01-10T23:59:59Z"],
        "kinds": {"view": 6, "cart": 1, "purchase": 1},
        "lengths": {"mean": 8 / 3, "p50": 2, "p90": 4, "p99": 4, "max": 4},
    }
    assert card["split"] == {
        "rule": "by time: validation starts at 1970-01-11T00:00:00Z, test at 1970-01-12T00:00:00Z",
        "leaks_future": False,
        "test_sessions_before_last_training_event": 0.0,
    }


def test_the_card_in_words(prepared):
    assert card_lines(prepared.card) == [
        "24 rows read by the reader delimited from log.csv",
        "  columns: item_id = item_id, timestamp = timestamp, event_type = event_type, session_id = session_id",
        "  times: seconds since 1970 UTC (as asked)",
        "8 sessions by the log's session_id; 8 of two events or more",
        "  6.7% of the steps repeat item and kind; repeats: keep",
        "10 events dropped",
        "  1 of a kind to be ignored",
        "  1 after the boundary that their training or validation session reaches over",
        "  2 of items with too few events",
        "  1 in sessions that are too short (training)",
        "  4 of items that the vocabulary lacks (validation and test)",
        "  1 in sessions that are too short (validation and test)",
        "  unseen in valid: 1 items, 1 events, 1 targets",
        "  unseen in test: 3 items, 3 events, 2 targets",
        "2 items, 0 of them described by the shop",
        "split: by time: validation starts at 1970-01-11T00:00:00Z, test at 1970-01-12T00:00:00Z",
        "train: 3 sessions, 8 events, 2 items, 1970-01-01T00:00:00Z to 1970-01-10T23:59:59Z",
        "  6 view, 1 cart, 1 purchase; length: median 2, 90% at most 4, 99% at most 4, longest 4, mean 2.67",
        "valid: 1 sessions, 2 events, 2 items, 1970-01-11T00:00:10Z to 1970-01-11T00:00:12Z",
        "  1 view, 1 cart, 0 purchase; length: median 2, 90% at most 2, 99% at most 2, longest 2, mean 2.00",
        "test: 2 sessions, 4 events, 2 items, 1970-01-12T00:00:02Z to 1970-01-13T00:00:00Z",
        "  3 view, 0 cart, 1 purchase; length: median 2, 90% at most 2, 99% at most 2, longest 2, mean 2.00",
        "rewards: view 0.2, cart 1, purchase 1",
        f"fingerprint: {prepared.fingerprint}",
    ]


def test_the_catalogue_counts_training_only(prepared):
    catalogue = prepared.catalogue
    assert len(catalogue) == 3
    assert catalogue.counts.tolist() == [0, 4, 4]
    assert catalogue.sessions.tolist() == [0, 3, 3]
    assert catalogue.items.to_dict(as_series=False) == {"item_id": ["p", "q"]}
    assert catalogue.vectors.shape == (3, 2)
    assert not catalogue.vectors[0].any()


def test_collapsed_repeats_are_dropped_before_filtering(tmp_path):
    options = Preparation(min_item_events=1, test_days=1, valid_days=1, ignore_kinds=("wish",), repeats="collapse")
    prepared = prepare(write_log(tmp_path / "log.csv"), options, tmp_path / "out")
    assert decoded(prepared, "train")["a"] == ["p", "q", "q", "rare"]
    assert prepared.card["dropped"]["immediate_repeats"] == 1


def test_vocabulary_from_training_and_validation(tmp_path):
    rows = [*LOG, ("e", "new", 10 * DAY + 13, "view")]
    options = Preparation(
        min_item_events=2, test_days=1, valid_days=1, ignore_kinds=("wish",), vocabulary_from="train+valid"
    )
    prepared = prepare(write_log(tmp_path / "log.csv", rows), options, tmp_path / "out")
    assert prepared.vocabulary.ids.to_list() == ["p", "q", "new"]
    assert decoded(prepared, "valid") == {"e": ["q", "new", "p", "new"]}
    assert decoded(prepared, "test") == {"f": ["new", "p"], "g": ["p", "q"], "h": ["q", "p"]}
    assert prepared.catalogue.counts.tolist() == [0, 4, 4, 0]  # popularity knows nothing of validation
    assert prepared.card["unseen"]["valid"]["events"] == 0


def test_random_split_is_marked_as_a_leak(tmp_path):
    rows = [(f"s{s}", item, s * DAY + i, "view") for s in range(20) for i, item in enumerate("pq")]
    reader = write_log(tmp_path / "log.csv", rows)
    prepared = prepare(reader, Preparation(min_item_events=1, split="random"), tmp_path / "out")
    assert [len(prepared.part(name)) for name in ("train", "valid", "test")] == [17, 1, 2]
    assert prepared.card["split"]["leaks_future"] is True
    assert prepared.card["split"]["test_sessions_before_last_training_event"] > 0
    assert "  this split leaks the future into training: use it only to replicate papers that did so" in card_lines(
        prepared.card
    )


def test_published_sequences(tmp_path):
    (tmp_path / "train_sequences.tsv").write_text("1 2 1\n3 2\n2 1\n4 1\n")
    (tmp_path / "test_prefix_target.tsv").write_text("1 2 9\t2\n1 2\t9\n9 9\t1\n")
    options = Preparation(min_item_events=1, valid_share=0.25)
    prepared = prepare(Sequences(str(tmp_path)), options, tmp_path / "out")
    assert decoded(prepared, "train") == {"train:1": [1, 2, 1], "train:2": [3, 2], "train:3": [2, 1]}
    assert decoded(prepared, "valid") == {}  # item 4 is unseen, and one event alone is no session
    assert decoded(prepared, "test") == {"test:1": [1, 2, 2]}
    assert prepared.card["unseen"]["test"] == {"events": 3, "targets": 2, "items": 1}
    assert prepared.card["order_only"] is True
    assert prepared.card["parts"]["train"]["span"] is None
    assert len(Prepared.load(tmp_path / "out").valid) == 0


def test_items_of_the_shop_stand_in_the_order_of_the_numbers(tmp_path):
    (tmp_path / "items.csv").write_text("item_id,price,name\nq,2,Quilt\nnever,1,Nothing\n")
    reader = Delimited(write_log(tmp_path / "log.csv").path, time_unit="s", items_path=str(tmp_path / "items.csv"))
    prepared = prepare(reader, OPTIONS, tmp_path / "out")
    assert prepared.catalogue.items.rows() == [("p", None, None), ("q", 2.0, "Quilt")]
    assert prepared.card["catalogue"] == {"items": 2, "described": 1, "described_without_events": 1}
    assert "  1 items of the shop's table are without events in training" in card_lines(prepared.card)
    assert pl.read_parquet(tmp_path / "out" / "items.parquet").columns[:3] == ["item_id", "count", "sessions"]


def test_without_a_table_of_items_no_line_of_the_card_speaks_of_one(tmp_path):
    events = pl.DataFrame(LOG, schema=["session_id", "item_id", "timestamp", "event_type"], orient="row")
    events.with_columns(category=pl.lit("plants")).write_csv(tmp_path / "log.csv")
    prepared = prepare(Delimited(str(tmp_path / "log.csv"), time_unit="s"), OPTIONS, tmp_path / "out")
    assert len(events["item_id"].unique()) > 2
    assert prepared.card["catalogue"] == {"items": 2, "described": 2, "described_without_events": 0}
    assert not [line for line in card_lines(prepared.card) if "shop's table" in line]


def test_the_events_tell_of_items_only_what_the_table_of_items_has_no_column_of(tmp_path):
    (tmp_path / "items.csv").write_text("item_id,price\nq,2\n")
    rows = [(f"s{n}", item, 1_500_000_000 + n * 40_000, 9, item * 2) for n in range(9) for item in "pq"]
    told = pl.DataFrame(rows, ["session_id", "item_id", "timestamp", "price", "category"], orient="row")
    told.write_csv(tmp_path / "log.csv")
    reader = Delimited(str(tmp_path / "log.csv"), time_unit="s", items_path=str(tmp_path / "items.csv"))
    prepared = prepare(reader, Preparation(min_item_events=1, test_days=1, valid_days=1), tmp_path / "out")
    assert prepared.catalogue.items.sort("item_id").rows(named=True) == [
        {"item_id": "p", "price": None, "category": "pp"},
        {"item_id": "q", "price": 2.0, "category": "qq"},
    ]
    assert prepared.card["catalogue"] == {"items": 2, "described": 1, "described_without_events": 0}


def test_what_a_killed_preparation_left_is_in_nobodys_way(tmp_path):
    (tmp_path / f".out.{os.getpid()}.part").mkdir()  # in a container the next process has the same number
    assert len(prepare(write_log(tmp_path / "log.csv"), OPTIONS, tmp_path / "out").train)


def same(one: Prepared, other: Prepared) -> bool:
    return one.fingerprint == other.fingerprint and all(
        np.array_equal(getattr(one.part(part), array), getattr(other.part(part), array))
        for part in ("train", "valid", "test")
        for array in ("items", "event_types", "timestamps", "offsets", "ids")
    )


def test_what_is_loaded_is_what_was_prepared_and_the_settings_repeat_it(prepared, tmp_path):
    loaded = Prepared.load(tmp_path / "out")
    assert same(loaded, prepared)
    assert loaded.card == prepared.card
    assert loaded.catalogue.items.equals(prepared.catalogue.items)
    assert np.array_equal(loaded.catalogue.vectors, prepared.catalogue.vectors)
    settings = tomllib.loads(PreparedDirectory(tmp_path / "out").settings.read_text())
    assert settings["sessionrl_version"] == __version__
    reader = registry.build("reader", settings["reader"])
    again = prepare(reader, registry.construct(Preparation, settings["data"], "data"), tmp_path / "again")
    assert same(again, prepared)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "card.json",
        "items.parquet",
        "prepare.toml",
        "test.arrow",
        "train.arrow",
        "valid.arrow",
        "vectors.safetensors",
        "vocabulary.parquet",
    ]


def test_a_changed_or_unfinished_directory_is_refused(prepared, tmp_path):
    write_sessions(tmp_path / "out" / "test.arrow", Sessions.of([[1, 2]]))
    with pytest.raises(BadDirectory) as error:
        Prepared.load(tmp_path / "out")
    parts = {name: [read_sessions(tmp_path / "out" / f"{name}.arrow")] for name in PARTS}
    found = fingerprint(prepared.vocabulary, parts, OPTIONS.reward)
    assert str(error.value) == (
        f"{tmp_path}/out was changed after it was prepared: its files have the fingerprint {found}, its card says "
        f"{prepared.fingerprint}.\n  do now: prepare the data again"
    )
    (tmp_path / "out" / "test.arrow").write_bytes(b"")
    with pytest.raises(BadDirectory, match=r"out is damaged .*\n  do now: prepare the data again"):
        Prepared.load(tmp_path / "out")
    (tmp_path / "out" / "card.json").unlink()
    with pytest.raises(BadDirectory, match=r"is not a prepared data set: it has no card\.json"):
        Prepared.load(tmp_path / "out")


def test_the_fingerprint_is_of_vocabulary_events_and_rewards(prepared):
    parts = {name: [prepared.part(name)] for name in PARTS}
    rewards = dict(OPTIONS.reward)
    assert fingerprint(prepared.vocabulary, parts, rewards) == prepared.fingerprint
    assert fingerprint(prepared.vocabulary, parts, {**rewards, "cart": 2.0}) != prepared.fingerprint
    assert fingerprint(prepared.vocabulary, {**parts, "valid": parts["test"]}, rewards) != prepared.fingerprint


@pytest.mark.parametrize("step", ["reading", "cutting", "splitting", "making", "writing"])
def test_an_interrupt_leaves_nothing(tmp_path, step):
    def interrupt(message):
        if message.startswith(step):
            raise KeyboardInterrupt

    reader = write_log(tmp_path / "log.csv")
    with pytest.raises(KeyboardInterrupt):
        prepare(reader, OPTIONS, tmp_path / "out", progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_order_of_rows_and_names_of_items_change_no_session(tmp_path_factory, seed):
    draw = random.Random(seed)
    rows = [
        (f"s{s}", f"i{draw.randrange(6)}", s * DAY // 2 + event, draw.choice(["view", "cart"]))
        for s in range(40)
        for event in range(draw.randrange(1, 6))
    ]
    renamed = {f"i{item}": f"n{name}" for item, name in enumerate(draw.sample(range(100), 6))}
    shuffled = [(session, renamed[item], *rest) for session, item, *rest in draw.sample(rows, len(rows))]
    folder = tmp_path_factory.mktemp("logs")
    options = Preparation(min_item_events=3, test_days=3, valid_days=3)
    one = prepare(write_log(folder / "one.csv", rows), options, folder / "one")
    other = prepare(write_log(folder / "other.csv", shuffled), options, folder / "other")
    for part in ("train", "valid", "test"):
        sessions = {session: [renamed[item] for item in items] for session, items in decoded(one, part).items()}
        assert decoded(other, part) == sessions
    assert one.card["dropped"] == other.card["dropped"]
    counted = [dict(zip(p.vocabulary.ids, p.catalogue.counts[1:].tolist(), strict=True)) for p in (one, other)]
    assert {renamed[item]: count for item, count in counted[0].items()} == counted[1]
