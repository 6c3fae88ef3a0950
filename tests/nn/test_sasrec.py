"""SASRec against its equations."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.sasrec import Block, LiGRBlock, SASRec

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


def all_heads(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int) -> torch.Tensor:
    size = D // heads
    cuts = [slice(head * size, (head + 1) * size) for head in range(heads)]
    return torch.cat([attention(q[:, cut], k[:, cut], v[:, cut]) for cut in cuts], 1)


def block_by_the_equations(x: torch.Tensor, block: Block | LiGRBlock) -> torch.Tensor:
    if isinstance(block, LiGRBlock):
        return ligr_by_the_equations(x, block)
    queries = block.before_attention(x)
    q, (k, v) = block.query(queries), block.key_value(x).chunk(2, 1)
    y = block.before_feed(queries + all_heads(q, k, v, block.heads))
    first, _, _, second, _ = block.feed
    return y + F.linear(F.linear(y, first.weight, first.bias).clamp(min=0), second.weight, second.bias)


def norm_by_the_equations(x: torch.Tensor, norm: nn.LayerNorm) -> torch.Tensor:
    x = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    return x * norm.weight + norm.bias


def ligr_by_the_equations(x: torch.Tensor, block: LiGRBlock) -> torch.Tensor:
    w, b = block.query_key_value.weight, block.query_key_value.bias
    n = norm_by_the_equations(x, block.before_attention)
    q, k, v = (n @ w[cut].T + b[cut] for cut in (slice(0, D), slice(D, 2 * D), slice(2 * D, 3 * D)))
    gate = 1 / (1 + torch.exp(-(x @ block.gate_attention.weight.T + block.gate_attention.bias)))
    y = x + gate * (all_heads(q, k, v, block.heads) @ block.attended.weight.T + block.attended.bias)
    m = norm_by_the_equations(y, block.before_feed)
    one, two = block.inner.weight.chunk(2)
    switch = m @ one.T
    fed = (switch / (1 + torch.exp(-switch)) * (m @ two.T)) @ block.outer.weight.T
    gate = 1 / (1 + torch.exp(-(y @ block.gate_feed.weight.T + block.gate_feed.bias)))
    return y + gate * fed


def by_the_equations(x: torch.Tensor, made: SASRec) -> torch.Tensor:
    """[T, d], one row, at most as long as there are positions."""
    ligr = isinstance(made.blocks[0], LiGRBlock)
    state = (x if ligr else math.sqrt(D) * x) + made.positions[: len(x)]
    for block in made.blocks:
        state = block_by_the_equations(state, block)
    return state if ligr else norm_by_the_equations(state, made.norm)


@pytest.mark.parametrize(
    "options",
    [
        {"layers": 1},
        {"layers": 2, "heads": 3},
        {"max_length": 5},
        {"block": "ligr", "layers": 1},
        {"block": "ligr", "layers": 2, "heads": 3, "expansion": 2},
    ],
)
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
@pytest.mark.parametrize("block", ["sasrec", "ligr"])
def test_a_long_prefix_is_read_from_its_last_items(max_length, first, length, block):
    """`first` is the place where the window of each state begins."""
    made, x = sasrec(max_length=max_length, block=block), inputs(length)
    found = made(x)
    for t in range(length):
        torch.testing.assert_close(found[0, t], by_the_equations(x[0, first[t] : t + 1], made)[-1])


@pytest.mark.parametrize("block", ["sasrec", "ligr"])
def test_dropout_is_for_training_only(block):
    made = sasrec(dropout=0.5, block=block)
    assert torch.equal(made(inputs()), sasrec(dropout=0.0, block=block)(inputs()))
    torch.manual_seed(1)
    assert not torch.allclose(made.train()(inputs()), made(inputs()))


def test_heads_that_cannot_share_a_vector_are_refused():
    with pytest.raises(BadOption) as caught:
        registry.build("backbone", {"name": "sasrec", "heads": 4}, dim=D)
    assert str(caught.value) == (
        "backbone 'sasrec', option 'heads' = 4: the heads share the entries of a vector, and items.dim = 6 is no "
        "multiple of 4.\n  do now: set items.dim to a multiple of backbone.heads"
    )


def test_a_closed_gate_lets_nothing_of_the_other_items_through():
    made = sasrec(block="ligr", layers=2)
    with torch.no_grad():
        for block in made.blocks:
            for gate in (block.gate_attention, block.gate_feed):
                gate.weight.zero_()
                gate.bias.fill_(-1e9)
    assert torch.equal(made(inputs()), inputs() + made.positions[:5])


def test_the_names_and_shapes_of_the_weights_of_saved_runs():
    """A run that was saved before there was a choice of blocks must go on loading."""
    block = {
        **{f"before_{layer}.{part}": (6,) for layer in ("attention", "feed") for part in ("weight", "bias")},
        **{"query.weight": (6, 6), "query.bias": (6,), "key_value.weight": (12, 6), "key_value.bias": (12,)},
        **{f"feed.{layer}.{part}": shape for layer in (0, 3) for part, shape in (("weight", (6, 6)), ("bias", (6,)))},
    }
    shapes = {name: tuple(value.shape) for name, value in SASRec(D, layers=1).state_dict().items()}
    assert shapes == {
        "positions": (50, 6),
        "norm.weight": (6,),
        "norm.bias": (6,),
        **{f"blocks.0.{name}": shape for name, shape in block.items()},
    }
