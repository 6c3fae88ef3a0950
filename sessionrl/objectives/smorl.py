"""SMORL: Q-learning for relevance, diversity and novelty at once. Stamenkovic et al. 2022, arXiv:2110.15097."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.double_q import bootstrap, td_loss
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss
from sessionrl.objectives.rewards import diversity, novelty
from sessionrl.registry import register

Weight = Annotated[float, Field(ge=0)]


@register("objective", "smorl")
@dataclass(frozen=True)
class SMORL:
    """L = L_supervised + td_weight * mean sum_i w_i 1/2 (r_i + gamma Q'_i(s', a*) - Q_i(s, a))^2

    with a* = argmax_a sum_i w_i Q_i(s', a) and r = (reward of the logged event, diversity, novelty), both of
    `sessionrl.objectives.rewards`. The published code pays diversity and novelty for the item that the supervised head
    would show, yet regresses the Q of the logged action, so that the reward is no function of (s, a)
    (`rewards_of = "top"`); paying them for the logged action mends that (`"logged"`, the default here).

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: alpha of the paper
        weights: of relevance, diversity, novelty, each ≥ 0
        rewards_of: "logged" or "top"
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    weights: tuple[Weight, Weight, Weight] = (1.0, 1.0, 1.0)
    rewards_of: Literal["logged", "top"] = "logged"

    rewards: ClassVar[int] = 3
    bootstraps: ClassVar[bool] = True

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        now = online(batch.state, candidates.items, taken=batch.action)
        weights = now.q.new_tensor(self.weights)
        future = bootstrap(online, target, batch.next_state, candidates, weights)
        top = candidates.numbers(now.logits.detach().argmax(1))
        reward = self.reward(batch, batch.action if self.rewards_of == "logged" else top, context)
        supervised = self.supervised.per_transition(now.logits, candidates).mean()
        td = td_loss(now.q.squeeze(-1), reward, future, self.gamma, batch.done).mean(0)  # [3]
        parts = {self.supervised.kind: supervised, "td_relevance": td[0], "td_diversity": td[1], "td_novelty": td[2]}
        total = supervised + self.td_weight * (weights @ td)
        return Loss(total, {name: part.detach() for name, part in parts.items()})

    def reward(self, batch: Transitions, paid: Tensor, context: Context) -> Tensor:
        """[N, 3]: relevance of the logged event, diversity and novelty of the items `paid`, [N]."""
        last = batch.state.items.flatten()[batch.state.at]
        return torch.stack([batch.reward, diversity(last, paid, context.vectors), novelty(paid, context.tail)], dim=1)
