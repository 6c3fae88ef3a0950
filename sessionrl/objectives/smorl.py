"""SMORL: Q-learning for several rewards at once. Stamenkovic et al. 2022, arXiv:2110.15097."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import AfterValidator, Field, ValidationInfo
from torch import Tensor

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.double_q import bootstrap, td_loss
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss, Valued
from sessionrl.objectives.sections import built
from sessionrl.registry import register

Weight = Annotated[float, Field(ge=0)]
GOALS = ("relevance", "diversity", "novelty")


def _completed(section: dict[str, Any]) -> dict[str, Any]:
    return registry.complete("reward", section)


def _goals() -> tuple[dict[str, Any], ...]:
    return tuple(_completed({"name": name}) for name in GOALS)


def _one_each(weights: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
    goals = info.data.get("goals")  # not there if they are wrong themselves, which is said then
    if goals is not None and len(weights) != len(goals):
        names = ", ".join(goal["name"] for goal in goals)
        raise BadOption(
            f"objective 'smorl', option 'weights' = {list(weights)}: expected one for each of the goals {names}. "
            f"Give it as objective.weights={[1.0] * len(goals)}."
        )
    return weights


Goals = Annotated[tuple[Annotated[dict[str, Any], AfterValidator(_completed)], ...], Field(min_length=1)]
Weights = Annotated[tuple[Weight, ...], AfterValidator(_one_each), Field(validate_default=True)]


@register("objective", "smorl")
@dataclass(frozen=True)
class SMORL:
    """L = L_supervised + td_weight * mean sum_i w_i 1/2 (r_i + gamma Q'_i(s', a*) - Q_i(s, a))^2

    with a* = argmax_a sum_i w_i Q_i(s', a) and one Q head for each reward r_i of `sessionrl.objectives.rewards`; in the
    paper relevance, diversity and novelty. The published code pays diversity and novelty for the item that the
    supervised head would show, yet regresses the Q of the logged action, so that the reward is no function of (s, a)
    (`rewards_of = "top"`); paying them for the logged action mends that (`"logged"`, the default here).

    Options:
        supervised: section of `next_item`
        gamma: discount, 0 … 1
        td_weight: alpha of the paper
        goals: sections of rewards, one Q head each
        weights: of the goals, each ≥ 0
        rewards_of: "logged" or "top", the items that are paid for
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5
    td_weight: Annotated[float, Field(ge=0)] = 1.0
    goals: Goals = field(default_factory=_goals)
    weights: Weights = (1.0, 1.0, 1.0)
    rewards_of: Literal["logged", "top"] = "logged"

    bootstraps: ClassVar[bool] = True

    @property
    def rewards(self) -> int:
        """One Q head for each goal."""
        return len(self.goals)

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def valued(self, batch: Transitions, context: Context) -> Valued | None:
        """One head for each goal; where the top item is paid for, Q(s, a) is a value of no reward of a."""
        if self.rewards_of == "top":
            return None
        paid = self.reward(batch, batch.action, context)
        return Valued(dict(zip(self._names(), paid.unbind(1), strict=True)), self.gamma)

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        assert target is not None
        candidates = self.supervised.candidates(batch, context)
        now = online(batch.state, candidates.items, taken=batch.action)
        weights = now.q.new_tensor(self.weights)
        future = bootstrap(online, target, batch.next_state, candidates, weights)
        top = candidates.numbers(now.logits.detach().argmax(1))
        reward = self.reward(batch, batch.action if self.rewards_of == "logged" else top, context)
        supervised = self.supervised.per_transition(now.logits, candidates).mean()
        td = td_loss(now.q.squeeze(-1), reward, future, self.gamma, batch.done).mean(0)  # [R]
        parts = {self.supervised.kind: supervised, **dict(zip(self._parts(), td, strict=True))}
        total = supervised + self.td_weight * (weights @ td)
        return Loss(total, {name: part.detach() for name, part in parts.items()})

    def reward(self, batch: Transitions, paid: Tensor, context: Context) -> Tensor:
        """[N, R]: every reward of the items `paid`, [N]."""
        return torch.stack([built("reward", goal)(batch, paid, context) for goal in self.goals], dim=1)

    def _parts(self) -> list[str]:
        return [f"td_{goal}" for goal in self._names()]

    def _names(self) -> list[str]:
        """Of the goals; of two with one name the later is numbered."""
        names = [goal["name"] for goal in self.goals]
        before = [names[:i].count(name) for i, name in enumerate(names)]
        return [name + (f"_{times + 1}" if times else "") for name, times in zip(names, before, strict=True)]
