"""SQN and SMORL on the network of `by_hand`, and what they must be to each other."""

import math
from dataclasses import replace

import pytest
import torch
from by_hand import FIXED, LN2, LN3, ONLINE, TAIL, TARGET, batch, by_hand, context, gru_network, values

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.smorl import SMORL
from sessionrl.objectives.sqn import SQN


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
