"""The GRU against its equations."""

import pytest
import torch
from torch import nn

from sessionrl.errors import BadOption
from sessionrl.nn.backbones.gru import GRU

D = 5


def inputs() -> torch.Tensor:
    return torch.randn(3, 6, D, generator=torch.Generator().manual_seed(0))


def gru(**options) -> GRU:
    torch.manual_seed(0)
    made = GRU(D, **options)
    with torch.no_grad():
        for name, parameter in made.gru.named_parameters():
            if name.startswith("bias"):
                parameter.normal_()
    return made


def by_the_equations(x: torch.Tensor, cell: nn.GRU, layer: int) -> torch.Tensor:
    """r, z, n gates in torch's order; h starts at zero in every session."""
    w_ih, w_hh = getattr(cell, f"weight_ih_l{layer}"), getattr(cell, f"weight_hh_l{layer}")
    b_ih, b_hh = getattr(cell, f"bias_ih_l{layer}"), getattr(cell, f"bias_hh_l{layer}")
    h, out = torch.zeros(len(x), D), []
    for t in range(x.size(1)):
        (r_x, z_x, n_x), (r_h, z_h, n_h) = (x[:, t] @ w_ih.T + b_ih).chunk(3, 1), (h @ w_hh.T + b_hh).chunk(3, 1)
        r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        h = (1 - z) * torch.tanh(n_x + r * n_h) + z * h
        out.append(h)
    return torch.stack(out, 1)


def test_one_layer_by_the_equations():
    made = gru()
    torch.testing.assert_close(made(inputs()), by_the_equations(inputs(), made.gru, 0))


def test_two_layers_give_the_state_of_the_top_one():
    """The thesis read the first layer's state."""
    made = gru(layers=2)
    below = by_the_equations(inputs(), made.gru, 0)
    torch.testing.assert_close(made(inputs()), by_the_equations(below, made.gru, 1))


def test_residual_adds_the_input():
    torch.testing.assert_close(gru(residual=True)(inputs()), gru()(inputs()) + inputs())


@pytest.mark.parametrize("window", [1, 3, 6, 9])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_window_is_read_alone(window, layers):
    made = gru(layers=layers)
    windowed = gru(layers=layers, window=window)(inputs())
    for t in range(6):
        alone = made(inputs()[:, max(0, t - window + 1) : t + 1])[:, -1]
        torch.testing.assert_close(windowed[:, t], alone)


def test_a_carried_state_has_no_window():
    with pytest.raises(BadOption) as raised:
        gru(window=10, truncate=True)
    assert str(raised.value) == (
        "[backbone], option 'window' = 10: a state that is carried from step to step has no window.\n"
        "  do now: set backbone.window=0, or training.layout=sessions and backbone.truncate=false"
    )


def test_the_hidden_state_is_that_of_its_own_session():
    """State left over from other sessions was the first bug of the ports of GRU4Rec."""
    made = gru()
    made(inputs())
    torch.testing.assert_close(made(inputs().flip(0)).flip(0), made(inputs()))


@pytest.mark.parametrize("layers", [1, 2])
def test_truncated_training_gives_the_same_states(layers):
    plain, truncated = gru(layers=layers), gru(layers=layers, truncate=True)
    torch.testing.assert_close(truncated.train()(inputs()), plain(inputs()))
    torch.testing.assert_close(truncated.eval()(inputs()), plain(inputs()))


def test_truncated_training_sends_no_gradient_into_the_step_before():
    x = inputs().requires_grad_()
    gru(truncate=True).train()(x)[:, 4].sum().backward()
    assert x.grad[:, 4].ne(0).all()
    assert x.grad[:, :4].eq(0).all()
    whole = inputs().requires_grad_()
    gru().train()(whole)[:, 4].sum().backward()
    assert whole.grad[:, 3].ne(0).all()
    torch.testing.assert_close(x.grad[:, 4], whole.grad[:, 4])


def test_every_gate_begins_as_in_gru4rec():
    """U(-b, b) with b = sqrt(6 / (fan in + fan out)) of one gate's square matrix, biases zero."""
    torch.manual_seed(0)
    made, bound = GRU(40).gru, (6 / 80) ** 0.5
    for name, parameter in made.named_parameters():
        if name.startswith("bias"):
            assert parameter.eq(0).all()
        else:
            assert parameter.abs().max().item() == pytest.approx(bound, rel=0.01)
            assert parameter.std().item() == pytest.approx(bound / 3**0.5, rel=0.03)
