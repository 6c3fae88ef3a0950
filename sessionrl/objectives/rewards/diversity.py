"""Diversity: an item unlike the one before."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.objective import Context
from sessionrl.registry import register


@register("reward", "diversity")
@dataclass(frozen=True)
class Diversity:
    """r = 1 - cos(e_last, e_item) on the catalogue's fixed vectors, 0 … 2 (SMORL, arXiv:2110.15097).

    0 where nothing is known of one of the two: after the empty history, and of an item whose fixed vector is zero.
    Paying for those would teach a model to prefer what nobody knows. The vectors are never those of the model that is
    trained.
    """

    def __call__(self, batch: Transitions, item: Tensor, context: Context) -> Tensor:
        """[N] float32."""
        last, vectors = batch.state.last_items, context.vectors
        distance = 1 - F.cosine_similarity(vectors[last], vectors[item])
        known = vectors[last].any(-1) & vectors[item].any(-1)
        return torch.where(known, distance, torch.zeros_like(distance))
