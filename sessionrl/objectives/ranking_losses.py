"""Losses of a score matrix whose positive lies in a known column: GRU4Rec's four.

All take logits [N, C] and the positive's column [N], and give one loss per row, [N].
Sources: arXiv:1511.06939 section 3.1.3 (TOP1), arXiv:1706.03847 section 3 (the max losses).
"""

import torch
from torch import Tensor
from torch.nn import functional as F

FLOOR = 1e-24  # keeps log away from 0 when every sigmoid has underflowed


def cross_entropy(logits: Tensor, position: Tensor, log_q: Tensor | None = None) -> Tensor:
    """-log softmax(logits - log q)_position; `log_q` [C] makes sampled candidates estimate the whole catalogue."""
    return F.cross_entropy(logits if log_q is None else logits - log_q, position, reduction="none")


def bpr_max(logits: Tensor, position: Tensor, regularisation: float = 1.0, elu: float = 0.0) -> Tensor:
    """-log sum_j w_j sigmoid(o_i - o_j) + regularisation * sum_j w_j o_j^2, w = softmax over j != i of o_j.

    With elu > 0 the scores o are ELU(logits) with that slope at minus infinity, as in the authors' code.
    """
    scores = F.elu(logits, elu) if elu > 0 else logits
    own = scores.gather(1, position[:, None])
    weight = _others(scores, position)
    better = (weight * torch.sigmoid(own - scores)).sum(1)
    return -(better + FLOOR).log() + regularisation * (weight * scores**2).sum(1)


def top1(logits: Tensor, position: Tensor) -> Tensor:
    """1/(C-1) sum_{j != i} sigmoid(o_j - o_i) + sigmoid(o_j^2)."""
    own = logits.gather(1, position[:, None])
    each = torch.sigmoid(logits - own) + torch.sigmoid(logits**2)
    # The positive's own column would add the constant 1/2 and a pull of its score towards 0: it is taken out.
    mine = 0.5 + torch.sigmoid(own.squeeze(1) ** 2)
    return (each.sum(1) - mine) / max(logits.size(1) - 1, 1)


def top1_max(logits: Tensor, position: Tensor) -> Tensor:
    """sum_j w_j (sigmoid(o_j - o_i) + sigmoid(o_j^2)), w = softmax over j != i of o_j."""
    own = logits.gather(1, position[:, None])
    weight = _others(logits, position)
    return (weight * (torch.sigmoid(logits - own) + torch.sigmoid(logits**2))).sum(1)


def _others(scores: Tensor, position: Tensor) -> Tensor:
    """[N, C], softmax over the columns that are not the positive; 0 at the positive."""
    own = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, position[:, None], True)
    return scores.masked_fill(own, -torch.inf).softmax(1)
