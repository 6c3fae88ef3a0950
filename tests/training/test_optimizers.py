"""Adagrad by hand; sparse rows as the dense table; clipping of both."""

import pytest
import torch
from torch import nn

from sessionrl.training.optimizers import Adagrad, RowAdam, clip, make_optimizers


def sparse_grad(rows: list[int], values: list[list[float]], size: int) -> torch.Tensor:
    return torch.sparse_coo_tensor([rows], torch.tensor(values), (size, len(values[0])), check_invariants=True)


def test_adagrad_with_momentum_by_hand():
    # acc = 4, then 5;  v = -.1 * 2 / sqrt(4.5) with eps = .5 inside the root, then .9 v + .1 / sqrt(5.5)
    weight = nn.Parameter(torch.tensor([1.0]))
    adagrad = Adagrad([weight], lr=0.1, momentum=0.9, eps=0.5)
    weight.grad = torch.tensor([2.0])
    adagrad.step()
    first = -0.1 * 2 / 4.5**0.5
    assert weight.item() == pytest.approx(1 + first, rel=1e-6)
    weight.grad = torch.tensor([-1.0])
    adagrad.step()
    assert weight.item() == pytest.approx(1 + first + 0.9 * first + 0.1 / 5.5**0.5, rel=1e-6)


def test_the_accumulator_starts_at_zero_so_the_first_step_is_the_rate():
    weight = nn.Parameter(torch.zeros(3))
    adagrad = Adagrad([weight], lr=0.05)
    weight.grad = torch.tensor([100.0, -7.0, 0.0])
    adagrad.step()
    assert weight.tolist() == [pytest.approx(-0.05), pytest.approx(0.05), 0.0]


def test_adagrad_is_torchs_without_momentum():
    one, other = nn.Parameter(torch.ones(4)), nn.Parameter(torch.ones(4))
    ours, torchs = Adagrad([one], lr=0.1), torch.optim.Adagrad([other], lr=0.1, eps=1e-10)
    for seed in range(5):
        one.grad = torch.randn(4, generator=torch.Generator().manual_seed(seed)) + 3
        other.grad = one.grad.clone()
        ours.step()
        torchs.step()
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_sparse_rows_move_as_the_dense_table(momentum):
    """Every row is touched in every step; one row is named twice."""
    dense, rows = nn.Parameter(torch.ones(3, 2)), nn.Parameter(torch.ones(3, 2))
    on_dense, on_rows = (Adagrad([p], lr=0.1, momentum=momentum) for p in (dense, rows))
    for step in range(4):
        values = torch.randn(4, 2, generator=torch.Generator().manual_seed(step)).tolist()
        rows.grad = sparse_grad([2, 0, 1, 0], values, 3)
        dense.grad = rows.grad.to_dense()
        on_dense.step()
        on_rows.step()
    torch.testing.assert_close(rows, dense)


def test_without_momentum_dense_and_sparse_agree_whatever_is_touched():
    dense, rows = nn.Parameter(torch.ones(5, 2)), nn.Parameter(torch.ones(5, 2))
    on_dense, on_rows = Adagrad([dense], lr=0.1), Adagrad([rows], lr=0.1)
    for step, touched in enumerate([[0, 3], [3], [1, 0], [4, 4]]):
        values = torch.randn(len(touched), 2, generator=torch.Generator().manual_seed(step)).tolist()
        rows.grad = sparse_grad(touched, values, 5)
        dense.grad = rows.grad.to_dense()
        on_dense.step()
        on_rows.step()
    torch.testing.assert_close(rows, dense)
    assert rows[2].tolist() == [1, 1]


def test_rows_that_a_step_does_not_name_keep_their_momentum():
    """As in GRU4Rec: only named rows move, by the velocity they had when they were named last."""
    table = nn.Parameter(torch.zeros(2, 1))
    adagrad = Adagrad([table], lr=0.1, momentum=0.5, eps=0.0)
    for rows in ([0], [1], [1], [0]):
        table.grad = sparse_grad(rows, [[1.0]], 2)
        adagrad.step()
    # row 0: -.1, then .5 * -.1 - .1 / sqrt(2), with two steps of rest between
    assert table[0].item() == pytest.approx(-0.1 - 0.05 - 0.1 / 2**0.5, rel=1e-6)
    torch.testing.assert_close(table[0], table[1])


def test_row_adam_is_torchs_lazy_adam():
    one, other = nn.Parameter(torch.ones(5, 2)), nn.Parameter(torch.ones(5, 2))
    ours, torchs = RowAdam([one], lr=0.1), torch.optim.SparseAdam([other], lr=0.1)
    for step, touched in enumerate([[0, 3], [3], [1, 0], [4, 4], [0, 3]]):
        values = torch.randn(len(touched), 2, generator=torch.Generator().manual_seed(step)).tolist()
        one.grad, other.grad = sparse_grad(touched, values, 5), sparse_grad(touched, values, 5)
        ours.step()
        torchs.step()
        torch.testing.assert_close(one, other)
    assert one[2].tolist() == [1, 1]


def test_clip_by_hand():
    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.tensor([3.0, 4.0])
    assert clip([weight], 1.0).item() == pytest.approx(5)
    assert weight.grad.tolist() == pytest.approx([0.6, 0.8], rel=1e-5)


def test_clip_takes_dense_and_sparse_together():
    dense, table, idle = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(3, 1)), nn.Parameter(torch.zeros(1))
    dense.grad = torch.tensor([2.0])
    table.grad = sparse_grad([1, 2, 1], [[3.0], [6.0], [0.0]], 3)
    assert clip([dense, table, idle], 3.5).item() == pytest.approx(7)  # sqrt(4 + 9 + 36)
    assert dense.grad.tolist() == pytest.approx([1], rel=1e-5)
    assert table.grad.to_dense().flatten().tolist() == pytest.approx([0, 1.5, 3], rel=1e-5)


def test_clip_sees_a_row_that_is_named_twice_as_one():
    table = nn.Parameter(torch.zeros(3, 1))
    table.grad = sparse_grad([1, 1], [[3.0], [4.0]], 3)
    assert clip([table], 3.5).item() == pytest.approx(7)
    assert table.grad.to_dense()[1].item() == pytest.approx(3.5, rel=1e-5)


def test_clip_leaves_short_gradients_alone():
    weight, table = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2, 1))
    weight.grad, table.grad = torch.tensor([3.0, 4.0]), sparse_grad([1], [[0.5]], 2)
    clip([weight, table], 100.0)
    assert weight.grad.tolist() == [3, 4]
    assert table.grad.to_dense().flatten().tolist() == [0, 0.5]


@pytest.mark.parametrize("name", ["adam", "adagrad"])
@pytest.mark.parametrize("sparse", [True, False])
def test_every_parameter_has_exactly_one_optimiser(name, sparse):
    network = nn.Sequential(nn.Embedding(3, 2, sparse=sparse), nn.Linear(2, 2))
    rowwise = [network[0].weight] if sparse else []
    made = make_optimizers(network, rowwise, name, 0.1, 0.0)
    held = [id(p) for optimizer in made for group in optimizer.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in network.parameters())
    network(torch.tensor([1])).sum().backward()
    before = [p.detach().clone() for p in network.parameters()]
    for optimizer in made:
        optimizer.step()
    assert all(not torch.equal(p, old) for p, old in zip(network.parameters(), before, strict=True))
    assert torch.equal(network[0].weight[0], before[0][0])
