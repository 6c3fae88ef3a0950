"""Public logs, against the counts that are published with them."""

import numpy as np
import polars as pl
import pytest

from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.readers.retailrocket import RetailRocket
from sessionrl.data.readers.sequences import Sequences
from sessionrl.data.tables import together

pytestmark = pytest.mark.data


def test_retailrocket(shop_data, tmp_path):
    reader = RetailRocket(str(shop_data / "retailrocket"))
    events = together(reader.chunks())
    assert dict(events["event_type"].value_counts().rows()) == {"view": 75_374, "cart": 12_456, "purchase": 9_551}
    assert events["item_id"].n_unique() == 29_905
    prepared = prepare(reader, Preparation(vector_dim=2), tmp_path / "out", now_ms=1_800_000_000_000)
    card = prepared.card
    assert card["rows_read"] == 97_381
    assert card["cut"]["sessions"] == 15_877
    assert card["cut"]["sessions_of_two_or_more"] == 10_174
    assert card["cut"]["sessions_with"]["purchase"] == 4_281
    assert card["dropped"]["ignored_kinds"] == 0
    assert sum(card["dropped"].values()) + sum(part["events"] for part in card["parts"].values()) == 97_381
    assert prepared.train.timestamps.max() < prepared.test.timestamps.min()
    assert np.bincount(prepared.train.items)[1:].min() >= 5
    assert prepared.train.lengths.min() >= 2


def test_published_sequences(shop_data, tmp_path):
    events = together(Sequences(str(shop_data / "retailrocket_sequences")).chunks())
    lengths = events.group_by("part", "session_id").len()
    train, test = (lengths.filter(part=part)["len"] for part in ("train", "test"))
    assert (len(train), train.sum(), events["item_id"].n_unique()) == (126_168, 685_984, 36_968)
    assert (len(test), (test - 1).sum()) == (4_735, 19_867)
    assert (test - 2).sum() == 15_132  # the published rows: events with two or more items before them


def test_published_rows_are_the_events_with_two_before_them(shop_data):
    folder = shop_data / "retailrocket_sequences"
    rows = Delimited(
        str(folder / "test_sid_ts_prefix_target.tsv.xz"),
        header=("session_id", "timestamp", "prefix", "item_id"),
    )
    published = together(rows.chunks()).group_by("session_id").agg(pl.col("item_id").cast(pl.Int64).reverse())
    rebuilt = together(Sequences(str(folder)).chunks()).filter(part="test").group_by("session_id").agg("item_id")
    rebuilt = rebuilt.select(
        pl.col("session_id").str.strip_prefix("test:").cast(pl.Int64), pl.col("item_id").list.slice(2)
    )
    assert published.sort("session_id").equals(rebuilt.sort("session_id"))


def test_globo_knows_where_its_readers_are(shop_data, tmp_path):
    log = pl.scan_parquet(shop_data / "globo" / "clicks.parquet").head(50_000)
    log.sink_parquet(tmp_path / "clicks.parquet")
    features = ("click_country", "click_deviceGroup")
    columns = {"item_id": "click_article_id", "timestamp": "click_timestamp"}
    reader = Delimited(str(tmp_path / "clicks.parquet"), columns=columns, further_columns=features)
    preparation = Preparation(split="random", vector_dim=2, session_features=features)
    prepared = prepare(reader, preparation, tmp_path / "out")
    of_session = log.collect().group_by("session_id").agg(pl.col(features).first())
    of_session = dict(zip(of_session["session_id"], of_session.select(features).rows(), strict=True))
    train, known = prepared.train, prepared.session_features
    for number in range(0, len(train), 500):
        raw = dict(zip(features, of_session[train.ids[number]], strict=True))
        assert train.features[number].tolist() == known.encode(raw).tolist()
    assert known.sizes[0] > 5
    assert (train.features > 0).mean() > 0.99
    assert prepared.catalogue.items.columns == ["item_id"]


@pytest.mark.parametrize(
    ("file", "header", "rows", "kinds"),
    [
        ("rees46/2019-Oct.csv.xz", (), 17_434, {"view", "cart", "purchase"}),
        (
            "taobao_userbehavior/UserBehavior.csv.xz",
            ("user_id", "item_id", "shelf", "event_type", "timestamp"),
            96_168,
            {"view", "cart", "fav", "purchase"},
        ),
        ("yoochoose/yoochoose-clicks.dat.xz", ("session_id", "timestamp", "item_id", "shelf"), 83_846, {"view"}),
        ("retailrocket_original_fragments/events.csv.xz", (), 9_385, {"view", "cart", "purchase"}),
        ("retailrocket_original_fragments/sample_retailrocket.tsv.xz", (), 10_080, {"view"}),
    ],
)
def test_any_file_with_a_map_of_columns(shop_data, file, header, rows, kinds):
    events = together(Delimited(str(shop_data / file), header=header).chunks())
    assert len(events) == rows
    assert set(events["event_type"]) <= kinds
    assert events["event_type"].n_unique() == len(kinds)
