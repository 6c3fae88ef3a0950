"""Statistics of a prepared log: lengths of sessions, kinds of event, popularity, repeats, and what follows on what."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.rankings import seen_before

LEAST_EVENTS, LEAST_ITEMS = 10, 20  # of an item and of all items, for a slope


class Lengths(NamedTuple):
    """How many sessions have so many events, [n] int64 each, lengths rising, only those that occur."""

    length: npt.NDArray[np.int64]
    sessions: npt.NDArray[np.int64]

    def at_least(self) -> npt.NDArray[np.float64]:
        """[n] share of the sessions that are as long or longer, falling from 1."""
        return np.asarray(self.sessions[::-1].cumsum()[::-1] / self.sessions.sum())


class Slope(NamedTuple):
    """A straight line through log count against log rank: count ≈ height rank^-exponent.

    exponent: about 1 is Zipf's law
    height:   of the line at rank 1, in events
    first:    the rank where the fit begins
    last:     the rank where it ends
    r2:       share of the variance of log count that the line explains, in [0, 1]
    """

    exponent: float
    height: float
    first: int
    last: int
    r2: float


class Popularity(NamedTuple):
    """Events by rank.

    counts: [n] int64 ≥ 1, falling: events of the item at rank 1, 2, …
    slope:  None where too few items have enough events
    top_1:  share of the events on the 1% of the items with the most, at least one item
    top_20: the same for 20%
    """

    counts: npt.NDArray[np.int64]
    slope: Slope | None
    top_1: float
    top_20: float


class Repeats(NamedTuple):
    """Next events, the first of a session left out, on items that the session had seen.

    events:    [n] int64
    seen:      [n] int64, of these on an item seen earlier in the session
    immediate: [n] int64, of these on the item of the event just before
    """

    events: npt.NDArray[np.int64]
    seen: npt.NDArray[np.int64]
    immediate: npt.NDArray[np.int64]


class Funnel(NamedTuple):
    """What has an event of a kind, and what has one of every kind up to it; kinds in the order of the log.

    having:  [K] int64
    reached: [K] int64, falling
    """

    having: npt.NDArray[np.int64]
    reached: npt.NDArray[np.int64]


def lengths(sessions: Sessions) -> Lengths:
    """Of all sessions."""
    return Lengths(*(column.astype(np.int64) for column in np.unique(sessions.lengths, return_counts=True)))


def kinds(sessions: Sessions, n_kinds: int) -> npt.NDArray[np.int64]:
    """[K] events of each kind."""
    return np.bincount(sessions.event_types, minlength=n_kinds).astype(np.int64)


def popularity(counts: npt.NDArray[np.int64]) -> Popularity:
    """Of the items with events.

    counts: events of every item, in any order, at least one above 0
    """
    falling = np.sort(counts[counts > 0])[::-1]
    cumulated = falling.cumsum() / falling.sum()
    top = [float(cumulated[max(1, round(share * len(falling))) - 1]) for share in (0.01, 0.2)]
    return Popularity(falling, _slope(falling), *top)


def _slope(falling: npt.NDArray[np.int64]) -> Slope | None:
    """Least squares at ranks spaced evenly on the log axis, so that the many rare items do not outweigh the rest.

    Items with fewer than 10 events are left out: their counts are small whole numbers, and preparing removes some.
    """
    last = int((falling >= LEAST_EVENTS).sum())
    if last < LEAST_ITEMS:
        return None
    ranks = np.unique(np.geomspace(1, last, 60).round().astype(np.int64))
    x, y = np.log(ranks), np.log(falling[ranks - 1])
    gradient, height = np.polyfit(x, y, 1)
    spread = ((y - y.mean()) ** 2).sum()
    rest = ((y - gradient * x - height) ** 2).sum()
    return Slope(float(-gradient), float(np.exp(height)), 1, last, float(1 - rest / spread) if spread else 1.0)


def repeats_by_kind(sessions: Sessions, n_kinds: int) -> Repeats:
    """[K] by the kind of the next event."""
    return _repeats(sessions, sessions.event_types.astype(np.int64), n_kinds)


def repeats_by_position(sessions: Sessions, positions: int = 15) -> Repeats:
    """[P] after 1, 2, …, P events, the last after P or more."""
    return _repeats(sessions, np.clip(sessions.position, 1, positions) - 1, positions)


def _repeats(sessions: Sessions, group: npt.NDArray[np.int64], groups: int) -> Repeats:
    follows = sessions.position > 0
    seen = seen_before(sessions)
    immediate = follows & (sessions.items == np.roll(sessions.items, 1))
    return Repeats(
        *(np.bincount(group[rows], minlength=groups).astype(np.int64) for rows in (follows, seen, immediate))
    )


def session_funnel(sessions: Sessions, n_kinds: int) -> Funnel:
    """Of sessions."""
    return _funnel(sessions.session, sessions.event_types, n_kinds)


def item_funnel(sessions: Sessions, n_kinds: int) -> Funnel:
    """Of the items of each session: an item counts once for every session that holds it."""
    pairs = sessions.session * (int(sessions.items.max(initial=0)) + 1) + sessions.items
    _, pair = np.unique(pairs, return_inverse=True)
    return _funnel(pair.astype(np.int64), sessions.event_types, n_kinds)


def _funnel(group: npt.NDArray[np.int64], event_types: npt.NDArray[np.uint8], n_kinds: int) -> Funnel:
    """group: [E] what every event belongs to."""
    reached = np.ones(int(group.max(initial=-1)) + 1, np.bool_)
    having, so_far = [], []
    for kind in range(n_kinds):
        has = np.zeros(len(reached), np.bool_)
        has[group[event_types == kind]] = True
        reached &= has
        having.append(int(has.sum()))
        so_far.append(int(reached.sum()))
    return Funnel(np.array(having, np.int64), np.array(so_far, np.int64))
