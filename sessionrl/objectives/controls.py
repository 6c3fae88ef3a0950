"""Objectives beside SQN in which its Q head learns something else: what of the gain is the reward's, what any task's.

All share encoder and supervised loss with `sqn`, all but `cat` its parameters, and are read by the supervised head as
it is. None learns a value. After the proxies of Labarca Silva et al. 2024, "On the unexpected effectiveness of
reinforcement learning for sequential recommendation", PMLR 235:45432; docs/controls.md says what each one rules out.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from sessionrl.data.sessions import PAD
from sessionrl.errors import BadOption
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes, Transitions
from sessionrl.objectives.fixed_draws import fixed_uniform
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Context, Loss
from sessionrl.registry import register

Weight = Annotated[float, Field(ge=0)]
FACTORS = 8  # width of the frozen random vectors of `random_target`


class _Read(NamedTuple):
    """supervised: scalar, the mean supervised loss; q: [N, R], the Q heads at the logged actions."""

    supervised: Tensor
    q: Tensor


@register("objective", "hist")
@dataclass(frozen=True)
class Hist:
    """L = L_supervised + weight * mean 1/2 (min(1, events before / longest) - Q(s, a))^2     (HIST, PMLR 235:45432)

    The authors divide by the longest history of their data. Here the divisor is an option and longer histories count
    as 1: one robot decides how long the longest session of a log is, and divided by that nearly all targets would be
    0 and the task would be none.

    Options:
        supervised: section of `next_item`
        weight: of the task, ≥ 0
        longest: events that count as 1
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    weight: Weight = 1.0
    longest: Annotated[int, Field(ge=1)] = 50

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        read = _read(self.supervised, online, batch, context)
        history = _squares(read.q, (batch.position / self.longest).clamp(max=1))
        return _sum(self.supervised, read, self.weight, "history", history)


@register("objective", "fut")
@dataclass(frozen=True)
class Fut:
    """L = L_supervised + weight * mean 1/2 (min(1, events after / longest) - Q(s, a))^2      (FUT, PMLR 235:45432)

    As `hist`, with the events of the session that come after the action.

    Options:
        supervised: section of `next_item`
        weight: of the task, ≥ 0
        longest: events that count as 1
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    weight: Weight = 1.0
    longest: Annotated[int, Field(ge=1)] = 50

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        read = _read(self.supervised, online, batch, context)
        future = _squares(read.q, (batch.remaining / self.longest).clamp(max=1))
        return _sum(self.supervised, read, self.weight, "future", future)


@register("objective", "cat")
@dataclass(frozen=True)
class Cat:
    """L = L_supervised + weight * mean -log softmax(Q(s, a))_label                           (CAT, PMLR 235:45432)

    with label = (kind of the action's event, kind of the event after it or the end of the session): K (K + 1) labels,
    each scored by a Q head at the logged action.

    Options:
        supervised: section of `next_item`
        weight: of the task, ≥ 0
        kinds: K, the kinds of events that the prepared log has
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    weight: Weight = 1.0
    kinds: Annotated[int, Field(ge=1)] = 3

    bootstraps: ClassVar[bool] = False

    @property
    def rewards(self) -> int:
        """One head for every label."""
        return self.kinds * (self.kinds + 1)

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        kinds = len(context.rewards)
        if kinds != self.kinds:
            raise BadOption(
                f"objective 'cat', option 'kinds' = {self.kinds}: the prepared log has {kinds} kinds of events. "
                f"Give it as objective.kinds={kinds}."
            )
        read = _read(self.supervised, online, batch, context)
        after = torch.where(batch.next_event_type < 0, kinds, batch.next_event_type)  # K is the end of the session
        labels = F.cross_entropy(read.q, batch.event_type * (kinds + 1) + after)
        return _sum(self.supervised, read, self.weight, "kinds", labels)


@register("objective", "random_target")
@dataclass(frozen=True)
class RandomTarget:
    """L = L_supervised + weight * mean 1/2 (y(s, a) - Q(s, a))^2, y a frozen random function of state and action

    y(s, a) = (1/sqrt n sum over the n items i of s of u_i) . v_a / sqrt 8, where u and v are random vectors of the
    items with 8 independent entries of mean 0 and variance 1: a linear network of the state that nothing was learned
    of, with outputs of mean 0 and variance 1. To follow it, an encoder must know which items the session had. Vectors
    come from item numbers by a hash, so there is nothing to be saved.

    Options:
        supervised: section of `next_item`
        weight: of the task, ≥ 0
        seed: of the random vectors
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    weight: Weight = 1.0
    seed: Annotated[int, Field(ge=0)] = 0

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        read = _read(self.supervised, online, batch, context)
        task = _squares(read.q, self.targets(batch.state, batch.action))
        return _sum(self.supervised, read, self.weight, "random_target", task)

    def targets(self, state: Prefixes, action: Tensor) -> Tensor:
        """[N] float32, y of N states and actions [N]."""
        real = (state.items != PAD).float()
        total = (self._vectors(state.items, 0) * real[..., None]).cumsum(1).flatten(0, 1)[state.at]
        count = real.cumsum(1).flatten()[state.at].clamp(min=1)
        return (total * self._vectors(action, 1)).sum(-1) / (count * FACTORS).sqrt()

    def _vectors(self, items: Tensor, which: int) -> Tensor:
        numbers = (2 * items[..., None] + which) * FACTORS + torch.arange(FACTORS, device=items.device)
        return ((fixed_uniform(numbers, self.seed) - 0.5) * 12**0.5).float()  # a uniform's variance is 1/12


@register("objective", "extra_head")
@dataclass(frozen=True)
class ExtraHead:
    """L = L_supervised(logits) + weight * L_supervised(Q): a second supervised head in the place of the Q head.

    Both heads see the same candidates, and both score by `items.scale` times a product. What this gains over
    `next_item` is the gain of one more head.

    Options:
        supervised: section of `next_item`, of both heads
        weight: of the second head, ≥ 0
    """

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen, so one default can be shared
    weight: Weight = 1.0

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled."""
        return self.supervised.samples

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        candidates = self.supervised.candidates(batch, context)
        now = online(batch.state, candidates.items)
        like_logits = (online.items.scale or 1.0) * now.q[:, 0]  # a softmax needs their scale, which Q heads do without
        first, second = (
            self.supervised.per_transition(scores, candidates).mean() for scores in (now.logits, like_logits)
        )
        return _sum(self.supervised, _Read(first, now.q), self.weight, "second_head", second)


def _read(supervised: NextItem, online: Network, batch: Transitions, context: Context) -> _Read:
    candidates = supervised.candidates(batch, context)
    now = online(batch.state, candidates.items, taken=batch.action)
    return _Read(supervised.per_transition(now.logits, candidates).mean(), now.q.squeeze(-1))


def _squares(q: Tensor, target: Tensor) -> Tensor:
    """Scalar, mean 1/2 (target - q)^2 of the one head; q: [N, 1], target: [N]."""
    return 0.5 * (target.float() - q[:, 0]).square().mean()


def _sum(supervised: NextItem, read: _Read, weight: float, name: str, task: Tensor) -> Loss:
    parts = {supervised.kind: read.supervised.detach(), name: task.detach()}
    return Loss(read.supervised + weight * task, parts)
