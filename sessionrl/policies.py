"""Policies: how the scores of a network become an order of items, and a probability for each."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.data.sessions import PAD
from sessionrl.errors import BadOption
from sessionrl.nn.network import Heads, Scores
from sessionrl.nn.prefixes import Prefixes
from sessionrl.registry import register

Revisit = tuple[float, ...]


class Policy(Protocol):
    """heads: which heads of the network it reads."""

    heads: ClassVar[Heads]

    def order_by(self, scores: Scores, prefixes: Prefixes) -> Tensor:
        """[N, V - 1]; items are shown by falling value.

        Args:
            scores: of the whole catalogue, column j being item j + 1; -inf where an item may not be recommended
            prefixes: the N states
        """
        ...

    def probabilities(self, scores: Scores, prefixes: Prefixes) -> Tensor:
        """[N, V - 1], rows sum to 1: the chance of each item to be drawn first."""
        ...


@register("policy", "greedy")
@dataclass(frozen=True)
class Greedy:
    """Order by the supervised head, as SQN and SMORL recommend; the best item has probability 1.

    Options:
        revisit: what an item of the session gets on top (`with_revisits`); nothing if empty
    """

    revisit: Revisit = ()

    heads: ClassVar[Heads] = "supervised"

    def order_by(self, scores: Scores, prefixes: Prefixes) -> Tensor:  # noqa: D102
        return with_revisits(scores.logits, prefixes, self.revisit)

    def probabilities(self, scores: Scores, prefixes: Prefixes) -> Tensor:  # noqa: D102
        order = self.order_by(scores, prefixes)
        return torch.zeros_like(order).scatter_(1, order.argmax(1, keepdim=True), 1.0)


@register("policy", "softmax")
@dataclass(frozen=True)
class Softmax:
    """p(a | s) = softmax(order / temperature); the order is that of the supervised head.

    Options:
        temperature: > 0; towards 0 the policy becomes greedy
        revisit: what an item of the session gets on top (`with_revisits`); nothing if empty
    """

    temperature: Annotated[float, Field(gt=0)] = 1.0
    revisit: Revisit = ()

    heads: ClassVar[Heads] = "supervised"

    def order_by(self, scores: Scores, prefixes: Prefixes) -> Tensor:  # noqa: D102
        return with_revisits(scores.logits, prefixes, self.revisit)

    def probabilities(self, scores: Scores, prefixes: Prefixes) -> Tensor:  # noqa: D102
        return (self.order_by(scores, prefixes) / self.temperature).softmax(1)


@register("policy", "weighted")
@dataclass(frozen=True)
class Weighted:
    """Order by z(logits) + sum_i w_i z(Q_i), where z takes out mean and standard deviation over the items of a state.

    A dial between accuracy and the rewards of the Q heads that needs no new training.

    Options:
        weights: w, one per Q head of the network; 0 for all is the supervised head alone
        temperature: of the probabilities, softmax(order / temperature)
        revisit: what an item of the session gets on top (`with_revisits`), in the unit of z; nothing if empty
    """

    weights: tuple[float, ...] = (1.0,)
    temperature: Annotated[float, Field(gt=0)] = 1.0
    revisit: Revisit = ()

    heads: ClassVar[Heads] = "all"

    def order_by(self, scores: Scores, prefixes: Prefixes) -> Tensor:  # noqa: D102
        if scores.q.dim() < 3 or scores.q.size(1) != len(self.weights):
            heads = scores.q.size(1) if scores.q.dim() == 3 else 0
            raise BadOption(
                f"policy 'weighted' has {len(self.weights)} weights, but the network has {heads} Q heads.\n"
                f"  do now: give {heads} weights, or use the policy 'greedy'"
            )
        weights = torch.tensor(self.weights, dtype=scores.q.dtype, device=scores.q.device)
        order = standardised(scores.logits) + torch.einsum("r,nrc->nc", weights, standardised(scores.q))
        order = order.masked_fill(scores.logits == -torch.inf, -torch.inf)
        return with_revisits(order, prefixes, self.revisit)

    def probabilities(self, scores: Scores, prefixes: Prefixes) -> Tensor:  # noqa: D102
        return (self.order_by(scores, prefixes) / self.temperature).softmax(1)


def with_revisits(order: Tensor, prefixes: Prefixes, revisit: Revisit) -> Tensor:
    """order_i + revisit_k for every item of the session, k events back at its newest; [N, V - 1] as `order`.

    The last number holds for all older events: (4, 7, 6) gives 4 to the current item, 7 to the one before it and 6 to
    all earlier ones. Visitors return to what they have seen far more often than a softmax over the catalogue says,
    and by how much depends on the shop: choose the numbers on the validation part (docs/decisions/007).
    """
    if not revisit:
        return order
    back = torch.arange(prefixes.items.size(1), device=order.device)
    place = prefixes.at % prefixes.items.size(1)
    row = prefixes.items[prefixes.at // prefixes.items.size(1)]
    history = row.gather(1, (place[:, None] - back).clamp(min=0))  # [N, T], newest first
    real = (back <= place[:, None]) & (history != PAD)
    columns = torch.where(real, history, history[:, :1]).sub(1).clamp(min=0)
    plain = order.gather(1, columns)
    numbers = order.new_tensor(revisit)[back.clamp(max=len(revisit) - 1)]
    # An item's newest event counts, so the numbers of single places are written last, from old to new.
    result = order.scatter(1, columns, plain + torch.where(real, numbers[-1], numbers[0] * real[:, :1]))
    for k in reversed(range(min(len(revisit) - 1, columns.size(1)))):
        value = plain[:, k] + torch.where(real[:, k], numbers[k], numbers[0] * real[:, 0])
        result.scatter_(1, columns[:, k : k + 1], value[:, None])
    return result


def standardised(scores: Tensor) -> Tensor:
    """Without mean and standard deviation over the items that may be recommended; 0 for the others, which have -inf."""
    hidden = scores == -torch.inf
    if hidden.any():
        n = (~hidden).sum(-1, keepdim=True)
        mean = scores.masked_fill(hidden, 0.0).sum(-1, keepdim=True) / n
        apart = (scores - mean).masked_fill(hidden, 0.0)
        deviation = (apart.square().sum(-1, keepdim=True) / n).sqrt().clamp(min=1e-12)
        return apart / deviation
    apart = scores - scores.mean(-1, keepdim=True)
    # By the norm, because std() goes over the scores twice and slowly on a CPU.
    deviation = torch.linalg.vector_norm(apart, dim=-1, keepdim=True) / math.sqrt(scores.size(-1))
    standard: Tensor = apart / deviation.clamp(min=1e-12)
    return standard
