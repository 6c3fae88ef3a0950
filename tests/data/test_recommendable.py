"""Items that inform and items that are shown: the column `recommendable` of the table of items."""

import re

import numpy as np
import polars as pl
import pytest

from sessionrl.data.card import card_lines
from sessionrl.data.catalogue import Catalogue, recommendable
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited, read_items
from sessionrl.errors import BadData, BadDirectory

OPTIONS = Preparation(min_item_events=1, test_days=1, valid_days=1)


def read_with(tmp_path, items: str) -> Delimited:
    rows = [(f"s{n}", item, n * 43_200) for n in range(9) for item in "ppqr"]
    pl.DataFrame(rows, ["session_id", "item_id", "timestamp"], orient="row").write_csv(tmp_path / "log.csv")
    (tmp_path / "items.csv").write_text(items)
    return Delimited(str(tmp_path / "log.csv"), time_unit="s", items_path=str(tmp_path / "items.csv"))


def test_a_flag_of_the_shop_reaches_the_prepared_catalogue(tmp_path):
    prepared = prepare(read_with(tmp_path, "item_id,recommendable,price\nr,,1\nq,0,2\n"), OPTIONS, tmp_path / "out")
    for catalogue in (prepared.catalogue, Prepared.load(tmp_path / "out").catalogue):
        assert catalogue.recommendable.tolist() == [False, True, False, True]  # PAD, p, q, r
        assert catalogue.items.columns == ["item_id", "price"]
    assert prepared.card["catalogue"]["recommendable"] == 2
    assert "  2 of the 3 items may be recommended" in card_lines(prepared.card)
    assert pl.read_parquet(tmp_path / "out" / "items.parquet").columns[:4] == [
        "item_id",
        "count",
        "sessions",
        "recommendable",
    ]


def test_without_a_flag_every_item_may_be_shown(tmp_path):
    prepared = prepare(read_with(tmp_path, "item_id,recommendable\nq,true\n"), OPTIONS, tmp_path / "out")
    assert prepared.catalogue.recommendable.tolist() == [False, True, True, True]
    assert "recommendable" not in pl.read_parquet(tmp_path / "out" / "items.parquet").columns
    assert "recommendable" not in prepared.card["catalogue"]
    plain = Catalogue(np.array([0, 2]), np.array([0, 2]), np.zeros((2, 1), np.float32), pl.DataFrame({"item_id": [1]}))
    assert plain.recommendable.tolist() == [False, True]


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        (["1", "0", " TRUE ", "False", None], [True, False, True, False, None]),
        ([1, 0, None], [True, False, None]),
        ([1.0, 0.0, float("nan")], [True, False, None]),
        ([True, False, None], [True, False, None]),
    ],
)
def test_flags_in_the_types_that_shops_write(tmp_path, values, flags):
    table = pl.DataFrame({"item_id": range(len(values)), "recommendable": values}, strict=False)
    table.write_parquet(tmp_path / "items.parquet")
    assert read_items(tmp_path / "items.parquet", {})["recommendable"].to_list() == flags


def test_another_value_is_refused_with_its_place(tmp_path):
    reader = read_with(tmp_path, "item_id,shown\nq,1\np,0\nr,sometimes\n")
    with pytest.raises(BadData) as error:
        read_items(tmp_path / "items.csv", {"recommendable": "shown"})
    assert str(error.value) == (
        f"{tmp_path}/items.csv, line 4 (the first line of the file is line 1): 1 row whose recommendable is neither "
        "true nor false, the first 'sometimes'\n  expected: true or 1, false or 0, or nothing\n"
        "  do now:   correct recommendable in these rows"
    )
    assert reader.items().columns == ["item_id"]


def test_a_catalogue_with_nothing_to_recommend_is_refused(tmp_path):
    reader = read_with(tmp_path, "item_id,recommendable\np,0\nq,0\nr,0\n")
    with pytest.raises(BadData) as error:
        prepare(reader, OPTIONS, tmp_path / "out")
    assert str(error.value) == (
        f"{tmp_path}/items.csv: none of the 3 items is recommendable\n  expected: at least one that may be shown\n"
        "  do now:   correct the column recommendable in the table of items, or leave it out"
    )


def test_a_reader_whose_flag_is_no_flag_is_told_so():
    items = pl.DataFrame({"item_id": [1], "recommendable": ["yes"]})
    with pytest.raises(BadData, match=re.escape("the column recommendable of the items is of type String")):
        recommendable(items, "items.csv")


def test_what_may_be_shown_is_part_of_the_fingerprint(tmp_path):
    prints = {}
    for name, column in {"none": "", "all": "1", "one": "0"}.items():
        items = "item_id,price\nq,2\n" if not column else f"item_id,recommendable,price\nq,{column},2\n"
        prints[name] = prepare(read_with(tmp_path, items), OPTIONS, tmp_path / name).fingerprint
        assert Prepared.load(tmp_path / name).fingerprint == prints[name]
    assert prints["none"] == prints["all"] != prints["one"]
    (tmp_path / "one" / "items.parquet").write_bytes((tmp_path / "all" / "items.parquet").read_bytes())
    with pytest.raises(BadDirectory, match=f"its files have the fingerprint {prints['all']}, its card"):
        Prepared.load(tmp_path / "one")
