"""Caser against its equations, one window per position."""

import pytest
import torch

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.caser import Caser

D = 3


def inputs(length: int = 7) -> torch.Tensor:
    return torch.randn(2, length, D, generator=torch.Generator().manual_seed(0))


def caser(**options) -> Caser:
    """With every parameter away from what it begins as, so that none can be forgotten."""
    torch.manual_seed(0)
    made = Caser(D, **options).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return made


def state_of_window(window: torch.Tensor, made: Caser) -> torch.Tensor:
    """[L, d] -> [d], the image of one state, filter by filter."""
    parts = []
    for conv in made.horizontal:
        for weight, bias in zip(conv.weight, conv.bias, strict=True):  # [d, h]
            height = weight.size(1)
            places = [(window[i : i + height] * weight.T).sum() + bias for i in range(len(window) - height + 1)]
            parts.append(torch.stack([place.clamp(min=0) for place in places]).max()[None])
    parts.extend(weights @ window for weights in made.vertical)
    return made.connected.weight @ torch.cat(parts) + made.connected.bias


def by_the_equations(row: torch.Tensor, made: Caser) -> torch.Tensor:
    """[T, d], every position from a window of its own, padded with zeros above the first input."""
    padded = torch.cat([torch.zeros(made.window - 1, D), row])
    return torch.stack([state_of_window(padded[t : t + made.window], made) for t in range(len(row))])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"window": 4, "filters": 3},
        {"window": 2, "heights": (1, 2), "filters": 2, "vertical": 3},
        {"window": 5, "heights": (5,), "vertical": 2},
    ],
)
def test_the_whole_row_gives_the_states_of_one_window_per_position(options):
    made = caser(**options)
    torch.testing.assert_close(made(inputs()), torch.stack([by_the_equations(row, made) for row in inputs()]))


def test_a_tiny_one_by_hand():
    """One filter of height 2, E_i - E_{i+1} + 1/2, and vertical weights 100, 10 and 1 for the last three inputs."""
    made = Caser(1, window=3, heights=(2,), filters=1)
    with torch.no_grad():
        made.horizontal[0].weight[:] = torch.tensor([[[1.0, -1.0]]])
        made.horizontal[0].bias[:] = 0.5
        made.vertical[:] = torch.tensor([[100.0, 10.0, 1.0]])
        made.connected.weight[:] = torch.tensor([[1000.0, 1.0]])
        made.connected.bias[:] = 0.25
    found = made.eval()(torch.tensor([[[2.0], [1.0], [3.0], [3.0]]]))
    # windows        0 0 2       0 2 1       2 1 3       1 3 3
    # places         .5 -1.5    -1.5 1.5     1.5 -1.5   -1.5 .5
    # o, v           .5, 2       1.5, 21     1.5, 213    .5, 133
    expected = [502.25, 1521.25, 1713.25, 633.25]
    assert found.flatten().tolist() == expected


def test_what_is_older_than_the_window_is_forgotten():
    made, x = caser(window=4), inputs()
    other = x.clone()
    other[:, :3] += 1
    assert torch.equal(made(other)[:, 6], made(x)[:, 6])
    assert not torch.allclose(made(other)[:, 5], made(x)[:, 5])


def test_residual_adds_the_input_to_the_state():
    torch.testing.assert_close(caser(residual=True)(inputs()), caser()(inputs()) + inputs())


def test_the_state_can_be_rectified():
    plain = caser()(inputs())
    assert torch.equal(caser(rectify=True)(inputs()), plain.clamp(min=0))
    torch.testing.assert_close(caser(rectify=True, residual=True)(inputs()), plain.clamp(min=0) + inputs())


def test_dropout_is_for_training_only():
    made = caser(dropout=0.5)
    assert torch.equal(made(inputs()), caser(dropout=0.0)(inputs()))
    torch.manual_seed(1)
    assert not torch.allclose(made.train()(inputs()), made(inputs()))


@pytest.mark.parametrize(("heights", "window"), [([2, 5], 4), ([], 10)])
def test_heights_that_do_not_fit_into_the_window_are_refused(heights, window):
    with pytest.raises(BadOption) as caught:
        registry.build("backbone", {"name": "caser", "heights": heights, "window": window}, dim=D)
    assert str(caught.value) == (
        f"backbone 'caser', option 'heights' = {heights}: there must be at least one height, and a filter cannot be "
        f"higher than the window, backbone.window = {window}.\n"
        "  do now: set backbone.heights to heights from 1 to backbone.window"
    )
