"""Which items are scored: the whole catalogue, or the batch's own actions and sampled others."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


class Candidates(NamedTuple):
    """The columns of a score matrix.

    items:    [C] int64 item numbers; None is the whole catalogue, column j being item j + 1
    position: [N] int64, the column of every transition's action
    log_q:    [C] float32, log of the expected number of times each candidate is among the candidates; None for the
              whole catalogue, where nothing is to be corrected
    ignored:  [N, C] bool, candidates that are no negatives of a state: the other actions of its own session, and the
              action itself in another column; None for the whole catalogue
    rate:     share of the other items that is drawn, k / (V - 1), at most 1; 1 for the whole catalogue
    """

    items: Tensor | None
    position: Tensor
    log_q: Tensor | None = None
    ignored: Tensor | None = None
    rate: float = 1.0

    def numbers(self, columns: Tensor) -> Tensor:
        """Item numbers of columns."""
        return columns + 1 if self.items is None else self.items[columns]


class ItemSampler:
    """Draws items with probability proportional to count^alpha, by inversion: O(log V) a draw, no table of draws.

    Args:
        counts: [V] training events per item, row 0 is `PAD` and is never drawn; an item without events is drawn
            as if it had one, so that every item can be a negative
        recommendable: [V] bool, the items that may be shown; no other is ever a candidate. All if not given
    """

    def __init__(
        self,
        counts: npt.NDArray[np.int64],
        device: torch.device | None = None,
        recommendable: npt.NDArray[np.bool_] | None = None,
    ):
        self._device = device or torch.device("cpu")
        shown = np.ones(len(counts) - 1, bool) if recommendable is None else recommendable[1:]
        self._shown = np.flatnonzero(shown)
        self._counts = np.where(shown, np.maximum(counts[1:], 1), 0).astype(np.float64)
        self._tables: dict[float, tuple[Tensor, Tensor]] = {}
        self._items = None if shown.all() else torch.from_numpy(self._shown + 1).to(self._device)

    def whole(self, action: Tensor) -> Candidates:
        """Every item that may be shown, for N actions [N] that may."""
        if self._items is None:
            return whole_catalogue(action)
        return Candidates(self._items, torch.searchsorted(self._items, action))

    def draw(self, size: int, alpha: float, rng: torch.Generator) -> Tensor:
        """[size] item numbers, with replacement."""
        cumulative, _ = self._table(alpha)
        uniform = torch.rand(size, generator=rng, device=self._device, dtype=torch.float64)
        column = torch.searchsorted(cumulative, uniform, right=True)  # never an item of share 0
        return column.clamp_(max=int(self._shown[-1])) + 1

    def others(self, action: Tensor, size: int, rng: torch.Generator) -> Tensor:
        """[N, size] item numbers for N actions [N]: drawn uniformly, with replacement, from all but the action."""
        draw = torch.randint(max(1, len(self._shown) - 1), (len(action), size), generator=rng, device=action.device)
        own = action - 1 if self._items is None else torch.searchsorted(self._items, action)
        column = (draw + (draw >= own[:, None])).clamp(max=len(self._shown) - 1)  # skips over the action
        return column + 1 if self._items is None else self._items[column]

    def share(self, items: Tensor, alpha: float) -> Tensor:
        """Probability that one draw gives each item, float32."""
        return self._table(alpha)[1][items - 1]

    def candidates(self, action: Tensor, session: Tensor, size: int, alpha: float, rng: torch.Generator) -> Candidates:
        """The N actions of a batch and `size` drawn items, shared by all states (arXiv:1706.03847, section 3.1).

        An item i is expected N p_i + size q_i times among them, where p is its share of the events and q its share
        of the draws; the log of that number is what sampled cross entropy subtracts. A batch holds whole sessions,
        where GRU4Rec's holds one event of each, so a state would meet the rest of its own session, which a visitor
        likes, as negatives: these are ignored (with them Recall@20 of the first epoch on RetailRocket's published
        split was .39 instead of .46; docs/decisions/004).

        Args:
            action: [N] item numbers
            session: [N], equal for transitions of one session
            size: items to draw
            alpha: exponent of the counts
            rng: the only source of chance
        """
        items = torch.cat([action, self.draw(size, alpha, rng)])
        expected = len(action) * self.share(items, 1.0) + size * self.share(items, alpha)
        position = torch.arange(len(action), device=action.device)
        ignored = items == action[:, None]
        ignored[:, : len(action)] |= session == session[:, None]
        ignored[position, position] = False
        rate = min(1.0, size / max(1, len(self._shown) - 1))
        return Candidates(items, position, expected.log(), ignored, rate)

    def _table(self, alpha: float) -> tuple[Tensor, Tensor]:
        if alpha not in self._tables:
            share = np.where(self._counts > 0, self._counts**alpha, 0.0)
            share /= share.sum()
            cumulative = torch.from_numpy(np.cumsum(share)).to(self._device)
            self._tables[alpha] = cumulative, torch.from_numpy(share.astype(np.float32)).to(self._device)
        return self._tables[alpha]


def whole_catalogue(action: Tensor) -> Candidates:
    """Every item is a candidate."""
    return Candidates(None, action - 1)
