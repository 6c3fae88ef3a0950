"""EVAL: the Q head of SQN learns the value of what visitors did next. Labarca Silva et al. 2024, PMLR 235:45432."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.double_q import td_loss
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.registry import register


@register("objective", "eval")
@dataclass(frozen=True)
class Eval:
    """L = L_supervised + td_weight * mean 1/2 (r + gamma Q'(s', a') - Q(s, a))^2, a' = the logged next action

    SQN that values the sessions as they were (SARSA) and improves nothing: EVAL of PMLR 235:45432. A next item that may
    not be recommended is valued like any other, although no transition teaches its Q.

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: ≥ 0
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def valued(self, batch: Transitions, context: Context) -> Valued:
        """One head, paid for the kind of the event."""
        return Valued({"reward": batch.reward}, self.gamma, "logged")

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        now = online(batch.state, candidates.items, taken=batch.action)
        with torch.no_grad():  # where the session is done this is the value of `PAD`, which counts nothing
            future = target(batch.next_state, heads="q", taken=batch.next_action).q.squeeze(-1)
        supervised = self.supervised.per_transition(now.logits, candidates).mean()
        td = td_loss(now.q.squeeze(-1), batch.reward[:, None], future, self.gamma, batch.done).mean()
        parts = {self.supervised.kind: supervised.detach(), "td": td.detach()}
        return Loss(supervised + self.td_weight * td, parts)
