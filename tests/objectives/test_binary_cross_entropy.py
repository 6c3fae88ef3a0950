"""Which candidates are negatives of gBCE, and how much less the positive weighs for their number."""

import math

import numpy as np
import pytest
import torch

from sessionrl.nn.candidates import Candidates, ItemSampler, whole_catalogue
from sessionrl.objectives.next_item import NextItem

# Two transitions, their actions in the first two columns, three drawn items of which the second is row 1's own action.
LOGITS = torch.tensor([[0.0, 9.0, math.log(3), 0.0, 0.0], [9.0, math.log(2), 0.0, 9.0, math.log(3)]])
ITEMS = torch.tensor([1, 2, 3, 2, 4])
IGNORED = torch.tensor([[False, False, False, False, False], [False, False, False, True, False]])


def sampled(rate: float) -> Candidates:
    return Candidates(ITEMS, torch.tensor([0, 1]), torch.zeros(5), IGNORED, rate)


@pytest.mark.parametrize(("calibration", "beta"), [(0.0, 1.0), (0.75, 0.4), (1.0, 0.2)])
def test_only_drawn_items_are_negatives(calibration, beta):
    """With a fifth of the other items drawn, beta = 1 - t (1 - 1/5)."""
    losses = NextItem(kind="gbce", negatives=3, calibration=calibration, prior=False).per_transition(
        LOGITS, sampled(0.2)
    )
    first = -(beta * math.log(1 / 2) + math.log(1 / 4) + 2 * math.log(1 / 2)) / 4
    second = -(beta * math.log(2 / 3) + math.log(1 / 2) + math.log(1 / 4)) / 3
    assert losses.tolist() == pytest.approx([first, second], rel=1e-6)


def test_the_paper_writes_beta_in_another_way():
    rate, t = 0.2, 0.75
    assert rate * (t * (1 - 1 / rate) + 1 / rate) == pytest.approx(0.4)


def test_over_the_whole_catalogue_nothing_is_to_be_calibrated():
    logits, action = torch.tensor([[math.log(2), 0.0, math.log(3)]]), torch.tensor([1])
    (loss,) = (
        NextItem(kind="gbce", calibration=1.0, prior=False).per_transition(logits, whole_catalogue(action)).tolist()
    )
    assert loss == pytest.approx(-(math.log(2 / 3) + math.log(1 / 2) + math.log(1 / 4)) / 3)


def test_the_prior_moves_all_scores_alike():
    with_prior = NextItem(kind="gbce", negatives=3, calibration=0.75)
    without = NextItem(kind="gbce", negatives=3, calibration=0.75, prior=False)
    moved = without.per_transition(LOGITS - math.log(3 / 0.4), sampled(0.2))
    torch.testing.assert_close(with_prior.per_transition(LOGITS, sampled(0.2)), moved)


@pytest.mark.parametrize(("prior", "pushed"), [(True, 0.0), (False, (3 / 2 - 0.4 / 2) / 4)])
def test_with_the_prior_scores_of_zero_are_pulled_up_as_much_as_down(prior, pushed):
    scores = torch.zeros(1, 5, requires_grad=True)
    candidates = Candidates(torch.arange(1, 6), torch.tensor([0]), torch.zeros(5), torch.zeros(1, 5).bool(), 0.2)
    NextItem(kind="gbce", negatives=3, calibration=0.75, prior=prior).per_transition(scores, candidates).backward()
    assert scores.grad.sum().item() == pytest.approx(pushed, abs=1e-7)
    assert scores.grad[0, 0] < 0 < scores.grad[0, 2]


def test_over_the_whole_catalogue_the_prior_is_one_item_among_all():
    (loss,) = NextItem(kind="gbce").per_transition(torch.zeros(1, 10), whole_catalogue(torch.tensor([4]))).tolist()
    assert loss == pytest.approx(-(math.log(0.1) + 9 * math.log(0.9)) / 10)


@pytest.mark.parametrize(("size", "rate"), [(1, 0.2), (5, 1.0), (50, 1.0)])
def test_the_rate_is_the_share_of_the_other_items(size, rate):
    counts, action = np.array([0, 5, 4, 3, 2, 1, 1]), torch.tensor([1, 2])
    found = ItemSampler(counts).candidates(action, action, size, 0.0, torch.Generator().manual_seed(0))
    assert found.rate == rate


def test_calibrated_it_finds_the_probabilities_that_plain_binary_cross_entropy_overstates():
    """The next item is 1 to 10 with p = 1/2, 1/4, …; one in nine of the others is drawn for every state."""
    p = 0.5 ** torch.arange(1, 11)
    p[-1] = p[-2]
    action = torch.multinomial(p, 4000, True, generator=torch.Generator().manual_seed(0)) + 1
    sampler = ItemSampler(np.ones(11, np.int64))
    found = {}
    for t in (0.0, 1.0):
        rng, scores = torch.Generator().manual_seed(1), torch.zeros(10, requires_grad=True)
        optimizer = torch.optim.Adam([scores], 0.1)
        for step in range(300):
            some = action[torch.arange(100) + step * 100 % 4000]
            candidates = sampler.candidates(some, torch.arange(100), 1, 0.0, rng)
            objective = NextItem(kind="gbce", negatives=1, calibration=t, prior=False)
            loss = objective.per_transition(scores[candidates.items - 1].expand(100, -1), candidates)
            optimizer.zero_grad()
            loss.mean().backward()
            optimizer.step()
        found[t] = scores.detach()[:2].sigmoid()
    assert found[1.0].tolist() == pytest.approx([0.5, 0.25], abs=0.1)
    assert (found[0.0] > 0.7).all()
