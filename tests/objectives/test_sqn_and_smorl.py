"""SQN and SMORL on a network small enough for paper and pencil.

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
"""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from sessionrl import registry
from sessionrl.data.sessions import Sessions
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes, Reads, pieces, transitions
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context
from sessionrl.objectives.smorl import SMORL
from sessionrl.objectives.sqn import SQN

LN2, LN3 = math.log(2), math.log(3)
INPUT = [[0, 0], [1, 0], [0, 1], [1, 1]]
SUPERVISED = [[0, 0], [0, LN2], [LN2, 0], [0, LN3]]
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


def context(vectors=FIXED, tail=TAIL) -> Context:
    sampler = ItemSampler(torch.tensor([0, 3, 2, 1]).numpy())
    shares = torch.full((3,), 1 / 3)
    return Context(0, torch.Generator().manual_seed(0), sampler, tail, vectors, REWARDS, shares)


def values(loss) -> dict[str, float]:
    return {name: float(part) for name, part in loss.parts.items()}


def test_sqn_by_hand():
    # Q(s0, 2) = 2; online Q(s1, .) = (4, 3, 1) chooses item 1, which the target values at 6: 1/2 (.2 + 3 - 2)^2 = .72
    # Q(s1, 3) = 1; nothing follows:                                                           1/2 (3 - 1)^2     = 2
    loss = SQN(gamma=0.5, td_weight=0.25).loss(by_hand(ONLINE[:1]), by_hand(TARGET[:1]), batch(), context())
    assert values(loss) == pytest.approx({"cross_entropy": LN2, "td": 1.36}, rel=1e-6)
    assert loss.total.item() == pytest.approx(LN2 + 0.25 * 1.36, rel=1e-6)


def test_smorl_by_hand():
    # Weights (1, 1, 2): sum w Q(s1, .) = (4 + 1 + 0, 3 + 0 + 0, 1 + 3 + 2), so item 3 follows, worth (4, 2, -1).
    # Transition 0: rewards (.2, 1 - .6, 1), Q = (2, 1, 1)
    #   1/2 (.2 + 2 - 2)^2 = .02     1/2 (.4 + 1 - 1)^2 = .08     1/2 (1 - .5 - 1)^2 = .125
    # Transition 1: rewards (3, 1 - .8, 0), Q = (1, 3, 1), nothing follows
    #   1/2 (3 - 1)^2 = 2            1/2 (.2 - 3)^2 = 3.92        1/2 (0 - 1)^2 = .5
    smorl = SMORL(gamma=0.5, td_weight=0.1, weights=(1.0, 1.0, 2.0))
    loss = smorl.loss(by_hand(ONLINE), by_hand(TARGET), batch(), context())
    expected = {"cross_entropy": LN2, "td_relevance": 1.01, "td_diversity": 2.0, "td_novelty": 0.3125}
    assert values(loss) == pytest.approx(expected, rel=1e-6)
    assert loss.total.item() == pytest.approx(LN2 + 0.1 * (1.01 + 2.0 + 2 * 0.3125), rel=1e-6)


def test_smorl_can_pay_for_the_top_item_as_the_published_code_does():
    # ln 4 for item 1 in state 0 makes it the top there: no diversity, no novelty, while Q of item 2 is taught.
    # diversity (1/2 (0 + 1 - 1)^2 + 3.92) / 2 = 1.96, novelty (1/2 (0 - .5 - 1)^2 + .5) / 2 = .8125
    network = by_hand(ONLINE, [[0, 0], [math.log(4), LN2], [LN2, 0], [0, LN3]])
    smorl = SMORL(gamma=0.5, weights=(1.0, 1.0, 2.0), rewards_of="top")
    found = values(smorl.loss(network, by_hand(TARGET), batch(), context()))
    assert found["td_relevance"] == pytest.approx(1.01, rel=1e-6)
    assert found["td_diversity"] == pytest.approx(1.96, rel=1e-6)
    assert found["td_novelty"] == pytest.approx(0.8125, rel=1e-6)
    logged = values(replace(smorl, rewards_of="logged").loss(network, by_hand(TARGET), batch(), context()))
    assert logged["td_diversity"] == pytest.approx(2.0, rel=1e-6)


def test_rewards_come_from_the_fixed_vectors_and_the_tail_of_the_context():
    other = context(FIXED[[0, 1, 1, 1]], ~TAIL)  # every item alike, the other items tail
    reward = SMORL().reward(batch(), batch().action, other)
    assert torch.allclose(reward, torch.tensor([[0.2, 0, 0], [3, 0, 1]]), atol=1e-6)


def test_the_first_event_earns_no_diversity():
    first = SMORL().reward(batch(start=True), batch(start=True).action, context())
    assert torch.allclose(first, torch.tensor([[1, 0, 0], [0.2, 0.4, 1], [3, 0.2, 0]]), atol=1e-6)


def gru_network(rewards: int, seed: int, tied: bool = True) -> Network:
    torch.manual_seed(seed)
    return Network(Items(4, 6, tied=tied), registry.build("backbone", {"name": "gru"}, dim=6), rewards)


def first_head_of(network: Network) -> Network:
    """The same network with one Q head, the relevance head."""
    one = gru_network(1, 0, network.items.tied)
    weights = network.state_dict()
    weights["bias"] = weights["bias"][:, :2]
    weights["heads"] = weights["heads"][:1] if network.items.tied else weights["heads"][:, : 2 * 6]
    one.load_state_dict(weights)
    return one


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("negatives", [0, 5])
def test_smorl_with_relevance_alone_is_sqn(tied, negatives):
    online, target = gru_network(3, 1, tied), gru_network(3, 2, tied)
    supervised = NextItem(negatives=negatives)
    smorl = SMORL(supervised, weights=(0.7, 0.0, 0.0), td_weight=0.5).loss(online, target, batch(), context())
    one, other = first_head_of(online), first_head_of(target)
    sqn = SQN(supervised, td_weight=0.35).loss(one, other, batch(), context())
    torch.testing.assert_close(smorl.total, sqn.total)
    smorl.total.backward()
    sqn.total.backward()
    torch.testing.assert_close(online.items.id.grad, one.items.id.grad)


@pytest.mark.parametrize("objective", [SQN(gamma=0.0), SMORL(gamma=0.0)], ids=["sqn", "smorl"])
def test_without_gamma_the_next_state_is_not_looked_at(objective):
    online, target = gru_network(objective.rewards, 1), gru_network(objective.rewards, 2)
    elsewhere = replace(batch(), next_state=Prefixes(torch.tensor([[3, 3]]), torch.tensor([0, 1])))
    there = objective.loss(online, target, batch(), context()).total
    assert torch.equal(objective.loss(online, target, elsewhere, context()).total, there)
    ahead = replace(objective, gamma=0.5)
    here, elsewhere = (ahead.loss(online, target, one, context()).total for one in (batch(), elsewhere))
    assert not torch.equal(here, elsewhere)


def test_after_the_last_event_nothing_is_expected():
    """The target network has no say in a terminal transition."""
    ended = replace(batch(), done=torch.tensor([True, True]))
    online = gru_network(1, 1)
    losses = [SQN().loss(online, gru_network(1, seed), ended, context()).total for seed in (2, 3)]
    assert torch.equal(*losses)


@pytest.mark.parametrize("objective", [SQN(), SMORL()], ids=["sqn", "smorl"])
def test_the_loss_is_supervised_plus_weighted_td(objective):
    online, target = gru_network(objective.rewards, 1), gru_network(objective.rewards, 2)
    half, twice = (
        replace(objective, td_weight=weight).loss(online, target, batch(), context()) for weight in (0.5, 2.0)
    )
    td = half.total.detach() - half.parts["cross_entropy"]
    torch.testing.assert_close(twice.total.detach(), half.parts["cross_entropy"] + 4 * td)
    alone = NextItem().loss(online, None, batch(), context()).total
    torch.testing.assert_close(replace(objective, td_weight=0.0).loss(online, target, batch(), context()).total, alone)
