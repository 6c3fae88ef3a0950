"""Double Q-learning against numbers worked out by hand, in the form of `trfl.double_qlearning`.

state  q_tm1      action  reward  q_t_selector   q_t_value      done
0      (1, 1, 0)  0       1       (2, 10, 1)     (99, 3, 98)    no    best by the selector: 1, worth 3
1      (1, 2, 0)  1       1       (11, 20, 1)    (91, 2, 66)    yes   nothing follows

gamma 1:   1/2 (1 + 3 - 1)^2 = 4.5        1/2 (1 - 2)^2 = 0.5
gamma 0.5: 1/2 (1 + 1.5 - 1)^2 = 1.125    the same
"""

import pytest
import torch

from sessionrl.nn.candidates import Candidates, whole_catalogue
from sessionrl.nn.network import Scores
from sessionrl.nn.prefixes import Prefixes
from sessionrl.objectives.double_q import bootstrap, td_loss

SELECTOR = torch.tensor([[[2.0, 10, 1]], [[11, 20, 1]]])
VALUE = torch.tensor([[[99.0, 3, 98]], [[91, 2, 66]]])
TAKEN = torch.tensor([[1.0], [2.0]])
REWARD = torch.ones(2, 1)
ONGOING, ENDED = torch.tensor([False, False]), torch.tensor([False, True])
NOWHERE = Prefixes(torch.zeros(1, 2, dtype=torch.int64), torch.tensor([0, 1]))


def fixed(q):
    """A network whose Q is a table [N, R, V - 1]."""

    def network(prefixes, candidates=None, heads="all", taken=None):
        assert heads == "q"
        if taken is not None:
            return Scores(torch.empty(0), q.gather(2, (taken - 1)[:, None, None].expand(-1, q.size(1), 1)))
        return Scores(torch.empty(0), q if candidates is None else q[:, :, candidates - 1])

    return network


def future(selector=SELECTOR, value=VALUE, weights=(1.0,), candidates=None):
    candidates = candidates or whole_catalogue(torch.tensor([1, 1]))
    return bootstrap(fixed(selector), fixed(value), NOWHERE, candidates, torch.tensor(weights))


@pytest.mark.parametrize(
    ("gamma", "done", "expected"),
    [
        (1.0, ENDED, [[4.5], [0.5]]),
        (0.5, ENDED, [[1.125], [0.5]]),
        (0.0, ENDED, [[0.0], [0.5]]),
        (1.0, ONGOING, [[4.5], [0.5]]),  # 1/2 (1 + 2 - 2)^2: the same by chance of the numbers
        (0.5, ONGOING, [[1.125], [0.0]]),
    ],
)
def test_td_loss_by_hand(gamma, done, expected):
    assert td_loss(TAKEN, REWARD, future(), gamma, done).tolist() == expected


def test_the_online_network_chooses_and_the_target_values():
    assert future().tolist() == [[3.0], [2.0]]  # not the target's own best, 99 and 91
    assert future(VALUE, SELECTOR).tolist() == [[2.0], [11.0]]


def test_the_choice_is_made_among_the_candidates():
    # candidates 3, 1: the best of (1, 2) and of (1, 11) is item 1
    among = Candidates(torch.tensor([3, 1]), torch.tensor([0, 1]))
    assert future(candidates=among).tolist() == [[99.0], [91.0]]


def test_one_action_is_chosen_for_all_rewards_by_their_weighted_sum():
    # heads (4, 3, 1) and (0, 0, 2): weights (1, 1) give (4, 3, 3), weights (1, 2) give (4, 3, 5)
    selector = torch.tensor([[[4.0, 3, 1], [0, 0, 2]]])
    value = torch.tensor([[[10.0, 20, 30], [1, 2, 3]]])
    where = whole_catalogue(torch.tensor([1]))
    assert future(selector, value, (1.0, 1.0), where).tolist() == [[10.0, 1.0]]
    assert future(selector, value, (1.0, 2.0), where).tolist() == [[30.0, 3.0]]


def test_only_q_of_the_action_is_taught():
    q, later = TAKEN.clone().requires_grad_(), torch.ones(2, 1, requires_grad=True)
    td_loss(q, REWARD, later, 0.5, ONGOING).sum().backward()
    assert q.grad.tolist() == [[-0.5], [0.5]]  # Q - (r + gamma Q'): 1 - 1.5 and 2 - 1.5
    assert later.grad is None


def test_a_batch_of_one_keeps_its_dimensions():
    loss = td_loss(TAKEN[:1], REWARD[:1], future(SELECTOR[:1], VALUE[:1]), 1.0, ONGOING[:1])
    assert loss.shape == (1, 1)
