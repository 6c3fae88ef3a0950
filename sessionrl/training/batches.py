"""Which transitions go together in a step, and in which order they come."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from sessionrl.data.sessions import Sessions
from sessionrl.nn.prefixes import Pieces, Reads, Transitions, pieces, transitions

Order = Literal["time", "shuffled"]

BUCKET = 16  # batches whose sessions are sorted by length before they are parted, so that rows need little padding


class Batches:
    """The training part as batches of about equally many transitions, the same for the same seed and epoch.

    Long sessions are cut into pieces. In the order "time" batches follow the log from its oldest session to its
    newest, which GRU4Rec's authors found to matter; within a bucket of a few batches sessions are grouped by
    length. Every transition occurs exactly once an epoch, the newest ones included.

    Args:
        sessions: the training part, ordered by time
        rewards: [K] reward of each kind of event
        per_batch: transitions in a batch, about
        order: "time" or "shuffled"
        max_length: events in a piece, ≥ 2
        reads: what the states carry; with `start` the first event of a session is learned from as well
        seed: of the order
        shown: [V] bool, the items that may be recommended; events of others are read but no next item to be learned
    """

    def __init__(
        self,
        sessions: Sessions,
        rewards: npt.NDArray[np.float32],
        per_batch: int,
        order: Order,
        max_length: int,
        reads: Reads,
        seed: int,
        shown: npt.NDArray[np.bool_] | None = None,
    ):
        self._sessions, self._rewards, self._reads = sessions, rewards, reads
        self._per_batch, self._order, self._seed = per_batch, order, seed
        self._pieces = pieces(sessions, max_length)
        self._shown = None if shown is None or shown[1:].all() else torch.from_numpy(shown)
        self._weight = self._transitions_of_pieces()

    @property
    def transitions(self) -> int:
        """Transitions in an epoch."""
        return int(self._weight.sum())

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Transitions]:
        """The batches of one epoch; the first `skip` are left out without being built (to resume)."""
        for chosen in self.plan(epoch)[skip:]:
            batch = transitions(self._sessions, self._take(chosen), self._rewards, self._reads)
            yield batch if self._shown is None else batch.select(self._shown[batch.action])

    def weight(self, batch: Transitions) -> float:
        """Of the batch's mean loss: 1, as all batches are of about equal size."""
        return 1.0

    def trained(self, batch: Transitions) -> None:
        """The batch was trained on; nothing is carried from one batch to the next."""

    def plan(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """The pieces of every batch of an epoch."""
        rng = np.random.default_rng([self._seed, epoch])
        ordered = np.flatnonzero(self._weight)
        if self._order == "shuffled":
            ordered = rng.permutation(ordered)
        batches = []
        for bucket in self._parted(ordered, self._per_batch * BUCKET):
            by_length = bucket[np.argsort(self._weight[bucket], kind="stable")]
            parts = self._parted(by_length, self._per_batch)
            batches += [parts[i] for i in rng.permutation(len(parts))]
        return batches

    def _parted(self, chosen: npt.NDArray[np.int64], size: int) -> list[npt.NDArray[np.int64]]:
        """Runs of pieces with about `size` transitions each; a piece goes where its middle falls."""
        weight = self._weight[chosen]
        middle = np.cumsum(weight) - weight / 2
        share = weight.sum() / max(1, round(weight.sum() / size))
        cuts = np.flatnonzero(np.diff(np.floor(middle / share))) + 1
        return [part for part in np.split(chosen, cuts) if len(part)]

    def _transitions_of_pieces(self) -> npt.NDArray[np.int64]:
        """[P] transitions whose action may be recommended."""
        if self._shown is None:
            return self._pieces.transitions(self._reads.start)
        before = np.concatenate([[0], np.cumsum(self._shown.numpy()[self._sessions.items])])
        after = self._pieces.last + 1
        first = self._pieces.first + np.where(self._pieces.opens & self._reads.start, 0, 1)
        return np.asarray(before[after] - before[np.minimum(first, after)])  # a session without events has none

    def _take(self, chosen: npt.NDArray[np.int64]) -> Pieces:
        every = self._pieces
        return Pieces(every.first[chosen], every.last[chosen], every.opens[chosen], every.ends[chosen])
