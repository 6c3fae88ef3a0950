"""Rewards of an item in a state, besides the one that the kind of the event gives."""

import torch
from torch import Tensor
from torch.nn import functional as F


def diversity(last: Tensor, item: Tensor, vectors: Tensor) -> Tensor:
    """1 - cos(e_last, e_item) on fixed vectors, 0 … 2; 0 where one of the two is unknown (SMORL, arXiv:2110.15097).

    Nothing is known of the empty history, nor of an item whose fixed vector is zero: paying for those would teach a
    model to prefer what nobody knows.

    Args:
        last: [N] item numbers, the last item of each state; `PAD` for the empty history
        item: [N] item numbers, what is rewarded
        vectors: [V, e] the catalogue's fixed vectors, never those of the model that is trained
    """
    distance = 1 - F.cosine_similarity(vectors[last], vectors[item])
    known = vectors[last].any(-1) & vectors[item].any(-1)
    return torch.where(known, distance, torch.zeros_like(distance))


def novelty(item: Tensor, tail: Tensor) -> Tensor:
    """1 if the item is among the less popular, else 0 (SMORL); item: [N], tail: [V] bool."""
    return tail[item].float()
