"""Returns, weighted cross entropy, CRR and REINFORCE by hand (`by_hand` has the network)."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from by_hand import LN2, ONLINE, REWARDS, TARGET, UNEVEN, batch, by_hand, context, gru_network, values
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl import registry
from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadOption
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes, Reads, pieces, transitions
from sessionrl.objectives import crr
from sessionrl.objectives.crr import CRR
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.reinforce import Reinforce
from sessionrl.objectives.returns import returns
from sessionrl.objectives.reward_weighted import RewardWeighted
from sessionrl.objectives.sqn import SQN

SAMPLED = NextItem(negatives=5)
LN3_5 = math.log(3.5)
WHOLE_AND_SAMPLED = pytest.mark.parametrize("supervised", [NextItem(), SAMPLED], ids=["whole", "sampled"])


# ---- Returns ----


def test_returns_by_hand():
    # A session earns 1 .2 3 1, of which the first is no action; one of two events; one without a transition.
    sessions = Sessions.of([[1, 2, 3, 1], [2, 2], [3]], [[0, 1, 2, 0], [0, 2], [0]])
    whole = transitions(sessions, pieces(sessions, 50), REWARDS.numpy())
    assert returns(whole, 0.5).tolist() == pytest.approx([0.2 + 1.5 + 0.25, 3.5, 1, 3])
    assert returns(whole, 0.0).tolist() == pytest.approx(whole.reward.tolist())
    assert returns(whole, 1.0).tolist() == pytest.approx([4.2, 4, 1, 3])
    # With a start token the first events are actions too.
    started = transitions(sessions, pieces(sessions, 50), REWARDS.numpy(), Reads(True))
    assert returns(started, 1.0).tolist() == pytest.approx([5.2, 4.2, 4, 1, 4, 3, 1])
    # Pieces of two events know no further.
    cut = transitions(sessions, pieces(sessions, 2), REWARDS.numpy())
    assert returns(cut, 1.0).tolist() == pytest.approx([0.2, 3, 1, 3])
    # What may not be recommended earns nothing, but takes its step.
    chosen = whole.select(torch.tensor([True, False, True, True]))
    assert returns(chosen, 0.5).tolist() == pytest.approx([0.2 + 0.25, 1, 3])


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=4), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_a_return_is_the_reward_and_what_the_next_state_brings(kinds, gamma):
    sessions = Sessions.of([[1] * len(one) for one in kinds], kinds)
    every = transitions(sessions, pieces(sessions, 50), REWARDS.numpy())
    found = returns(every, gamma)
    following = torch.where(every.done, 0.0, torch.cat([found[1:], torch.zeros(1)])[: len(found)])
    torch.testing.assert_close(found, every.reward + gamma * following)


def test_one_event_of_each_session_knows_no_return():
    lanes = replace(batch(), state=Prefixes(torch.tensor([[1], [2]]), torch.tensor([0, 1])))
    with pytest.raises(BadOption) as raised:
        RewardWeighted(by="return").loss(gru_network(0, 1), None, lanes, context())
    assert str(raised.value) == (
        "[training], option 'layout' = 'parallel': a step has one event of each session, so that what follows an "
        "action is not known.\n  do now: set training.layout=sessions"
    )


# ---- Weighted cross entropy ----


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({"by": "reward"}, (0.2 / 1.6, 3 / 1.6)),
        ({"by": "return", "gamma": 0.5}, (1.7 / 2.35, 3 / 2.35)),  # .2 + .5 * 3 = 1.7
        ({"by": "return", "gamma": 0.0}, (0.2 / 1.6, 3 / 1.6)),
    ],
)
def test_weighted_by_hand(options, weights):
    loss = RewardWeighted(**options).loss(by_hand([], UNEVEN), None, batch(), context())
    expected = (weights[0] * LN3_5 + weights[1] * LN2) / 2
    assert values(loss) == pytest.approx({"weighted": expected, "cross_entropy": (LN3_5 + LN2) / 2}, rel=1e-6)
    assert loss.total.item() == pytest.approx(expected, rel=1e-6)


@WHOLE_AND_SAMPLED
def test_equal_rewards_weigh_nothing(supervised):
    alike, online = replace(batch(), reward=torch.full((2,), 0.7)), gru_network(0, 1)
    found = RewardWeighted(supervised).loss(online, None, alike, context())
    torch.testing.assert_close(found.total, supervised.loss(online, None, alike, context()).total)


# ---- CRR ----

# In state 0 the policy shows item 3, in state 1 item 2, whatever is drawn: L_supervised = 100 and 50.
SURE = [[0, 0], [0, 0], [0, 50], [100, 0]]
# In state 0 item 1 instead.
OTHER = [[0, 0], [100, 0], [0, 50], [0, 0]]


@pytest.mark.parametrize(
    ("policy", "options", "actor", "advantage"),
    [
        # A = Q(s0, 2) - Q(s0, 3) = 2 - 5 and Q(s1, 3) - Q(s1, 2) = 1 - 3
        (SURE, {"beta": 2.0, "normalised": False}, (math.exp(-1.5) * 100 + math.exp(-1) * 50) / 2, -2.5),
        (SURE, {"beta": 2.0, "normalised": False, "most": 0.3}, (math.exp(-1.5) * 100 + 0.3 * 50) / 2, -2.5),
        (SURE, {"beta": 2.0}, (math.exp(-1.5) * 100 + math.exp(-1) * 50) / (math.exp(-1.5) + math.exp(-1)), -2.5),
        # A = 2 - 1 and 1 - 3
        (OTHER, {"weight": "binary", "normalised": False}, 100 / 2, -0.5),
        (OTHER, {"weight": "binary"}, 100, -0.5),
    ],
)
def test_crr_by_hand(policy, options, actor, advantage):
    # The target's policy in state 1 is (2, 1, 3) / 6, its Q (6, 7, 4): 31/6 in the mean.
    # 1/2 (.2 + 31/12 - 2)^2 and 1/2 (3 - 1)^2, because nothing follows
    td = (0.5 * (0.2 + 31 / 12 - 2) ** 2 + 2) / 2
    loss = CRR(td_weight=0.25, **options).loss(by_hand(ONLINE[:1], policy), by_hand(TARGET[:1]), batch(), context())
    assert values(loss) == pytest.approx({"actor": actor, "td": td, "advantage": advantage}, rel=1e-5)
    assert loss.total.item() == pytest.approx(actor + 0.25 * td, rel=1e-5)


@WHOLE_AND_SAMPLED
def test_crr_that_hardly_weighs_is_next_item(supervised):
    online, target = gru_network(1, 1), gru_network(1, 2)
    found = CRR(supervised, td_weight=0.0, beta=1e9).loss(online, target, batch(), context()).total
    torch.testing.assert_close(found, supervised.loss(online, None, batch(), context()).total)


def test_crr_with_a_policy_that_shows_the_best_item_has_the_critic_of_sqn():
    """Where the target's policy is the argmax of the online Q, the mean over the policy is double Q-learning."""
    best = [[0, 0], [0, 99], [0, 0], [0, 0]]  # item 1 in state 1, as Q(s1, .) = (4, 3, 1) says
    online, target = by_hand(ONLINE[:1]), by_hand(TARGET[:1], best)
    crr, sqn = (one.loss(online, target, batch(), context()).parts["td"] for one in (CRR(), SQN()))
    torch.testing.assert_close(crr, sqn)


def test_the_sampled_mean_over_the_policy_estimates_the_whole_one():
    online, target = gru_network(1, 1), gru_network(1, 2)
    whole, sampled = (
        CRR(NextItem(negatives=negatives, alpha=0.0)).loss(online, target, batch(), context()).parts["td"].item()
        for negatives in (0, 4000)
    )
    assert sampled != whole
    assert sampled == pytest.approx(whole, rel=0.02)


def test_what_the_visitor_did_next_is_no_more_of_the_policy_for_being_a_candidate_for_certain():
    """A policy that shows every one of 999 items alike, and Q' = 1 for the rare items of the session alone."""
    sessions = Sessions.of([[1, 2, 3, 2]])
    logged = transitions(sessions, pieces(sessions, 50), np.ones(1, np.float32))
    target = Network(Items(1000, 6, tied=False), registry.build("backbone", {"name": "gru"}, dim=6), 1)
    with torch.no_grad():
        target.heads.zero_()
        target.bias[1:4, 1] = 1.0
    known = replace(context(), sampler=ItemSampler(np.where(np.arange(1000) < 4, 1, 50)))
    candidates = NextItem(negatives=200, alpha=0.5).candidates(logged, known)
    assert candidates.log_q[:3].exp().max() < 0.05  # as rarely are they drawn
    # The 200 others weigh about 5 each and make up the catalogue; of the session, 2 occurs twice and 3 once.
    found = crr._expected(target, logged.next_state, candidates, logged.action)
    assert found.flatten().tolist() == pytest.approx([0.002] * 3, rel=0.05)


# ---- REINFORCE ----


def shown(*propensities: float):
    return replace(batch(), propensity=torch.tensor(propensities))


@pytest.mark.parametrize(
    ("propensities", "options", "weights"),
    [
        # pi = 2/7 and 1/2; G = 1.7 and 3. rho = 4/7 and 5, of which 3 are left; lambda_2 = 2 * 5/7 and 2 * 1/2
        ((0.5, 0.1), {"k": 2, "most": 3.0}, (4 / 7 * 10 / 7 * 1.7, 3 * 1 * 3)),
        ((0.5, 0.1), {"k": 1, "most": 9.0, "gamma": 0.0}, (4 / 7 * 0.2, 5 * 3)),
        ((0.5, math.nan), {"k": 1}, (4 / 7 * 1.7, 0)),
    ],
)
@pytest.mark.parametrize("normalised", [False, True])
def test_reinforce_with_logged_propensities_by_hand(propensities, options, weights, normalised):
    reinforce = Reinforce(behaviour="logged", normalised=normalised, **options)
    loss = reinforce.loss(by_hand([], UNEVEN), None, shown(*propensities), context())
    expected = (weights[0] * LN3_5 + weights[1] * LN2) / 2
    if normalised:
        expected /= sum(weights) / 2
    assert loss.total.item() == pytest.approx(expected, rel=1e-5)
    assert values(loss)["actor"] == pytest.approx(expected, rel=1e-5)


def test_reinforce_with_a_behaviour_head_by_hand():
    # beta = softmax(1, 2, 5)_2 and softmax(4, 3, 1)_3; lambda_1 = 1
    beta = [math.exp(2) / sum(map(math.exp, (1, 2, 5))), math.exp(1) / sum(map(math.exp, (4, 3, 1)))]
    reinforce = Reinforce(k=1, most=8.0, normalised=False)
    loss = reinforce.loss(by_hand(ONLINE[:1], UNEVEN), None, batch(), context())
    actor = (2 / 7 / beta[0] * 1.7 * LN3_5 + 8.0 * 3 * LN2) / 2  # 1/2 by .042 is more than 8
    behaviour = -(math.log(beta[0]) + math.log(beta[1])) / 2
    assert values(loss)["actor"] == pytest.approx(actor, rel=1e-5)
    assert values(loss)["behaviour"] == pytest.approx(behaviour, rel=1e-5)
    assert loss.total.item() == pytest.approx(actor + behaviour, rel=1e-5)


def test_reinforce_on_policy_is_weighted_by_the_return():
    """A behaviour that is the policy, and one item at a time."""
    online = by_hand([UNEVEN], UNEVEN)
    found = Reinforce(k=1, gamma=0.3).loss(online, None, batch(), context()).parts["actor"]
    weighted = RewardWeighted(by="return", gamma=0.3).loss(online, None, batch(), context()).total
    torch.testing.assert_close(found, weighted.detach())


@pytest.mark.parametrize("tied", [True, False])
def test_the_behaviour_head_teaches_the_encoder_nothing(tied):
    online = gru_network(1, 1, tied)
    unpaid = replace(batch(), reward=torch.zeros(2))  # so that the actor teaches nothing either
    Reinforce(SAMPLED).loss(online, None, unpaid, context()).total.backward()
    taught = {name for name, one in online.named_parameters() if one.grad.to_dense().abs().sum() > 0}
    assert taught == {"bias", "heads"}


def test_propensities_that_are_not_there_are_asked_for():
    with pytest.raises(BadOption) as raised:
        Reinforce(behaviour="logged").loss(gru_network(0, 1), None, batch(), context())
    assert str(raised.value) == (
        "objective 'reinforce', option 'behaviour' = 'logged': the log says of no event with what probability its item "
        "was shown.\n  do now: prepare a log with a column `propensity`, or set objective.behaviour=head"
    )


def test_a_ranking_loss_that_is_no_policy_is_refused():
    with pytest.raises(BadOption) as raised:
        Reinforce(NextItem(kind="bpr_max"))
    assert str(raised.value) == (
        "objective 'reinforce', option 'supervised.kind' = 'bpr_max': only cross entropy is the negative log of a "
        "policy.\n  do now: set objective.supervised.kind=cross_entropy"
    )
