"""Prefixes and transitions: how sessions become the one batch type.

A state is a prefix of a session. Sessions lie in the rows of one matrix, padded on the right, and a state is a
place in it; a causal backbone then needs no length, no mask and no pad position:

    session 4 5 6        items = [[4, 5, 6],      at = [0, 1, 3]
    session 7 8                   [7, 8, 0]]      states: 4 | 4 5 | 7        actions: 5, 6, 8
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sessionrl.data.sessions import PAD, Cases, Sessions

GAPS = 16  # buckets of the time between two events: 0 is unknown, n is 2^(n-1) - 1 … 2^n - 1 seconds, the last is open


class Reads(NamedTuple):
    """What a network reads of a session besides its items.

    start:       rows that open a session begin with `PAD`, so that the empty history is a state
    event_types: kinds of the events
    gaps:        time since the event before
    features:    what is known of the whole session
    """

    start: bool = False
    event_types: bool = False
    gaps: bool = False
    features: bool = False


ITEMS_ONLY = Reads()


class Prefixes(NamedTuple):
    """N states, read off B padded sessions. What a network does not read is None.

    items:       [B, T] int64, item numbers, `PAD` on the right
    at:          [N] int64, flat positions b * T + t; state n is ``items[b, :t + 1]``
                 (numbers, not a mask: indexing with a mask makes the GPU wait for the CPU)
    carried:     what a backbone carries over from the events before each row, its `carry` gave it; None where rows
                 begin their sessions
    event_types: [B, T] int64, kind of each event + 1; 0 where there is no event
    gaps:        [B, T] int64, bucket of the time since the event before in the session (`gap_buckets`)
    features:    [B, F] int64, codes of what is known of the session; 0 is unknown
    returns:     [N] float32, the return that a network conditioned on it shall bring
    """

    items: Tensor
    at: Tensor
    carried: Tensor | None = None
    event_types: Tensor | None = None
    gaps: Tensor | None = None
    features: Tensor | None = None
    returns: Tensor | None = None

    def to(self, device: torch.device) -> "Prefixes":
        """The same states on another device."""
        return Prefixes(*(None if part is None else part.to(device, non_blocking=True) for part in self))  # type: ignore[arg-type]

    @property
    def last_items(self) -> Tensor:
        """[N] the newest item of each state; `PAD` for the empty history."""
        return self.items.flatten()[self.at]


@dataclass(frozen=True)
class Transitions:
    """N steps (s, a, r, s') of the session process.

    state, next_state: `Prefixes`; s' is s followed by a
    action:          [N] int64 ≥ 1, the item that followed
    reward:          [N] float32, from the kind of the event by the data's reward table
    done:            [N] bool, the session ended with this action
    event_type:      [N] int64, kind of the action's event
    event:           [N] int64, number of the action's event in the sessions it was taken from
    position:        [N] int64, events of the session before the action
    remaining:       [N] int64, events of the session after the action
    next_action:     [N] int64, the item after the action; `PAD` where done
    next_event_type: [N] int64, its kind; -1 where done
    propensity:      [N] float32, logged probability that the action was shown, NaN where nothing was logged; None where
                     the log has no propensities
    """

    state: Prefixes
    next_state: Prefixes
    action: Tensor
    reward: Tensor
    done: Tensor
    event_type: Tensor
    event: Tensor
    position: Tensor
    remaining: Tensor
    next_action: Tensor
    next_event_type: Tensor
    propensity: Tensor | None = None

    def __len__(self) -> int:
        return len(self.action)

    def to(self, device: torch.device) -> "Transitions":
        """The same transitions on another device."""
        state = self.state.to(device)
        shared = self.next_state.items is self.state.items  # and then sent once
        after = state._replace(at=self.next_state.at.to(device, non_blocking=True))
        return Transitions(
            state,
            after if shared else self.next_state.to(device),
            **self._each(lambda part: part.to(device, non_blocking=True)),
        )

    def select(self, chosen: Tensor) -> "Transitions":
        """Those of a mask [N]; the rows stay as they are."""
        return Transitions(
            self.state._replace(at=self.state.at[chosen]),
            self.next_state._replace(at=self.next_state.at[chosen]),
            **self._each(lambda part: part[chosen]),
        )

    def _each(self, change: Callable[[Tensor], Tensor]) -> dict[str, Any]:
        """All but the states by name, changed."""
        parts = ((field.name, getattr(self, field.name)) for field in fields(self)[2:])
        return {name: None if part is None else change(part) for name, part in parts}


@dataclass(frozen=True)
class Pieces:
    """Stretches of sessions that fit one row: events first, …, last of the flat arrays.

    Consecutive pieces of one session share one event, so that every transition lies in exactly one piece.

    first, last: [P] int64, inclusive
    opens:       [P] bool, the piece begins its session
    ends:        [P] bool, the piece ends its session
    """

    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    opens: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.bool_]

    def transitions(self, start: bool) -> npt.NDArray[np.int64]:
        """[P] transitions per piece; with a start token the session's first event counts too."""
        steps = self.last - self.first + (self.opens if start else 0)
        return np.asarray(np.maximum(steps, 0))  # a session without events has none


def pieces(sessions: Sessions, max_length: int) -> Pieces:
    """Cut sessions into pieces of at most `max_length` events (≥ 2), in session order."""
    stride = max_length - 1
    lengths = sessions.lengths
    count = np.maximum(1, -(-(lengths - 1) // stride))
    session = np.repeat(np.arange(len(sessions)), count)
    nth = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
    first = sessions.offsets[:-1][session] + nth * stride
    end = sessions.offsets[1:][session] - 1
    last = np.minimum(first + stride, end)
    return Pieces(first, last, nth == 0, last == end)


def transitions(
    sessions: Sessions, chosen: Pieces, rewards: npt.NDArray[np.float32], reads: Reads = ITEMS_ONLY
) -> Transitions:
    """All transitions of the chosen pieces, each piece encoded once.

    Args:
        sessions: where the events lie
        chosen: P pieces of `sessions`
        rewards: [K] reward of each kind of event
        reads: what the states carry; with `start` the first event of a session is an action as well
    """
    lead = chosen.opens.astype(np.int64) if reads.start else np.zeros(len(chosen.first), np.int64)
    lengths = chosen.last - chosen.first + 1 + lead
    width = int(lengths.max(initial=1))
    column = np.arange(width)
    event = (chosen.first - lead)[:, None] + column  # [P, T], flat position of the event in each cell
    real = column < lengths[:, None]
    rows = _rows(sessions, event, real & (column >= lead[:, None]), reads)

    row, col = np.nonzero(real[:, 1:])
    at = torch.from_numpy(row * width + col)
    session = np.searchsorted(sessions.offsets, chosen.first, side="right") - 1
    return logged_transitions(
        sessions, rows._replace(at=at), rows._replace(at=at + 1), event[row, col + 1], session[row], rewards
    )


def logged_transitions(
    sessions: Sessions,
    state: Prefixes,
    next_state: Prefixes,
    event: npt.NDArray[np.int64],
    session: npt.NDArray[np.int64],
    rewards: npt.NDArray[np.float32],
) -> Transitions:
    """The transitions with these states; event: [N] flat number of each action's event, session: [N] that it is of."""
    begin, end = sessions.offsets[session], sessions.offsets[session + 1]
    done = event + 1 == end
    following = np.where(done, event, event + 1)
    kinds = sessions.event_types[event].astype(np.int64)
    shown = sessions.propensities
    return Transitions(
        state=state,
        next_state=next_state,
        action=torch.from_numpy(sessions.items[event].astype(np.int64)),
        reward=torch.from_numpy(rewards[kinds]),
        done=torch.from_numpy(done),
        event_type=torch.from_numpy(kinds),
        event=torch.from_numpy(event),
        position=torch.from_numpy(event - begin),
        remaining=torch.from_numpy(end - 1 - event),
        next_action=torch.from_numpy(np.where(done, PAD, sessions.items[following]).astype(np.int64)),
        next_event_type=torch.from_numpy(np.where(done, -1, sessions.event_types[following].astype(np.int64))),
        propensity=None if shown is None else torch.from_numpy(shown[event]),
    )


def prefixes(sessions: Sessions, cases: Cases, reads: Reads = ITEMS_ONLY) -> Prefixes:
    """The states of cases, of which none may be the empty history unless there is a start token.

    Only the first ``max(length)`` events of every session are laid out, and only sessions that a case names.
    """
    named, row = np.unique(cases.session, return_inverse=True)
    lead = int(reads.start)
    longest = np.zeros(len(named), np.int64)
    np.maximum.at(longest, row, cases.length)
    width = int(longest.max(initial=1)) + lead
    column = np.arange(width) - lead
    event = sessions.offsets[:-1][named][:, None] + column
    is_item = (column >= 0) & (column < longest[:, None])
    rows = _rows(sessions, event, is_item, reads, named)
    return rows._replace(at=torch.from_numpy(row * width + cases.length - 1 + lead))


def gap_buckets(sessions: Sessions, event: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Buckets of the time between events and those before them in their sessions: 0 … `GAPS` - 1, growing by octaves.

    0 is unknown: the first event of a session, and events at most a millisecond apart, whose timestamps are running
    numbers.

    event: [n] flat numbers of events
    """
    if not len(event):
        return np.empty(0, np.int64)
    apart = sessions.timestamps[event] - sessions.timestamps[np.maximum(event - 1, 0)]
    opens = np.isin(event, sessions.offsets[:-1])
    seconds = np.maximum(apart, 0) / 1000.0
    bucket = np.minimum(1 + np.log2(1.0 + seconds), GAPS - 1).astype(np.int64)
    return np.where(opens | (apart <= 1), 0, bucket)


def _rows(
    sessions: Sessions,
    event: npt.NDArray[np.int64],
    is_item: npt.NDArray[np.bool_],
    reads: Reads,
    session: npt.NDArray[np.int64] | None = None,
) -> Prefixes:
    """A matrix of cells laid out, without a state; `event` is anything where a cell holds none.

    session: [B] that each row is of; found by its events if not given
    """

    def laid_out(values: npt.NDArray[np.int64]) -> Tensor:
        cells = np.zeros(event.shape, np.int64)  # `PAD`, and unknown
        cells[is_item] = values
        return torch.from_numpy(cells)

    events = event[is_item]
    features = None
    if reads.features and sessions.features is not None:
        if session is None:
            last = np.where(is_item, event, -1).max(1, initial=0)
            session = np.searchsorted(sessions.offsets, last, side="right") - 1
        features = torch.from_numpy(sessions.features[session].astype(np.int64))
    return Prefixes(
        laid_out(sessions.items[events].astype(np.int64)),
        torch.empty(0, dtype=torch.int64),
        event_types=laid_out(sessions.event_types[events].astype(np.int64) + 1) if reads.event_types else None,
        gaps=laid_out(gap_buckets(sessions, events)) if reads.gaps else None,
        features=features,
    )
