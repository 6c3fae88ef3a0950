"""Rare items and short sessions: dropped together, until nothing changes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.cutting import Log


class Filtered(NamedTuple):
    """keep: [E] the events that stay; how many of the others fell with their item and how many with their session."""

    keep: npt.NDArray[np.bool_]
    rare_items: int
    short_sessions: int


def fixed_point(log: Log, among: npt.NDArray[np.bool_], min_item_events: int, min_session_events: int) -> Filtered:
    """The largest set of events in which every item has `min_item_events` and every session `min_session_events`.

    One pass is not enough: dropping rare items makes sessions short, dropping those makes items rare. The set does
    not depend on the order of the two steps.

    among: [E] the events that take part; the others are not kept
    """
    keep = among.copy()
    rare = short = 0
    while True:
        support = np.bincount(log.items[keep], minlength=len(log.item_ids))
        falls = keep & (support < min_item_events)[log.items]
        rare += int(falls.sum())
        keep &= ~falls
        lengths = np.bincount(log.session[keep], minlength=len(log.ids))
        ends = keep & (lengths < min_session_events)[log.session]
        short += int(ends.sum())
        keep &= ~ends
        if not falls.any() and not ends.any():
            return Filtered(keep, rare, short)


def in_short_sessions(log: Log, keep: npt.NDArray[np.bool_], min_session_events: int) -> npt.NDArray[np.bool_]:
    """[E] the kept events whose session has too few kept events."""
    lengths = np.bincount(log.session[keep], minlength=len(log.ids))
    return np.asarray(keep & (lengths < min_session_events)[log.session])


def ranked_by_frequency(log: Log, counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Indices into `item_ids` of the items with a counted event, most frequent first, equals by their id."""
    support = np.bincount(log.items[counted], minlength=len(log.item_ids))
    order = np.argsort(-support, kind="stable")
    return order[: int((support > 0).sum())]
