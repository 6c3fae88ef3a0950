"""CQL: conservative Q-learning over a catalogue of actions. Kumar et al. 2020, arXiv:2006.04779."""

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from sessionrl.nn.candidates import Candidates
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.double_q import bootstrap, td_loss
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.registry import register


@register("objective", "cql")
@dataclass(frozen=True)
class CQL:
    """L = [L_supervised] + alpha mean (log sum_a exp Q(s, a) - Q(s, a_logged)) + td_weight mean L_q     (eq. 4, CQL(H))

    with L_q that of SQN, double Q-learning with the factor 1/2. The middle term holds down the Q of what nobody chose.
    Over a finite catalogue it is the cross entropy of a softmax over Q, so it is summed over the candidates of the
    supervised section and corrected for their sampling as that is. At alpha = 0 this is SQN.

    On one head there is no L_supervised: the scores that the policy ranks by *are* Q, so `greedy` recommends
    argmax_a Q(s, a), as in the paper. The cross entropy fixes the differences between the items of a state, the
    temporal difference their level.

    Options:
        supervised: section of `next_item`; on one head only its candidates count (negatives, alpha, log_q)
        gamma: discount, 0 … 1
        td_weight: of L_q
        alpha: of the middle term; the paper's codes have between .5 and 10
        one_head: whether the head that items are ranked by is Q itself
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    alpha: Annotated[float, Field(ge=0)] = 1.0
    one_head: bool = False

    @property
    def rewards(self) -> int:
        """Q heads beside the one that items are ranked by."""
        return 0 if self.one_head else 1

    @property
    def bootstraps(self) -> bool:
        """Whether `loss` needs a target network."""
        return True

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def valued(self, batch: Transitions, context: Context) -> Valued | None:
        """One head, paid for the kind of the event; on one head there is no Q but the scores."""
        return None if self.one_head else Valued({"reward": batch.reward}, self.gamma)

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        now = online(batch.state, candidates.items, heads="supervised" if self.one_head else "all")
        q = now.logits if self.one_head else now.q.squeeze(1)  # [N, C]
        future = self._future(online, target, batch, candidates)
        taken = q.gather(1, candidates.position[:, None])
        parts = {
            "conservative": -self.supervised.log_probability(q, candidates).mean(),
            "td": td_loss(taken, batch.reward[:, None], future, self.gamma, batch.done).mean(),
        }
        total = self.alpha * parts["conservative"] + self.td_weight * parts["td"]
        if not self.one_head:
            parts[self.supervised.kind] = self.supervised.per_transition(now.logits, candidates).mean()
            total = total + parts[self.supervised.kind]
        return Loss(total, {name: part.detach() for name, part in parts.items()})

    @torch.no_grad()
    def _future(self, online: Network, target: Network, batch: Transitions, candidates: Candidates) -> Tensor:
        """Q'(s', argmax_a Q(s', a)), [N, 1]."""
        if not self.one_head:
            return bootstrap(online, target, batch.next_state, candidates, batch.reward.new_ones(1))
        q, valued = (net(batch.next_state, candidates.items, heads="supervised").logits for net in (online, target))
        value: Tensor = valued.gather(1, q.argmax(1, keepdim=True))
        return value
