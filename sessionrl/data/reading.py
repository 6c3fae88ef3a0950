"""A log, piece by piece -> its checked events laid aside on disk, those of one owner together."""

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.cutting import Cutting
from sessionrl.data.item_codes import Attributes, ItemCodes
from sessionrl.data.preparation import Preparation
from sessionrl.data.schema import DAY_MS, check_events, refuse_missing
from sessionrl.data.session_features import FeatureCodes, refuse_missing_features
from sessionrl.data.sessions import TEST, TRAIN
from sessionrl.data.spill import Spill
from sessionrl.data.tables import Table
from sessionrl.errors import BadData

GROUPS = 64  # of a log that is more than one chunk: 100 million events are 1.6 million a group
_SAMPLE_EVERY = 1_000  # events


class Reader(Protocol):
    """A source of events: a frozen dataclass whose fields are its options."""

    @property
    def order_only(self) -> bool:
        """The timestamps are a running number and no time."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read; the first holds the events (it is named in messages)."""
        ...

    def chunks(self) -> Iterator[Table]:
        """The events table in pieces of at most about a million rows, in the order of the files.

        Columns as in `sessionrl.data.schema.EVENT_COLUMNS`, the same in every piece; an id may be a whole number in
        one piece and text in another. Any other column is an attribute of the item, of which the earliest value is
        kept, unless `Preparation.session_features` names it: then it tells of the session.
        """
        ...

    def items(self) -> pl.DataFrame | None:
        """One row per item, `item_id` and its attributes; None where only the events tell of the items.

        An attribute that this table has no column of is taken from the events.
        """
        ...

    def notes(self) -> dict[str, str]:
        """How the files were understood, for the card."""
        ...


class Reading(NamedTuple):
    """A log that was read.

    events:    on disk, in groups of owners: the owner's column, `part`, `timestamp`, `item`, `kind`, and where they are
               there `user_id`, `propensity`, ``feature 0``, …
    cutting:   how they are to be cut
    published: the log has a split of its own
    item_ids:  [items] by their code
    told:      what the events tell of the items, None if nothing
    features:  [F] the values of the session features by their number, from 1 on
    logged:    propensities; 0 where the log has none
    kept:      rows that were laid aside
    ignored:   rows of a kind to be ignored
    bounds:    [groups - 1] int64 ms, times between which about equally many events lie
    """

    events: Spill
    cutting: Cutting
    published: bool
    item_ids: pl.Series
    told: pl.DataFrame | None
    features: list[pl.Series]
    logged: int
    kept: int
    ignored: int
    bounds: npt.NDArray[np.int64]


def read(reader: Reader, preparation: Preparation, now_ms: int | None, folder: Path) -> Reading:
    """Check every event, give its item a code, lay it aside in `folder`.

    Raises:
        BadData: what was read is no log of events.
    """
    latest = None if reader.order_only or now_ms is None else now_ms + DAY_MS
    codes, told, rows, kept, logged, sample = ItemCodes(), Attributes(), 0, 0, 0, []
    features = FeatureCodes(preparation.session_features)
    options = [option.name for option in fields(reader)]  # type: ignore[arg-type]
    chunks = reader.chunks()
    beginning = list(islice(chunks, 2))
    spill = Spill(folder, GROUPS if len(beginning) > 1 else 1)
    for table in chain(beginning, chunks):
        check_events(table.rows, table.origin, (*preparation.kinds, *preparation.ignore_kinds), latest, options)
        events, origin = _wanted(table, preparation)
        cutting = Cutting.of(events.columns, preparation.sessions, preparation.idle_minutes, origin.path)
        refuse_missing(events[cutting.owner], cutting.owner, origin)
        item = codes.encode(events["item_id"])
        refuse_missing_features(events, features.names, origin.path, "further_columns" in options)
        told.add(item, events.drop(features.names))
        columns = _columns_to_keep(events, item, cutting.owner, preparation).with_columns(features.encode(events))
        logged += columns["propensity"].count() if "propensity" in columns.columns else 0
        spill.add(columns, events[cutting.owner].cast(pl.String).hash() % spill.groups)
        sample.append(events["timestamp"].gather_every(_SAMPLE_EVERY).to_numpy())
        rows, kept = rows + len(table.rows), kept + len(events)
    _refuse_nothing(rows, kept, reader.files[0], preparation)
    bounds = np.quantile(np.concatenate(sample), np.arange(1, spill.groups) / spill.groups, method="inverted_cdf")
    published = "part" in events.columns
    return Reading(
        spill, cutting, published, codes.ids, told.table(codes.ids), features.values, logged, kept, rows - kept, bounds
    )


def _wanted(table: Table, preparation: Preparation) -> Table:
    """The table without events to be ignored, and without a published split that is not asked for."""
    wanted = ~table.rows["event_type"].is_in(list(preparation.ignore_kinds))
    events = table.rows.filter(wanted)
    if preparation.split in ("time", "random"):
        events = events.drop("part", strict=False)
    return Table(events, replace(table.origin, lines=table.origin.lines.filter(wanted)))


def _columns_to_keep(events: pl.DataFrame, item: pl.Series, owner: str, preparation: Preparation) -> pl.DataFrame:
    part = pl.lit(TRAIN)
    if "part" in events.columns:
        part = pl.when(pl.col("part") == "test").then(TEST).otherwise(TRAIN)
    return events.select(
        owner,
        "timestamp",
        part.cast(pl.Int8).alias("part"),
        item.alias("item"),
        pl.col("event_type").cast(pl.Enum(list(preparation.kinds))).to_physical().cast(pl.UInt8).alias("kind"),
        *(["user_id"] if owner == "session_id" and "user_id" in events.columns else []),
        *([pl.col("propensity").cast(pl.Float32)] if "propensity" in events.columns else []),
    )


def _refuse_nothing(rows: int, kept: int, path: Path, preparation: Preparation) -> None:
    if not rows:
        raise BadData(
            path, "there are no events in it", "at least one row of data", "check that this is the right file"
        )
    if not kept:
        expected = f"events of the kinds {', '.join(preparation.kinds)}"
        raise BadData(path, "all events are of kinds to be ignored", expected, "shorten data.ignore_kinds")
