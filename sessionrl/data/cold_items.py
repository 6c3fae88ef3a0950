"""Items that the shop describes and training hardly knows: with their features they can be recommended all the same."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.errors import BadOption


class Items(NamedTuple):
    """Every item that may get a number, by its code.

    ids:       [items] those of the events, then those that only the shop's table has
    described: [items] kept although training has no event of them, or too few
    """

    ids: pl.Series
    described: npt.NDArray[np.bool_]


def items_of(ids: pl.Series, table: pl.DataFrame | None, told: pl.DataFrame | None, cold_items: bool) -> Items:
    """The items of the events, and with `cold_items` those of the shop's table.

    Where there is no table, the items that the events (of all parts) tell an attribute of are the described ones.

    ids:   of the events, by their code
    table: `item_id` and attributes; told: the same as the events tell it

    Raises:
        BadOption: nothing describes the items.
    """
    if not cold_items:
        return Items(ids, np.zeros(len(ids), bool))
    if table is None:
        if told is None:
            raise BadOption(
                "data, option 'cold_items' = True: this log has no table of items, nor do its events tell anything of "
                "them, so that nothing could recommend an item without events. Give a table (of the reader "
                "'delimited': reader.items_path=FILE), or leave the option out."
            )
        table = told.filter(pl.any_horizontal(pl.exclude("item_id").is_not_null()))
    # Ids are compared as text: a shop may write 17 in one file and "17" in the other.
    of_table = table["item_id"].cast(pl.String)
    further = table["item_id"].filter(~of_table.is_in(ids.cast(pl.String).implode()))
    if further.dtype != ids.dtype and len(further):
        ids, further = ids.cast(pl.String), further.cast(pl.String)
    every = pl.concat([ids, further.cast(ids.dtype)])
    return Items(every, every.cast(pl.String).is_in(of_table.implode()).to_numpy())
