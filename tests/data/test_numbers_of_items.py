"""Which columns of the table of items are numbers: a CSV file has only text."""

import numpy as np
import polars as pl

from sessionrl.data.catalogue import Catalogue


def test_text_is_a_column_of_numbers_if_nothing_else_stands_in_it():
    items = pl.DataFrame(
        {
            "item_id": ["1", "2", "3"],
            "price": [1.5, None, 2.0],
            "margin": [" 4", "", "-2.5"],
            "size": ["4", "large", None],
            "rate": ["1", "inf", "2"],
            "note": [None, "", " "],
            "tags": [["1"], ["2"], None],
        },
        schema_overrides={"note": pl.String},
    )
    three = np.array([0, 1, 1, 1])
    numbers = Catalogue(three, three, np.zeros((4, 1), np.float32), items).numbers()
    assert list(numbers) == ["price", "margin"]
    np.testing.assert_array_equal(numbers["price"], np.array([np.nan, 1.5, np.nan, 2], np.float32))
    np.testing.assert_array_equal(numbers["margin"], np.array([np.nan, 4, np.nan, -2.5], np.float32))
    assert numbers["margin"].dtype == np.float32
