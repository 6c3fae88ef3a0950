"""What passes between shoppers, the policy that fills the slates, and the log."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.simulator.shop import Floats, Ints

Flags = npt.NDArray[np.bool_]

NONE = -1  # no item
HISTORY = 8  # views that a shopper may go back to, and items that the basket remembers


class Landing(NamedTuple):
    """How B sessions begin: one organic view each.

    sessions, users: [B] the numbers given, and who it is (0 … U - 1)
    items:           [B] the item viewed first
    """

    sessions: Ints
    users: Ints
    items: Ints


class Observation(NamedTuple):
    """What a shop can know about B sessions under way.

    sessions: [B] their numbers
    steps:    [B] slates seen before
    weeks:    [B] calendar week, for fashions
    history:  [B, 8] items viewed, newest first, -1 where there were fewer
    interest: [B, C] views per category, each later view multiplies by 0.8
    """

    sessions: Ints
    steps: Ints
    weeks: Ints
    history: Ints
    interest: Floats

    def rows(self, kept: Ints) -> "Observation":
        """The sessions at the given rows."""
        return Observation(
            self.sessions[kept], self.steps[kept], self.weeks[kept], self.history[kept], self.interest[kept]
        )


class Chances(NamedTuple):
    """The truth about slates: P(click | examined) [B, k], P(cart | click) [B, k], P(buy | cart) [B, 1]."""

    click: Floats
    cart: Floats
    buy: Floats


class Outcome(NamedTuple):
    """What B sessions did at one step, in this order: the two views that no slate caused, the slate, the checkout.

    sessions, steps:       [B]
    revisited, organic:    [B] item viewed, or -1
    clicked, carted, bought: [B, k] flags over the positions of the slate; carted implies clicked, bought implies carted
    rest:                  [B, 8] items bought from the basket of earlier steps, or -1
    rest_step, rest_position: [B, 8] where each of those was shown: step, and position 0 … k - 1
    left:                  [B] flags
    """

    sessions: Ints
    steps: Ints
    revisited: Ints
    organic: Ints
    clicked: Flags
    carted: Flags
    bought: Flags
    rest: Ints
    rest_step: Ints
    rest_position: Ints
    left: Flags
