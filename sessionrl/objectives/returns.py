"""Returns of logged sessions, read off a batch: no network, no bootstrapping."""

import torch
from torch import Tensor

from sessionrl.errors import BadOption
from sessionrl.nn.prefixes import Transitions


def returns(batch: Transitions, gamma: float) -> Tensor:
    """G_t = r_t + gamma G_(t+1), the discounted reward of the action and of all that the batch knows to follow it; [N].

    A batch has sessions whole, but for those longer than `training.max_length` events: these are cut into pieces, and
    the return is that of the piece. Events of items that may not be recommended are no actions: they take a step and
    earn nothing.

    Raises:
        BadOption: a batch of the layout "parallel" has one event of each session and so knows no return.
    """
    rows, width = batch.state.items.shape
    if width == 1 and len(batch):
        raise BadOption(
            "[training], option 'layout' = 'parallel': a step has one event of each session, so that what follows an "
            "action is not known.\n  do now: set training.layout=sessions"
        )
    reward = batch.reward.new_zeros(rows * width).index_copy(0, batch.state.at, batch.reward).view(rows, width)
    earned = [reward[:, -1]]
    for column in range(width - 2, -1, -1):
        earned.append(reward[:, column] + gamma * earned[-1])
    return torch.stack(earned[::-1], 1).flatten()[batch.state.at]
