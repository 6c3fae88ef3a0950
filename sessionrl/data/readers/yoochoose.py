"""Yoochoose, the log of the RecSys Challenge 2015 (RSC15): yoochoose-clicks.dat and yoochoose-buys.dat."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from sessionrl.data.columns import as_amounts, as_ids, as_text
from sessionrl.data.files import find
from sessionrl.data.originals import original_file
from sessionrl.data.tables import Table, read_chunks
from sessionrl.data.timestamps import Notation, read_times
from sessionrl.registry import register

_CLICKS, _BUYS = "yoochoose-clicks.dat", "yoochoose-buys.dat"
_COLUMNS = {
    "view": ("session", "timestamp", "item", "category"),
    "purchase": ("session", "timestamp", "item", "price", "quantity"),
}


@register("reader", "yoochoose")
@dataclass(frozen=True)
class Yoochoose:
    """Yoochoose (RSC15): the folder with the original files, or the clicks alone; both may be ``.gz`` or ``.xz``.

    There are no header lines: clicks are ``session,timestamp,item,category``, buys ``session,timestamp,item,price,
    quantity`` (https://2015.recsyschallenge.com/challenge.html, and dataset-README.txt in the archive). Clicks are
    views, buys purchases of the same session. Buys are no steps of the shopper: a basket is stamped at its checkout.

    The category of a click is where it happened: S at a special offer, 0 unknown, 1 to 12 a category, any other number
    a brand. So `category` and `brand` of an item are the earliest of their own range, and S is neither. A price or a
    quantity of 0 is unknown.
    """

    path: str

    order_only: ClassVar[bool] = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The clicks, and the buys where they are in the folder."""
        path = Path(self.path)
        clicks = original_file(path, [_CLICKS])
        buys = find(path, [_BUYS]) if path.is_dir() else None
        return (clicks,) if buys is None else (clicks, buys)

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`; buys come last, so a click of the same moment is before."""
        for kind, path in zip(_COLUMNS, self.files, strict=False):
            for table in read_chunks(path, ",", _COLUMNS[kind]):
                yield Table(_events(table, kind), table.origin)

    def items(self) -> pl.DataFrame | None:
        """Only the events tell of the items."""
        return None

    def notes(self) -> dict[str, str]:
        """How the files were understood."""
        return {
            "times": "ISO-8601 text",
            "kinds": "clicks are views, buys are purchases, stamped at the checkout"
            if len(self.files) > 1
            else f"clicks are views; there is no {_BUYS}, so no purchases",
            "items": "category 1 to 12 and brand as first clicked, price as first bought; 0 and S are neither",
        }


def _events(table: Table, kind: str) -> pl.DataFrame:
    rows, origin = table
    events = {
        "session_id": as_ids(rows["session"], "session", origin),
        "item_id": as_ids(rows["item"], "item", origin),
        "timestamp": read_times(rows["timestamp"], origin, Notation(text=True)).values,
        "event_type": pl.repeat(kind, len(rows), eager=True),
    }
    shelf, amounts = pl.lit(None, pl.String), {name: pl.lit(None, pl.Float64) for name in ("price", "quantity")}
    if kind == "view":
        shelf = pl.lit(as_text(rows["category"], "category", origin))
    else:
        amounts = {name: pl.lit(as_amounts(rows[name], name, origin)) for name in amounts}
    number = shelf.cast(pl.Int64, strict=False)
    return pl.DataFrame(events).with_columns(
        **{name: pl.when(amount > 0).then(amount) for name, amount in amounts.items()},
        category=pl.when(number.is_between(1, 12)).then(shelf),
        brand=pl.when(number > 12).then(shelf),
    )
