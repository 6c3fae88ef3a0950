"""Events laid aside by owner -> the sessions of the whole log in the order of their start, a piece at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from sessionrl.data.cutting import Log
from sessionrl.data.reading import Reading
from sessionrl.data.sessions import TRAIN
from sessionrl.data.spill import Spill
from sessionrl.errors import BadData


class CutLog(NamedTuple):
    """Sessions on disk, in groups by their start.

    training:   sessions that are not published as test
    last_start: ms
    several:    share of the visitors that have more than one session; None where the log cut them
    """

    ranges: Spill
    sessions: int
    training: int
    last_start: int
    several: float | None


def cut_log(reading: Reading, folder: Path, path: object) -> CutLog:
    """Cut group by group; every session goes to the group of its start.

    Raises:
        BadData: the log counts the session ids of every user from the beginning.
    """
    ranges = Spill(folder, reading.events.groups)
    counts, sessions, training, last_start = np.zeros(4, np.int64), 0, 0, 0
    for group in range(reading.events.groups):
        events = reading.events.take(group)
        if not reading.logged:  # a column without a value is no column
            events = events.drop("propensity", strict=False)
        if len(events):
            cut = reading.cutting.cut(events)
            starts = cut.sessions["start"].to_numpy()
            ranges.add(cut.sessions, pl.Series(np.searchsorted(reading.bounds, starts, side="right")))
            counts += cut.counts
            sessions += len(starts)
            training += int((cut.sessions["part"] == TRAIN).sum())
            last_start = max(last_start, int(starts.max()))
    visitors, with_several, ids, shared = counts.tolist()
    if 2 * shared > ids:
        raise BadData(
            str(path),
            f"{shared:,} of {ids:,} session ids belong to several users each, as if every user's were counted",
            "a session_id that belongs to one session",
            "use data.sessions=gap, or make ids of user_id and session_id together",
        )
    by_gap = reading.cutting.idle_minutes is not None
    return CutLog(ranges, sessions, training, last_start, with_several / visitors if by_gap else None)


def in_order(cut: CutLog) -> Iterator[Log]:
    """The pieces of the log, from the first to the last; what was given is gone from the disk."""
    before = training = 0
    for group in range(cut.ranges.groups):
        sessions = cut.ranges.take(group)
        if len(sessions):
            yield Log.of(sessions, before, training)
            before, training = before + len(sessions), training + int((sessions["part"] == TRAIN).sum())
