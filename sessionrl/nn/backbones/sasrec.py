"""SASRec's encoder. Kang & McAuley 2018, arXiv:1808.09781, section III; or eSASRec's, arXiv:2508.06450."""

import math
from typing import Annotated, Literal

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
        keys, values = self.key_value(x).chunk(2, -1)
        dropout = self.dropout if self.training else 0.0
        y = self.before_feed(queries + attention(self.query(queries), keys, values, self.heads, dropout))
        out: Tensor = y + self.feed(y)
        return out


class LiGRBlock(nn.Module):
    """Causal self-attention and a feed-forward layer per position, both behind a gate, [B, T, d] -> [B, T, d].

        y   = x + sigmoid(G_1 x + g_1) * (W_o attention(n, n, n) + b_o),         n = norm(x)
        out = y + sigmoid(G_2 y + g_2) * W_3 (silu(W_1 m) * W_2 m),              m = norm(y)

    LiGR, Borisyuk et al. 2025, arXiv:2502.03417, as in eSASRec, Tikhonovich et al. 2025, arXiv:2508.06450: the gates
    read the raw sequence, and nothing stands in the residual path.
    """

    def __init__(self, dim: int, heads: int, dropout: float, expansion: int):
        super().__init__()
        self.heads, self.dropout = heads, nn.Dropout(dropout)
        self.before_attention, self.before_feed = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query_key_value, self.attended = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.inner = nn.Linear(dim, 2 * expansion * dim, bias=False)  # W_1 and W_2
        self.outer = nn.Linear(expansion * dim, dim, bias=False)
        self.gate_attention, self.gate_feed = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        dropout = self.dropout.p if self.training else 0.0
        q, k, v = self.query_key_value(self.before_attention(x)).chunk(3, -1)
        attended = self.attended(attention(q, k, v, self.heads, dropout))
        y = x + self.gate_attention(x).sigmoid() * self.dropout(attended)
        switch, passed = self.inner(self.before_feed(y)).chunk(2, -1)
        fed = self.outer(self.dropout(F.silu(switch) * passed))
        out: Tensor = y + self.gate_feed(y).sigmoid() * self.dropout(fed)
        return out


def attention(queries: Tensor, keys: Tensor, values: Tensor, heads: int, dropout: float) -> Tensor:
    """Causal attention of every head over its d / heads entries, side by side, [B, T, d]."""
    q, k, v = (part.view(*part.shape[:2], heads, -1).transpose(1, 2) for part in (queries, keys, values))
    attended = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)  # [B, heads, T, d / heads]
    return attended.transpose(1, 2).flatten(2)


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
        block: `sasrec` or `ligr`, that of eSASRec: out = blocks(dropout(x_t + p_t)). A LiGR block passes its input on
            as it is, so the current item is in the state without `residual`; sqrt(d) times the item it would be most
            of the state, and the item vectors would learn pairs of items by heart
        expansion: of `ligr`, length of the feed-forward layer's hidden vector as a multiple of `dim`; that of `sasrec`
            is 1
    """

    def __init__(
        self,
        dim: int,
        layers: Annotated[int, Field(ge=1)] = 2,
        heads: Annotated[int, Field(ge=1)] = 1,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2,
        max_length: Annotated[int, Field(ge=2)] = 50,
        residual: bool = False,
        block: Literal["sasrec", "ligr"] = "sasrec",
        expansion: Annotated[int, Field(ge=1)] = 4,
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
        ligr = block == "ligr"
        self.blocks = nn.Sequential(
            *(LiGRBlock(dim, heads, dropout, expansion) if ligr else Block(dim, heads, dropout) for _ in range(layers))
        )
        self.norm = nn.Identity() if ligr else nn.LayerNorm(dim)
        self.scale = 1.0 if ligr else math.sqrt(dim)
        nn.init.xavier_uniform_(self.positions)
        for module in self.blocks.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        states = self._window(x) if x.size(1) <= len(self.positions) else self._windows(x)
        return states + x if self.residual else states

    def _window(self, x: Tensor) -> Tensor:
        """At most as long as there are positions."""
        placed = self.scale * x + self.positions[: x.size(1)]
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
