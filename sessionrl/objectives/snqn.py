"""SNQN: SQN with sampled negative actions. Xin et al. 2022, arXiv:2111.03474, section 3.2."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.double_q import bootstrap, greedy_value, td_loss
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.objectives.sqn import Terms
from sessionrl.registry import register


@register("objective", "snqn")
@dataclass(frozen=True)
class SNQN:
    """L = L_supervised + td_weight * mean (L_p + L_n)                                      (eq. 4, 5 and 6), where

    L_p = 1/2 (r + gamma Q'(s', argmax_a' Q(s', a')) - Q(s, a))^2, as in SQN
    L_n = sum over n negatives a- of 1/2 (r- + gamma Q'(s, argmax_a Q(s, a)) - Q(s, a-))^2

    The visitor did not choose a-, so the session stays where it is: the state after a- is s, and never the end. The
    negatives of each state are drawn uniformly, with replacement, from all items but its action. They are summed as in
    the paper and in the authors' code, so ten of them weigh ten times the logged action. Where the supervised loss
    samples its candidates, both argmaxes run over those. The factor 1/2 is that of `sessionrl.objectives.double_q`.

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: 1 in the paper
        q_negatives: n; 0 is SQN
        negative_reward: r-; between 0 and -2 it hardly matters in the paper (table 6)
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    q_negatives: Annotated[int, Field(ge=0)] = 10
    negative_reward: float = 0.0

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def valued(self, batch: Transitions, context: Context) -> Valued:
        """One head, paid for the kind of the event."""
        return Valued({"reward": batch.reward}, self.gamma)

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        return self.terms(online, target, batch, context).loss(self.supervised.kind, self.td_weight)

    def terms(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Terms:
        """As `SQN.terms`; td is L_p + L_n."""
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        drawn = context.sampler.others(batch.action, self.q_negatives, context.rng)
        states = online.states(batch.state)
        now = online.score(states, candidates.items, taken=torch.cat([batch.action[:, None], drawn], 1))
        with torch.no_grad():
            everywhere = online.score(states, candidates.items, heads="q").q
        weights, q = now.q.new_ones(1), now.q.squeeze(1)  # [N, 1 + n]
        onward = bootstrap(online, target, batch.next_state, candidates, weights)
        stay = greedy_value(everywhere, target, batch.state, candidates, weights)
        positive = td_loss(q[:, :1], batch.reward[:, None], onward, self.gamma, batch.done)
        not_paid = torch.full_like(q[:, 1:], self.negative_reward)
        negative = td_loss(q[:, 1:], not_paid, stay, self.gamma, torch.zeros_like(batch.done))
        supervised = self.supervised.per_transition(now.logits, candidates)
        return Terms(supervised, positive.squeeze(1) + negative.sum(1), q, now.logits, candidates)
