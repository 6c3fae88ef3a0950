"""What the features of an item add to its vector."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.data.item_features import ItemCodes


class FeatureVectors(nn.Module):
    """f_i = sum over the tokens t of item i of W_t + P v_i; 0 for `PAD` and for an item of which nothing is known.

    W and P begin as small as the id vectors, U(-bound, bound): an item whose id is left out would else begin at 0,
    where vectors that are made unit length have no gradient to speak of.

    Args:
        codes: of all V items
        tokens: how many tokens there are
        dim: length of a vector
        bound: of the weights at the start
    """

    def __init__(self, codes: ItemCodes, tokens: int, dim: int, bound: float):
        super().__init__()
        self.register_buffer("offsets", torch.from_numpy(codes.offsets), persistent=False)
        self.register_buffer("tokens", torch.from_numpy(codes.tokens), persistent=False)
        self.register_buffer("given", torch.from_numpy(codes.vectors), persistent=False)
        length = codes.vectors.shape[1]
        self.words = nn.Parameter(torch.empty(tokens, dim).uniform_(-bound, bound)) if tokens else None
        self.projection = nn.Parameter(torch.empty(length, dim).uniform_(-bound, bound)) if length else None

    @property
    def described(self) -> Tensor:
        """[V] bool, the items of which something is known."""
        offsets: Tensor = self.offsets  # type: ignore[assignment]
        given: Tensor = self.given  # type: ignore[assignment]
        return (offsets.diff() > 0) | (given != 0).any(1)

    def forward(self, items: Tensor) -> Tensor:
        """[...] item numbers -> [..., dim]."""
        flat, parts = items.flatten(), []
        if self.words is not None:
            parts.append(self._of_words(flat, self.words))
        if self.projection is not None:
            given: Tensor = self.given  # type: ignore[assignment]
            parts.append(given[flat] @ self.projection)
        return torch.stack(parts).sum(0).view(*items.shape, parts[0].size(1))

    def _of_words(self, items: Tensor, words: Tensor) -> Tensor:
        """[n] -> [n, dim]."""
        offsets: Tensor = self.offsets  # type: ignore[assignment]
        tokens: Tensor = self.tokens  # type: ignore[assignment]
        first, counts = offsets[items], offsets[items + 1] - offsets[items]
        begin = counts.cumsum(0) - counts
        within = torch.arange(int(counts.sum()), device=items.device) - begin.repeat_interleave(counts)
        return F.embedding_bag(tokens[first.repeat_interleave(counts) + within], words, begin, mode="sum")
