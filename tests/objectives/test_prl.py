"""PRL by hand: returns to go, the weights, and a network that does what brought the return it is asked for."""

from dataclasses import replace

import pytest
import torch
from by_hand import LN2, UNEVEN, batch, by_hand, context, gru_network, values

from sessionrl import registry
from sessionrl.contracts import check_objective
from sessionrl.contracts.trial import made_up_transitions
from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadOption
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Reads, pieces, transitions
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.prl import PRL
from sessionrl.objectives.returns import returns


@pytest.mark.parametrize(("gamma", "expected"), [(1.0, [3.2, 3]), (0.5, [1.7, 3]), (0.0, [0.2, 3])])
def test_returns_by_hand(gamma, expected):
    assert returns(batch(), gamma).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("start", [False, True])
def test_returns_obey_their_recursion_within_a_piece(gamma, start):
    whole = made_up_transitions(list(range(20)))
    sessions = Sessions.of([[1, 2, 3, 4, 5, 6, 7], [3, 1]], [[0, 1, 2, 1, 0, 2, 2], [1, 0]])
    cut = transitions(sessions, pieces(sessions, 4), torch.tensor([1.0, 0.2, 3]).numpy(), Reads(start))
    for one in (whole, cut):
        to_go, row = returns(one, gamma), one.state.at // one.state.items.size(1)
        goes_on = row[1:] == row[:-1]
        expected = one.reward.clone()
        for n in range(len(one) - 2, -1, -1):
            if goes_on[n]:
                expected[n] += gamma * expected[n + 1]
        torch.testing.assert_close(to_go, expected)


def test_an_action_that_the_batch_leaves_out_earns_nothing():
    assert returns(batch().select(torch.tensor([True, False])), 1.0).tolist() == pytest.approx([0.2])
    assert returns(batch().select(torch.tensor([False, True])), 1.0).tolist() == [3]


@pytest.mark.parametrize(
    ("weight", "weights"),
    [("none", [1, 1]), ("reward", [0.2 / 1.6, 3 / 1.6]), ("return", [3.2 / 3.1, 3 / 3.1])],
)
def test_prl_by_hand(weight, weights):
    # p(2|s0) = 2/7, p(3|s1) = 1/2; a network without a prompt is told nothing.
    losses = torch.tensor([3.5, 2]).log()
    loss = PRL(weight=weight).loss(by_hand([], UNEVEN), None, batch(), context())
    expected = float((torch.tensor(weights) * losses).mean())
    assert values(loss) == pytest.approx({"cross_entropy": float(losses.mean()), "weighted": expected}, rel=1e-6)
    assert loss.total.item() == pytest.approx(expected, rel=1e-6)


def test_without_weights_and_prompt_it_is_next_item():
    losses = [one.loss(gru_network(0, 1), None, batch(), context()).total for one in (PRL(weight="none"), NextItem())]
    assert torch.equal(*losses)


def test_rewards_of_zero_teach_nothing():
    worthless = replace(batch(), reward=torch.zeros(2))
    loss = PRL().loss(by_hand([]), None, worthless, context())
    assert loss.total.item() == 0
    assert values(loss)["cross_entropy"] == pytest.approx(LN2)


@pytest.mark.parametrize(
    "options",
    [{}, {"weight": "reward", "heads": 2}, {"weight": "none", "gamma": 0.5}, {"supervised": {"kind": "bpr_max"}}],
)
def test_prl_keeps_its_contract(options):
    check_objective("prl", **options)
    check_objective("constant_reward", of={"name": "prl", **options})


def test_heads_divide_the_width():
    with pytest.raises(BadOption) as error:
        PRL(heads=3).prompt(8)
    assert str(error.value) == (
        "objective 'prl', option 'heads' = 3 does not divide items.dim = 8. "
        "Give it as objective.heads=1, or another items.dim."
    )


def test_a_trained_network_does_what_brought_the_return_it_is_asked_for():
    """After item 1 half of the visitors look at 2 and earn 1, the others at 3 and earn 5."""
    sessions = Sessions.of([[1, 2], [1, 3]] * 8, [[0, 0], [0, 1]] * 8)
    logged = transitions(sessions, pieces(sessions, 50), torch.tensor([1.0, 5.0]).numpy())
    objective = PRL(weight="none", dropout=0.0, factor=5 / 3)
    torch.manual_seed(0)
    backbone = registry.build("backbone", {"name": "gru"}, dim=8)
    network = Network(Items(4, 8), backbone, 0, prompt=objective.prompt(8))
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    for _ in range(80):
        optimizer.zero_grad()
        objective.loss(network, None, logged, context()).total.backward()
        optimizer.step()
    network.eval()
    asked = logged.state._replace(at=logged.state.at[:2], returns=torch.tensor([1.0, 5.0]))
    assert (network(asked).logits.argmax(1) + 1).tolist() == [2, 3]
    assert network.prompt.mean[0] == pytest.approx(3)
    unasked = logged.state._replace(at=logged.state.at[:1])  # and so 5/3 of the mean, 3, is asked for
    assert network(unasked).logits.argmax(1) + 1 == 3
