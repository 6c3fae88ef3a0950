"""SAC: self-supervised actor-critic. Xin et al. 2020, arXiv:2006.05779, section 3.3."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.objectives.sqn import SQN
from sessionrl.objectives.warm_up import WarmUp, is_warming_up
from sessionrl.registry import register


@register("objective", "sac")
@dataclass(frozen=True)
class SAC:
    """L = mean Q(s, a) L_supervised + td_weight L_q, Q without a gradient and L_q that of SQN               (eq. 7, 8)

    Until the warm-up is over this is SQN. Algorithm 2 of the paper prints L_A + L_s, its text and the authors' code
    L_A + L_q, which is meant here. The weights are as the paper has them, neither clipped nor scaled: a Q below zero
    pushes the logged action down, and small rewards make a small learning rate (SA2C mends both).

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: 1 in the paper
        warm_up: a number of steps, 15,000 in the authors' code; a share of the planned steps, which fits logs of any
            size, 0 ≤ share < 1; or "plateau": until validation stops improving
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    warm_up: WarmUp = 0.5

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True

    @property
    def critic(self) -> SQN:
        """What weighs the actor, and all there is until the warm-up is over."""
        return SQN(self.supervised, self.gamma, self.td_weight)

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def valued(self, batch: Transitions, context: Context) -> Valued:
        """One head, paid for the kind of the event."""
        return Valued({"reward": batch.reward}, self.gamma)

    @property
    def waits(self) -> bool:
        """Whether the actor begins when validation stops improving."""
        return self.warm_up == "plateau"

    def warming_up(self, context: Context) -> bool:
        """Whether the actor has not begun yet."""
        return is_warming_up(self.warm_up, context)

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        if self.warming_up(context):
            return self.critic.loss(online, target, batch, context)
        terms = self.critic.terms(online, target, batch, context)
        weight = terms.q[:, 0].detach()
        actor, td = (weight * terms.supervised).mean(), terms.td.mean()
        return Loss(
            actor + self.td_weight * td,
            {"actor": actor.detach(), "td": td.detach(), "weight": weight.mean()},
        )
