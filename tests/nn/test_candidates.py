"""Sampled candidates: drawn by count^alpha, never PAD, and corrected so that they stand for the whole catalogue."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from sessionrl.data.sessions import PAD
from sessionrl.nn.candidates import ItemSampler, whole_catalogue
from sessionrl.objectives.next_item import NextItem

COUNTS = np.array([0, 100, 40, 9, 1, 0, 4])


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def share(alpha: float) -> np.ndarray:
    """An item without events counts as one event."""
    weight = np.array([100, 40, 9, 1, 1, 4.0]) ** alpha
    return weight / weight.sum()


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_items_are_drawn_by_their_count_to_the_alpha(alpha):
    drawn = ItemSampler(COUNTS).draw(20_000, alpha, rng())
    assert drawn.min() > PAD
    found = np.bincount(drawn.numpy(), minlength=len(COUNTS))[1:]
    assert chisquare(found, share(alpha) * 20_000).pvalue > 0.001


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_shares_are_the_probabilities_of_a_draw(alpha):
    found = ItemSampler(COUNTS).share(torch.arange(1, 7), alpha)
    assert found.tolist() == pytest.approx(share(alpha).tolist(), rel=1e-6)


@settings(max_examples=30)
@given(counts=st.lists(st.integers(0, 5), min_size=1, max_size=6), alpha=st.floats(0, 1), seed=st.integers(0, 99))
def test_every_draw_is_an_item(counts, alpha, seed):
    drawn = ItemSampler(np.array([0, *counts])).draw(200, alpha, rng(seed))
    assert drawn.min() >= 1
    assert drawn.max() <= len(counts)


@pytest.mark.parametrize("shown", [None, np.array([False, True, False, True, True])])
def test_others_are_every_shown_item_but_the_action(shown):
    sampler = ItemSampler(np.array([0, 9, 3, 1, 0]), recommendable=shown)
    action = torch.tensor([1, 3, 4])
    drawn = sampler.others(action, 300, rng())
    items = {1, 2, 3, 4} if shown is None else {1, 3, 4}
    for own, row in zip(action.tolist(), drawn.tolist(), strict=True):
        assert set(row) == items - {own}
        often = np.bincount(row)[sorted(items - {own})]
        assert chisquare(often).pvalue > 0.001


def test_the_generator_is_the_only_source_of_chance():
    sampler = ItemSampler(COUNTS)
    torch.manual_seed(1)
    one = sampler.draw(50, 0.5, rng(3))
    torch.manual_seed(2)
    assert torch.equal(sampler.draw(50, 0.5, rng(3)), one)
    assert not torch.equal(sampler.draw(50, 0.5, rng(4)), one)


def test_candidates_by_hand():
    action, session = torch.tensor([1, 2, 1, 3]), torch.tensor([0, 0, 1, 1])
    found = ItemSampler(COUNTS).candidates(action, session, 50, 0.5, rng())
    assert found.items[:4].tolist() == [1, 2, 1, 3]
    assert len(found.items) == 54
    assert found.position.tolist() == [0, 1, 2, 3]
    # Not negatives: the other actions of the own session, and the own action wherever else it stands.
    assert found.ignored[:, :4].int().tolist() == [[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]]
    assert torch.equal(found.ignored[:, 4:], found.items[4:] == action[:, None])
    # Expected among the candidates: 4 times its share of events and 50 times its share of draws.
    expected = 4 * share(1.0) + 50 * share(0.5)
    assert found.log_q.tolist() == pytest.approx(np.log(expected)[found.items.numpy() - 1].tolist(), rel=1e-5)


def test_columns_are_item_numbers():
    action = torch.tensor([3, 1])
    whole = whole_catalogue(action)
    assert whole.position.tolist() == [2, 0]
    assert whole.numbers(torch.tensor([[0, 2]])).tolist() == [[1, 3]]
    sampled = ItemSampler(COUNTS).candidates(action, torch.tensor([0, 1]), 5, 0.5, rng())
    assert torch.equal(sampled.numbers(torch.tensor([0, 1, 6])), sampled.items[[0, 1, 6]])


@pytest.mark.parametrize("positive", [1, 4])
@pytest.mark.parametrize(("n", "size", "alpha"), [(8, 100, 0.5), (30, 30, 0.0)])
def test_corrected_sampled_cross_entropy_estimates_that_of_the_whole_catalogue(positive, n, size, alpha):
    """The mean of 600 draws, loss and gradient, for a likely and for an unlikely next item."""
    scores = torch.tensor([2.0, 0.5, -1.0, -1.5, 0.0, 1.0])
    whole = scores.clone().requires_grad_()
    expected = NextItem().per_transition(whole[None], whole_catalogue(torch.tensor([positive])))[0]
    expected.backward()

    sampler, chance = ItemSampler(COUNTS), rng()
    drawn, losses = scores.clone().requires_grad_(), []
    for _ in range(600):
        others = torch.multinomial(sampler.share(torch.arange(1, 7), 1.0), n - 1, True, generator=chance) + 1
        action = torch.cat([torch.tensor([positive]), others])
        candidates = sampler.candidates(action, torch.arange(n), size, alpha, chance)
        logits = drawn[candidates.items - 1].expand(n, -1)
        losses.append(NextItem(negatives=size, alpha=alpha).per_transition(logits, candidates)[0])
    found = torch.stack(losses).mean()
    found.backward()
    assert found.item() == pytest.approx(expected.item(), rel=0.02)
    torch.testing.assert_close(drawn.grad, whole.grad, rtol=0.05, atol=0.01)
