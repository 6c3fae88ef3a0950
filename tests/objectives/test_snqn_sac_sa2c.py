"""SNQN, SAC and SA2C by hand (`by_hand` has the network), and what each is when its own part is taken away."""

import math
from dataclasses import replace

import pytest
import torch
from by_hand import LN2, ONLINE, TARGET, UNEVEN, batch, by_hand, context, gru_network, values
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.sa2c import SA2C
from sessionrl.objectives.sac import SAC
from sessionrl.objectives.snqn import SNQN
from sessionrl.objectives.sqn import SQN
from sessionrl.objectives.weights import mean_one

SAMPLED = NextItem(negatives=5)
LN3_5 = math.log(3.5)
LATER = {"step": 10, "progress": 0.9, "plateaued": True}  # whatever is waited for


def two_networks():
    return by_hand(ONLINE[:1], UNEVEN), by_hand(TARGET[:1])


def test_snqn_by_hand():
    # Q(s0, .) = (1, 2, 5), Q(s1, .) = (4, 3, 1); the logged actions cost .72 and 2, as in SQN.
    # s0 stays: argmax item 3, which the target values at 0: target -1.  1/2 (-1 - 1)^2 + 1/2 (-1 - 5)^2 = 20
    # s1 stays, though the session ends: argmax item 1, worth 6: -1 + 3 = 2.  1/2 (2 - 4)^2 + 1/2 (2 - 3)^2 = 2.5
    snqn = SNQN(gamma=0.5, td_weight=0.25, q_negatives=2, negative_reward=-1.0)
    loss = snqn.loss(*two_networks(), batch(), context(drawn=[[1, 3], [1, 2]]))
    supervised = (LN3_5 + LN2) / 2
    assert values(loss) == pytest.approx({"cross_entropy": supervised, "td": 12.61}, rel=1e-6)
    assert loss.total.item() == pytest.approx(supervised + 0.25 * 12.61, rel=1e-6)


def test_sac_by_hand():
    # Q(s0, 2) = 2 and Q(s1, 3) = 1 weigh ln 3.5 and ln 2; the temporal differences are those of SQN.
    loss = SAC(warm_up=3, td_weight=0.25).loss(*two_networks(), batch(), context(step=3))
    actor = (2 * LN3_5 + LN2) / 2
    assert values(loss) == pytest.approx({"actor": actor, "td": 1.36, "weight": 1.5}, rel=1e-6)
    assert loss.total.item() == pytest.approx(actor + 0.25 * 1.36, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "actor"),
    [
        # Negatives 1, 1 of s0: A = 2 - (2 + 1 + 1) / 3 = 2/3.  2, 2 of s1: A = 1 - (1 + 3 + 3) / 3 = -4/3
        ({"clip_low": -9.0, "normalised": False}, (2 / 3 * LN3_5 - 4 / 3 * LN2) / 2),
        ({"clip_low": -9.0}, (2 / 3 * LN3_5 - 4 / 3 * LN2) / 2),  # the mean size of the weights is 1 already
        ({"clip_low": -1.0, "clip_high": 0.5, "normalised": False}, (0.5 * LN3_5 - LN2) / 2),
        ({"normalised": False}, (2 / 3 * LN3_5) / 2),
        ({}, (2 * LN3_5) / 2),  # 2/3 and 0 by their mean 1/3
        # pi / beta is (2/7) / (1/3) = 6/7 and (1/2) / (1/6) = 3
        ({"clip_low": -9.0, "normalised": False, "smoothing": 1.0}, (6 / 7 * 2 / 3 * LN3_5 - 3 * 4 / 3 * LN2) / 2),
        (
            {"clip_low": -9.0, "normalised": False, "smoothing": 0.5},
            (math.sqrt(6 / 7) * 2 / 3 * LN3_5 - math.sqrt(3) * 4 / 3 * LN2) / 2,
        ),
    ],
)
def test_sa2c_by_hand(options, actor):
    # td: s0 .72 + 2 * 1/2 (0 + 0 - 1)^2 = 1.72; s1 2 + 2 * 1/2 (0 + 3 - 3)^2 = 2
    sa2c = SA2C(warm_up=3, td_weight=0.25, q_negatives=2, **options)
    loss = sa2c.loss(*two_networks(), batch(), context(drawn=[[1, 1], [2, 2]], step=3))
    expected = {"actor": actor, "td": 1.86, "advantage": (2 / 3 - 4 / 3) / 2}
    assert values(loss) == pytest.approx(expected, rel=1e-5)
    assert loss.total.item() == pytest.approx(actor + 0.25 * 1.86, rel=1e-5)


@pytest.mark.parametrize("supervised", [NextItem(), SAMPLED], ids=["whole", "sampled"])
def test_snqn_without_negatives_is_sqn(supervised):
    online, target = gru_network(1, 1), gru_network(1, 2)
    snqn = SNQN(supervised, gamma=0.3, td_weight=0.7, q_negatives=0)
    found = snqn.loss(online, target, batch(), context())
    assert values(found) == values(SQN(supervised, 0.3, 0.7).loss(online, target, batch(), context()))


@pytest.mark.parametrize("supervised", [NextItem(), SAMPLED], ids=["whole", "sampled"])
@pytest.mark.parametrize("warm_up", [11, 0.95, "plateau"])
@pytest.mark.parametrize(("child", "parent"), [(SAC, SQN), (SA2C, SNQN)], ids=["sac", "sa2c"])
def test_in_the_warm_up_it_is_its_critic_and_then_no_more(child, parent, warm_up, supervised):
    online, target = gru_network(1, 1), gru_network(1, 2)
    actor, critic = child(supervised, 0.3, 0.7, warm_up=warm_up), parent(supervised, 0.3, 0.7)
    now = context(**{**LATER, "plateaued": False})
    expected = critic.loss(online, target, batch(), now)
    now.rng.manual_seed(0)
    assert values(actor.loss(online, target, batch(), now)) == values(expected)
    over = context(step=11, progress=0.95, plateaued=True)
    assert "actor" in actor.loss(online, target, batch(), over).parts
    assert actor.waits == (warm_up == "plateau")


def test_weights_of_one_are_the_critic_again():
    """SAC whose Q is 1 for every item and SA2C whose advantages are alike have the supervised loss of their critics."""
    online, target = gru_network(1, 1, tied=False), gru_network(1, 2, tied=False)
    with torch.no_grad():
        online.heads[:, 6:].zero_()
        online.bias[:, 1] = 1.0
    for objective in (SAC(SAMPLED, warm_up=0), SA2C(SAMPLED, warm_up=0)):
        critic = objective.critic.loss(online, target, batch(), context())
        found = objective.loss(online, target, batch(), context())
        expected = critic.parts["cross_entropy"] if isinstance(objective, SAC) else torch.tensor(0.0)
        torch.testing.assert_close(found.parts["actor"], expected)
        torch.testing.assert_close(found.parts["td"], critic.parts["td"])


@pytest.mark.parametrize("objective", [SAC(warm_up=0), SA2C(warm_up=0, smoothing=0.5)], ids=["sac", "sa2c"])
def test_the_weights_of_the_actor_teach_nothing(objective):
    """With no weight of its own the Q head is left alone: only the supervised head and the encoder learn."""
    online, target = gru_network(1, 1), gru_network(1, 2)
    loss = replace(objective, td_weight=0.0).loss(online, target, batch(), context())
    loss.total.backward()
    assert online.heads.grad.abs().sum() == 0
    assert online.bias.grad[:, 1].abs().sum() == 0
    assert online.bias.grad[:, 0].abs().sum() > 0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
def test_mean_one(weights):
    given = torch.tensor(weights, dtype=torch.float64)
    found = mean_one(given)
    assert found.abs().mean().item() == pytest.approx(1.0 if any(weights) else 0.0)
    assert (found * given >= 0).all()


@pytest.mark.parametrize("warm_up", [-1, 1.0, 1.5, "soon"])  # 1.0 is no share, and was not meant as one step
def test_a_warm_up_that_means_nothing_is_refused(warm_up):
    with pytest.raises(BadOption, match="warm_up"):
        registry.build("objective", {"name": "sa2c", "warm_up": warm_up})
