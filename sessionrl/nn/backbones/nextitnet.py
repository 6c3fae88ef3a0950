"""NextItNet's encoder. Yuan et al. 2019, arXiv:1808.05163, section 3."""

import math
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.errors import BadOption
from sessionrl.registry import register

Dilation = Annotated[int, Field(ge=1)]


class Dilated(nn.Module):
    """relu(norm(causal convolution)), [B, T, d] -> [B, T, d].

        y_t = relu(norm(b + sum_{j=0}^{kernel-1} W_j x_{t - (kernel - 1 - j) dilation})),   x_t = 0 for t < 1

    Padding on the left only is what makes it causal.
    """

    def __init__(self, dim: int, kernel: int, dilation: int):
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.conv = nn.Conv1d(dim, dim, kernel, dilation=dilation)
        self.norm = nn.LayerNorm(dim)
        nn.init.xavier_uniform_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        summed = self.conv(F.pad(x.transpose(1, 2), (self.past, 0))).transpose(1, 2)
        return F.relu(self.norm(summed))


class Block(nn.Module):
    """out = x + dropout(dilated_{2 l}(dilated_l(x))), the residual block (b) of figure 3."""

    def __init__(self, dim: int, kernel: int, dilation: int, dropout: float):
        super().__init__()
        self.first, self.second = Dilated(dim, kernel, dilation), Dilated(dim, kernel, 2 * dilation)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        out: Tensor = x + self.dropout(self.second(self.first(x)))
        return out


@register("backbone", "nextitnet")
class NextItNet(nn.Module):
    """Residual blocks of two causal convolutions each, the second with twice the dilation of the first.

    A state reads its last 1 + 3 (kernel - 1) sum(dilations) inputs: 55 with the defaults, which are those of SQN.

    Args:
        dim: length of the input vectors, of the channels and of the states
        dilations: of the first convolution of each block
        kernel: inputs that a convolution reads, `dilation` places apart
        dropout: share of what a block adds that is dropped while training; the paper has none
        residual: the blocks read sqrt(d) x_t, as SASRec's do, so that the residual path carries the current item about
            as strongly as what a block adds; the paper reads x_t, of which the norms leave little in the state
    """

    def __init__(
        self,
        dim: int,
        dilations: tuple[Dilation, ...] = (1, 2, 1, 2, 1, 2),
        kernel: Annotated[int, Field(ge=2)] = 3,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        residual: bool = False,
    ):
        super().__init__()
        if not dilations:
            raise BadOption(
                "backbone 'nextitnet', option 'dilations' = []: there must be at least one block.\n"
                "  do now: set backbone.dilations to one dilation per block, such as [1, 2, 1, 2]"
            )
        self.residual = residual
        self.blocks = nn.Sequential(*(Block(dim, kernel, dilation, dropout) for dilation in dilations))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, T, d]."""
        states: Tensor = self.blocks(math.sqrt(x.size(2)) * x if self.residual else x)
        return states
