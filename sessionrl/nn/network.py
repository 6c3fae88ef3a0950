"""Item vectors -> backbone -> heads. The only nn.Module the rest of the package sees."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.nn.inputs import Inputs
from sessionrl.nn.items import Items
from sessionrl.nn.prefixes import Prefixes, Reads

Heads = Literal["all", "supervised", "q"]


class Scores(NamedTuple):
    """What the network thinks of C candidate items in N states; an entry is empty when its head was not asked for."""

    logits: Tensor  # [N, C], supervised head
    q: Tensor  # [N, R, C], one Q head per reward


class Network(nn.Module):
    """Scores of items in states.

    With tied item vectors e_i, head h of 1 + R scores  (W_h s) . e_i + b_ih, where W_0 = 1 for the supervised head
    and each Q head has a map of its own; untied, head h has vectors of its own: s . e_ih + b_ih. All heads lie in
    one stacked parameter, so that none is ever without a gradient.

    With `items.scale` the supervised head scores by scale times the cosine, which suits a softmax. Q is a sum of
    rewards and no logit: its heads see the state at unit length and do without the scale, so that they begin near 0
    and not anywhere in -scale … scale, from where the TD loss would first tear at the encoder.

    Args:
        items: the item vectors
        backbone: causal map [B, T, d] -> [B, T, d]
        rewards: R, the number of Q heads; 0 for a purely supervised network
        inputs: what is read besides items; nothing if not given
        prompt: (states [N, d], step [N], returns [N] or None) -> states [N, d], for a network that is told what return
            its states shall bring; step is the place of the state in its row
    """

    def __init__(
        self,
        items: Items,
        backbone: nn.Module,
        rewards: int,
        inputs: Inputs | None = None,
        prompt: nn.Module | None = None,
    ):
        super().__init__()
        n_items, dim = items.id.shape
        self.items, self.backbone, self.rewards = items, backbone, rewards
        self.inputs, self.prompt = inputs or Inputs(dim), prompt
        self.bias = nn.Parameter(torch.zeros(n_items, 1 + rewards))
        if items.tied:
            self.heads = nn.Parameter(torch.empty(rewards, dim, dim)) if rewards else None
        else:
            self.heads = nn.Parameter(torch.empty(n_items, (1 + rewards) * dim))
        if self.heads is not None:
            nn.init.xavier_uniform_(self.heads)

    def forward(
        self,
        prefixes: Prefixes,
        candidates: Tensor | None = None,
        heads: Heads = "all",
        taken: Tensor | None = None,
        frozen: bool = False,
    ) -> Scores:
        """Score candidates in every state.

        Args:
            prefixes: N states
            candidates: [C] item numbers; None scores the whole catalogue, column j being item j + 1, so that
                `PAD` cannot be scored at all
            heads: which heads to compute
            taken: [N] or [N, n] item numbers; when given, `q` holds those items of each state alone, [N, R, 1] or
                [N, R, n], which spares the product of all states with all candidates
            frozen: the Q heads read states and item vectors as constants, so that they learn and teach nothing else
        """
        return self.score(self.states(prefixes), candidates, heads, taken, frozen)

    @property
    def reads(self) -> Reads:
        """What its prefixes must carry."""
        inputs = self.inputs
        return Reads(self.items.start, *(part is not None for part in (inputs.kinds, inputs.gaps, inputs.features)))

    def states(self, prefixes: Prefixes) -> Tensor:
        """[N, d], the backbone's output at each prefix, told what return it shall bring if the network is."""
        vectors = self.inputs(self.items(prefixes.items), prefixes)
        # Only a backbone that can carry is ever given something to go on from.
        out = self.backbone(vectors) if prefixes.carried is None else self.backbone(vectors, prefixes.carried)
        states: Tensor = out.flatten(0, 1)[prefixes.at]
        if self.prompt is not None:
            states = self.prompt(states, prefixes.at % prefixes.items.size(1), prefixes.returns)
        return states

    @torch.no_grad()
    def carry(self, prefixes: Prefixes) -> Tensor:
        """[B, ...] what the backbone carries over from the rows of `prefixes`, to go on from as a constant."""
        vectors = self.inputs(self.items(prefixes.items), prefixes)
        carried: Tensor = self.backbone.carry(vectors, prefixes.carried)  # type: ignore[operator]
        return carried

    def score(
        self,
        states: Tensor,
        candidates: Tensor | None = None,
        heads: Heads = "all",
        taken: Tensor | None = None,
        frozen: bool = False,
    ) -> Scores:
        """As `forward`, from states [N, d] that were computed before."""
        logits, q = states.new_empty(0), states.new_empty(0)
        if heads != "q":
            vectors, bias = self._vectors(candidates, 0, 1)
            logits = self._matched(states, vectors[:, 0]) + bias[:, 0]
        if heads != "supervised" and self.rewards:
            turned = self._turned(states.detach() if frozen else states)  # [N, R, d]
            vectors, bias = self._vectors(candidates if taken is None else taken.flatten(), 1, 1 + self.rewards)
            if self.items.tied and self.items.scale is not None:
                vectors = F.normalize(vectors, dim=-1)
            if frozen and self.items.tied:
                vectors = vectors.detach()
            if taken is None:
                q = torch.einsum("nrd,crd->nrc", turned, vectors) + bias.T
            else:
                each = (*taken.shape, 1)[:2]  # N, n
                vectors, bias = (part.view(*each, *part.shape[1:]) for part in (vectors, bias))
                q = (turned[:, None] * vectors).sum(-1).add(bias).transpose(1, 2)
        return Scores(logits, q)

    @torch.no_grad()
    def folded(self) -> "Network":
        """A network that scores as this one does in evaluation and computes no features; itself if it has none."""
        if self.items.features is None:
            return self
        assert not self.training
        with torch.device("meta"):  # nothing is drawn
            plain = Network(self.items.folded(), self.backbone, self.rewards, self.inputs, self.prompt)
        everything = torch.arange(len(self.bias), device=self.bias.device)
        plain.heads = self.heads
        plain.bias = nn.Parameter(self.bias[self.items.biased_as(everything)], requires_grad=False)
        return plain.eval()

    def sparse_parameters(self) -> list[nn.Parameter]:
        """The tables of which a step touches only some rows when candidates are sampled."""
        tables = [self.items.id, self.bias]
        if not self.items.tied and self.heads is not None:
            tables.append(self.heads)
        return tables

    def _vectors(self, items: Tensor | None, first: int, last: int) -> tuple[Tensor, Tensor]:
        """Vectors [C, last - first, d] and biases [C, last - first] of the heads first, …, last - 1."""
        sparse, dim = self.items.sparse, self.items.dim
        if self.items.features is not None:
            chosen = torch.arange(1, len(self.bias), device=self.bias.device) if items is None else items
            rows, bias = self.items.vectors(chosen), F.embedding(self.items.biased_as(chosen), self.bias, sparse=sparse)
        else:
            table = self.items.id if self.items.tied or self.heads is None else self.heads
            rows = table[1:] if items is None else F.embedding(items, table, sparse=sparse)
            bias = self.bias[1:] if items is None else F.embedding(items, self.bias, sparse=sparse)
        if self.items.tied:
            vectors = rows.unsqueeze(1).expand(-1, last - first, -1)
        else:
            vectors = rows.view(len(rows), -1, dim)[:, first:last]
        return vectors, bias[:, first:last]

    def _turned(self, states: Tensor) -> Tensor:
        """[N, R, d], the state as each Q head sees it."""
        if self.items.scale is not None:
            states = F.normalize(states, dim=-1)
        if self.items.tied and self.heads is not None:
            return torch.einsum("nd,rde->nre", states, self.heads)
        return states.unsqueeze(1).expand(-1, self.rewards, -1)

    def _matched(self, states: Tensor, vectors: Tensor) -> Tensor:
        """[N, d] and [C, d] -> [N, C]."""
        if self.items.scale is None:
            return states @ vectors.T
        return self.items.scale * F.normalize(states, dim=-1) @ F.normalize(vectors, dim=-1).T
