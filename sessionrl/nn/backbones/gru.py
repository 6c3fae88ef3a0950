"""GRU4Rec's encoder. Hidasi et al. 2016, arXiv:1511.06939, section 3.1."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.errors import BadOption
from sessionrl.registry import register


@register("backbone", "gru")
class GRU(nn.Module):
    """h_t = GRU(h_{t-1}, x_t) from h_0 = 0; the state of prefix t is h_t of the top layer.

    Every gate's matrix is drawn from U(-b, b), b = sqrt(6 / (fan in + fan out)); biases are zero.

    Args:
        dim: length of the input vectors and of the hidden state
        layers: GRU cells on top of each other
        dropout: share of the state's entries that is dropped while training (GRU4Rec's drop_h); none is dropped
            between time steps
        residual: the state is h_t + x_t, a direct path for the current item
        truncate: no gradient flows from a step into the one before, as in GRU4Rec's session-parallel training
            (`training.layout = "parallel"`), whose hidden states are carried between steps as constants; the outputs
            are the same
        window: inputs that a state reads, the newest, each window from h = 0, as in SQN and its kin (10 there); 0 reads
            all. A row then costs `window` times as much
    """

    def __init__(
        self,
        dim: int,
        layers: Annotated[int, Field(ge=1)] = 1,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        residual: bool = False,
        truncate: bool = False,
        window: Annotated[int, Field(ge=0)] = 0,
    ):
        super().__init__()
        if window and truncate:
            raise BadOption(
                f"[backbone], option 'window' = {window}: a state that is carried from step to step has no window.\n"
                "  do now: set backbone.window=0, or training.layout=sessions and backbone.truncate=false"
            )
        self.residual, self.truncate, self.window = residual, truncate, window
        self.gru = nn.GRU(dim, dim, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        bound = math.sqrt(6 / (dim + dim))
        for name, parameter in self.gru.named_parameters():
            if name.startswith("weight"):  # three gates stacked: the bound is that of one gate's square matrix
                nn.init.uniform_(parameter, -bound, bound)
            else:
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor, carried: Tensor | None = None) -> Tensor:
        """[B, T, d] -> [B, T, d]; `carried` [B, layers, d] are the hidden states before the first step, 0 if None."""
        if self.truncate and self.training and carried is None:
            hidden = self._truncated(x)
        elif 0 < self.window < x.size(1):
            hidden = self._windowed(x)
        else:
            hidden = self.gru(x, None if carried is None else carried.transpose(0, 1).contiguous())[0]
        dropped: Tensor = self.dropout(hidden + x if self.residual else hidden)
        return dropped

    @torch.no_grad()
    def carry(self, x: Tensor, carried: Tensor | None) -> Tensor:
        """[B, layers, d] the hidden states after the steps x [B, T, d], to go on from as constants."""
        last: Tensor = self.gru(x, None if carried is None else carried.transpose(0, 1).contiguous())[1]
        return last.transpose(0, 1)

    def _windowed(self, x: Tensor) -> Tensor:
        """Of every place the state after its window; one near the beginning is the first of as many as there are."""
        rows, width, dim = x.shape
        place = torch.arange(width, device=x.device)
        first = (place - self.window + 1).clamp(min=0)
        inputs = x[:, first[:, None] + torch.arange(self.window, device=x.device)]  # [B, T, window, d]
        hidden = self.gru(inputs.flatten(0, 1))[0].view(rows, width, self.window, dim)
        newest: Tensor = hidden[:, place, place - first]
        return newest

    def _truncated(self, x: Tensor) -> Tensor:
        """Every step once more from the constant state before it, all steps of all sessions at once."""
        for layer in range(self.gru.num_layers):
            weights = [
                getattr(self.gru, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            with torch.no_grad():
                start = x.new_zeros(1, len(x), x.size(2))
                states = torch.gru(x, start, weights, True, 1, 0.0, False, False, True)[0]
            before = torch.cat([start.transpose(0, 1), states[:, :-1]], dim=1)
            stepped = torch.gru_cell(x.flatten(0, 1), before.flatten(0, 1), *weights)
            x = stepped.view_as(x)
            if layer + 1 < self.gru.num_layers:
                x = F.dropout(x, self.gru.dropout)
        return x
