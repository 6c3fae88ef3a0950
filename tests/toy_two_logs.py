"""The toy shop's log as two logs that overlap: each has items that the other lacks."""

import csv
from pathlib import Path
from typing import NamedTuple

import toy_shop
from toy_shop import DAY, FIRST, HEADER, ITEMS

from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited

GONE = ITEMS[:3]  # not in the newer log
NEW = ITEMS[26:]  # not in the older log


class TwoLogs(NamedTuple):
    older: Prepared
    newer: Prepared


def write_two_logs(folder: Path) -> None:
    """older.csv, without its last ten days; newer.csv, without its first ten."""
    with toy_shop.write_log(folder / "log.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    tenth = [FIRST + days * DAY for days in (10, 20)]
    parts = {
        "older.csv": [row for row in rows if int(row[1]) < tenth[1] and row[0] not in NEW],
        "newer.csv": [row for row in rows if int(row[1]) >= tenth[0] and row[0] not in GONE],
    }
    for name, part in parts.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=";").writerows([HEADER, *part])


def prepare_two_logs(folder: Path) -> TwoLogs:
    """Both, prepared in the folder; the older one without carts, so that kinds of event have other numbers."""
    write_two_logs(folder)
    kinds = {"older": {"look": "view", "basket": "view", "sold": "purchase"}, "newer": toy_shop.KINDS}
    preparation = Preparation(test_days=3.0, valid_days=3.0)
    made = {
        name: prepare(
            Delimited(path=str(folder / f"{name}.csv"), columns=toy_shop.COLUMNS, kinds=kinds[name]),
            preparation,
            folder / name,
        )
        for name in kinds
    }
    return TwoLogs(**made)
