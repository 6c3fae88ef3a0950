"""Rewards of an item in a state, besides the one that the kind of the event gives."""

import torch
from torch import Tensor
from torch.nn import functional as F

from sessionrl.data.sessions import PAD


def diversity(last: Tensor, item: Tensor, vectors: Tensor) -> Tensor:
    """1 - cos(e_last, e_item) on fixed vectors, 0 … 2; 0 where there is no last item (SMORL, arXiv:2110.15097).

    Args:
        last: [N] item numbers, the last item of each state; `PAD` for the empty history
        item: [N] item numbers, what is rewarded
        vectors: [V, e] the catalogue's fixed vectors, never those of the model that is trained
    """
    distance = 1 - F.cosine_similarity(vectors[last], vectors[item])
    return torch.where(last == PAD, torch.zeros_like(distance), distance)


def novelty(item: Tensor, tail: Tensor) -> Tensor:
    """1 if the item is among the less popular, else 0 (SMORL); item: [N], tail: [V] bool."""
    return tail[item].float()
