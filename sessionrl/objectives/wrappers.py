"""Controls that change one thing of another objective, the section `of`: what it is paid, what it teaches, its ends.

What is wrapped is otherwise as it is alone: same heads, same candidates, same options. docs/controls.md says what each
control rules out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar, cast

import torch
from pydantic import AfterValidator, Field
from torch import Tensor, nn

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.network import Heads, Network, Scores
from sessionrl.nn.prefixes import Prefixes, Transitions
from sessionrl.objectives.fixed_draws import fixed_uniform
from sessionrl.objectives.objective import Context, Loss, Objective, Valued
from sessionrl.objectives.sections import built
from sessionrl.objectives.warm_up import phase_lasts
from sessionrl.registry import register

T = TypeVar("T")


def _completed(section: dict[str, Any]) -> dict[str, Any]:
    if "name" not in section:
        known = ", ".join(registry.names("objective"))
        raise BadOption(f"[objective.of] has no 'name'. Give it as objective.of.name=sqn. Known: {known}.")
    return registry.complete("objective", section)


def _sqn() -> dict[str, Any]:
    return _completed({"name": "sqn"})


Of = Annotated[dict[str, Any], AfterValidator(_completed)]


def wrapped(section: Mapping[str, Any]) -> Objective:
    """The objective of a section `of`."""
    objective: Objective = built("objective", section)
    return objective


def promises_as_wrapped(cls: type[T]) -> type[T]:
    """Class decorator: the objective promises what the one in its section `of` does (`Objective`)."""

    def prompt(self: Any, dim: int) -> nn.Module | None:
        own = wrapped(self.of)
        made: nn.Module | None = own.prompt(dim) if hasattr(own, "prompt") else None
        return made

    def warming_up(self: Any, context: Context) -> bool:
        return phase_lasts(wrapped(self.of), context)

    def promise(name: str, otherwise: object) -> property:
        return property(lambda self: getattr(wrapped(self.of), name, otherwise))

    for name, otherwise in {"rewards": 0, "bootstraps": False, "samples": False, "waits": False}.items():
        setattr(cls, name, promise(name, otherwise))
    cls.prompt, cls.warming_up = prompt, warming_up  # type: ignore[attr-defined]
    if "valued" not in vars(cls):
        cls.valued = lambda self, batch, context: _valued(self.of, batch, context)  # type: ignore[attr-defined]
    return cls


def _valued(of: Mapping[str, Any], batch: Transitions, context: Context) -> Valued | None:
    own = wrapped(of)
    found: Valued | None = own.valued(batch, context) if hasattr(own, "valued") else None
    return found


@register("objective", "shuffled_reward")
@promises_as_wrapped
@dataclass(frozen=True)
class ShuffledReward:
    """The objective `of`, every event being paid what some other event earned: rewards without their content.

    Each event gets one reward for the whole of training, drawn from the rewards of all events of the training part by
    a hash of its number and `seed`. That is a fixed permutation of the rewards, up to the sampling noise of how often
    each reward occurs, for which no list of all events has to be kept. (Within a kind of events all rewards are
    equal, so that a permutation within kinds would change nothing.)

    Options:
        of: section of an objective
        seed: of the rewards
    """

    of: Of = field(default_factory=_sqn)
    seed: Annotated[int, Field(ge=0)] = 0

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        return wrapped(self.of).loss(online, target, self.paid(batch, context), context)

    def valued(self, batch: Transitions, context: Context) -> Valued | None:
        """What the heads of the wrapped one are paid."""
        return _valued(self.of, self.paid(batch, context), context)

    def paid(self, batch: Transitions, context: Context) -> Transitions:
        """The transitions with the rewards of others."""
        return replace(batch, reward=_rewards_at(fixed_uniform(batch.event, self.seed), context))


@register("objective", "random_reward")
@promises_as_wrapped
@dataclass(frozen=True)
class RandomReward:
    """The objective `of`, paid at random: each time anew, one of the rewards of the events of the training part.

    Unlike `shuffled_reward` there is nothing to be remembered, only noise.

    Options:
        of: section of an objective
    """

    of: Of = field(default_factory=_sqn)

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        return wrapped(self.of).loss(online, target, self.paid(batch, context), context)

    def valued(self, batch: Transitions, context: Context) -> Valued | None:
        """What the heads of the wrapped one are paid, drawn once more."""
        return _valued(self.of, self.paid(batch, context), context)

    def paid(self, batch: Transitions, context: Context) -> Transitions:
        """The transitions with rewards drawn anew."""
        drawn = torch.rand(len(batch), generator=context.rng, device=batch.reward.device, dtype=torch.float64)
        return replace(batch, reward=_rewards_at(drawn, context))


@register("objective", "constant_reward")
@promises_as_wrapped
@dataclass(frozen=True)
class ConstantReward:
    """The objective `of`, paid alike for every event, a purchase being worth a look.

    Options:
        of: section of an objective
        value: of every event; none pays the mean over the events of the training part
    """

    of: Of = field(default_factory=_sqn)
    value: float | None = None

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        return wrapped(self.of).loss(online, target, self.paid(batch, context), context)

    def valued(self, batch: Transitions, context: Context) -> Valued | None:
        """What the heads of the wrapped one are paid."""
        return _valued(self.of, self.paid(batch, context), context)

    def paid(self, batch: Transitions, context: Context) -> Transitions:
        """The transitions, all paid alike."""
        value = context.rewards @ context.kind_shares if self.value is None else self.value
        return replace(batch, reward=torch.ones_like(batch.reward) * value)


@register("objective", "endless")
@promises_as_wrapped
@dataclass(frozen=True)
class Endless:
    """The objective `of` with done = False everywhere: the state after a session's last event has a future as well.

    Options:
        of: section of an objective that bootstraps; not `eval`, for which the log has no action after the last
    """

    of: Of = field(default_factory=_sqn)

    def __post_init__(self) -> None:
        innermost = self.of
        while "of" in innermost:
            innermost = innermost["of"]
        if innermost["name"] == "eval":
            raise BadOption(
                "objective 'endless' cannot wrap 'eval', whose next action is the logged one: after the last event of "
                "a session there is none. Give it another objective, as objective.of.name=sqn."
            )
        if not wrapped(self.of).bootstraps:
            raise BadOption(
                f"objective 'endless' would change nothing of '{innermost['name']}', which does not bootstrap: whether "
                "a session is done is nothing to it. Give it another objective, as objective.of.name=sqn."
            )

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        return wrapped(self.of).loss(online, target, replace(batch, done=torch.zeros_like(batch.done)), context)

    def valued(self, batch: Transitions, context: Context) -> Valued | None:
        """As the wrapped one, but a session's future goes on."""
        found = _valued(self.of, batch, context)
        return None if found is None else found._replace(ends=False)


@register("objective", "frozen_encoder")
@promises_as_wrapped
@dataclass(frozen=True)
class FrozenEncoder:
    """The objective `of`, of which what is asked of the Q heads teaches the Q heads alone.

    The loss is the same number; states and shared item vectors are constants to the Q heads, so that the rest of the
    network learns what the supervised head teaches. An objective without a supervised loss teaches no encoder then.

    Options:
        of: section of an objective with Q heads
    """

    of: Of = field(default_factory=_sqn)

    def __post_init__(self) -> None:
        if not wrapped(self.of).rewards:
            raise BadOption(
                f"objective 'frozen_encoder' would change nothing of '{self.of['name']}', which has no Q heads. Give "
                "it another objective, as objective.of.name=sqn."
            )

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:  # noqa: D102
        return wrapped(self.of).loss(cast(Network, _FrozenForQ(online)), target, batch, context)


class _FrozenForQ:
    """A network as it is, but its Q heads read states and item vectors as constants."""

    def __init__(self, network: Network):
        self._network = network

    def __call__(
        self,
        prefixes: Prefixes,
        candidates: Tensor | None = None,
        heads: Heads = "all",
        taken: Tensor | None = None,
        frozen: bool = True,
    ) -> Scores:
        scores: Scores = self._network(prefixes, candidates, heads, taken, frozen=True)
        return scores

    def score(
        self,
        states: Tensor,
        candidates: Tensor | None = None,
        heads: Heads = "all",
        taken: Tensor | None = None,
        frozen: bool = True,
    ) -> Scores:
        return self._network.score(states, candidates, heads, taken, frozen=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


def _rewards_at(uniform: Tensor, context: Context) -> Tensor:
    """[N] float32, rewards as the events of the training part have them, of N numbers in [0, 1), float64."""
    below = context.kind_shares.double().cumsum(0)
    return context.rewards[torch.searchsorted(below / below[-1], uniform, right=True)]
