"""SA2C: supervised advantage actor-critic. Xin et al. 2022, arXiv:2111.03474, sections 3.3 and 3.4."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.objectives.snqn import SNQN
from sessionrl.objectives.sqn import Terms
from sessionrl.objectives.warm_up import WarmUp, is_warming_up
from sessionrl.objectives.weights import mean_one
from sessionrl.registry import register


@register("objective", "sa2c")
@dataclass(frozen=True)
class SA2C:
    """L = mean w L_supervised + td_weight mean (L_p + L_n), both L of SNQN, w without a gradient:     (eq. 7 to 10)

    w = rho clip(A),   A = Q(s, a) - mean over the action and its negatives of Q(s, .)
    rho = clip(pi(a | s) / beta(a), .1, 10)^smoothing,   beta the action's share of the training events

    Until the warm-up is over this is SNQN. The clip at 0 is that of the authors' code, not of the paper: no transition
    is unlearned, but those with no advantage teach the actor nothing. The weights are divided by their mean, which
    neither paper nor code does (there the learning rate is divided by 5 instead when the actor begins). The authors
    count beta on all data, the test part too; here it is of the training part. With sampled candidates pi is estimated
    by the corrected softmax over them.

    Options:
        supervised: section of `next_item`
        gamma, td_weight, q_negatives, negative_reward: of SNQN
        warm_up: a number of steps, 15,000 in the paper; a share of the planned steps, which fits logs of any size,
            0 ≤ share < 1; or "plateau": until validation stops improving
        clip_low, clip_high: least and greatest advantage
        normalised: weights are divided by the mean of their sizes in the batch
        smoothing: 0 is without off-policy correction, 1 the whole one
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    q_negatives: Annotated[int, Field(ge=1)] = 10
    negative_reward: float = 0.0
    warm_up: WarmUp = 0.5
    clip_low: Annotated[float, Field(le=0)] = 0.0
    clip_high: Annotated[float, Field(gt=0)] = 10.0
    normalised: bool = True
    smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True

    @property
    def critic(self) -> SNQN:
        """What weighs the actor, and all there is until the warm-up is over."""
        return SNQN(self.supervised, self.gamma, self.td_weight, self.q_negatives, self.negative_reward)

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
        q = terms.q.detach()
        advantage = q[:, 0] - q.mean(1)
        weight = advantage.clamp(self.clip_low, self.clip_high)
        if self.smoothing:
            weight = weight * self._importance(terms, batch.action, context)
        if self.normalised:
            weight = mean_one(weight)
        actor, td = (weight * terms.supervised).mean(), terms.td.mean()
        return Loss(
            actor + self.td_weight * td,
            {"actor": actor.detach(), "td": td.detach(), "advantage": advantage.mean()},
        )

    def _importance(self, terms: Terms, action: Tensor, context: Context) -> Tensor:
        """[N] rho."""
        pi = self.supervised.log_probability(terms.logits.detach(), terms.candidates).exp()
        importance: Tensor = (pi / context.sampler.share(action, 1.0)).clamp(0.1, 10) ** self.smoothing
        return importance
