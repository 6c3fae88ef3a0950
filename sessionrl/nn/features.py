"""What the features of an item add to its vector."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.data.item_features import CodedItems


class FeatureVectors(nn.Module):
    """f_i = sum over the words t of item i of W_t + P v_i; 0 for `PAD` and for an item of which nothing is known.

    W and P begin as small as the id vectors, U(-bound, bound): an item whose id is left out would else begin at 0,
    where vectors that are made unit length have no gradient to speak of.

    Args:
        codes: of all V items
        size: how many words there are
        dim: length of a vector
        bound: of the weights at the start
    """

    offsets: Tensor
    listed: Tensor
    given: Tensor
    described: Tensor  # [V] bool, the items of which something is known

    def __init__(self, codes: CodedItems, size: int, dim: int, bound: float):
        super().__init__()
        self.code(codes)
        length = codes.vectors.shape[1]
        self.words = nn.Parameter(torch.empty(size, dim).uniform_(-bound, bound)) if size else None
        self.projection = nn.Parameter(torch.empty(length, dim).uniform_(-bound, bound)) if length else None

    def code(self, codes: CodedItems) -> None:
        """Take over the codes of the items, for as many items as there are now; they lie on the CPU."""
        for name, array in zip(("offsets", "listed", "given"), codes, strict=True):
            self.register_buffer(name, torch.from_numpy(array), persistent=False)
        self.register_buffer("described", (self.offsets.diff() > 0) | (self.given != 0).any(1), persistent=False)

    def forward(self, items: Tensor) -> Tensor:
        """[...] item numbers -> [..., dim]."""
        flat, parts = items.flatten(), []
        if self.words is not None:
            parts.append(self._of_words(flat, self.words))
        if self.projection is not None:
            parts.append(self.given[flat] @ self.projection)
        return torch.stack(parts).sum(0).view(*items.shape, parts[0].size(1))

    def _of_words(self, items: Tensor, words: Tensor) -> Tensor:
        """[n] -> [n, dim]."""
        first, counts = self.offsets[items], self.offsets[items + 1] - self.offsets[items]
        begin = counts.cumsum(0) - counts
        within = torch.arange(int(counts.sum()), device=items.device) - begin.repeat_interleave(counts)
        return F.embedding_bag(self.listed[first.repeat_interleave(counts) + within], words, begin, mode="sum")
