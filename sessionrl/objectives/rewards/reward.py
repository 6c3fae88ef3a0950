"""The contract of a reward."""

from typing import Protocol

from torch import Tensor

from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.objective import Context


class Reward(Protocol):
    """A frozen dataclass: its fields are the options in the configuration, its call is the equation in its docstring.

    A reward is a number of each transition by itself, and of nothing that is learned: it must not change as the network
    does.
    """

    def __call__(self, batch: Transitions, item: Tensor, context: Context) -> Tensor:
        """[N] float32, what each of N transitions earns with an item.

        Args:
            batch: N transitions, whose states were answered with `item`
            item: [N] item numbers ≥ 1, what is paid for: the logged actions or others
            context: what is known of items and kinds of events
        """
        ...
