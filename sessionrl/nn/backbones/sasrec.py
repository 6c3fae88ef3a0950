"""SASRec's encoder. Kang & McAuley 2018, arXiv:1808.09781, section III."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.errors import BadOption
from sessionrl.registry import register


class Block(nn.Module):
    """Causal self-attention and a feed-forward layer per position, [B, T, d] -> [B, T, d].

        q = norm(x);   y = norm(q + attention(q, x, x));   out = y + W_2 relu(W_1 y + b_1) + b_2

    The places of the norms are those of the authors' code: keys and values see the raw sequence, and the residual
    paths start behind the norms. The paper writes x + g(norm(x)) for both layers.
    """

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before_attention, self.before_feed = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query, self.key_value = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.feed = nn.Sequential(
            nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dim, dim), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        queries = self.before_attention(x)
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # [B, heads, T, d / heads]
            for part in (self.query(queries), *self.key_value(x).chunk(2, -1))
        )
        dropout = self.dropout if self.training else 0.0
        attended = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        y = self.before_feed(queries + attended.transpose(1, 2).flatten(2))
        out: Tensor = y + self.feed(y)
        return out


@register("backbone", "sasrec")
class SASRec(nn.Module):
    """out = norm(blocks(dropout(sqrt(d) x_t + p_t))), with learned positions p_t counted from the start of the row.

    Padding lies on the right and attention looks to the left, so no mask hides it. Rows longer than the positions are
    read in windows of `max_length` that begin every max_length // 2 items: the state of a prefix that is longer is
    that of its last max_length // 2 + 1 … max_length items, at positions that training has seen. Where windows begin
    depends on the place in the row alone, so a session encoded once has the states of its prefixes encoded apart, at
    twice the cost for the long ones.

    Args:
        dim: length of the input vectors and of the states
        layers: blocks on top of each other
        heads: of the attention; they share the `dim` entries
        dropout: share that is dropped while training: of the input, of the attention weights, and twice in every
            feed-forward layer
        max_length: positions; more than `training.max_length` are refused, because they would never be trained
        residual: the state is out + x_t, a direct path for the current item, which the paper does not have
    """

    def __init__(
        self,
        dim: int,
        layers: Annotated[int, Field(ge=1)] = 2,
        heads: Annotated[int, Field(ge=1)] = 1,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2,
        max_length: Annotated[int, Field(ge=2)] = 50,
        residual: bool = False,
    ):
        super().__init__()
        if dim % heads:
            raise BadOption(
                f"backbone 'sasrec', option 'heads' = {heads}: the heads share the entries of a vector, and "
                f"items.dim = {dim} is no multiple of {heads}.\n  do now: set items.dim to a multiple of backbone.heads"
            )
        self.residual = residual
        self.positions = nn.Parameter(torch.empty(max_length, dim))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(dim, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(dim)
        nn.init.xavier_uniform_(self.positions)
        for module in self.blocks.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        states = self._window(x) if x.size(1) <= len(self.positions) else self._windows(x)
        return states + x if self.residual else states

    def _window(self, x: Tensor) -> Tensor:
        """At most as long as there are positions."""
        placed = math.sqrt(x.size(2)) * x + self.positions[: x.size(1)]
        states: Tensor = self.norm(self.blocks(self.dropout(placed)))
        return states

    def _windows(self, x: Tensor) -> Tensor:
        """Overlapping windows; each but the first gives the states of its last `stride` places."""
        length, (rows, width, dim) = len(self.positions), x.shape
        stride = length // 2
        padded = F.pad(x, (0, 0, 0, -(width - length) % stride))
        windows = padded.unfold(1, length, stride).transpose(2, 3)  # [B, windows, length, d]
        states = self._window(windows.flatten(0, 1)).view_as(windows)
        return torch.cat([states[:, 0], states[:, 1:, -stride:].reshape(rows, -1, dim)], 1)[:, :width]
