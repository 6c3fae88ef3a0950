"""Where item vectors begin."""

import torch

from sessionrl.nn.items import Items


def items(**options) -> Items:
    torch.manual_seed(0)
    return Items(5, 3, **options)


def test_a_warm_start_adds_the_fixed_vectors_in_units_of_the_mean_length():
    cold, warm = items(), items(warm_start=2.0)
    assert torch.equal(cold.id, warm.id), "nothing is added before the vectors are known"
    fixed = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 0.0], [0.0, -1.0]])
    warm.begin_near(fixed)
    length = cold.id.norm(dim=1).mean()
    # the second coordinate varies more (0.64 + 1 > 1 + 0.36), so it comes first
    torch.testing.assert_close(warm.id - cold.id, 2 * length * torch.cat([fixed[:, [1, 0]], torch.zeros(5, 1)], 1))
    assert not warm.id[0].any(), "the row of PAD stays zero"
    assert warm.id.requires_grad


def test_of_long_fixed_vectors_the_coordinates_that_say_most_are_taken():
    warm, before = items(warm_start=1.0), items().id.detach()
    fixed = torch.zeros(5, 4)
    fixed[1:] = torch.eye(4) * torch.tensor([0.9, 0.1, 1.0, 0.8])
    warm.begin_near(fixed)
    added = (warm.id.detach() - before) / before.norm(dim=1).mean()
    torch.testing.assert_close(added, fixed[:, [2, 0, 3]], atol=1e-6, rtol=0)
