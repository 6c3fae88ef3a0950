"""SQN whose Q head reads sessions out of order: what of its gain is the order of events."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes, Transitions
from sessionrl.objectives.double_q import bootstrap, td_loss
from sessionrl.objectives.fixed_draws import fixed_uniform
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss
from sessionrl.registry import register


@register("objective", "shuffled_order")
@dataclass(frozen=True)
class ShuffledOrder:
    """L = L_supervised(s, a) + td_weight * mean 1/2 (r~ + gamma Q'(s~', argmax_a' Q(s~', a')) - Q(s~, a~))^2

    SQN, but ~ is a session whose events were permuted; the supervised loss has them in order. Every session has one
    permutation for the whole of training, by a hash of its events' numbers and `seed`; an event takes its reward
    along. What no transition has as its action stays in its place: the first event of a session (unless
    `items.start`), items that may not be recommended; and a long session is permuted within its pieces. The states
    of the two losses differ, so sessions are encoded twice.

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: ≥ 0
        seed: of the permutations
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    seed: Annotated[int, Field(ge=0)] = 0

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        logits = online(batch.state, candidates.items, heads="supervised").logits
        supervised = self.supervised.per_transition(logits, candidates).mean()
        mixed = permuted(batch, self.seed)
        q = online(mixed.state, heads="q", taken=mixed.action).q.squeeze(-1)
        future = bootstrap(online, target, mixed.next_state, candidates, q.new_ones(1))
        td = td_loss(q, mixed.reward[:, None], future, self.gamma, mixed.done).mean()
        parts = {self.supervised.kind: supervised.detach(), "td": td.detach()}
        return Loss(supervised + self.td_weight * td, parts)


def permuted(batch: Transitions, seed: int) -> Transitions:
    """The transitions of rows whose events were permuted; places, ends and what comes next stay as they are.

    Only states, action, reward, event_type and event are those of the permuted rows: what a temporal difference reads.
    """
    after = batch.next_state
    width = after.items.size(1)
    row = after.at // width
    by_row = torch.argsort(row, stable=True)
    order = torch.empty_like(by_row)
    order[by_row] = torch.argsort(row + fixed_uniform(batch.event, seed))  # a row's own places among themselves

    def moved(cells: Tensor | None) -> Tensor | None:
        if cells is None:
            return None
        flat = cells.flatten()
        return flat.index_copy(0, after.at, flat[after.at][order]).view_as(cells)

    rows = after._replace(event_types=moved(after.event_types), gaps=moved(after.gaps))
    next_state: Prefixes = rows._replace(
        items=after.items.flatten().index_copy(0, after.at, batch.action[order]).view_as(after.items)
    )
    return replace(
        batch,
        state=next_state._replace(at=after.at - 1, returns=batch.state.returns),
        next_state=next_state,
        action=batch.action[order],
        reward=batch.reward[order],
        event_type=batch.event_type[order],
        event=batch.event[order],
    )
