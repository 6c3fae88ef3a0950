"""CQL by hand (`by_hand` has the network), beside a supervised head and on one head."""

import math

import pytest
import torch
from by_hand import LN2, ONLINE, TARGET, batch, by_hand, context, gru_network, values

from sessionrl.objectives.cql import CQL
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.sqn import SQN

SAMPLED = NextItem(negatives=5)


def logsumexp(*q: float) -> float:
    return math.log(sum(math.exp(one) for one in q))


# Q(s0, .) = (1, 2, 5) of which 2 is taken, Q(s1, .) = (4, 3, 1) of which 3 is taken
CONSERVATIVE = (logsumexp(1, 2, 5) - 2 + logsumexp(4, 3, 1) - 1) / 2


def test_beside_a_supervised_head_by_hand():
    loss = CQL(td_weight=0.25, alpha=0.5).loss(by_hand(ONLINE[:1]), by_hand(TARGET[:1]), batch(), context())
    expected = {"cross_entropy": LN2, "conservative": CONSERVATIVE, "td": 1.36}  # td as in SQN
    assert values(loss) == pytest.approx(expected, rel=1e-6)
    assert loss.total.item() == pytest.approx(LN2 + 0.5 * CONSERVATIVE + 0.25 * 1.36, rel=1e-6)


def test_on_one_head_by_hand():
    """The same numbers, when the scores of the only head are those of the Q head above."""
    online, target = by_hand([], ONLINE[0]), by_hand([], TARGET[0])
    loss = CQL(td_weight=0.25, alpha=0.5, one_head=True).loss(online, target, batch(), context())
    assert values(loss) == pytest.approx({"conservative": CONSERVATIVE, "td": 1.36}, rel=1e-6)
    assert loss.total.item() == pytest.approx(0.5 * CONSERVATIVE + 0.25 * 1.36, rel=1e-6)


@pytest.mark.parametrize("supervised", [NextItem(), SAMPLED], ids=["whole", "sampled"])
def test_without_the_conservative_term_it_is_sqn(supervised):
    online, target = gru_network(1, 1), gru_network(1, 2)
    cql = CQL(supervised, 0.3, 0.7, alpha=0.0).loss(online, target, batch(), context())
    sqn = SQN(supervised, 0.3, 0.7).loss(online, target, batch(), context())
    torch.testing.assert_close(cql.total, sqn.total)


@pytest.mark.parametrize("supervised", [NextItem(), SAMPLED], ids=["whole", "sampled"])
def test_on_one_head_without_temporal_difference_it_is_cross_entropy(supervised):
    online, target = gru_network(0, 1), gru_network(0, 2)
    cql = CQL(supervised, td_weight=0.0, one_head=True).loss(online, target, batch(), context())
    torch.testing.assert_close(cql.total, supervised.loss(online, None, batch(), context()).total)


def test_of_the_other_items_only_their_sampled_number_is_summed():
    """The sampled term estimates the sum over the catalogue: over many draws the exponentials agree."""
    online, target = gru_network(1, 1), gru_network(1, 2)
    known = context()
    cql = CQL(NextItem(negatives=2000, alpha=0.0))
    sampled = cql.loss(online, target, batch(), known).parts["conservative"]
    whole = CQL().loss(online, target, batch(), known).parts["conservative"]
    assert sampled.item() != whole.item()
    assert sampled.item() == pytest.approx(whole.item(), abs=0.1)


def test_on_one_head_the_network_has_no_other():
    assert (CQL().rewards, CQL(one_head=True).rewards) == (1, 0)
