"""Cross entropy weighted by what was earned: a control of the actor-critics that has no critic."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss
from sessionrl.objectives.returns import returns
from sessionrl.objectives.weights import mean_one
from sessionrl.registry import register


@register("objective", "reward_weighted")
@dataclass(frozen=True)
class RewardWeighted:
    """L = mean w L_supervised,   w = r or G = sum_k gamma^k r_(t+k), divided by its mean in the batch

    Weighted by the reward it asks whether an actor-critic does more than to repeat purchases; weighted by the logged
    (Monte Carlo) return, whether a learned Q tells more than the log. An event that earns nothing teaches nothing; one
    that costs something is unlearned.

    Options:
        supervised: section of `next_item`
        by: "reward" of the event, or "return" from it on (of the piece, where a session is cut into pieces, see
            `sessionrl.objectives.returns`)
        gamma: discount of the return, 0 … 1; 0 makes it the reward
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    by: Literal["reward", "return"] = "reward"
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5

    rewards: ClassVar[int] = 0
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        candidates = self.supervised.candidates(batch, context)
        logits = online(batch.state, candidates.items, heads="supervised").logits
        supervised = self.supervised.per_transition(logits, candidates)
        earned = batch.reward if self.by == "reward" else returns(batch, self.gamma)
        total = (mean_one(earned) * supervised).mean()
        return Loss(total, {"weighted": total.detach(), self.supervised.kind: supervised.detach().mean()})
