"""CRR: critic regularised regression. Wang et al. 2020, arXiv:2006.15134."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.nn.candidates import Candidates
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes, Transitions
from sessionrl.objectives.double_q import td_loss
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.objectives.weights import mean_one
from sessionrl.registry import register


@register("objective", "crr")
@dataclass(frozen=True)
class CRR:
    """L = mean f(A) L_supervised + td_weight mean 1/2 (r + gamma E_(a' ~ pi') Q'(s', a') - Q(s, a))^2     (eq. 1 to 4)

    f(A) = exp(A / beta), at most `most`, or 1 where A > 0; without a gradient
    A = Q(s, a) - mean of m Q(s, a_j),   a_j ~ pi(. | s), the softmax of the supervised head

    The critic follows the policy, not the argmax of Q, so it never asks for items that nobody shows. The paper takes
    one a' ~ pi; here the target network's mean over the candidates, which is exact and less noisy. The paper's critic
    is distributional and a network of its own, here it is the Q head. The weights are divided by their mean, in the
    paper they are not. Where the supervised loss samples its candidates, pi is the corrected softmax over these.

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: of the critic
        weight: "exp" or "binary" (section 3)
        beta: temperature of the advantage, > 0
        most: greatest exp(A / beta)
        actions: m, drawn with replacement
        normalised: weights are divided by their mean in the batch
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    weight: Literal["exp", "binary"] = "exp"
    beta: Annotated[float, Field(gt=0)] = 1.0
    most: Annotated[float, Field(gt=0)] = 20.0
    actions: Annotated[int, Field(ge=1)] = 4
    normalised: bool = True

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def valued(self, batch: Transitions, context: Context) -> Valued:
        """One head, paid for the kind of the event."""
        return Valued({"reward": batch.reward}, self.gamma, "policy")

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        states = online.states(batch.state)
        logits = online.score(states, candidates.items, heads="supervised").logits
        pi = self.supervised.policy(logits.detach(), candidates)
        drawn = candidates.numbers(torch.multinomial(pi, self.actions, replacement=True, generator=context.rng))
        q = online.score(states, heads="q", taken=torch.cat([batch.action[:, None], drawn], 1)).q.squeeze(1)
        advantage = (q[:, 0] - q[:, 1:].mean(1)).detach()
        weight = mean_one(self.of(advantage)) if self.normalised else self.of(advantage)
        actor = (weight * self.supervised.per_transition(logits, candidates)).mean()
        future = _expected(target, batch.next_state, candidates, batch.action)
        td = td_loss(q[:, :1], batch.reward[:, None], future, self.gamma, batch.done).mean()
        parts = {"actor": actor.detach(), "td": td.detach(), "advantage": advantage.mean()}
        return Loss(actor + self.td_weight * td, parts)

    def of(self, advantage: Tensor) -> Tensor:
        """f(A), [N]."""
        if self.weight == "binary":
            return (advantage > 0).float()
        return (advantage / self.beta).exp().clamp(max=self.most)


@torch.no_grad()
def _expected(target: Network, state: Prefixes, candidates: Candidates, action: Tensor) -> Tensor:
    """Mean of Q' under the target's own policy, [N, 1]; items expected among the candidates n times weigh 1/n.

    The actions of a state's own session, the one that follows above all, are there for certain, and then once more for
    each. Weighed like others, rare ones would count many times, and the mean be the Q' of what the visitor did next.
    """
    scores = target(state, candidates.items)
    logits, log_q = scores.logits, candidates.log_q
    if log_q is not None and candidates.items is not None:
        session = state.at // state.items.size(1)
        own = (session[:, None] == session).float() @ (action[:, None] == candidates.items).float()  # [N, C], times
        logits = logits - (own + log_q.exp()).log()
    value: Tensor = (logits.softmax(1) * scores.q.squeeze(1)).sum(1, keepdim=True)
    return value
