"""GRU4Rec's encoder. Hidasi et al. 2016, arXiv:1511.06939, section 3.1."""

import math
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

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
    """

    def __init__(
        self,
        dim: int,
        layers: Annotated[int, Field(ge=1)] = 1,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        residual: bool = False,
    ):
        super().__init__()
        self.residual = residual
        self.gru = nn.GRU(dim, dim, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        bound = math.sqrt(6 / (dim + dim))
        for name, parameter in self.gru.named_parameters():
            if name.startswith("weight"):  # three gates stacked: the bound is that of one gate's square matrix
                nn.init.uniform_(parameter, -bound, bound)
            else:
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        hidden: Tensor = self.gru(x)[0]
        return self.dropout(hidden + x if self.residual else hidden)
