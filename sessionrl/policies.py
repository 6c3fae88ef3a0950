"""Policies: how the scores of a network become an order of items, and a probability for each."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.errors import BadOption
from sessionrl.nn.network import Heads, Scores
from sessionrl.registry import register


class Policy(Protocol):
    """heads: which heads of the network it reads."""

    heads: ClassVar[Heads]

    def order_by(self, scores: Scores) -> Tensor:
        """[N, C]; items are shown by falling value."""
        ...

    def probabilities(self, scores: Scores) -> Tensor:
        """[N, C], rows sum to 1: the chance of each item to be drawn first."""
        ...


@register("policy", "greedy")
@dataclass(frozen=True)
class Greedy:
    """Order by the supervised head, as SQN and SMORL recommend; the best item has probability 1."""

    heads: ClassVar[Heads] = "supervised"

    def order_by(self, scores: Scores) -> Tensor:  # noqa: D102
        return scores.logits

    def probabilities(self, scores: Scores) -> Tensor:  # noqa: D102
        best = scores.logits.argmax(1, keepdim=True)
        return torch.zeros_like(scores.logits).scatter_(1, best, 1.0)


@register("policy", "softmax")
@dataclass(frozen=True)
class Softmax:
    """p(a | s) = softmax(logits / temperature); the order is that of the supervised head.

    Options:
        temperature: > 0; towards 0 the policy becomes greedy
    """

    temperature: Annotated[float, Field(gt=0)] = 1.0

    heads: ClassVar[Heads] = "supervised"

    def order_by(self, scores: Scores) -> Tensor:  # noqa: D102
        return scores.logits

    def probabilities(self, scores: Scores) -> Tensor:  # noqa: D102
        return (scores.logits / self.temperature).softmax(1)


@register("policy", "weighted")
@dataclass(frozen=True)
class Weighted:
    """Order by z(logits) + sum_i w_i z(Q_i), where z takes out mean and standard deviation over the items of a state.

    A dial between accuracy and the rewards of the Q heads that needs no new training.

    Options:
        weights: w, one per Q head of the network; 0 for all is the supervised head alone
        temperature: of the probabilities, softmax(order / temperature)
    """

    weights: tuple[float, ...] = (1.0,)
    temperature: Annotated[float, Field(gt=0)] = 1.0

    heads: ClassVar[Heads] = "all"

    def order_by(self, scores: Scores) -> Tensor:  # noqa: D102
        if scores.q.dim() < 3 or scores.q.size(1) != len(self.weights):
            heads = scores.q.size(1) if scores.q.dim() == 3 else 0
            raise BadOption(
                f"policy 'weighted' has {len(self.weights)} weights, but the network has {heads} Q heads.\n"
                f"  do now: give {heads} weights, or use the policy 'greedy'"
            )
        weights = torch.tensor(self.weights, dtype=scores.q.dtype, device=scores.q.device)
        return _standardised(scores.logits) + torch.einsum("r,nrc->nc", weights, _standardised(scores.q))

    def probabilities(self, scores: Scores) -> Tensor:  # noqa: D102
        return (self.order_by(scores) / self.temperature).softmax(1)


def _standardised(scores: Tensor) -> Tensor:
    deviation = scores.std(-1, keepdim=True, unbiased=False).clamp(min=1e-12)
    return (scores - scores.mean(-1, keepdim=True)) / deviation
