"""Losses of a score matrix whose positive lies in a known column: GRU4Rec's four, and SASRec's.

All take logits [N, C], the positive's column [N], and which columns are no negatives of a row, [N, C] bool or None;
they give one loss per row, [N], which is 0 where a row has no negative. Sources: arXiv:1511.06939 section 3.1.3
(TOP1), arXiv:1706.03847 section 3 (the max losses), arXiv:2308.07192 (generalised binary cross entropy).
"""

import torch
from torch import Tensor
from torch.nn import functional as F

FLOOR = 1e-24  # keeps log away from 0 when every sigmoid has underflowed


def cross_entropy(logits: Tensor, position: Tensor, ignored: Tensor | None = None) -> Tensor:
    """-log softmax(logits)_position; sampled candidates want log q taken off the logits first."""
    if ignored is not None:
        logits = logits.masked_fill(ignored, -torch.inf)
    return F.cross_entropy(logits, position, reduction="none")


def bpr_max(
    logits: Tensor, position: Tensor, ignored: Tensor | None = None, regularisation: float = 1.0, elu: float = 0.0
) -> Tensor:
    """-log sum_j w_j sigmoid(o_i - o_j) + regularisation * sum_j w_j o_j^2, w = softmax over the negatives of o_j.

    With elu > 0 the scores o are ELU(logits) that tend to -elu, as in the authors' code.
    """
    scores = F.elu(logits, elu) if elu > 0 else logits
    own = scores.gather(1, position[:, None])
    weight = _softmax_of_negatives(scores, position, ignored)
    better = (weight * torch.sigmoid(own - scores)).sum(1)
    loss = -(better + FLOOR).log() + regularisation * (weight * scores**2).sum(1)
    return torch.where(weight.any(1), loss, 0.0)


def top1(logits: Tensor, position: Tensor, ignored: Tensor | None = None) -> Tensor:
    """Mean over the negatives of sigmoid(o_j - o_i) + sigmoid(o_j^2)."""
    own = logits.gather(1, position[:, None])
    negative = ~_no_negatives(position, ignored, logits)
    each = torch.sigmoid(logits - own) + torch.sigmoid(logits**2)
    return (each * negative).sum(1) / negative.sum(1).clamp(min=1)


def top1_max(logits: Tensor, position: Tensor, ignored: Tensor | None = None) -> Tensor:
    """sum_j w_j (sigmoid(o_j - o_i) + sigmoid(o_j^2)), w = softmax over the negatives of o_j."""
    own = logits.gather(1, position[:, None])
    weight = _softmax_of_negatives(logits, position, ignored)
    return (weight * (torch.sigmoid(logits - own) + torch.sigmoid(logits**2))).sum(1)


def gbce(logits: Tensor, position: Tensor, ignored: Tensor | None = None, beta: float = 1.0) -> Tensor:
    """-1/(k + 1) (beta log sigmoid(o_i) + sum over the k negatives of log(1 - sigmoid(o_j))).

    beta = 1 is the binary cross entropy of SASRec. The authors of gBCE put sigmoid^beta into a logit and clip it, in
    float64; beta log sigmoid is the same number.
    """
    own = logits.gather(1, position[:, None]).squeeze(1)
    negative = ~_no_negatives(position, ignored, logits)
    total = beta * F.logsigmoid(own) + (F.logsigmoid(-logits) * negative).sum(1)
    count = negative.sum(1)
    return torch.where(count > 0, -total / (count + 1), 0.0)


def _no_negatives(position: Tensor, ignored: Tensor | None, like: Tensor) -> Tensor:
    """[N, C] bool: the positive and the ignored."""
    own = torch.zeros_like(like, dtype=torch.bool).scatter_(1, position[:, None], True)
    return own if ignored is None else own | ignored


def _softmax_of_negatives(scores: Tensor, position: Tensor, ignored: Tensor | None) -> Tensor:
    """[N, C], 0 where a column is no negative."""
    excluded = _no_negatives(position, ignored, scores)
    none_left = excluded.all(1, keepdim=True)  # softmax over nothing is NaN, and so is its gradient
    return scores.masked_fill(excluded & ~none_left, -torch.inf).softmax(1).masked_fill(none_left, 0.0)
