"""Diginetica, the log of the CIKM Cup 2016: train-item-views.csv, train-purchases.csv and what is known of products."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import polars as pl

from sessionrl.data.columns import as_amounts, as_ids, as_text
from sessionrl.data.files import find
from sessionrl.data.originals import only, original_chunks, original_file
from sessionrl.data.schema import DAY_MS, refuse_missing
from sessionrl.data.tables import Table
from sessionrl.data.timestamps import Notation, read_times
from sessionrl.registry import register

_COLUMNS = {
    "session_id": ("sessionId", "session_id", "SessionId"),
    "user_id": ("userId", "user_id", "UserId"),
    "item_id": ("itemId", "item_id", "ItemId"),
    "timeframe": ("timeframe", "Timeframe"),
    "eventdate": ("eventdate", "Eventdate"),
}
_SOURCE = "Diginetica"
_KINDS = {"train-item-views.csv": "view", "train-purchases.csv": "purchase"}
_CATEGORIES = {"item_id": _COLUMNS["item_id"], "category": ("categoryId", "category_id")}
_PRODUCTS = {
    "item_id": _COLUMNS["item_id"],
    "price": ("pricelog2",),
    "name_tokens": ("product.name.tokens", "product_name_tokens"),
}


class _Moments(NamedTuple):
    """session: [n] text; day: [n] midnight of the event's date, ms; since: [n] ms since the session began."""

    session: pl.Series
    day: pl.Series
    since: pl.Series


@register("reader", "diginetica")
@dataclass(frozen=True)
class Diginetica:
    """Diginetica (CIKM Cup 2016): the folder with the original files, or the views alone; ``.gz``, ``.xz``.

    The columns (https://competitions.codalab.org/competitions/11161) of views are ``sessionId;userId;itemId;timeframe;
    eventdate``, of purchases ``sessionId;userId;timeframe;eventdate;ordernumber;itemId``, of product-categories.csv
    ``itemId;categoryId`` and of products.csv ``itemId;pricelog2;product.name.tokens``. Copies that write ``session_id``
    and the like are understood too.

    eventdate is the day **of the event** in days, timeframe the milliseconds since the session began: views come
    within 20 minutes, purchases up to months later under the id of the same session. So eventdate + timeframe would
    count the days twice. Here a session begins at midnight of its first day, the earliest eventdate - whole days of
    timeframe, and an event comes timeframe later: order and gaps are exact, the hour of the day is not known.

    One or two in a hundred purchases belong to a session without views. Some lie weeks after the last view, where they
    alone would be the test, so they are dropped unless `without_views` is "keep". A price is 2^pricelog2.

    without_views: purchases of a session that views nothing: "drop" and count them, or "keep"
    """

    path: str
    without_views: Literal["drop", "keep"] = "drop"

    order_only: ClassVar[bool] = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The views, then the purchases, the categories and the products where they are in the folder."""
        path = Path(self.path)
        views = original_file(path, list(_KINDS)[:1])
        if not path.is_dir():
            return (views,)
        others = [find(path, [name]) for name in (*list(_KINDS)[1:], "product-categories.csv", "products.csv")]
        return (views, *(one for one in others if one is not None))

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`; purchases come last."""
        for kind, table in self._tables():
            rows, origin = table
            session, _, since = _moments(table)
            known = session.to_frame().join(self._sessions, on="session_id", how="left", maintain_order="left")
            events = {
                "session_id": as_ids(rows["session_id"], "sessionId", origin),
                "user_id": as_ids(rows["user_id"], "userId", origin),
                "item_id": as_ids(rows["item_id"], "itemId", origin),
                "timestamp": known["began"] + since,
                "event_type": pl.repeat(kind, len(rows), eager=True),
            }
            whole = Table(pl.DataFrame(events), origin)
            yield whole if self.without_views == "keep" else only(whole, known["views"] > 0)

    def items(self) -> pl.DataFrame | None:
        """`item_id`, `category`, and `price` and `name_tokens` where there is products.csv; None without both files."""
        known = []
        for path in self.files:
            if path.name.startswith("product-categories.csv"):
                known.append(_first_of_items(table.rows for table in original_chunks(path, _CATEGORIES, _SOURCE)))
            if path.name.startswith("products.csv"):
                known.append(_first_of_items(_priced(table) for table in original_chunks(path, _PRODUCTS, _SOURCE)))
        if len(known) < 2:
            return known[0] if known else None
        return known[0].join(known[1], on="item_id", how="full", coalesce=True, maintain_order="left_right")

    def notes(self) -> dict[str, str]:
        """How the files were understood."""
        notes = {"times": "midnight of the session's first day + timeframe; the hour of the day is not known"}
        if not any(path.name.startswith("train-purchases.csv") for path in self.files):
            return notes | {"kinds": "every event is a view; there is no train-purchases.csv"}
        notes["kinds"] = "views, and purchases up to months after them in the same session"
        if self.without_views == "drop":
            count = self._sessions.filter(views=0)["events"].sum()
            notes["without views"] = f"{count:,} purchases of sessions without views were dropped"
        return notes

    def _tables(self) -> Iterator[tuple[str, Table]]:
        for path in self.files:
            kind = next((kind for name, kind in _KINDS.items() if path.name.startswith(name)), None)
            if kind is not None or path == self.files[0]:
                yield from ((kind or "view", table) for table in original_chunks(path, _COLUMNS, _SOURCE))

    @cached_property
    def _sessions(self) -> pl.DataFrame:
        """`session_id` (text), `began` (midnight of its first day, ms), how many `events` it has, and how many `views`.

        From both files together, because a purchase alone does not tell on which of two days its session began.
        """
        pieces = []
        for kind, table in self._tables():
            session, day, since = _moments(table)
            pieces.append(
                pl.DataFrame({"session_id": session, "began": day - since // DAY_MS * DAY_MS})
                .group_by("session_id")
                .agg(pl.col("began").min(), events=pl.len(), views=pl.len() * int(kind == "view"))
            )
        return pl.concat(pieces).group_by("session_id").agg(pl.col("began").min(), pl.col("events", "views").sum())


def _moments(table: Table) -> _Moments:
    rows, origin = table
    for name in ("session_id", "timeframe", "eventdate"):
        refuse_missing(rows[name], _COLUMNS[name][0], origin)
    day = read_times(rows["eventdate"], origin, Notation(text=True)).values
    since = as_amounts(rows["timeframe"], "timeframe", origin).cast(pl.Int64)
    return _Moments(as_text(rows["session_id"], "sessionId", origin), day // DAY_MS * DAY_MS, since)


def _priced(table: Table) -> pl.DataFrame:
    logarithm = as_amounts(table.rows["price"], "pricelog2", table.origin)
    return table.rows.with_columns(price=2.0**logarithm)


def _first_of_items(tables: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One row per item: a few items stand twice."""
    return pl.concat(tables).drop_nulls("item_id").unique("item_id", keep="first", maintain_order=True)
