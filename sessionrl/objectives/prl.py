"""PRL: the next item that led to a wanted return. Xin et al. 2022, arXiv:2206.07353."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.errors import BadOption
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.nn.prompt import Prompt
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss
from sessionrl.objectives.returns import returns
from sessionrl.objectives.weights import mean_one
from sessionrl.registry import register


@register("objective", "prl")
@dataclass(frozen=True)
class PRL:
    """L = mean w L_supervised(scores of (state, step, R), the next item), R = r_t + gamma R_(t+1) of the logged session

    Instead of learning values, learn what was done where the session came to bring R; then ask for more than is usual:
    without a return given, the network is asked for `factor` times the mean return of the step (`sessionrl.nn.prompt`).
    The paper weighs by the reward (RC15) or by a normalised return (RetailRocket). Here weights are divided by their
    mean over the batch, so that they are no learning rate.

    Options:
        supervised: section of `next_item`
        weight: w, "reward", "return" or "none"
        gamma: discount of the return, 0 … 1; 1 in the paper
        factor: of the mean return that is asked for, ≥ 0; 2 in the paper
        steps: that are told apart, later ones count as the last; 50 in the paper
        heads: of the attention over state, step and return; they divide items.dim
        dropout: of the prompt, 0 … 1; 0.3 in the paper
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    weight: Literal["reward", "return", "none"] = "return"
    gamma: Annotated[float, Field(ge=0, le=1)] = 1.0
    factor: Annotated[float, Field(ge=0)] = 2.0
    steps: Annotated[int, Field(ge=1)] = 50
    heads: Annotated[int, Field(ge=1)] = 1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3

    rewards: ClassVar[int] = 0
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def prompt(self, dim: int) -> Prompt:
        """The part of the network that tells states of width `dim` what return they shall bring."""
        if dim % self.heads:
            raise BadOption(
                f"objective 'prl', option 'heads' = {self.heads} does not divide items.dim = {dim}. "
                "Give it as objective.heads=1, or another items.dim."
            )
        return Prompt(dim, self.heads, self.dropout, self.steps, self.factor)

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        candidates = self.supervised.candidates(batch, context)
        to_go = returns(batch, self.gamma)
        logits = online(batch.state._replace(returns=to_go), candidates.items, heads="supervised").logits
        each = self.supervised.per_transition(logits, candidates)
        total = (self.weights(batch, to_go) * each).mean()
        return Loss(total, {self.supervised.kind: each.detach().mean(), "weighted": total.detach()})

    def weights(self, batch: Transitions, to_go: Tensor) -> Tensor:
        """[N] w of the transitions, mean 1; to_go: [N] their returns."""
        if self.weight == "none":
            return torch.ones_like(to_go)
        return mean_one(batch.reward if self.weight == "reward" else to_go)
