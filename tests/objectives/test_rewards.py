import pytest
import torch

from sessionrl.data.sessions import PAD
from sessionrl.objectives.rewards import diversity, novelty

VECTORS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0]])


def test_diversity_by_hand():
    last, item = torch.tensor([1, 1, 1, 1, 2]), torch.tensor([1, 2, 3, 4, 3])
    assert diversity(last, item, VECTORS).tolist() == pytest.approx([0, 0.4, 1, 2, 0.2], abs=1e-6)


def test_after_the_empty_history_nothing_is_diverse():
    assert diversity(torch.tensor([PAD, PAD]), torch.tensor([1, 3]), VECTORS).tolist() == [0, 0]


def test_what_nobody_knows_is_not_diverse():
    unknown = torch.cat([VECTORS, torch.zeros(1, 2)])
    assert diversity(torch.tensor([1, 5]), torch.tensor([5, 1]), unknown).tolist() == [0, 0]


def test_diversity_does_not_depend_on_the_length_of_vectors():
    last, item = torch.tensor([1, 2]), torch.tensor([2, 4])
    torch.testing.assert_close(diversity(last, item, VECTORS * 7), diversity(last, item, VECTORS))


def test_novelty_by_hand():
    tail = torch.tensor([False, False, True, False, True])
    assert novelty(torch.tensor([1, 2, 3, 4, 2]), tail).tolist() == [0, 1, 0, 1, 1]
