"""The verbs of double Q-learning over item scores. van Hasselt 2010; SQN, arXiv:2006.05779, eq. 5.

The factor 1/2 is that of `trfl.double_qlearning`, which the authors of SQN, SNQN and SA2C call: without it their
learning rates and loss weights mean something else.
"""

import torch
from torch import Tensor

from sessionrl.nn.candidates import Candidates
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes


@torch.no_grad()
def bootstrap(
    online: Network, target: Network, next_state: Prefixes, candidates: Candidates, weights: Tensor
) -> Tensor:
    """Q'(s', argmax_a w . Q(s', a)) for every reward, [N, R].

    One greedy action per next state, chosen among the candidates by the online network under the weighted sum of
    rewards, is valued by the target network (SMORL, arXiv:2110.15097); with one reward this is plain double
    Q-learning. Both networks read s', the state that already ends with the action.

    Args:
        online: chooses
        target: values
        next_state: N states
        candidates: what may be chosen
        weights: [R], weight of each reward in the choice
    """
    q = online(next_state, candidates.items, heads="q").q
    return greedy_value(q, target, next_state, candidates, weights)


@torch.no_grad()
def greedy_value(q: Tensor, target: Network, state: Prefixes, candidates: Candidates, weights: Tensor) -> Tensor:
    """Q'(s, argmax_a w . q(s, a)) for every reward, [N, R], where the online q [N, R, C] are known already."""
    greedy = candidates.numbers(torch.einsum("r,nrc->nc", weights, q).argmax(-1))
    value: Tensor = target(state, heads="q", taken=greedy).q.squeeze(-1)
    return value


def td_loss(q: Tensor, reward: Tensor, future: Tensor, gamma: float, done: Tensor) -> Tensor:
    """1/2 (r + gamma (1 - done) Q' - Q)^2, elementwise; q, reward, future: [N, R], done: [N] bool."""
    alive = (~done).to(q.dtype)[:, None]
    return 0.5 * (reward + gamma * alive * future.detach() - q) ** 2
