"""REINFORCE with a top-K off-policy correction. Chen et al. 2019, arXiv:1812.02353."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.errors import BadOption
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss
from sessionrl.objectives.returns import returns
from sessionrl.objectives.weights import mean_one
from sessionrl.registry import register


@register("objective", "reinforce")
@dataclass(frozen=True)
class Reinforce:
    """L = mean rho lambda_K G (-log pi(a | s)) [- mean log beta(a | s)]     (section 4.2 and 4.3), without a gradient:

    rho = min(pi(a | s) / beta(a | s), most)        lambda_K = K (1 - pi(a | s))^(K - 1)
    G = sum_k gamma^k r_(t+k), of the piece where a session is cut into pieces (`sessionrl.objectives.returns`)

    pi is the softmax of the supervised head, which shows K items; at K = 1 lambda is 1. beta is what the shop showed:
    its logged probability, or a head of its own that reads the states of pi as constants and is taught the logged
    actions. Such a head sees what visitors chose, not what they were shown: with it beta is the visitors' behaviour,
    and rho holds back what pi already knows less well than the log does. Transitions without a logged probability, of a
    log that has them, teach nothing. With sampled candidates pi and beta are the corrected softmax over them.

    The paper clips rho at a constant of its own, normalises by the weights of the batch (section 4.4), here by their
    mean, and adds no baseline to G; neither does this. Its authors published no code.

    Options:
        supervised: section of `next_item`; its `kind` must be cross_entropy, the only one that is -log pi
        gamma: discount of the return, 0 … 1
        k: K, how many items are shown at once
        most: greatest rho. Above 1 what pi likes better than the log does feeds itself: returns are never negative, and
            nothing says how likely a visitor is to take what is shown. Worth it only with logged propensities
        behaviour: "head" or "logged"
        normalised: the weights rho lambda_K G are divided by their mean in the batch
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    k: Annotated[int, Field(ge=1)] = 20
    most: Annotated[float, Field(gt=0)] = 1.0
    behaviour: Literal["head", "logged"] = "head"
    normalised: bool = True

    bootstraps: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.supervised.kind != "cross_entropy":
            raise BadOption(
                f"objective 'reinforce', option 'supervised.kind' = {self.supervised.kind!r}: only cross entropy is "
                "the negative log of a policy.\n  do now: set objective.supervised.kind=cross_entropy"
            )

    @property
    def rewards(self) -> int:
        """Heads besides that of the policy."""
        return 1 if self.behaviour == "head" else 0

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        candidates = self.supervised.candidates(batch, context)
        now = online(batch.state, candidates.items, frozen=True)
        log_pi = self.supervised.log_probability(now.logits, candidates)
        if self.rewards:  # a softmax needs the scale of logits, which Q heads do without
            log_beta = self.supervised.log_probability((online.items.scale or 1.0) * now.q.squeeze(1), candidates)
        else:
            log_beta = _logged(batch)
        weight = self._weight(log_pi.detach(), log_beta.detach()) * returns(batch, self.gamma)
        actor = -((mean_one(weight) if self.normalised else weight) * log_pi).mean()
        parts = {"actor": actor.detach(), "cross_entropy": -log_pi.detach().mean(), "weight": weight.mean()}
        if not self.rewards:
            return Loss(actor, parts)
        return Loss(actor - log_beta.mean(), {**parts, "behaviour": -log_beta.detach().mean()})

    def _weight(self, log_pi: Tensor, log_beta: Tensor) -> Tensor:
        """[N] rho lambda_K; 0 where beta is not known."""
        rho = (log_pi - log_beta).exp().clamp(max=self.most)
        return (rho * self.k * (1 - log_pi.exp()) ** (self.k - 1)).nan_to_num(0.0)


def _logged(batch: Transitions) -> Tensor:
    """[N] log of the logged propensities, NaN where there is none."""
    if batch.propensity is None:
        raise BadOption(
            "objective 'reinforce', option 'behaviour' = 'logged': the log says of no event with what probability its "
            "item was shown.\n  do now: prepare a log with a column `propensity`, or set objective.behaviour=head"
        )
    return torch.log(batch.propensity)
