"""Rare items and short sessions: dropped together, until nothing changes."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.cutting import Log


class Filtered(NamedTuple):
    """support: [items] events that stay; events that fell with their item, and events that fell with their session."""

    support: npt.NDArray[np.int64]
    rare_items: int
    short_sessions: int


def fixed_point(
    pieces: Iterable[Log],
    parts: Collection[int],
    spared: npt.NDArray[np.bool_],
    min_item_events: int,
    min_session_events: int,
) -> Filtered:
    """The largest set of events in which every item has `min_item_events` or is spared, and sessions are long enough.

    One pass is not enough: dropping rare items makes sessions short, dropping those makes items rare. The set does
    not depend on the order of the two steps. Once an item is rare it stays so, and whether a session is short then
    depends on the items alone: so nothing is remembered from pass to pass but a number for each item.

    pieces: gone through once a pass
    parts:  whose events take part
    spared: [items] by their code: True for those that stay however few events they have
    """
    alive, rare, short, passes = np.ones(len(spared), bool), 0, 0, 0
    support = _support(pieces, parts, alive, 0)
    while True:
        alive &= (support >= min_item_events) | spared
        fell = int(support[~alive].sum())
        if passes and not fell:
            return Filtered(support, rare, short)
        left = _support(pieces, parts, alive, min_session_events)
        rare += fell
        short += int(support.sum()) - fell - int(left.sum())
        support, passes = left, passes + 1


def staying(log: Log, alive: npt.NDArray[np.bool_], parts: Collection[int], least: int) -> npt.NDArray[np.bool_]:
    """[E] the events of these parts on items that are alive, in sessions that have `least` such events."""
    takes_part = np.isin(np.arange(3), list(parts))[log.part]
    events = takes_part[log.session] & alive[log.items]
    lengths = np.bincount(log.session[events], minlength=len(log.part))
    return np.asarray(events & (lengths >= least)[log.session])


def _support(
    pieces: Iterable[Log], parts: Collection[int], alive: npt.NDArray[np.bool_], least: int
) -> npt.NDArray[np.int64]:
    support = np.zeros(len(alive), np.int64)
    for log in pieces:
        support += np.bincount(log.items[staying(log, alive, parts, least)], minlength=len(alive))
    return support
