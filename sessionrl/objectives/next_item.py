"""Predict the next item: the objective of GRU4Rec and SASRec, and the supervised half of all others."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.nn.candidates import Candidates
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.objective import Context, Loss
from sessionrl.objectives.ranking_losses import bpr_max, cross_entropy, gbce, top1, top1_max
from sessionrl.registry import register


@register("objective", "next_item")
@dataclass(frozen=True)
class NextItem:
    """L = mean over transitions of loss(scores of the candidates, the next item).

    Options:
        kind: cross_entropy, bpr_max, top1, top1_max or gbce (`sessionrl.objectives.ranking_losses`)
        negatives: 0 scores the whole catalogue; else the candidates are the batch's own actions and this many
            items drawn with probability proportional to count^alpha, shared by the batch
        alpha: 0 draws uniformly, 1 by popularity
        log_q: share of the sampling correction in cross entropy; 1 makes the sampled loss estimate the loss over
            the whole catalogue: every negative loses the log of the number of times it is expected among the
            candidates; the next item itself, which is there exactly once, loses nothing (arXiv:2507.09331). The
            authors' code corrects the next item too, with raw counts for the batch's own actions and counts^alpha for
            the drawn ones, which leaves the two groups at a constant offset
        regularisation, elu: of bpr_max
        calibration: t of gbce (gSASRec, arXiv:2308.07192): beta = a (t (1 - 1/a) + 1/a) = 1 - t (1 - a), where a is
            the share of the other items that is drawn; 0 is SASRec's binary cross entropy, at 1 a sigmoid tends to the
            probability of the item. The paper draws uniformly (alpha = 0), and only drawn items are negatives: the
            batch's own actions, popular items for the most part, would undo the calibration
        prior: of gbce, whether a score of 0 stands for the odds beta : k at which an item that is as often the next one
            as any other has no gradient: log(k / beta) is taken off every score, which leaves the order as it is.
            Without it, as in the paper, all k negatives begin at a probability of 1/2, and the first epochs are spent
            on pushing every item down (the prior of arXiv:1708.02002, section 4.1)
    """

    kind: Literal["cross_entropy", "bpr_max", "top1", "top1_max", "gbce"] = "cross_entropy"
    negatives: Annotated[int, Field(ge=0)] = 0
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.5
    log_q: Annotated[float, Field(ge=0, le=1)] = 1.0
    regularisation: Annotated[float, Field(ge=0)] = 1.0
    elu: Annotated[float, Field(ge=0)] = 0.0
    calibration: Annotated[float, Field(ge=0, le=1)] = 0.75
    prior: bool = True

    rewards: ClassVar[int] = 0
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.negatives > 0

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        candidates = self.candidates(batch, context)
        logits = online(batch.state, candidates.items, heads="supervised").logits
        total = self.per_transition(logits, candidates).mean()
        return Loss(total, {self.kind: total.detach()})

    def candidates(self, batch: Transitions, context: Context) -> Candidates:
        """The items that compete in this batch."""
        if not self.negatives:
            return context.sampler.whole(batch.action)
        session = batch.state.at // batch.state.items.size(1)
        return context.sampler.candidates(batch.action, session, self.negatives, self.alpha, context.rng)

    def per_transition(self, logits: Tensor, candidates: Candidates) -> Tensor:
        """[N, C] scores -> [N] losses."""
        position, ignored = candidates.position, candidates.ignored
        if self.kind == "cross_entropy":
            return -self.log_probability(logits, candidates)
        if self.kind == "bpr_max":
            return bpr_max(logits, position, ignored, self.regularisation, self.elu)
        if self.kind == "gbce":
            return self._gbce(logits, candidates)
        return (top1 if self.kind == "top1" else top1_max)(logits, position, ignored)

    def log_probability(self, logits: Tensor, candidates: Candidates) -> Tensor:
        """[N] log pi(a | s) of the next items under pi = softmax(scores), whatever `kind` is.

        Where candidates are sampled this estimates what it is over the whole catalogue, if log_q = 1.
        """
        return -cross_entropy(self._corrected(logits, candidates), candidates.position, candidates.ignored)

    def policy(self, logits: Tensor, candidates: Candidates) -> Tensor:
        """[N, C] pi(. | s) over the candidates, of which `log_probability` has one entry; 0 for the ignored ones."""
        corrected = self._corrected(logits, candidates)
        if candidates.ignored is not None:
            corrected = corrected.masked_fill(candidates.ignored, -torch.inf)
        return corrected.softmax(1)

    def _corrected(self, logits: Tensor, candidates: Candidates) -> Tensor:
        if candidates.log_q is None:
            return logits
        own = candidates.position[:, None]
        return (logits - self.log_q * candidates.log_q).scatter(1, own, logits.gather(1, own))

    def _gbce(self, logits: Tensor, candidates: Candidates) -> Tensor:
        columns, ignored = logits.size(1), candidates.ignored
        beta = 1 - self.calibration * (1 - candidates.rate)
        if ignored is not None:  # the batch's actions come first, the drawn items last
            ignored = ignored | (torch.arange(columns, device=logits.device) < columns - self.negatives)
        if self.prior:
            logits = logits - math.log(max(1, self.negatives or columns - 1) / beta)
        return gbce(logits, candidates.position, ignored, beta)
