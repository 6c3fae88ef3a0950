"""Item vectors: one row per item, read at the input and, when tied, scored at the output."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.data.sessions import PAD


class Items(nn.Module):
    """One vector per item.

    Weights are drawn from U(-b, b) with b = sqrt(6 / (V + dim)), GRU4Rec's initialisation; the row of `PAD` is
    zero and stays so, unless `start` makes it the learned vector of the empty history.

    Args:
        n_items: V, the items and `PAD`
        dim: length of a vector
        dropout: share of the vectors' entries that is dropped at the input while training (GRU4Rec's drop_e)
        tied: score items with the same vectors that are read (GRU4Rec's constrained embedding); else the heads
            have vectors of their own, as in the papers of SQN and SMORL
        start: sessions begin with a start token, so that the first event of a session is predicted from a
            learned state; without it the first event is predicted from popularity, as in GRU4Rec
        scale: None scores by dot product; a number s scores by s times the cosine of state and item
            (NISER, arXiv:1909.04276; CORE, arXiv:2204.11067)
        warm_start: weight of the catalogue's co-occurrence vectors in the vectors that training starts from
            (`begin_near`); 0 starts from random ones
    """

    def __init__(
        self,
        n_items: int,
        dim: Annotated[int, Field(ge=1)] = 64,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        tied: bool = True,
        start: bool = False,
        scale: Annotated[float, Field(gt=0)] | None = None,
        warm_start: Annotated[float, Field(ge=0)] = 0.0,
    ):
        super().__init__()
        self.dim, self.tied, self.start, self.scale, self.warm_start = dim, tied, start, scale, warm_start
        self.sparse = False  # gradients of looked-up rows only; the training loop switches it on
        self.id = nn.Parameter(torch.empty(n_items, dim))
        self.dropout = nn.Dropout(dropout)
        bound = math.sqrt(6 / (n_items + dim))
        nn.init.uniform_(self.id, -bound, bound)
        if not start:  # a start token at 0 would get a gradient 1e12 times too large when it is made unit length
            with torch.no_grad():
                self.id[PAD] = 0

    def forward(self, items: Tensor) -> Tensor:
        """[...] item numbers -> [..., dim] input vectors."""
        vectors = F.embedding(items, self.id, padding_idx=None if self.start else PAD, sparse=self.sparse)
        if self.scale is not None:
            vectors = F.normalize(vectors, dim=-1)
        dropped: Tensor = self.dropout(vectors)
        return dropped

    @torch.no_grad()
    def begin_near(self, vectors: Tensor) -> None:
        """e_i <- e_i + warm_start m v_i, where v_i is the item's fixed vector and m the mean length of the e.

        Items that were looked at together thus begin near each other. Of vectors longer than `dim` the coordinates
        with the largest sums of squares are taken; shorter ones fill the first places.

        Args:
            vectors: [V, e] float32, of unit length or zero
        """
        largest = vectors.square().sum(0).argsort(descending=True, stable=True)[: self.dim]
        self.id[:, : len(largest)] += self.warm_start * self.id.norm(dim=1).mean() * vectors[:, largest].to(self.id)
