"""A network small enough for paper and pencil, and a session on it.

The backbone hands its input through, so the state is the vector of the last item. The session is 1, 2, 3:

    transition  state        action  reward  next state
    0           (1, 0)       2       0.2     (0, 1)
    1           (0, 1)       3       3       none, the session ends

    item  vector  supervised  relevance  diversity  novelty    relevance  diversity  novelty  fixed   tail
                              of the online network            of the target network          vector
    1     (1, 0)  (0, ln 2)   (1, 4)     (0, 1)     (0, 0)     (0, 6)     (0, 9)     (0, 9)   (1, 0)   no
    2     (0, 1)  (ln 2, 0)   (2, 3)     (1, 0)     (1, 0)     (7, 7)     (7, 7)     (7, 7)   (.6, .8) yes
    3     (1, 1)  (0, ln 3)   (5, 1)     (0, 3)     (0, 1)     (0, 4)     (0, 2)     (0, -1)  (0, 1)   no

Supervised: state 0 scores (0, ln 2, 0), so p(2) = 2/4; state 1 scores (ln 2, 0, ln 3), so p(3) = 3/6. L_s = ln 2.
`UNEVEN` has ln 4 for item 1 in state 0, so that p(2) = 2/7 there.
"""

import math

import torch
from torch import nn

from sessionrl import registry
from sessionrl.data.sessions import Sessions
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Reads, pieces, transitions
from sessionrl.objectives.objective import Context

LN2, LN3 = math.log(2), math.log(3)
INPUT = [[0, 0], [1, 0], [0, 1], [1, 1]]
SUPERVISED = [[0, 0], [0, LN2], [LN2, 0], [0, LN3]]
UNEVEN = [[0, 0], [2 * LN2, LN2], [LN2, 0], [0, LN3]]
ONLINE = [[[9, 9], [1, 4], [2, 3], [5, 1]], [[9, 9], [0, 1], [1, 0], [0, 3]], [[9, 9], [0, 0], [1, 0], [0, 1]]]
TARGET = [[[9, 9], [0, 6], [7, 7], [0, 4]], [[9, 9], [0, 9], [7, 7], [0, 2]], [[9, 9], [0, 9], [7, 7], [0, -1]]]
FIXED = torch.tensor([[0, 0], [1, 0], [0.6, 0.8], [0, 1]])
REWARDS = torch.tensor([1, 0.2, 3])
TAIL = torch.tensor([False, False, True, False])


def by_hand(q_heads, supervised=SUPERVISED) -> Network:
    """The network of the table; tables are per head, the parameter holds all heads of an item side by side."""
    network = Network(Items(4, 2, tied=False), nn.Identity(), len(q_heads))
    with torch.no_grad():
        network.items.id.copy_(torch.tensor(INPUT))
        network.heads.copy_(torch.cat([torch.tensor(table) for table in [supervised, *q_heads]], 1))
    return network


def batch(start: bool = False):
    sessions = Sessions.of([[1, 2, 3]], [[0, 1, 2]])
    return transitions(sessions, pieces(sessions, 50), REWARDS.numpy(), Reads(start))


class Drawn(ItemSampler):
    """Draws what a test says, whatever is asked for."""

    drawn: torch.Tensor

    def others(self, action, size, rng):
        return self.drawn


def context(vectors=FIXED, tail=TAIL, drawn=None, **changed) -> Context:
    """drawn: the negatives of both states, [[...], [...]]; shares of the items are 1/2, 1/3, 1/6."""
    sampler = (ItemSampler if drawn is None else Drawn)(torch.tensor([0, 3, 2, 1]).numpy())
    if drawn is not None:
        sampler.drawn = torch.tensor(drawn)
    shares = torch.full((3,), 1 / 3)
    known = {"vectors": vectors, "tail": tail, "rewards": REWARDS, "kind_shares": shares, "step": 0, **changed}
    return Context(rng=torch.Generator().manual_seed(0), sampler=sampler, **known)


def values(loss) -> dict[str, float]:
    return {name: float(part) for name, part in loss.parts.items()}


def gru_network(rewards: int, seed: int, tied: bool = True) -> Network:
    torch.manual_seed(seed)
    return Network(Items(4, 6, tied=tied), registry.build("backbone", {"name": "gru"}, dim=6), rewards)
