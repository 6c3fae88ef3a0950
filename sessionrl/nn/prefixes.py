"""Prefixes and transitions: how sessions become the one batch type.

A state is a prefix of a session. Sessions lie in the rows of one matrix, padded on the right, and a state is a
place in it; a causal backbone then needs no length, no mask and no pad position:

    session 4 5 6        items = [[4, 5, 6],      at = [0, 1, 3]
    session 7 8                   [7, 8, 0]]      states: 4 | 4 5 | 7        actions: 5, 6, 8
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sessionrl.data.sessions import PAD, Cases, Sessions


class Prefixes(NamedTuple):
    """N states, read off B padded sessions.

    items:   [B, T] int64, item numbers, `PAD` on the right
    at:      [N] int64, flat positions b * T + t; state n is ``items[b, :t + 1]``
             (numbers, not a mask: indexing with a mask makes the GPU wait for the CPU)
    carried: what a backbone carries over from the events before each row, its `carry` gave it; None where rows begin
             their sessions
    """

    items: Tensor
    at: Tensor
    carried: Tensor | None = None

    def to(self, device: torch.device) -> "Prefixes":
        """The same states on another device."""
        carried = None if self.carried is None else self.carried.to(device, non_blocking=True)
        return Prefixes(self.items.to(device, non_blocking=True), self.at.to(device, non_blocking=True), carried)


@dataclass(frozen=True)
class Transitions:
    """N steps (s, a, r, s') of the session process.

    state, next_state: `Prefixes`; s' is s followed by a
    action:     [N] int64 ≥ 1, the item that followed
    reward:     [N] float32, from the kind of the event by the data's reward table
    done:       [N] bool, the session ended with this action
    event_type: [N] int64, kind of the action's event
    """

    state: Prefixes
    next_state: Prefixes
    action: Tensor
    reward: Tensor
    done: Tensor
    event_type: Tensor

    def __len__(self) -> int:
        return len(self.action)

    def to(self, device: torch.device) -> "Transitions":
        """The same transitions on another device."""
        state = self.state.to(device)
        shared = self.next_state.items is self.state.items  # and then sent once
        return Transitions(
            state,
            state._replace(at=self.next_state.at.to(device, non_blocking=True))
            if shared
            else self.next_state.to(device),
            self.action.to(device, non_blocking=True),
            self.reward.to(device, non_blocking=True),
            self.done.to(device, non_blocking=True),
            self.event_type.to(device, non_blocking=True),
        )


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
    sessions: Sessions, chosen: Pieces, rewards: npt.NDArray[np.float32], start: bool = False
) -> Transitions:
    """All transitions of the chosen pieces, each piece encoded once.

    Args:
        sessions: where the events lie
        chosen: P pieces of `sessions`
        rewards: [K] reward of each kind of event
        start: rows that open a session begin with `PAD`, so that the empty history is a state and the first
            event an action
    """
    lead = chosen.opens.astype(np.int64) if start else np.zeros(len(chosen.first), np.int64)
    lengths = chosen.last - chosen.first + 1 + lead
    width = int(lengths.max(initial=1))
    column = np.arange(width)
    event = (chosen.first - lead)[:, None] + column  # [P, T], flat position of the event in each cell
    real = column < lengths[:, None]
    is_item = real & (column >= lead[:, None])
    items = _laid_out(sessions, event, is_item)

    row, col = np.nonzero(real[:, 1:])
    action_event = event[row, col + 1]
    rows = torch.from_numpy(items)
    at = torch.from_numpy(row * width + col)
    kinds = sessions.event_types[action_event]
    return Transitions(
        state=Prefixes(rows, at),
        next_state=Prefixes(rows, at + 1),
        action=torch.from_numpy(items[row, col + 1]),
        reward=torch.from_numpy(rewards[kinds]),
        done=torch.from_numpy((col + 2 == lengths[row]) & chosen.ends[row]),
        event_type=torch.from_numpy(kinds.astype(np.int64)),
    )


def prefixes(sessions: Sessions, cases: Cases, start: bool = False) -> Prefixes:
    """The states of cases, of which none may be the empty history unless there is a start token.

    Only the first ``max(length)`` events of every session are laid out, and only sessions that a case names.
    """
    named, row = np.unique(cases.session, return_inverse=True)
    lead = int(start)
    longest = np.zeros(len(named), np.int64)
    np.maximum.at(longest, row, cases.length)
    width = int(longest.max(initial=1)) + lead
    column = np.arange(width) - lead
    event = sessions.offsets[:-1][named][:, None] + column
    is_item = (column >= 0) & (column < longest[:, None])
    items = _laid_out(sessions, event, is_item)
    at = row * width + cases.length - 1 + lead
    return Prefixes(torch.from_numpy(items), torch.from_numpy(at))


def _laid_out(
    sessions: Sessions, event: npt.NDArray[np.int64], is_item: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Item numbers of the events of a matrix of cells; `PAD` where a cell holds none, and `event` is anything."""
    items = np.full(event.shape, PAD, np.int64)
    items[is_item] = sessions.items[event[is_item]]
    return items
