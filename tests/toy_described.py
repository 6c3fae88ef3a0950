"""The toy shop with a table of items: the item after the next one has the next colour, and its place is a number."""

import csv
from pathlib import Path

import toy_shop
from toy_shop import COLUMNS, ITEMS, KINDS

from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited

FEATURES = 'items.features=["room", "place:number"]'
ROOMS = ("kitchen", "bath", "hall", "bed", "garden", "loft")  # of five items each, one after the other
COLD = ITEMS[27]  # only in the last days of the log


def room(item: str) -> str:
    return ROOMS[ITEMS.index(item) // 5]


def prepare_described(folder: Path, shown: bool = False, **options) -> Prepared:
    """The log without `COLD` before its last three days; with `shown` only every second item may be recommended."""
    first = toy_shop.FIRST + 26 * toy_shop.DAY
    with toy_shop.write_log(folder / "whole.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, delimiter=";")
    kept = [row for row in rows if row[0] != COLD or int(row[1]) >= first]
    with (folder / "log.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([header, *kept])
    with (folder / "items.csv").open("w", newline="", encoding="utf-8") as file:
        items = csv.writer(file)
        items.writerow(["item_id", "room", "place", "recommendable"])
        items.writerows([one, f"house.{room(one)}", nth, not shown or nth % 2] for nth, one in enumerate(ITEMS))
    columns = {"room": "room", "place": "place", "recommendable": "recommendable"}
    reader = Delimited(
        str(folder / "log.csv"),
        columns=COLUMNS,
        kinds=KINDS,
        items_path=str(folder / "items.csv"),
        item_columns=columns,
    )
    preparation = Preparation(**{"test_days": 3.0, "valid_days": 3.0, "cold_items": True, **options})
    return prepare(reader, preparation, folder / ("shown" if shown else "described"))
