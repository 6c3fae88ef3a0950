"""The policy that filled the slates of the log, with the exact probability of every item it showed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sessionrl.errors import BadOption
from sessionrl.simulator.draws import Draws
from sessionrl.simulator.records import NONE, Observation
from sessionrl.simulator.shop import Floats, Ints, Shop


class Slates(NamedTuple):
    """What B sessions are shown.

    items:       [B, k] different items per row
    conditional: [B, k] π_b(a_j | a_1 … a_j-1); their product is the probability of the slate
    first:       [B, k] q(a_j), the probability to be drawn first, whatever the position
    """

    items: Ints
    conditional: Floats
    first: Floats


@dataclass(frozen=True)
class LoggingPolicy:
    """Popular items of the categories that the session looked at, and now and then any item.

    q(i | h) = ε / N + (1 - ε) π(c(i) | h) w_i / w_c(i)          π(c | h) = softmax(β interest_c + ½ log w_c)

    A slate is k draws without replacement (Plackett–Luce): π_b(A) = Π_j q(a_j) / (1 - Σ_l<j q(a_l)).

    exploration: ε in (0, 1], so that every item has a chance
    loyalty:     β, how closely the slate follows the categories viewed so far
    """

    exploration: float = 0.1
    loyalty: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.exploration <= 1:
            raise BadOption(
                f"logging policy, option 'exploration' = {self.exploration}: it must lie above 0 and not above 1, "
                "because an item that is never shown can never be judged from the log."
            )

    def slates(self, shop: Shop, observation: Observation, draws: Draws) -> Slates:
        """Draw a slate for each of B sessions."""
        taste = self._taste(shop, observation)
        items = np.full((len(taste), shop.options.slate_size), NONE)
        unfinished, turn = np.arange(len(taste)), 0
        while len(unfinished):
            drawn = self._independent(shop, observation.rows(unfinished), taste[unfinished], draws, turn)
            # What is there stays and is added to. Starting a slate anew would prefer slates that are drawn without
            # duplicates, and the propensities below would be wrong.
            items[unfinished] = _first_different(np.concatenate([items[unfinished], drawn], axis=1), items.shape[1])
            unfinished, turn = np.flatnonzero(items[:, -1] == NONE), turn + 1
        return Slates(items, *self._propensities(shop, observation, taste, items))

    def propensities(self, shop: Shop, observation: Observation, items: Ints) -> Slates:
        """The same for slates [B, k] that another policy chose."""
        return Slates(items, *self._propensities(shop, observation, self._taste(shop, observation), items))

    def _taste(self, shop: Shop, observation: Observation) -> Floats:
        """[B, C] π(c | h)."""
        logits = self.loyalty * observation.interest + 0.5 * np.log(shop.category_popularity)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _independent(self, shop: Shop, observation: Observation, taste: Floats, draws: Draws, turn: int) -> Ints:
        """[B, 2k] independent draws from q, duplicates included; each turn of asking has chances of its own."""
        wanted = 2 * shop.options.slate_size
        luck = draws.uniform(f"slate {turn}", observation.sessions, observation.steps, 2 * wanted)
        which, within = luck[:, :wanted], luck[:, wanted:]
        # One number decides between exploring and not, and, rescaled, which category.
        rescaled = (which - self.exploration) / max(1.0 - self.exploration, 1e-12)
        upto = np.cumsum(taste, axis=1)[:, None, :-1]
        category = (upto < rescaled[:, :, None]).sum(axis=2)
        popular = shop.draw_within(observation.weeks[:, None], category, within)
        return np.where(which < self.exploration, (within * shop.options.items).astype(np.int64), popular)

    def _propensities(self, shop: Shop, observation: Observation, taste: Floats, items: Ints) -> tuple[Floats, Floats]:
        week = observation.weeks[:, None] % shop.options.fashion_weeks
        liked = np.take_along_axis(taste, shop.category[items], axis=1) * shop.shares[week, items]
        first = self.exploration / shop.options.items + (1 - self.exploration) * liked
        before = np.cumsum(first, axis=1) - first
        # Never below the item's own probability: at the last item of a tiny shop the difference is mere rounding.
        return first / np.maximum(1.0 - before, first), first


def _first_different(drawn: Ints, wanted: int) -> Ints:
    """[B, wanted] the first different items of each row of [B, m] in their order, -1 where they do not suffice."""
    earlier = np.tri(drawn.shape[1], k=-1, dtype=np.bool_)
    again = ((drawn[:, :, None] == drawn[:, None, :]) & earlier).any(axis=2)
    fresh = ~again & (drawn != NONE)
    place = np.cumsum(fresh, axis=1) - 1
    rows, columns = np.nonzero(fresh & (place < wanted))
    slates = np.full((len(drawn), wanted), NONE)
    slates[rows, place[rows, columns]] = drawn[rows, columns]
    return slates
