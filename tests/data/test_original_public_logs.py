"""Real files in their original layouts, end to end: the counts that stand beside them, and what cannot be otherwise."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.diginetica import Diginetica
from sessionrl.data.readers.rees46 import Rees46
from sessionrl.data.readers.taobao import Taobao
from sessionrl.data.readers.yoochoose import Yoochoose
from sessionrl.data.tables import read_table, together

pytestmark = pytest.mark.data

SMALL = Preparation(min_item_events=2, vector_dim=2)


def prepared_from(reader, preparation, folder):
    """Prepared, with what every card must say."""
    prepared = prepare(reader, preparation, folder / "out", now_ms=1_800_000_000_000)
    card = prepared.card
    kept = sum(part["events"] for part in card["parts"].values())
    assert sum(card["dropped"].values()) + kept == card["rows_read"]
    assert prepared.train.timestamps.max() < prepared.test.timestamps.min()
    return prepared


def test_yoochoose(shop_data, tmp_path):
    prepared = prepared_from(
        Yoochoose(str(shop_data / "yoochoose")), replace(SMALL, test_days=1, valid_days=1), tmp_path
    )
    assert prepared.card["rows_read"] == 83_846
    assert prepared.card["cut"]["sessions"] == prepared.card["cut"]["sessions_of_two_or_more"] == 21_210
    assert prepared.card["cut"]["immediate_repeats"] == pytest.approx(0.259, abs=5e-4)
    assert prepared.card["cut"]["sessions_with"] == {"view": 21_210, "cart": 0, "purchase": 0}


def test_diginetica(shop_data, tmp_path):
    reader = Diginetica(str(shop_data / "diginetica"))
    everything = together(Diginetica(reader.path, without_views="keep").chunks())
    assert dict(everything["event_type"].value_counts().rows()) == {"view": 12_391, "purchase": 18_025}
    items = reader.items()
    assert len(items) == 184_047
    assert set(everything["item_id"].cast(pl.String)) <= set(items["item_id"])
    prepared = prepared_from(reader, SMALL, tmp_path)
    assert prepared.card["cut"]["sessions"] == 2_986
    assert prepared.card["cut"]["sessions_with"]["purchase"] == 138
    assert prepared.card["notes"]["without views"] == "17,769 purchases of sessions without views were dropped"
    assert prepared.card["rows_read"] == 12_391 + 18_025 - 17_769
    assert prepared.catalogue.items["category"].null_count() == 0


def test_diginetica_eventdate_is_the_day_of_the_event(shop_data):
    """So the session's first day + timeframe falls on it, or on the day before because the hour is not known."""
    folder = shop_data / "diginetica"
    raw = pl.concat(
        read_table(folder / f"train-{name}.csv.xz").rows.select("eventdate") for name in ("item-views", "purchases")
    )
    events = together(Diginetica(str(folder), without_views="keep").chunks())
    days = (raw["eventdate"].str.to_date().cast(pl.Int64) - events["timestamp"] // 86_400_000).value_counts()
    assert set(days.to_series(0)) == {0, 1}


def test_rees46(shop_data, tmp_path):
    preparation = replace(SMALL, test_days=0.02, valid_days=0.02)
    prepared = prepared_from(Rees46(str(shop_data / "rees46")), preparation, tmp_path)
    assert prepared.card["rows_read"] == 17_434
    assert prepared.card["cut"]["sessions_with"]["purchase"] == 200
    items = prepared.catalogue.items.drop_nulls("item_id")
    assert items.columns == ["item_id", "category", "category_id", "brand", "price"]
    assert items["category_id"].null_count() == 0
    assert items["category"].str.contains(r"^[a-z_]+(\.[a-z_]+)*$").drop_nulls().all()
    assert items["price"].min() > 0


def test_rees46_with_its_cold_items(shop_data, tmp_path):
    preparation = replace(SMALL, test_days=0.02, valid_days=0.02, cold_items=True)
    prepared = prepared_from(Rees46(str(shop_data / "rees46")), preparation, tmp_path)
    assert prepared.card["unseen"]["test"]["events"] == 0
    of_targets = prepared.catalogue.counts[prepared.test.items[prepared.test.position > 0]]
    slices = np.histogram(of_targets, [0, 1, 6, 21, np.inf])[0]  # 0, 1-5, 6-20, more training events
    assert slices.sum() == len(prepared.test.items) - len(prepared.test)
    assert (slices > 50).all()


def test_taobao(shop_data, tmp_path):
    reader = Taobao(str(shop_data / "taobao_userbehavior"))
    preparation = replace(SMALL, reward={"view": 0.2, "fav": 0.5, "cart": 1.0, "purchase": 1.0})
    prepared = prepared_from(reader, replace(preparation, test_days=0.02, valid_days=0.0), tmp_path)
    assert prepared.card["rows_read"] == 96_168
    assert prepared.kinds == ("view", "fav", "cart", "purchase")
    kinds = together(reader.chunks())["event_type"].value_counts()
    assert dict(kinds.rows()) == {"view": 85_773, "fav": 2_959, "cart": 5_292, "purchase": 2_144}
