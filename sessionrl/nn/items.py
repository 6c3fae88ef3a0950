"""Item vectors: one row per item, read at the input and, when tied, scored at the output."""

import math
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.data.item_features import CodedItems
from sessionrl.data.sessions import PAD
from sessionrl.errors import BadOption
from sessionrl.nn.features import FeatureVectors

ROWS = 1 << 16  # items whose vectors are computed together


class Described(NamedTuple):
    """What a network is told of the items beside their number.

    codes:  their features
    size:   how many words these have
    counts: [V] events in what the network is trained on
    """

    codes: CodedItems
    size: int
    counts: npt.NDArray[np.int64]


class Items(nn.Module):
    """One vector per item: e_i = m_i id_i + f_i, where f_i is what its features add (`FeatureVectors`).

    Without features e_i = id_i.

    m_i is 0 for items whose id is left out: in evaluation those with too few events in what was trained on; in training
    a share of the others, drawn anew for every step, so that the features alone learn to stand for an item. Such an
    item has the bias of `PAD`, so that this becomes the bias of an item known by its features alone. Items with too few
    events keep their id and bias in training, where they are little but negatives: these learn that, and the features
    do not.

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
        features: columns of the table of items; see `sessionrl.data.item_features`. Needs `tied`
        id_dropout: share of the items whose id is left out in a step of training, the same at input and output
        id_least_events: items with fewer events in what is trained on have no id in evaluation; at 1 those without
            events, of which nothing was learned. What an item with few events has learned is mostly that it is rare,
            which is wrong of one that is new
        described: what is known of the items; None leaves the features out

    Raises:
        BadOption: features without tied vectors, or id_dropout without features.
    """

    known: Tensor  # [V] bool, whether an item has an id of its own in evaluation
    read: Tensor  # [V] bool, whether it has one in this step of training

    def __init__(  # noqa: PLR0913 - options of a section, given by name
        self,
        n_items: int,
        dim: Annotated[int, Field(ge=1)] = 64,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        tied: bool = True,
        start: bool = False,
        scale: Annotated[float, Field(gt=0)] | None = None,
        warm_start: Annotated[float, Field(ge=0)] = 0.0,
        features: tuple[str, ...] = (),
        id_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        id_least_events: Annotated[int, Field(ge=1)] = 1,
        described: Described | None = None,
    ):
        super().__init__()
        _check(features, tied, id_dropout)
        self.dim, self.tied, self.start, self.scale, self.warm_start = dim, tied, start, scale, warm_start
        self.sparse = False  # gradients of looked-up rows only; the training loop switches it on
        self.id = nn.Parameter(torch.empty(n_items, dim))
        self.dropout = nn.Dropout(dropout)
        bound = math.sqrt(6 / (n_items + dim))
        nn.init.uniform_(self.id, -bound, bound)
        if not start:  # a start token at 0 would get a gradient 1e12 times too large when it is made unit length
            with torch.no_grad():
                self.id[PAD] = 0
        self.id_dropout, self.id_least_events, self.features = id_dropout, id_least_events, None
        if features and described is not None:
            self.features = FeatureVectors(described.codes, described.size, dim, bound)
            known = torch.from_numpy(described.counts >= id_least_events)
            known[PAD] = True
            self.register_buffer("known", known)
            self.register_buffer("read", torch.ones(n_items, dtype=torch.bool), persistent=False)

    def forward(self, items: Tensor) -> Tensor:
        """[...] item numbers -> [..., dim] input vectors."""
        vectors = self.vectors(items)
        if self.scale is not None:
            vectors = F.normalize(vectors, dim=-1)
        dropped: Tensor = self.dropout(vectors)
        return dropped

    def vectors(self, items: Tensor) -> Tensor:
        """[...] item numbers -> [..., dim], the e_i."""
        ids = F.embedding(items, self.id, padding_idx=None if self.start else PAD, sparse=self.sparse)
        if self.features is None:
            return ids
        added: Tensor = self.features(items)
        return ids * self._reads()[items].unsqueeze(-1) + added

    def biased_as(self, items: Tensor) -> Tensor:
        """Whose bias every item has: its own, or that of `PAD` where its id is left out."""
        return items if self.features is None else torch.where(self._reads()[items], items, PAD)

    @torch.no_grad()
    def learned(self, items: npt.NDArray[np.bool_]) -> None:
        """Items [V] that have, or will have, an id of their own, beside those that have one already."""
        if self.features is not None:
            self.known |= torch.from_numpy(items).to(self.known.device)

    def begin_step(self) -> None:
        """Draw the items whose ids are left out in this step of training, from torch's global state."""
        if self.features is not None and self.id_dropout:
            kept = torch.rand(len(self.known), device=self.known.device) >= self.id_dropout
            self.read = kept | ~self.known | ~self.features.described

    def _reads(self) -> Tensor:
        """[V] bool, m."""
        return self.read if self.training else self.known

    @torch.no_grad()
    def folded(self) -> "Items":
        """Items without features that have the vectors of these, computed once, for evaluation."""
        with torch.device("meta"):  # nothing is drawn
            plain = Items(len(self.id), self.dim, start=self.start, scale=self.scale)
        everything = torch.arange(len(self.id), device=self.id.device)
        plain.id = nn.Parameter(
            torch.cat([self.vectors(some) for some in torch.split(everything, ROWS)]), requires_grad=False
        )
        return plain

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


def _check(features: tuple[str, ...], tied: bool, id_dropout: float) -> None:
    if features and not tied:
        raise BadOption(
            "[items], option 'tied' = false: with features the vectors that are read are also those that are scored, "
            "or an item without events could not be.\n  do now: set items.tied=true, or leave items.features out"
        )
    if id_dropout and not features:
        raise BadOption(
            f"[items], option 'id_dropout' = {id_dropout}: without features nothing is left of an item whose id is "
            "left out.\n  do now: name columns of the table of items with items.features, or leave this option out"
        )
