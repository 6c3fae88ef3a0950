"""The log is orderly, repeatable and resembles a shop's."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from sessionrl.errors import BadDirectory, BadOption
from sessionrl.simulator.log import DEMO, DEMO_DAYS, DEMO_POLICY, DEMO_SESSIONS, simulate_log
from sessionrl.simulator.shop import ShopOptions
from sessionrl.simulator.statistics import log_statistics

TINY = ShopOptions(items=60, categories=6, users=40, slate_size=5, basket=0.8, cart_base=-2.0, click_base=-2.0)


@pytest.fixture(scope="module")
def demo():
    return simulate_log(DEMO, DEMO_SESSIONS, DEMO_DAYS, seed=1, policy=DEMO_POLICY)


@pytest.fixture(scope="module")
def tiny():
    return simulate_log(TINY, sessions=600, days=7, seed=1)


def files(directory):
    return {file.name: file.read_bytes() for file in sorted(directory.iterdir()) if file.is_file()}


def test_columns(tiny):
    assert dict(tiny.events.schema) == {
        "session_id": pl.String,
        "user_id": pl.String,
        "item_id": pl.String,
        "timestamp": pl.Int64,
        "event_type": pl.String,
        "price": pl.Float64,
        "quantity": pl.Int64,
        "slate_id": pl.String,
        "position": pl.Int64,
        "propensity": pl.Float64,
    }
    assert tiny.users.columns == ["user_id", "segment"]
    assert tiny.slates.columns == ["slate_id", "position", "item_id", "propensity_cond", "propensity_first"]
    assert tiny.events["session_id"].n_unique() == 600
    assert set(tiny.events["event_type"]) == {"view", "cart", "purchase"}


def test_one_seed_is_one_log_byte_for_byte(tiny, tmp_path):
    tiny.save(tmp_path / "one")
    simulate_log(TINY, sessions=600, days=7, seed=1).save(tmp_path / "again")
    simulate_log(TINY, sessions=600, days=7, seed=2).save(tmp_path / "other")
    one = files(tmp_path / "one")
    assert sorted(one) == ["events.csv", "items.csv", "slates.parquet", "users.csv"]
    assert one == files(tmp_path / "again")
    assert all(one[name] != content for name, content in files(tmp_path / "other").items())
    assert pl.read_csv(tmp_path / "one" / "events.csv").equals(tiny.events)
    assert pl.read_parquet(tmp_path / "one" / "slates.parquet").equals(tiny.slates)


def test_a_saved_log_is_never_overwritten(tiny, tmp_path):
    with pytest.raises(BadDirectory, match=f"^{re.escape(str(tmp_path))} exists already"):
        tiny.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_size_of_a_batch_changes_nothing(tiny, monkeypatch):
    monkeypatch.setattr("sessionrl.simulator.log.BATCH", 250)
    done = []
    again = simulate_log(TINY, sessions=600, days=7, seed=1, progress=lambda now, total: done.append((now, total)))
    assert again.events.equals(tiny.events)
    assert again.slates.equals(tiny.slates)
    assert done == [(250, 600), (500, 600), (600, 600)]


def test_sessions_are_in_order_and_time_moves_forward_inside_each(tiny):
    first = tiny.events.group_by("session_id", maintain_order=True).first()
    assert first["timestamp"].is_sorted()
    assert first["session_id"].is_sorted()
    steps = tiny.events.select(step=pl.col("timestamp").diff().over("session_id"))["step"].drop_nulls()
    assert steps.min() > 0


def test_the_span_is_the_one_asked_for_and_evenings_are_busy(demo):
    start = demo.events.group_by("session_id").agg(pl.col("timestamp").min())["timestamp"]
    monday = int(datetime(2025, 9, 1, tzinfo=UTC).timestamp() * 1000)
    day = (start.to_numpy() - monday) / 86_400_000
    assert 0 <= day.min() < 0.5
    assert 27.9 < day.max() < 28
    hour = ((day % 1) * 24).astype(int)
    assert (hour == 20).sum() > 5 * (hour == 3).sum()
    weekday = np.bincount(day.astype(int) % 7, minlength=7)
    assert weekday[6] > weekday[1]


def test_gaps_have_the_median_and_the_90th_percentile_of_yoochoose(demo):
    views = demo.events.with_columns(gap=pl.col("timestamp").diff().over("session_id") / 1000)
    gaps = views.filter(event_type="view")["gap"].drop_nulls().to_numpy()
    assert np.median(gaps) == pytest.approx(55, rel=0.05)
    assert np.quantile(gaps, 0.9) == pytest.approx(296, rel=0.07)


def test_a_purchase_follows_its_cart_and_a_cart_its_view(tiny):
    keys = ["session_id", "item_id", "slate_id", "position"]
    times = {
        kind: tiny.events.filter(event_type=kind).select(*keys, "timestamp") for kind in ("view", "cart", "purchase")
    }
    for earlier, later in (("view", "cart"), ("cart", "purchase")):
        pairs = times[later].join(times[earlier], on=keys, how="left", suffix="_before")
        assert len(pairs) == len(times[later]) > 50
        assert pairs["timestamp_before"].null_count() == 0
        assert (pairs["timestamp_before"] < pairs["timestamp"]).all()


def test_several_items_are_bought_in_one_checkout(tiny):
    purchases = tiny.events.filter(event_type="purchase")
    lines = purchases.with_columns(gap=pl.col("timestamp").diff().over("session_id"))["gap"]
    assert (lines == 1000).sum() > 20
    assert purchases["quantity"].min() == 1
    assert purchases["quantity"].mean() == pytest.approx(1 / 0.9, abs=0.1)
    assert tiny.events.filter(pl.col("event_type") != "purchase")["quantity"].null_count() > 0


def test_events_point_at_the_slate_that_showed_the_item(tiny):
    caused = tiny.events.filter(pl.col("slate_id").is_not_null())
    found = caused.join(tiny.slates, on=["slate_id", "position", "item_id"])
    assert len(found) == len(caused) > 1000
    assert (found["slate_id"].str.split("-").list.first() == found["session_id"]).all()
    free = tiny.events.filter(pl.col("slate_id").is_null())
    assert set(free["event_type"]) == {"view"}
    assert free["position"].null_count() == len(free)


def test_slates_are_full_without_duplicates_and_have_propensities(tiny):
    by_slate = tiny.slates.group_by("slate_id", maintain_order=True).agg(
        pl.col("position"), pl.col("item_id").n_unique().alias("different")
    )
    assert by_slate["slate_id"].is_sorted()
    assert (by_slate["different"] == 5).all()
    assert all(positions == [1, 2, 3, 4, 5] for positions in by_slate["position"].to_list())
    first, conditional = tiny.slates["propensity_first"], tiny.slates["propensity_cond"]
    assert first.min() >= 0.1 / 60
    assert ((conditional >= first) & (conditional <= 1)).all()


def test_an_event_has_the_propensity_of_the_place_that_led_to_it(tiny):
    key = ["slate_id", "position", "item_id"]
    shown = tiny.events.filter(pl.col("slate_id").is_not_null()).join(tiny.slates, on=key, how="left")
    assert len(shown) > 100
    assert shown["propensity"].equals(shown["propensity_cond"])
    assert set(shown["event_type"]) == {"view", "cart", "purchase"}
    assert (
        tiny.events.filter(pl.col("slate_id").is_null())["propensity"].null_count()
        == tiny.events["slate_id"].null_count()
    )


def test_users_like_the_category_of_their_segment(demo):
    views = demo.events.join(demo.items, on="item_id").join(demo.users, on="user_id")
    own = (views["category"] == views["segment"]).mean()
    by_chance = (views["category"] == views["segment"].shuffle(seed=1)).mean()
    assert own > 2 * by_chance


def test_items_and_prices(tiny):
    known = tiny.events.join(tiny.items, on="item_id", how="left")
    assert (known["price"] == known["price_right"]).all()
    assert tiny.items["price"].min() > 0


# Yoochoose has 3.57 views a session (.14 of one view; the others 3.95, p99 18; .259 immediate and .357 repeats, slope
# -.97, the top tenth 59%, .035 purchases a view, .055 of the sessions buy); RetailRocket .026 carts a view and .324
# purchases a cart. The demo's sessions are meant to be somewhat longer and buy more, so that fewer of them suffice.
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("views_per_session", 3.5, 6.0),
        ("one_view", 0.08, 0.25),
        ("longer_mean", 3.5, 6.5),
        ("longer_p99", 13, 26),
        ("immediate_repeat", 0.20, 0.32),
        ("repeat", 0.32, 0.43),
        ("cart_per_view", 0.02, 0.08),
        ("purchase_per_cart", 0.28, 0.60),
        ("purchase_per_view", 0.008, 0.04),
        ("buying_sessions", 0.01, 0.12),
        ("zipf_slope", -1.1, -0.7),
        ("top_tenth", 0.40, 0.70),
    ],
)
def test_the_demo_shop_resembles_real_ones(demo, name, low, high):
    assert low <= getattr(log_statistics(demo.events), name) <= high


def test_the_default_shop_behaves_as_published():
    # The prototype of the model, over 20,000 sessions: 8.1 slates a session and 10.5 ± .5 purchases per 100 sessions.
    log = simulate_log(ShopOptions(), sessions=6000, days=28, seed=1)
    assert len(log.slates) / 10 / 6000 == pytest.approx(8.0, abs=0.3)
    assert log.events.filter(event_type="purchase").height / 6000 == pytest.approx(0.105, abs=0.025)


def test_statistics_of_a_log_known_by_hand():
    events = pl.DataFrame(
        {
            "session_id": ["a", "a", "a", "a", "a", "a", "b", "c", "c"],
            "item_id": ["x", "x", "x", "y", "x", "x", "z", "y", "z"],
            "event_type": ["view", "view", "cart", "view", "view", "purchase", "view", "view", "view"],
        }
    )
    found = log_statistics(pl.concat([events, events.with_columns(pl.col("session_id") + "2")]))
    assert (found.events, found.sessions, found.items) == (18, 6, 3)
    assert found.views_per_session == pytest.approx(7 / 3)
    assert found.one_view == pytest.approx(1 / 3)
    assert found.longer_mean == 3
    assert found.longer_two == 0.5
    assert found.immediate_repeat == pytest.approx(1 / 4)
    assert found.repeat == pytest.approx(2 / 4)
    assert found.cart_per_view == pytest.approx(1 / 7)
    assert found.purchase_per_cart == 1
    assert found.buying_sessions == pytest.approx(1 / 3)
    assert np.isnan(found.zipf_slope)
    assert found.top_tenth == pytest.approx(3 / 7)


def test_the_item_viewed_last_says_more_than_popularity(demo):
    views = demo.events.filter(event_type="view").with_columns(before=pl.col("item_id").shift(1).over("session_id"))
    pairs = views.drop_nulls("before").select("before", "item_id")
    train, test = pairs[: len(pairs) * 3 // 4], pairs[len(pairs) * 3 // 4 :]
    popular = train.group_by("item_id").len().sort("len", "item_id", descending=True)["item_id"][:20].to_list()
    follow = train.group_by("before", "item_id").len().sort("len", "item_id", descending=True)
    follow = follow.group_by("before", maintain_order=True).head(20)
    by_popularity = test["item_id"].is_in(popular).mean()
    by_last = len(test.join(follow, on=["before", "item_id"], how="semi")) / len(test)
    assert by_last > 2 * by_popularity


def test_popularity_moves_with_fashion():
    kept = []
    for fashion in (0.0, 1.0):
        log = simulate_log(replace(TINY, fashion=fashion), sessions=3000, days=28, seed=1)
        views = log.events.filter(event_type="view")
        counts = [
            part.group_by("item_id").len().sort("item_id")["len"].to_numpy().astype(float)
            for part in (views[: len(views) // 4], views[-len(views) // 4 :])
        ]
        kept.append(np.corrcoef(*counts)[0, 1])
    assert kept[0] > 0.95 > 0.8 > kept[1]


def test_a_log_of_bounces_has_no_slates(tmp_path):
    log = simulate_log(replace(TINY, bounce=1.0), sessions=5, days=1, seed=0)
    assert log.events["event_type"].to_list() == ["view"] * 5
    assert log.slates.is_empty()
    log.save(tmp_path / "log")
    assert pl.read_parquet(tmp_path / "log" / "slates.parquet").columns == log.slates.columns


def test_the_demo_log_has_the_size_that_the_demo_plans_for(demo):
    assert 120_000 <= len(demo.events) <= 200_000
    assert demo.events["session_id"].n_unique() == DEMO_SESSIONS


@pytest.mark.parametrize(
    ("sessions", "days", "seed", "message"),
    [
        (0, 1, 0, "simulated log, sessions = 0: it must be 1 or more."),
        (1, 0, 0, "simulated log, days = 0: it must be 1 or more."),
        (1, 1, -1, "simulated log, seed = -1: it must be 0 or more."),
    ],
)
def test_impossible_spans_are_refused(sessions, days, seed, message):
    with pytest.raises(BadOption, match=f"^{re.escape(message)}$"):
        simulate_log(TINY, sessions, days, seed)
