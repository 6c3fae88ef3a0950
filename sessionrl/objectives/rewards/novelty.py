"""Novelty: an item that not everybody sees anyway."""

from dataclasses import dataclass

from torch import Tensor

from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.objective import Context
from sessionrl.registry import register


@register("reward", "novelty")
@dataclass(frozen=True)
class Novelty:
    """r = 1 if the item is among the less popular of the training part, else 0 (SMORL, arXiv:2110.15097)."""

    def __call__(self, batch: Transitions, item: Tensor, context: Context) -> Tensor:
        """[N] float32."""
        return context.tail[item].float()
