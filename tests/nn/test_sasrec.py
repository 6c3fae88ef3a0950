"""SASRec against its equations."""

import math

import pytest
import torch
from torch.nn import functional as F

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.sasrec import Block, SASRec

D = 6


def inputs(length: int = 5) -> torch.Tensor:
    return torch.randn(2, length, D, generator=torch.Generator().manual_seed(0))


def sasrec(**options) -> SASRec:
    """With every parameter away from what it begins as, so that none can be forgotten."""
    torch.manual_seed(0)
    made = SASRec(D, **options).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """[T, d] each: place t reads the places up to t."""
    out = []
    for t in range(len(q)):
        weight = (k[: t + 1] @ q[t] / math.sqrt(q.size(1))).softmax(0)
        out.append(weight @ v[: t + 1])
    return torch.stack(out)


def block_by_the_equations(x: torch.Tensor, block: Block) -> torch.Tensor:
    queries = block.before_attention(x)
    q, (k, v) = block.query(queries), block.key_value(x).chunk(2, 1)
    size = D // block.heads
    cuts = [slice(head * size, (head + 1) * size) for head in range(block.heads)]
    y = block.before_feed(queries + torch.cat([attention(q[:, cut], k[:, cut], v[:, cut]) for cut in cuts], 1))
    first, _, _, second, _ = block.feed
    return y + F.linear(F.linear(y, first.weight, first.bias).clamp(min=0), second.weight, second.bias)


def by_the_equations(x: torch.Tensor, made: SASRec) -> torch.Tensor:
    """[T, d], one row, at most as long as there are positions."""
    state = math.sqrt(D) * x + made.positions[: len(x)]
    for block in made.blocks:
        state = block_by_the_equations(state, block)
    state = (state - state.mean(1, keepdim=True)) / (state.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    return state * made.norm.weight + made.norm.bias


@pytest.mark.parametrize("options", [{"layers": 1}, {"layers": 2, "heads": 3}, {"max_length": 5}])
def test_by_the_equations(options):
    made = sasrec(**options)
    torch.testing.assert_close(made(inputs()), torch.stack([by_the_equations(row, made) for row in inputs()]))


def test_residual_adds_the_input():
    torch.testing.assert_close(sasrec(residual=True)(inputs()), sasrec()(inputs()) + inputs())


@pytest.mark.parametrize(
    ("max_length", "first"),
    [(4, [0, 0, 0, 0, 2, 2, 4, 4, 6, 6, 8]), (5, [0, 0, 0, 0, 0, 2, 2, 4, 4, 6, 6]), (2, [0, 0, *range(1, 10)])],
)
@pytest.mark.parametrize("length", [6, 10, 11])
def test_a_long_prefix_is_read_from_its_last_items(max_length, first, length):
    """`first` is the place where the window of each state begins."""
    made, x = sasrec(max_length=max_length), inputs(length)
    found = made(x)
    for t in range(length):
        torch.testing.assert_close(found[0, t], by_the_equations(x[0, first[t] : t + 1], made)[-1])


def test_dropout_is_for_training_only():
    made = sasrec(dropout=0.5)
    assert torch.equal(made(inputs()), sasrec(dropout=0.0)(inputs()))
    torch.manual_seed(1)
    assert not torch.allclose(made.train()(inputs()), made(inputs()))


def test_heads_that_cannot_share_a_vector_are_refused():
    with pytest.raises(BadOption) as caught:
        registry.build("backbone", {"name": "sasrec", "heads": 4}, dim=D)
    assert str(caught.value) == (
        "backbone 'sasrec', option 'heads' = 4: the heads share the entries of a vector, and items.dim = 6 is no "
        "multiple of 4.\n  do now: set items.dim to a multiple of backbone.heads"
    )
