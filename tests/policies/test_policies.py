"""Policies by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.network import Scores
from sessionrl.nn.prefixes import Prefixes
from sessionrl.policies import Greedy, Softmax, Weighted

NOTHING = torch.empty(0)
STATES = Prefixes(torch.tensor([[1, 2, 1, 3]]), torch.tensor([0, 3]))  # what a policy without revisits ignores
LOGITS = torch.tensor([[math.log(2), 0.0, math.log(5)], [3.0, 3.0, 0.0]])


def test_greedy_gives_the_best_item_all_probability():
    scores = Scores(LOGITS, NOTHING)
    assert torch.equal(Greedy().order_by(scores, STATES), LOGITS)
    assert Greedy().probabilities(scores, STATES).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_softmax_by_hand():
    scores = Scores(LOGITS[:1], NOTHING)
    assert torch.equal(Softmax().order_by(scores, STATES), LOGITS[:1])
    assert Softmax().probabilities(scores, STATES)[0].tolist() == pytest.approx([2 / 8, 1 / 8, 5 / 8])
    # temperature 1/2 squares the odds: 4, 1, 25
    assert Softmax(temperature=0.5).probabilities(scores, STATES)[0].tolist() == pytest.approx(
        [4 / 30, 1 / 30, 25 / 30]
    )


def test_weighted_by_hand():
    # z(1, 2, 3) = (-a, 0, a) and z(0, 10, 20) the same, a = sqrt(3/2); z(5, 1, 3) = (a, -a, 0)
    scores = Scores(torch.tensor([[1.0, 2, 3]]), torch.tensor([[[0.0, 10, 20], [5, 1, 3]]]))
    a = 1.5**0.5
    order = Weighted(weights=(0.5, 2.0)).order_by(scores, STATES)[0]
    assert order.tolist() == pytest.approx([-1.5 * a + 2 * a, -2 * a, 1.5 * a], abs=1e-6)
    chance = Weighted(weights=(0.5, 2.0), temperature=2.0).probabilities(scores, STATES)[0]
    assert chance.tolist() == pytest.approx((order / 2).softmax(0).tolist())


def test_weighted_without_weight_orders_as_the_supervised_head():
    scores = Scores(LOGITS, torch.randn(2, 2, 3, generator=torch.Generator().manual_seed(0)))
    order = Weighted(weights=(0.0, 0.0)).order_by(scores, STATES)
    assert torch.equal(order.argsort(dim=1, stable=True), LOGITS.argsort(dim=1, stable=True))


def test_weighted_does_not_depend_on_the_units_of_a_head():
    q = torch.randn(2, 1, 3, generator=torch.Generator().manual_seed(0))
    one, other = (Weighted().order_by(Scores(LOGITS, scaled), STATES) for scaled in (q, 1000 * q + 7))
    torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)


def test_weighted_leaves_out_a_head_that_finds_all_items_equal():
    order = Weighted().order_by(Scores(LOGITS, torch.full((2, 1, 3), 0.25)), STATES)
    torch.testing.assert_close(order, Weighted(weights=(0.0,)).order_by(Scores(LOGITS, torch.zeros(2, 1, 3)), STATES))


@pytest.mark.parametrize(("q", "heads"), [(NOTHING, 0), (torch.zeros(2, 1, 3), 1), (torch.zeros(2, 3, 3), 3)])
def test_weighted_needs_a_weight_for_every_q_head(q, heads):
    with pytest.raises(BadOption) as caught:
        Weighted(weights=(1.0, 2.0)).order_by(Scores(LOGITS, q), STATES)
    assert str(caught.value) == (
        f"policy 'weighted' has 2 weights, but the network has {heads} Q heads.\n"
        f"  do now: give {heads} weights, or use the policy 'greedy'"
    )


@pytest.mark.parametrize("name", ["softmax", "weighted"])
@pytest.mark.parametrize("temperature", [0, -1.0])
def test_a_temperature_is_above_zero(name, temperature):
    with pytest.raises(BadOption, match=f"policy '{name}', option 'temperature' = {temperature}: .* greater than 0"):
        registry.build("policy", {"name": name, "temperature": temperature})


def test_revisits_by_hand():
    # Two sessions in one matrix: 1 2 1 3 as seen after its first and its last event, and the empty history of a start.
    items = torch.tensor([[1, 2, 1, 3], [0, 4, 0, 0]])
    states = Prefixes(items, torch.tensor([0, 3, 4, 5]))
    scores = Scores(torch.zeros(4, 5), NOTHING)
    order = Greedy(revisit=(4.0, 7.0, 6.0)).order_by(scores, states)
    assert order.tolist() == [
        [4, 0, 0, 0, 0],
        [7, 6, 4, 0, 0],  # 3 is the current item, 1 was seen before it (and earlier), 2 earlier
        [0, 0, 0, 0, 0],
        [0, 0, 0, 4, 0],
    ]
    assert torch.equal(Greedy(revisit=(2.0,)).order_by(scores, states)[1], torch.tensor([2.0, 2, 2, 0, 0]))
    assert torch.equal(scores.logits, torch.zeros(4, 5)), "the scores are left as they were"


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=9),
    st.lists(st.floats(-3, 3, width=16), min_size=1, max_size=12),
)
@settings(max_examples=40, deadline=None)
def test_an_item_of_the_session_gets_the_number_of_its_newest_event(session, revisit):
    states = Prefixes(torch.tensor([[*session, 0]]), torch.tensor([len(session) - 1]))
    logits = torch.arange(6.0)[None]
    added = (Softmax(revisit=tuple(revisit)).order_by(Scores(logits, NOTHING), states) - logits)[0]
    newest_first = session[::-1]
    expected = [
        revisit[min(newest_first.index(item), len(revisit) - 1)] if item in session else 0.0 for item in range(1, 7)
    ]
    assert added.tolist() == pytest.approx(expected, abs=1e-5)


def test_revisits_of_the_other_policies():
    scores = Scores(LOGITS[1:], torch.zeros(1, 1, 3))
    states = Prefixes(torch.tensor([[3]]), torch.tensor([0]))
    raised = Scores(torch.tensor([[3.0, 3.0, 2.0]]), scores.q)
    softmax = Softmax(revisit=(2.0,)).probabilities(scores, states)
    assert torch.equal(softmax, Softmax().probabilities(raised, states))
    assert Greedy(revisit=(4.0,)).probabilities(scores, states).tolist() == [[0, 0, 1]]
    weighted = Weighted(revisit=(2.0,)).order_by(scores, states) - Weighted().order_by(scores, states)
    assert weighted.tolist() == [[0, 0, 2]]


@pytest.mark.parametrize(
    "policy", [Greedy((2.0,)), Softmax(revisit=(2.0,)), Weighted((1.0, -0.5)), Weighted((0.0, 0.0))]
)
def test_items_that_may_not_be_recommended_stay_out(policy):
    q = torch.tensor([[[0.0, 10, 20], [5, 1, 3]], [[1.0, 2, 3], [3, 3, 4]]])
    hidden = torch.tensor([False, True, False])
    scores = Scores(LOGITS.masked_fill(hidden, -torch.inf), q.masked_fill(hidden, -torch.inf))
    order = policy.order_by(scores, STATES)
    assert (order[:, 1] == -torch.inf).all()
    assert order[:, [0, 2]].isfinite().all()
    assert (policy.probabilities(scores, STATES)[:, 1] == 0).all()
    # the others are ordered as if there were no such item
    apart = Scores(LOGITS[:, [0, 2]], q[:, :, [0, 2]])
    if isinstance(policy, Weighted):
        torch.testing.assert_close(order[:, [0, 2]], policy.order_by(apart, STATES))
