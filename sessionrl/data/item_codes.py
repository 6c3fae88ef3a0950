"""Item ids -> small numbers while a log is read, and what its events tell of the items."""

import polars as pl

from sessionrl.data.schema import EVENT_COLUMNS

_OF_THE_EVENT = EVENT_COLUMNS.keys() - {"price"}  # the price is the item's, as far as the catalogue is concerned


class ItemCodes:
    """Numbers 0, 1, … in the order in which the items appear; memory grows with the items, not with the events."""

    def __init__(self) -> None:
        self._known = pl.DataFrame(schema={"item_id": pl.Int64, "code": pl.UInt32})

    def encode(self, ids: pl.Series) -> pl.Series:
        """[n] UInt32. Once an id is text, all are: whole numbers of other pieces become the text that was read."""
        if ids.dtype != self._known["item_id"].dtype:
            ids = ids.cast(pl.String)
            self._known = self._known.cast({"item_id": pl.String})
        asked = ids.alias("item_id").to_frame()
        new = asked.unique(maintain_order=True).join(self._known, on="item_id", how="anti", maintain_order="left")
        new = new.with_row_index("code", offset=len(self._known)).select("item_id", pl.col("code").cast(pl.UInt32))
        self._known = pl.concat([self._known, new], rechunk=True)
        return asked.join(self._known, on="item_id", how="left", maintain_order="left")["code"]

    @property
    def ids(self) -> pl.Series:
        """[items] The ids in the order of their codes."""
        return self._known["item_id"]


class Attributes:
    """The earliest value of every attribute, item by item; of equally early ones the first that was read."""

    def __init__(self) -> None:
        self._earliest: dict[str, pl.DataFrame] = {}

    def add(self, codes: pl.Series, events: pl.DataFrame) -> None:
        """What these events tell; columns that are not of the event itself are attributes of its item."""
        for name in events.columns:
            if name not in _OF_THE_EVENT:
                told = pl.DataFrame({"code": codes, "time": events["timestamp"], name: events[name]}).drop_nulls(name)
                before = self._earliest.get(name, told.clear())
                first = pl.col("time").arg_min()
                both = pl.concat([before, _earliest_of(told, first)])
                self._earliest[name] = _earliest_of(both, first)

    def table(self, ids: pl.Series) -> pl.DataFrame | None:
        """`item_id` and the attributes, a row per item; None where the events tell nothing.

        ids: [items] in the order of the codes
        """
        if not self._earliest:
            return None
        table = ids.alias("item_id").to_frame().with_row_index("code")
        for name, told in self._earliest.items():
            table = table.join(told.select("code", name), on="code", how="left", maintain_order="left")
        return table.drop("code")


def _earliest_of(told: pl.DataFrame, first: pl.Expr) -> pl.DataFrame:
    return told.group_by("code", maintain_order=True).agg(pl.all().get(first))
