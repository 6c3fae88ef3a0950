"""SQN: self-supervised Q-learning. Xin et al. 2020, arXiv:2006.05779."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field
from torch import Tensor

from sessionrl.nn.candidates import Candidates
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.double_q import bootstrap, td_loss
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.registry import register


class Terms(NamedTuple):
    """The two halves of the loss before they are averaged, and what they were made of.

    supervised: [N]
    td:         [N]
    q:          [N, 1 + n] online Q of the action, first, and of n negatives
    logits:     [N, C] online supervised scores of the candidates
    """

    supervised: Tensor
    td: Tensor
    q: Tensor
    logits: Tensor
    candidates: Candidates

    def loss(self, kind: str, td_weight: float) -> Loss:
        """The mean of both halves; `kind` is what the supervised one is called in the log."""
        supervised, td = self.supervised.mean(), self.td.mean()
        return Loss(supervised + td_weight * td, {kind: supervised.detach(), "td": td.detach()})


@register("objective", "sqn")
@dataclass(frozen=True)
class SQN:
    """L = L_supervised + td_weight * mean 1/2 (r + gamma Q'(s', argmax_a' Q(s', a')) - Q(s, a))^2     (eq. 5, 6)

    The Q head regularises the encoder through the shared states; items are still ranked by the supervised head. The
    paper's L_supervised is cross entropy over the whole catalogue; here it is any `next_item`, and when that samples
    its candidates the argmax runs over the same candidates.

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: 1 in the paper
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def valued(self, batch: Transitions, context: Context) -> Valued:
        """One head, paid for the kind of the event."""
        return Valued({"reward": batch.reward}, self.gamma)

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        return self.terms(online, target, batch, context).loss(self.supervised.kind, self.td_weight)

    def terms(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Terms:
        """Both halves of the loss per transition; no negatives."""
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        now = online(batch.state, candidates.items, taken=batch.action)
        future = bootstrap(online, target, batch.next_state, candidates, now.q.new_ones(1))
        td = td_loss(now.q.squeeze(-1), batch.reward[:, None], future, self.gamma, batch.done)
        supervised = self.supervised.per_transition(now.logits, candidates)
        return Terms(supervised, td.squeeze(1), now.q.squeeze(1), now.logits, candidates)
