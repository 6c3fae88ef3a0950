"""GRU4Rec's session-parallel mini-batches: every lane walks one session, one event a step."""

import heapq
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sessionrl.data.sessions import Sessions
from sessionrl.nn.prefixes import Prefixes, Transitions, logged_transitions
from sessionrl.training.batches import Order


class Lanes:
    """The training part as steps of at most B lanes. Hidasi et al. 2016, arXiv:1511.06939, section 3.1.1.

    A step has one event of each lane: the state after it, and the event that follows as action. Where a session ends,
    the next one takes its lane over and begins from nothing. What the backbone carries between the steps is a constant
    to the next step, and no other session's. When fewer sessions are left than lanes, the steps become smaller, so
    that the newest events are trained on like all others; every transition occurs exactly once an epoch.

    Args:
        sessions: the training part, ordered by time; sessions are taken whole, however long
        rewards: [K] reward of each kind of event
        lanes: B ≥ 1
        order: "time" takes sessions oldest first, in every epoch alike; "shuffled" anew in every epoch
        seed: of the order
        carry: what is carried on, [B, ...], from states that were just trained on
        shown: [V] bool, the items that may be recommended; events of others are read but no next item to be learned
    """

    def __init__(
        self,
        sessions: Sessions,
        rewards: npt.NDArray[np.float32],
        lanes: int,
        order: Order,
        seed: int,
        carry: Callable[[Prefixes], Tensor],
        shown: npt.NDArray[np.bool_] | None = None,
    ):
        self._sessions, self._rewards, self._order, self._seed = sessions, rewards, order, seed
        self._lanes, self._carry = lanes, carry
        self._shown = None if shown is None or shown[1:].all() else torch.from_numpy(shown)
        lengths = sessions.lengths
        self._opens = np.zeros(len(sessions.items), bool)
        self._opens[sessions.offsets[:-1][lengths > 0]] = True
        self._walked = np.empty(0, np.int64)  # the lanes of the step that was given last
        self.carried: Tensor | None = None  # [B, ...] of all lanes; None before the first step of an epoch

    @property
    def transitions(self) -> int:
        """Transitions in an epoch."""
        return int(np.maximum(self._sessions.lengths - 1, 0).sum())

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Transitions]:
        """The steps of one epoch, each to be followed by `trained`; after `skip` of them `carried` must be what it was
        then (to resume).
        """
        if not skip:
            self.carried = None
        for lanes, events in self._steps(epoch)[skip:]:
            self._walked = lanes
            batch = self._transitions(lanes, events)
            yield batch if self._shown is None else batch.select(self._shown[batch.action])

    def weight(self, batch: Transitions) -> float:
        """Of the batch's mean loss: the share of the lanes that are left, so that every transition counts the same.

        At the end of an epoch few lanes are left for many steps, and a full weight would let the newest long sessions
        undo what was learned before.
        """
        return len(batch) / self._lanes

    def trained(self, batch: Transitions) -> None:
        """The batch was trained on: carry its states, as the network has them now, to the next step."""
        after = self._carry(batch.state)
        if self.carried is None:
            self.carried = after.new_zeros(self._lanes, *after.shape[1:])
        self.carried[self._walked] = after

    def plan(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """The events, as flat places, from which each step of an epoch sets out."""
        return [events for _, events in self._steps(epoch)]

    def _steps(self, epoch: int) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Lanes and flat places of events, step by step."""
        steps = np.maximum(self._sessions.lengths - 1, 0)
        chosen = np.flatnonzero(steps)
        if self._order == "shuffled":
            chosen = np.random.default_rng([self._seed, epoch]).permutation(chosen)
        free = [(0, lane) for lane in range(self._lanes)]  # the step at which each lane is free, soonest first
        start, lane = np.empty(len(chosen), np.int64), np.empty(len(chosen), np.int64)
        for n, length in enumerate(steps[chosen].tolist()):
            start[n], lane[n] = free[0]
            heapq.heapreplace(free, (free[0][0] + length, free[0][1]))
        session = np.repeat(np.arange(len(chosen)), steps[chosen])
        nth = np.arange(len(session)) - np.repeat(np.cumsum(steps[chosen]) - steps[chosen], steps[chosen])
        step = start[session] + nth
        by_step = np.lexsort((lane[session], step))
        cuts = np.flatnonzero(np.diff(step[by_step])) + 1
        events = (self._sessions.offsets[:-1][chosen][session] + nth)[by_step]
        return (
            list(zip(np.split(lane[session][by_step], cuts), np.split(events, cuts), strict=True)) if len(step) else []
        )

    def _transitions(self, lanes: npt.NDArray[np.int64], events: npt.NDArray[np.int64]) -> Transitions:
        rows = events[:, None] + np.arange(2)
        items = torch.from_numpy(self._sessions.items[rows].astype(np.int64))
        lane = torch.arange(len(events))
        carried = None
        if self.carried is not None:
            opens = torch.from_numpy(self._opens[events]).to(self.carried.device)
            carried = self.carried[lanes]
            carried[opens] = 0
        session = np.searchsorted(self._sessions.offsets, events, side="right") - 1
        return logged_transitions(
            self._sessions,
            Prefixes(items[:, :1], lane, carried),  # a step encodes one event of each lane and no more
            Prefixes(items, 2 * lane + 1, carried),
            events + 1,
            session,
            self._rewards,
        )
