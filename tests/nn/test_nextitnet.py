"""NextItNet against its equations, one window per position."""

import math

import pytest
import torch

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.nextitnet import Dilated, NextItNet

D = 3


def inputs(length: int = 9) -> torch.Tensor:
    return torch.randn(2, length, D, generator=torch.Generator().manual_seed(0))


def nextitnet(**options) -> NextItNet:
    """With every parameter away from what it begins as, so that none can be forgotten."""
    torch.manual_seed(0)
    made = NextItNet(D, **options).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return made


def dilated(row: torch.Tensor, layer: Dilated, dilation: int) -> torch.Tensor:
    """[T, d] -> [T, d], one sum per position; inputs before the first are zero."""
    out = []
    for t in range(len(row)):
        y = layer.conv.bias.clone()
        for back, weight in enumerate(layer.conv.weight.flip(2).unbind(2)):  # newest first
            if t >= back * dilation:
                y = y + weight @ row[t - back * dilation]
        y = (y - y.mean()) / (y.var(correction=0) + 1e-5).sqrt()
        out.append((y * layer.norm.weight + layer.norm.bias).clamp(min=0))
    return torch.stack(out)


def by_the_equations(row: torch.Tensor, made: NextItNet, dilations: tuple[int, ...]) -> torch.Tensor:
    for block, dilation in zip(made.blocks, dilations, strict=True):
        row = row + dilated(dilated(row, block.first, dilation), block.second, 2 * dilation)
    return row


@pytest.mark.parametrize("dilations", [(1, 2, 1, 2, 1, 2), (1,), (3, 1)])
@pytest.mark.parametrize("kernel", [2, 3])
def test_the_whole_row_gives_the_states_of_one_sum_per_position(dilations, kernel):
    made = nextitnet(dilations=dilations, kernel=kernel)
    expected = torch.stack([by_the_equations(row, made, dilations) for row in inputs()])
    torch.testing.assert_close(made(inputs()), expected, rtol=1e-5, atol=1e-5)


def test_the_dilations_of_sqn_are_the_default():
    assert [block.first.conv.dilation for block in NextItNet(D).blocks] == [(1,), (2,), (1,), (2,), (1,), (2,)]
    assert [block.second.conv.dilation for block in NextItNet(D).blocks] == [(2,), (4,), (2,), (4,), (2,), (4,)]


def test_a_tiny_one_by_hand():
    """Layer norm of two numbers is +-1, so that a block adds 1 to the larger of two sums, if norms are left alone."""
    made = NextItNet(2, dilations=(1,), kernel=2)
    with torch.no_grad():
        one, two = made.blocks[0].first, made.blocks[0].second
        one.conv.weight[:] = torch.stack([torch.eye(2), 10 * torch.eye(2)], 2)  # x_{t-1} + 10 x_t
        two.conv.weight[:] = torch.stack([5 * torch.eye(2), 2 * torch.eye(2).flip(0)], 2)  # 5 y_{t-2} + 2 swapped y_t
    found = made.eval()(torch.tensor([[[7.0, 1.0], [0.0, 3.0], [4.0, 2.0]]]))
    # sums of the first     70 10      7 31      40 23
    # y                      1  0      0  1       1  0
    # sums of the second     0  2      2  0       5  2
    # added                  0  1      1  0       1  0
    torch.testing.assert_close(found, torch.tensor([[[7.0, 2.0], [1.0, 3.0], [5.0, 2.0]]]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("options", "reads"), [({"dilations": (1, 2), "kernel": 2}, 10), ({"dilations": (1,)}, 7)])
def test_a_state_reads_as_far_back_as_the_docstring_says(options, reads):
    made, x = nextitnet(**options), inputs(12).requires_grad_()
    made(x)[0, 11].sum().backward()
    assert x.grad[0].ne(0).any(1).nonzero().min().item() == 12 - reads


def test_residual_carries_the_input_more_strongly():
    torch.testing.assert_close(nextitnet(residual=True)(inputs()), nextitnet()(math.sqrt(D) * inputs()))


def test_dropout_is_for_training_only():
    made = nextitnet(dropout=0.5)
    assert torch.equal(made(inputs()), nextitnet(dropout=0.0)(inputs()))
    torch.manual_seed(1)
    assert not torch.allclose(made.train()(inputs()), made(inputs()))


def test_no_dilations_are_refused():
    with pytest.raises(BadOption) as caught:
        registry.build("backbone", {"name": "nextitnet", "dilations": []}, dim=D)
    assert str(caught.value) == (
        "backbone 'nextitnet', option 'dilations' = []: there must be at least one block.\n"
        "  do now: set backbone.dilations to one dilation per block, such as [1, 2, 1, 2]"
    )
