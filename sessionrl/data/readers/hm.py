"""H&M Personalized Fashion Recommendations: transactions_train.csv, articles.csv and the pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from sessionrl.data.columns import as_amounts, as_ids, as_text
from sessionrl.data.files import find
from sessionrl.data.originals import original_chunks, original_file
from sessionrl.data.tables import Table
from sessionrl.data.timestamps import Notation, read_times
from sessionrl.registry import register

_COLUMNS = {name: (name,) for name in ("t_dat", "customer_id", "article_id", "price")}
_ATTRIBUTES = {
    "item_id": "article_id",
    "name": "prod_name",
    "category": "product_type_name",
    "product_group": "product_group_name",
    "product_code": "product_code",
    "appearance": "graphical_appearance_name",
    "colour": "colour_group_name",
    "department": "department_name",
    "index": "index_name",
    "section": "section_name",
    "garment_group": "garment_group_name",
    "description": "detail_desc",
}
_DIGITS = 10  # of an article_id


@register("reader", "hm")
@dataclass(frozen=True)
class HM:
    """H&M: the folder with the original files, or the transactions alone; all may be ``.gz`` or ``.xz``.

    Columns (https://www.kaggle.com/competitions/h-and-m-personalized-fashion-recommendations/data): transactions
    ``t_dat,customer_id,article_id,price,sales_channel_id``; articles.csv has 25, of which those that name something are
    kept. Every event is a purchase. An article_id is text of ten digits, ``0663713001``; copies that lost the zero get
    it back. The picture of an article, where the folder has it, is ``images/066/0663713001.jpg``.

    There are no sessions and the time is a day, so a session, cut by any idle gap below a day, is **what a customer
    bought on one day**, in the order of the file: a basket, whose order says little. The price of
    an article is that of its first sale, in the publisher's own unit.
    """

    path: str

    order_only: ClassVar[bool] = False

    @property
    def files(self) -> tuple[Path, ...]:
        """The transactions, and the articles where they are in the folder."""
        path = Path(self.path)
        transactions = original_file(path, ["transactions_train.csv"])
        articles = find(path, ["articles.csv"]) if path.is_dir() else None
        return (transactions,) if articles is None else (transactions, articles)

    def chunks(self) -> Iterator[Table]:
        """The events table, see `sessionrl.data.schema`, piece by piece."""
        for rows, origin in original_chunks(self.files[0], _COLUMNS, "H&M"):
            events = {
                "user_id": as_ids(rows["customer_id"], "customer_id", origin),
                "item_id": as_text(rows["article_id"], "article_id", origin).str.zfill(_DIGITS),
                "timestamp": read_times(rows["t_dat"], origin, Notation(text=True)).values,
                "event_type": pl.repeat("purchase", len(rows), eager=True),
                "price": as_amounts(rows["price"], "price", origin),
            }
            yield Table(pl.DataFrame(events), origin)

    def items(self) -> pl.DataFrame | None:
        """What articles.csv says, and `picture` where there is a folder of images; None without articles.csv."""
        if len(self.files) == 1:
            return None
        articles = self.files[1]
        wanted = {ours: (theirs,) for ours, theirs in _ATTRIBUTES.items()}
        items = pl.concat([table.rows for table in original_chunks(articles, wanted, "H&M")])
        items = items.drop_nulls("item_id").with_columns(pl.col("item_id").cast(pl.String).str.zfill(_DIGITS))
        items = items.unique("item_id", keep="first", maintain_order=True)
        if (articles.parent / "images").is_dir():
            items = items.with_columns(picture=_pictures(items["item_id"], articles.parent))
        return items

    def notes(self) -> dict[str, str]:
        """How the files were understood."""
        return {
            "times": "days; the order within a day is that of the file",
            "kinds": "every event is a purchase",
            "sessions": "what a customer bought on one day, as long as data.idle_minutes is below a day",
        }


def _pictures(ids: pl.Series, folder: Path) -> pl.Series:
    """[n] text, the absolute path of each picture below the folder; null where there is none."""
    paths = [folder.resolve() / "images" / one[:3] / f"{one}.jpg" for one in ids.to_list()]
    return pl.Series([str(path) if path.is_file() else None for path in paths], dtype=pl.String)
