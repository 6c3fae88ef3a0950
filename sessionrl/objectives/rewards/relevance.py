"""Relevance: what the visitor did is worth."""

from dataclasses import dataclass

from torch import Tensor

from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.objective import Context
from sessionrl.registry import register


@register("reward", "relevance")
@dataclass(frozen=True)
class Relevance:
    """r = the reward of the kind of the logged event, whatever item is asked about (SQN, arXiv:2006.05779)."""

    def __call__(self, batch: Transitions, item: Tensor, context: Context) -> Tensor:
        """[N] float32."""
        return batch.reward
