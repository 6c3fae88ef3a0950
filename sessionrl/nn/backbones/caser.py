"""Caser's encoder. Tang & Wang 2018, arXiv:1809.07426, sections 3.2 and 3.3."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.errors import BadOption
from sessionrl.registry import register

Height = Annotated[int, Field(ge=1)]


@register("backbone", "caser")
class Caser(nn.Module):
    """Filters over the image E of the last L inputs, E_1 the oldest and E_L = x_t, with zeros above the first input.

        horizontal filter F_k of height h:   c_i = relu(<E_i … E_{i+h-1}, F_k> + b_k),   i = 1 … L - h + 1
                                             o_k = max_i c_i
        vertical filter w_k:                 v_k = sum_l w_kl E_l
        state:                               z_t = W [o; v] + b

    A window of its own for every position would cost L times the work. Instead the horizontal filters slide once over
    the row and a running maximum takes the last L - h + 1 of their places; the numbers are the same. The zeros above
    the first input count: places on them give relu(b_k), below which no o_k of a short session can fall. So does the
    order: position L is always the current input. The code of SQN has zeros below the last input, where the place of
    the current one depends on the length.

    Weights are drawn from U(-b, b), b = sqrt(6 / (fan in + fan out)); biases are zero.

    Args:
        dim: length of the input vectors and of the state
        window: L, inputs that a state reads; everything older is forgotten
        heights: of the horizontal filters, in inputs; at most `window`
        filters: horizontal filters of each height
        vertical: vertical filters, each of which gives `dim` numbers
        dropout: share of the entries of [o; v] that is dropped while training
        rectify: the state is relu(z_t), as in the paper, which scores by other vectors than it reads; the code of SQN
            has neither this relu nor W, its heads read [o; v]
        residual: x_t is added to the state, a direct path for the current item, which the paper does not have
    """

    def __init__(
        self,
        dim: int,
        window: Annotated[int, Field(ge=2)] = 10,
        heights: tuple[Height, ...] = (2, 3, 4),
        filters: Annotated[int, Field(ge=1)] = 16,
        vertical: Annotated[int, Field(ge=1)] = 1,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1,
        rectify: bool = False,
        residual: bool = False,
    ):
        super().__init__()
        if not heights or max(heights) > window:
            raise BadOption(
                f"backbone 'caser', option 'heights' = {list(heights)}: there must be at least one height, and a "
                f"filter cannot be higher than the window, backbone.window = {window}.\n"
                "  do now: set backbone.heights to heights from 1 to backbone.window"
            )
        self.window, self.rectify, self.residual = window, rectify, residual
        self.horizontal = nn.ModuleList(nn.Conv1d(dim, filters, height) for height in heights)
        self.vertical = nn.Parameter(torch.empty(vertical, window))
        self.dropout = nn.Dropout(dropout)
        self.connected = nn.Linear(filters * len(heights) + vertical * dim, dim)
        nn.init.xavier_uniform_(self.vertical)
        for layer in (*self.horizontal, self.connected):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        state: Tensor = self.connected(self.dropout(torch.cat([self._horizontal(x), self._vertical(x)], 2)))
        if self.rectify:
            state = F.relu(state)
        return state + x if self.residual else state

    def _horizontal(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, filters * heights], the maxima o."""
        padded = F.pad(x, (0, 0, self.window - 1, 0)).transpose(1, 2)
        return torch.cat([self._maxima(conv, padded) for conv in self.horizontal], 1).transpose(1, 2)

    def _maxima(self, conv: nn.Module, padded: Tensor) -> Tensor:
        """[B, d, window - 1 + T] -> [B, filters, T]."""
        places: Tensor = F.relu(conv(padded))  # [B, filters, window - height + T]
        within = places.size(2) - (padded.size(2) - self.window)  # places in one window: window - height + 1
        return F.max_pool1d(places, within, stride=1)

    def _vertical(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, vertical * d], the sums v."""
        padded = F.pad(x, (0, 0, self.window - 1, 0)).unsqueeze(2)
        sums = x.new_zeros(())
        for place, weights in enumerate(self.vertical.T):  # of input l in every window: one shifted view of the row
            sums = torch.addcmul(sums, weights[:, None], padded[:, place : place + x.size(1)])
        return sums.flatten(2)
