"""A prompt: states that are told what return they shall bring. PRL, Xin et al. 2022, arXiv:2206.07353."""

import torch
from torch import Tensor, nn


class Prompt(nn.Module):
    """(state, step, return) -> state, by one block of self-attention over three tokens.

        tokens = [s, e_step, W_r sign(R) log(1 + |R|)]
        y = norm(s + attention(s, tokens, tokens));   out = y + W_2 relu(W_1 y + b_1) + b_2

    Only the output at the state is used, so only that is computed. The paper puts R itself into its token; a return
    grows with the session, and by its logarithm the long sessions do not drown the state.

    While it trains it keeps the mean return of each step. Asked without a return, it asks for `factor` times the mean
    of the step.

    Args:
        dim: d, of the states
        heads: of the attention, which divide d
        dropout: of what was attended and of the feed-forward layer, 0 … 1
        steps: that are told apart; later ones count as the last
        factor: of the mean return that is asked for
    """

    mean: Tensor  # [steps] float32, of the returns seen in training
    seen: Tensor  # [steps] int64, how many those are

    def __init__(self, dim: int, heads: int, dropout: float, steps: int, factor: float):
        super().__init__()
        self.factor = factor
        self.step = nn.Embedding(steps, dim)
        self.wanted = nn.Linear(1, dim, bias=False)
        self.attention, self.dropout = nn.MultiheadAttention(dim, heads, batch_first=True), nn.Dropout(dropout)
        self.norm = nn.LayerNorm(dim)
        self.feed = nn.Sequential(
            nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dim, dim), nn.Dropout(dropout)
        )
        self.register_buffer("mean", torch.zeros(steps))
        self.register_buffer("seen", torch.zeros(steps, dtype=torch.int64))

    def forward(self, states: Tensor, step: Tensor, returns: Tensor | None) -> Tensor:
        """states: [N, d]; step: [N] int64 ≥ 0; returns: [N] float32 -> [N, d]."""
        step = step.clamp(max=len(self.mean) - 1)
        if returns is None:
            returns = self.factor * self.mean[step]
        elif self.training:
            self._remember(step, returns)
        told = self.wanted((returns.sign() * returns.abs().log1p())[:, None])
        tokens = torch.stack([states, self.step(step), told], 1)  # [N, 3, d]
        attended, _ = self.attention(states[:, None], tokens, tokens, need_weights=False)
        y = self.norm(states + self.dropout(attended[:, 0]))
        out: Tensor = y + self.feed(y)
        return out

    @torch.no_grad()
    def _remember(self, step: Tensor, returns: Tensor) -> None:
        new = torch.zeros_like(self.seen).index_add_(0, step, torch.ones_like(step))
        total = torch.zeros_like(self.mean).index_add_(0, step, returns.to(self.mean.dtype))
        self.seen += new
        self.mean += (total - new * self.mean) / self.seen.clamp(min=1)
