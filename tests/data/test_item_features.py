"""The table of items as words and vectors, frozen so that new items are coded as the old ones."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.data.item_features import CodedItems, Column, ItemFeatures
from sessionrl.errors import BadData, BadDirectory, BadOption

SHOP = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "category": ["home.lamp", "home > lamp > desk", "home.rug", None],
        "tags": ["red; soft", "red", "soft ;", ""],
        "price": [10.0, 20.0, 30.0, None],
        "weight": ["1.5", "2", "n/a", "4"],
        "picture": [[3.0, 4.0], [0.0, 2.0], None, [0.0, 0.0]],
    }
)


def words_of(codes: CodedItems) -> list[list[int]]:
    return [sorted(part.tolist()) for part in np.split(codes.words, codes.offsets[1:-1])]


def test_a_category_is_all_its_levels_and_only_shared_words_are_kept():
    features = ItemFeatures.fit(SHOP, ["category"])
    assert features.columns[0].values == ("home", "home.lamp"), "home.rug and home.lamp.desk have one item each"
    assert words_of(features.encode(SHOP)) == [[], [0, 1], [0, 1], [0], []]


def test_several_values_count_each_and_columns_are_numbered_on():
    features = ItemFeatures.fit(SHOP, ["category", "tags"])
    assert features.columns[1].values == ("red", "soft")
    assert words_of(features.encode(SHOP)) == [[], [0, 1, 2, 3], [0, 1, 2], [0, 3], []]
    lists = SHOP.with_columns(pl.col("tags").str.split(";"))
    assert words_of(ItemFeatures.fit(lists, ["category", "tags"]).encode(lists)) == words_of(features.encode(SHOP))


def test_numbers_fall_into_buckets_of_equal_share():
    table = pl.DataFrame({"item_id": range(100), "price": np.arange(100.0)})
    features = ItemFeatures.fit(table, ["price"])
    assert features.size == 10
    found = words_of(features.encode(table.with_columns(price=pl.Series([-5.0, 9.8, 9.901, 1e9] + [None] * 96))))
    assert found[1:6] == [[0], [0], [1], [9], []]


def test_what_a_csv_file_writes_as_text_is_a_number_if_it_is_said_to_be():
    features = ItemFeatures.fit(SHOP, ["weight:number"])
    assert [len(part) for part in words_of(features.encode(SHOP))] == [0, 1, 1, 0, 1], "n/a is no number"
    with pytest.raises(BadOption) as refused:
        ItemFeatures.fit(SHOP, ["price:words"])
    assert str(refused.value) == (
        "[items], option 'features' = ['price:words']: no two items have a word in common there, so nothing can be "
        "learned from them.\n  do now: name other columns, or leave the option out"
    )


def test_vectors_become_unit_vectors_and_unknown_ones_zero():
    codes = ItemFeatures.fit(SHOP, ["picture"]).encode(SHOP)
    np.testing.assert_allclose(codes.vectors, [[0, 0], [0.6, 0.8], [0, 1], [0, 0], [0, 0]])
    assert not len(codes.words)


def test_new_items_are_coded_as_the_old_ones_and_their_unknown_words_left_out():
    features = ItemFeatures.fit(SHOP, ["category", "price", "picture"])
    new = pl.DataFrame({"item_id": ["n", "o"], "category": ["home.lamp.floor", "garden"], "price": ["20", None]})
    codes = features.encode(new)
    assert words_of(codes)[1:] == [[0, 1, *words_of(features.encode(SHOP))[2][2:]], []]
    assert codes.vectors.tolist() == [[0, 0]] * 3, "a missing column is unknown"


def test_a_saved_encoder_codes_alike(tmp_path):
    features = ItemFeatures.fit(SHOP, ["category", "tags", "price", "picture"])
    features.save(tmp_path / "item_features.json")
    loaded = ItemFeatures.load(tmp_path / "item_features.json")
    assert loaded == features
    assert words_of(loaded.encode(SHOP)) == words_of(features.encode(SHOP))
    assert ItemFeatures.load(tmp_path / "none.json") == ItemFeatures()


def test_words_are_found_again_in_another_encoder():
    lamps, price = Column("category", "words", ("home", "home.lamp")), Column("price", "number", edges=(10.0, 20.0))
    rugs, other = replace(lamps, values=("rug", "home.lamp", "home")), replace(price, edges=(5.0, 15.0, 25.0))
    old, new = ItemFeatures((lamps, price)), ItemFeatures((other, rugs, replace(lamps, name="kind")))
    # the middles of the new buckets are below 5, 10, 20 and from 25 on; a border belongs to the bucket above it
    assert new.words_in(old).tolist() == [2, 3, 4, 4, -1, 1, 0, -1, -1]
    assert old.words_in(old).tolist() == [0, 1, 2, 3, 4]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text("ab.|;/ >", max_size=8)), min_size=1, max_size=8))
def test_every_word_of_an_item_stands_there_once(words):
    table = pl.DataFrame({"item_id": range(len(words)), "tags": pl.Series(words, dtype=pl.String)})
    try:
        features = ItemFeatures.fit(table, ["tags"])
    except BadOption:
        features = ItemFeatures((Column("tags", "words"),))
    codes = features.encode(table)
    per_item = words_of(codes)
    assert len(per_item) == len(words) + 1
    assert per_item[0] == []
    assert all(len(set(one)) == len(one) for one in per_item)
    counts = np.bincount(codes.words, minlength=features.size)
    assert (counts >= 2).all(), "a word has at least two items"
    assert (np.diff(counts) <= 0).all(), "the most frequent first"


def test_no_table_has_no_features():
    empty = ItemFeatures.fit(pl.DataFrame({"item_id": ["a"]}), [])
    assert (empty.size, empty.length) == (0, 0)
    codes = empty.encode(pl.DataFrame({"item_id": ["a"]}))
    assert codes.offsets.tolist() == [0, 0, 0]
    assert codes.vectors.shape == (2, 0)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            "categry",
            "the table of items has no column 'categry'. Did you mean 'category'? "
            "Columns: category, tags, price, weight, picture.\n"
            "  do now: name one of these, or prepare the log again with reader.items_path=FILE "
            "reader.item_columns.categry=COLUMN",
        ),
        ("tags:number", "there is no number in the column 'tags' of the table of items."),
        ("tags:vector", "'tags:vector' should be tags, tags:words or tags:number."),
        ("picture:words", "picture is of type List(Float64), which holds no words."),
        ("odd", "the vectors of odd should be of one length, and there are lengths 1 and 2."),
    ],
)
def test_what_can_be_no_feature_is_refused(wanted, message):
    table = SHOP.with_columns(odd=pl.Series([[1.0], [1.0, 2.0], None, None])) if wanted == "odd" else SHOP
    with pytest.raises(BadOption) as refused:
        ItemFeatures.fit(table, [wanted])
    assert str(refused.value) == f"[items], option 'features': {message}"


def test_vectors_of_another_length_are_refused():
    features = ItemFeatures.fit(SHOP, ["picture"])
    with pytest.raises(BadData) as refused:
        features.encode(pl.DataFrame({"item_id": ["n", "o"], "picture": [None, [1.0, 2.0, 3.0]]}))
    assert str(refused.value) == (
        "the table of items, row 2: a vector of picture has 3 numbers\n  expected: 2 numbers\n"
        "  do now:   compute the vectors as those the run was trained on"
    )
    with pytest.raises(BadData, match="picture is of type String"):
        features.encode(pl.DataFrame({"item_id": ["n"], "picture": ["0.1 0.2"]}))


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "item_features.json").write_text("[1]")
    with pytest.raises(BadDirectory, match="is no list of columns"):
        ItemFeatures.load(tmp_path / "item_features.json")
