"""Policies by hand."""

import math

import pytest
import torch

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.network import Scores
from sessionrl.policies import Greedy, Softmax, Weighted

NOTHING = torch.empty(0)
LOGITS = torch.tensor([[math.log(2), 0.0, math.log(5)], [3.0, 3.0, 0.0]])


def test_greedy_gives_the_best_item_all_probability():
    scores = Scores(LOGITS, NOTHING)
    assert torch.equal(Greedy().order_by(scores), LOGITS)
    assert Greedy().probabilities(scores).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_softmax_by_hand():
    scores = Scores(LOGITS[:1], NOTHING)
    assert torch.equal(Softmax().order_by(scores), LOGITS[:1])
    assert Softmax().probabilities(scores)[0].tolist() == pytest.approx([2 / 8, 1 / 8, 5 / 8])
    # temperature 1/2 squares the odds: 4, 1, 25
    assert Softmax(temperature=0.5).probabilities(scores)[0].tolist() == pytest.approx([4 / 30, 1 / 30, 25 / 30])


def test_weighted_by_hand():
    # z(1, 2, 3) = (-a, 0, a) and z(0, 10, 20) the same, a = sqrt(3/2); z(5, 1, 3) = (a, -a, 0)
    scores = Scores(torch.tensor([[1.0, 2, 3]]), torch.tensor([[[0.0, 10, 20], [5, 1, 3]]]))
    a = 1.5**0.5
    order = Weighted(weights=(0.5, 2.0)).order_by(scores)[0]
    assert order.tolist() == pytest.approx([-1.5 * a + 2 * a, -2 * a, 1.5 * a], abs=1e-6)
    chance = Weighted(weights=(0.5, 2.0), temperature=2.0).probabilities(scores)[0]
    assert chance.tolist() == pytest.approx((order / 2).softmax(0).tolist())


def test_weighted_without_weight_orders_as_the_supervised_head():
    scores = Scores(LOGITS, torch.randn(2, 2, 3, generator=torch.Generator().manual_seed(0)))
    order = Weighted(weights=(0.0, 0.0)).order_by(scores)
    assert torch.equal(order.argsort(dim=1, stable=True), LOGITS.argsort(dim=1, stable=True))


def test_weighted_does_not_depend_on_the_units_of_a_head():
    q = torch.randn(2, 1, 3, generator=torch.Generator().manual_seed(0))
    one, other = (Weighted().order_by(Scores(LOGITS, scaled)) for scaled in (q, 1000 * q + 7))
    torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)


def test_weighted_leaves_out_a_head_that_finds_all_items_equal():
    order = Weighted().order_by(Scores(LOGITS, torch.full((2, 1, 3), 0.25)))
    torch.testing.assert_close(order, Weighted(weights=(0.0,)).order_by(Scores(LOGITS, torch.zeros(2, 1, 3))))


@pytest.mark.parametrize(("q", "heads"), [(NOTHING, 0), (torch.zeros(2, 1, 3), 1), (torch.zeros(2, 3, 3), 3)])
def test_weighted_needs_a_weight_for_every_q_head(q, heads):
    with pytest.raises(BadOption) as caught:
        Weighted(weights=(1.0, 2.0)).order_by(Scores(LOGITS, q))
    assert str(caught.value) == (
        f"policy 'weighted' has 2 weights, but the network has {heads} Q heads.\n"
        f"  do now: give {heads} weights, or use the policy 'greedy'"
    )


@pytest.mark.parametrize("name", ["softmax", "weighted"])
@pytest.mark.parametrize("temperature", [0, -1.0])
def test_a_temperature_is_above_zero(name, temperature):
    with pytest.raises(BadOption, match=f"policy '{name}', option 'temperature' = {temperature}: .* greater than 0"):
        registry.build("policy", {"name": name, "temperature": temperature})
