"""Where the pictures of items are: seen from the table that says it, never a number or a feature, never prepared."""

import polars as pl
import pytest

from sessionrl.data.item_features import ItemFeatures
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited, read_items
from sessionrl.data.tables import together

OPTIONS = Preparation(min_item_events=1, test_days=1, valid_days=1)
ELSEWHERE = (
    "/srv/a.png",
    "https://shop.example/a.png",
    "http://shop.example/a.png",
    "//cdn.example/a.png",
    "data:image/png;base64,AAAA",
    "file:///srv/a.png",
    "C:\\shop\\a.png",
    "\\\\server\\a.png",
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
)


@pytest.fixture
def log(tmp_path):
    """Events of the items p and q over four days."""
    rows = [(f"s{n}", item, 1_500_000_000 + n * 40_000 + at) for n in range(9) for at, item in enumerate("pq")]
    path = tmp_path / "log.csv"
    pl.DataFrame(rows, ["session_id", "item_id", "timestamp"], orient="row").write_csv(path)
    return path


def prepared_with(tmp_path, log, items: pl.DataFrame | None, name: str):
    if items is None:
        return prepare(Delimited(str(log)), OPTIONS, tmp_path / name)
    items.write_parquet(tmp_path / f"{name}.parquet")
    return prepare(Delimited(str(log), items_path=str(tmp_path / f"{name}.parquet")), OPTIONS, tmp_path / name)


def test_relative_paths_are_seen_from_the_table_of_items(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    pictures = ["pictures/7.jpg", "../8.jpg", " 9.png ", "name:with.png", *ELSEWHERE, None]
    items = pl.DataFrame({"item_id": range(len(pictures)), "picture": pictures})
    items.write_csv(tmp_path / "shop" / "items.csv")
    monkeypatch.chdir(tmp_path)
    read = read_items(tmp_path.relative_to(tmp_path) / "shop" / "items.csv", {})
    folder = f"{tmp_path.resolve()}/shop"
    assert read["picture"].to_list() == [
        f"{folder}/pictures/7.jpg",
        f"{folder}/../8.jpg",
        f"{folder}/9.png",
        "name:with.png",  # as an address begins
        *ELSEWHERE,
        None,
    ]


@pytest.mark.parametrize("name", ["image", "image_url", "picture_url"])
def test_usual_names_are_recognised(name, tmp_path):
    (tmp_path / "items.csv").write_text(f"sku,{name}\n7,a.png\n")
    assert read_items(tmp_path / "items.csv", {})["picture"].to_list() == [f"{tmp_path.resolve()}/a.png"]


def test_relative_paths_in_the_events(tmp_path):
    (tmp_path / "log.csv").write_text("session_id,item_id,timestamp,picture\n1,5,10,a.png\n1,6,20,http://b/c.png\n")
    read = together(Delimited(str(tmp_path / "log.csv")).chunks())
    assert read["picture"].to_list() == [f"{tmp_path.resolve()}/a.png", "http://b/c.png"]


def test_pictures_are_no_numbers_and_change_nothing_that_is_prepared(tmp_path, log):
    paths = pl.DataFrame({"item_id": ["p", "q"], "picture": ["1", "2"], "price": [1.0, 2.0]})
    found = prepared_with(tmp_path, log, paths, "paths")
    contents = prepared_with(tmp_path, log, paths.with_columns(picture=pl.Series([b"\x89PNG", None])), "bytes")
    without = prepared_with(tmp_path, log, paths.drop("picture"), "without")
    bare = prepared_with(tmp_path, log, None, "bare")
    assert len({one.fingerprint for one in (found, contents, without, bare)}) == 1
    assert list(found.catalogue.numbers()) == list(contents.catalogue.numbers()) == ["price"]
    assert found.catalogue.items["picture"].to_list() == [f"{tmp_path.resolve()}/{n}" for n in (1, 2)]
    again = Prepared.load(tmp_path / "bytes").catalogue.items
    assert again["picture"].to_list() == [b"\x89PNG", None]
    assert [column.name for column in ItemFeatures.fit(found.catalogue.items, ["price"]).columns] == ["price"]


def test_vectors_that_are_called_picture_stay_vectors(tmp_path):
    items = pl.DataFrame({"item_id": [1], "picture": [[0.5, 1.0]]})
    items.write_parquet(tmp_path / "items.parquet")
    assert read_items(tmp_path / "items.parquet", {})["picture"].to_list() == [[0.5, 1.0]]
