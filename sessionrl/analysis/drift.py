"""Drift: how a log changes from week to week."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.sessions import Sessions

HOUR_MS = 3_600_000
STEPS = {"week": 168, "day": 24, "hour": 1}  # hours
LEAST = {"week": 56, "day": 2, "hour": 0}  # days that a log must span to be cut so


class Drift(NamedTuple):
    """A log in steps of equal length from a midnight (UTC), or a full hour, on; in one without events shares are NaN.

    A step at either end of which less than half lies between the first and the last event is left out.

    step:     "week", "day" or "hour"
    start:    [B] int64, milliseconds since 1970 UTC
    events:   [B] int64
    sessions: [B] int64, that begin in the step
    new:      [B] float64, share of the events on items whose first event of all lies in the step, in [0, 1]
    unseen:   [B] float64, share of the events on items without an event in the training part, in [0, 1]
    overlap:  [B] float64, share of the step's most frequent items (100 at most, ties by item number) that were among
              those of the step before, in [0, 1]; NaN in the first
    """

    step: str
    start: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    sessions: npt.NDArray[np.int64]
    new: npt.NDArray[np.float64]
    unseen: npt.NDArray[np.float64]
    overlap: npt.NDArray[np.float64]


def drift(parts: Sequence[Sessions], counts: npt.NDArray[np.int64], top: int = 100) -> Drift:
    """Of the sessions of all parts together, which may overlap in time.

    counts: [V] events of each item in the training part
    """
    items = np.concatenate([part.items for part in parts])
    times = np.concatenate([part.timestamps for part in parts])
    begins = np.concatenate([part.timestamps[part.offsets[:-1]] for part in parts])
    day = 24 * HOUR_MS
    days = (int(times.max()) - int(times.min())) / day
    step = next(name for name in STEPS if days >= LEAST[name])
    width = STEPS[step] * HOUR_MS
    whole_unit = min(width, day)
    first = int(times.min()) // whole_unit * whole_unit
    at = (times - first) // width
    n = int(at.max()) + 1
    events = np.bincount(at, minlength=n).astype(np.int64)
    earliest = np.full(len(counts), n, np.int64)
    np.minimum.at(earliest, items, at)

    def share(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        some = np.bincount(at[chosen], minlength=n)
        return np.asarray(np.divide(some, events, out=np.full(n, np.nan), where=events > 0))

    start = int(n > 2 and int(times.min()) - first > width / 2)
    end = n - int(n > 2 and int(times.max()) - (first + (n - 1) * width) < width / 2)
    whole = slice(start, end)
    return Drift(
        step,
        (first + np.arange(n, dtype=np.int64) * width)[whole],
        events[whole],
        np.bincount((begins - first) // width, minlength=n).astype(np.int64)[whole],
        share(earliest[items] == at)[whole],
        share(counts[items] == 0)[whole],
        _overlap(items, at, n, top)[whole],
    )


def _overlap(items: npt.NDArray[np.int32], at: npt.NDArray[np.int64], n: int, top: int) -> npt.NDArray[np.float64]:
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], np.arange(n + 1))
    found = np.full(n, np.nan)
    before: set[int] = set()
    for step in range(n):
        distinct, times = np.unique(items[order[ends[step] : ends[step + 1]]], return_counts=True)
        now = set(distinct[np.argsort(-times, kind="stable")[:top]].tolist())
        if now and before:
            found[step] = len(now & before) / len(now)
        before = now
    return found
