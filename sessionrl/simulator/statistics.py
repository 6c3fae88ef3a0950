"""What a log looks like in numbers: lengths, repeats, funnel and skew, to lay beside those of real shops."""

from typing import NamedTuple

import numpy as np
import polars as pl


class LogStatistics(NamedTuple):
    """Shares lie in [0, 1]; a session's length is its number of views.

    events, sessions, items:  counts; items that occur
    views_per_session:        mean length
    one_view:                 share of sessions of length 1
    longer_mean:              mean length of the others
    longer_two, longer_p90, longer_p99: of the others, the share of length 2, and two quantiles
    immediate_repeat:         share of the non-first views that show the item of the view before
    repeat:                   share of the non-first views whose item the session viewed before
    cart_per_view, purchase_per_cart, purchase_per_view: ratios of counts of events
    buying_sessions:          share of the sessions with a purchase
    zipf_slope:               of ln views over ln rank, ranks 10 … 1000 (or the last rank), least squares; NaN for fewer
                              than 11 items
    top_tenth:                share of the views that the most viewed tenth of the items has
    """

    events: int
    sessions: int
    items: int
    views_per_session: float
    one_view: float
    longer_mean: float
    longer_two: float
    longer_p90: float
    longer_p99: float
    immediate_repeat: float
    repeat: float
    cart_per_view: float
    purchase_per_cart: float
    purchase_per_view: float
    buying_sessions: float
    zipf_slope: float
    top_tenth: float


def log_statistics(events: pl.DataFrame) -> LogStatistics:
    """Of events with `session_id, item_id, event_type`, in the order of time within a session.

    There must be at least one cart, and one session of two views or more.
    """
    views = events.filter(event_type="view")
    count = {kind: events.filter(event_type=kind).height for kind in ("view", "cart", "purchase")}
    lengths = views.group_by("session_id").len()["len"].to_numpy()
    longer = lengths[lengths >= 2]
    later = views.select(
        first=pl.int_range(pl.len()).over("session_id") == 0,
        same=(pl.col("item_id") == pl.col("item_id").shift(1)).over("session_id"),
        seen=~pl.struct("session_id", "item_id").is_first_distinct(),
    ).filter(~pl.col("first"))
    buyers = events.filter(event_type="purchase")["session_id"].n_unique()
    popularity = np.sort(views.group_by("item_id").len()["len"].to_numpy())[::-1]
    ranks = np.arange(10, min(1000, len(popularity)) + 1)
    slope = np.polyfit(np.log(ranks), np.log(popularity[ranks - 1]), 1)[0] if len(ranks) > 1 else np.nan
    return LogStatistics(
        events=events.height,
        sessions=len(lengths),
        items=events["item_id"].n_unique(),
        views_per_session=float(lengths.mean()),
        one_view=float((lengths == 1).mean()),
        longer_mean=float(longer.mean()),
        longer_two=float((longer == 2).mean()),
        longer_p90=float(np.quantile(longer, 0.9)),
        longer_p99=float(np.quantile(longer, 0.99)),
        immediate_repeat=float(later["same"].to_numpy().mean()),
        repeat=float(later["seen"].to_numpy().mean()),
        cart_per_view=count["cart"] / count["view"],
        purchase_per_cart=count["purchase"] / count["cart"],
        purchase_per_view=count["purchase"] / count["view"],
        buying_sessions=buyers / len(lengths),
        zipf_slope=float(slope),
        top_tenth=float(popularity[: max(len(popularity) // 10, 1)].sum() / popularity.sum()),
    )
