"""REES46's logs of online shops: 2019-Oct.csv, 2019-Nov.csv, …, one file a month."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import polars as pl

from sessionrl.data.columns import as_amounts, as_ids, as_kinds, as_text
from sessionrl.data.files import PACKED
from sessionrl.data.originals import original_chunks, original_file
from sessionrl.data.tables import Table
from sessionrl.data.timestamps import Notation, read_times
from sessionrl.errors import BadData
from sessionrl.registry import register

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COLUMNS = {
    name: (name,)
    for name in (
        "event_time",
        "event_type",
        "product_id",
        "category_id",
        "category_code",
        "brand",
        "price",
        "user_id",
        "user_session",
    )
}


@register("reader", "rees46")
@dataclass(frozen=True)
class Rees46:
    """REES46: a folder with the files of the months (``2019-Oct.csv``, …) or events.csv, or one file; ``.gz``, ``.xz``.

    The columns are ``event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session``
    (https://www.kaggle.com/datasets/mkechinov/ecommerce-behavior-data-from-multi-category-store, and the cosmetics and
    electronics shops of the same publisher). Kinds are view, cart and purchase; the cosmetics shop has
    remove_from_cart too, which needs a reward, or ``data.ignore_kinds=["remove_from_cart"]``.

    A handful of rows have no user_session: those of one user and day are taken for a session ``USER/DAY``. A price that
    is not above 0 is unknown. `category` is category_code, whose levels are separated by dots and which a third of the
    rows lack; `category_id` is always there.

    kinds: the log's kinds of event -> ours, e.g. ``{"remove_from_cart": "view"}``
    """

    path: str
    kinds: dict[str, str] = field(default_factory=dict)

    order_only: ClassVar[bool] = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the months in order of time, or the one file."""
        path = Path(self.path)
        beside = path.iterdir() if path.is_dir() else ()
        months = sorted((one for one in beside if _month(one)), key=lambda one: (_month(one), one.name))
        for one, next_one in pairwise(months):
            if _month(one) == _month(next_one):
                found = f"{one.name} and {next_one.name} are the same month"
                raise BadData(path, found, "one file for every month", "delete or move one of them")
        return tuple(months) or (original_file(path, ["2019-Oct.csv", "events.csv"]),)

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`, piece by piece."""
        for path in self.files:
            for table in original_chunks(path, _COLUMNS, "REES46"):
                yield Table(_events(table, self.kinds), table.origin)

    def items(self) -> pl.DataFrame | None:
        """Only the events tell of the items."""
        return None

    def notes(self) -> dict[str, str]:
        """How the files were understood."""
        return {
            "times": "text in UTC",
            "sessions": "rows without user_session, if there are any, belong to a session USER/DAY",
            "items": "category (category_code), category_id, brand and price as first seen; a price of 0 is unknown",
        }


def _month(path: Path) -> str:
    """``2019-10`` of ``2019-Oct.csv`` or ``2019-Oct.csv.gz``; empty for any other file."""
    stem = path.name.removesuffix(path.suffix) if path.suffix in PACKED else path.name
    year, _, month = stem.removesuffix(".csv").partition("-")
    if not stem.endswith(".csv") or not year.isdigit() or month not in _MONTHS:
        return ""
    return f"{year}-{_MONTHS.index(month) + 1:02}"


def _events(table: Table, kinds: Mapping[str, str]) -> pl.DataFrame:
    rows, origin = table
    price = as_text(rows["price"], "price", origin)
    session, user = as_text(rows["user_session"], "user_session", origin), as_ids(rows["user_id"], "user_id", origin)
    events = pl.DataFrame(
        {
            "session_id": session,
            "user_id": user,
            "item_id": as_ids(rows["product_id"], "product_id", origin),
            "timestamp": read_times(rows["event_time"], origin, Notation(text=True)).values,
            "event_type": as_kinds(rows["event_type"], kinds, origin),
            "category": as_text(rows["category_code"], "category_code", origin),
            "category_id": as_text(rows["category_id"], "category_id", origin),
            "brand": as_text(rows["brand"], "brand", origin),
            "price": as_amounts(price.str.strip_prefix("-"), "price", origin),
        }
    )
    day = pl.from_epoch("timestamp", time_unit="ms").dt.strftime("%Y-%m-%d")
    return events.with_columns(
        session_id=pl.coalesce("session_id", pl.format("{}/{}", "user_id", day)),
        price=pl.when((pl.col("price") > 0) & ~price.str.starts_with("-")).then("price"),
    )
