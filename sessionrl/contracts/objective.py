"""What an objective must be: a loss that teaches one network, repeatable, for any batch, catalogue and network."""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sessionrl import registry
from sessionrl.contracts.gradients import check_gradients
from sessionrl.contracts.made_up import N_ITEMS, require
from sessionrl.contracts.trial import Scored, Surroundings, Trial, made_up_context
from sessionrl.data.sessions import PAD
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.objective import Objective

HIDDEN = (1, 5)  # items that may not be recommended, the most frequent among them
MANY = 20_000  # items of a catalogue of which no sampling objective may score the half


def check_objective(name: str, **options: Any) -> None:
    """A finite loss that teaches every parameter of the online network and none of the target.

    Tried with the whole catalogue and, where the objective has an option for it, with sampled candidates; with item
    vectors tied and untied; with a batch, with a single transition, and with one where every session is done; with a
    network that reads kinds of event, gaps and session features; with items that may not be recommended, none of which
    may compete; and, if it `samples`, with a catalogue too large for a matrix of all scores, which it may not make.

    Args:
        name: as registered
        options: of the objective, as in a configuration
    """
    for section in _with_and_without_negatives(name, options):
        objective: Objective = registry.build("objective", section)
        who = f"objective {section}"
        _check_promises(objective, who)
        for where, around in _surroundings():
            trial = Trial(objective, around)
            for batch in _batches(trial):
                which = f"{who}, {where}, {len(batch)} transitions{', all done' if batch.done.all() else ''}"
                _check_loss(trial, batch, which)
                _check_shown(trial, batch, which)
                _check_valued(objective, batch, around, which)
        if objective.samples:
            _check_small(Trial(objective, Surroundings(shown=np.arange(MANY) > 0)), who)


def _surroundings() -> Iterator[tuple[str, Surroundings]]:
    yield "items.tied = True", Surroundings()
    yield "items.tied = False", Surroundings(tied=False)
    yield "a network that reads kinds, gaps and session features", Surroundings(inputs=True)
    shown = ~np.isin(np.arange(N_ITEMS), (PAD, *HIDDEN))
    yield f"items {HIDDEN} not recommendable", Surroundings(shown=shown)


def _batches(trial: Trial) -> Iterator[Transitions]:
    batch = trial.batch([0, 1, 2, 3])
    yield batch
    yield batch.select(batch.done)
    one = trial.batch([4])
    yield one.select(torch.arange(len(one)) == len(one) - 1)


def _with_and_without_negatives(name: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Sections of the objective; one that wraps another, the section `of`, samples where that one does."""
    section = registry.complete("objective", {"name": name, **options})
    if "of" in section:
        inner = {key: value for key, value in section["of"].items() if key != "name"}
        for of in _with_and_without_negatives(section["of"]["name"], inner):
            yield {"name": name, **options, "of": of}
        return
    yield {"name": name, **options}
    if "negatives" in section:
        yield {"name": name, **options, "negatives": 5}
    elif "supervised" in section:
        yield {"name": name, **options, "supervised": {**options.get("supervised", {}), "negatives": 5}}


def _check_promises(objective: Objective, who: str) -> None:
    frozen = is_dataclass(objective) and type(objective).__dataclass_params__.frozen
    require(frozen, f"{who} should be a frozen dataclass, so that its fields are its options")
    require(
        isinstance(objective.rewards, int) and objective.rewards >= 0,
        f"{who}: rewards should be the number of Q heads, but is {objective.rewards!r}",
    )
    for promise in ("bootstraps", "samples"):
        found = getattr(objective, promise)
        require(isinstance(found, bool), f"{who}: {promise} should be True or False, but is {found!r}")


def _check_valued(objective: Objective, batch: Transitions, around: Surroundings, who: str) -> None:
    """One reward of every transition for each Q head, if they are said to be values."""
    found = objective.valued(batch, made_up_context(around.shown)) if hasattr(objective, "valued") else None
    if found is None:
        return
    heads = ", ".join(found.rewards)
    require(len(found.rewards) == objective.rewards, f"{who}: {objective.rewards} Q heads, but it is paid for {heads}")
    require(0 <= found.gamma <= 1, f"{who}: gamma should lie in 0 … 1, but is {found.gamma}")
    for name, reward in found.rewards.items():
        require(
            reward.shape == (len(batch),),
            f"{who}: reward {name!r} should have shape {[len(batch)]}, but has {list(reward.shape)}",
        )


def _check_loss(trial: Trial, batch: Transitions, who: str) -> None:
    """One step's worth of loss, asked for twice."""
    chance, before = torch.get_rng_state(), [p.detach().clone() for p in trial.parameters()]
    loss = trial.loss(batch)
    require(loss.total.shape == (), f"{who}: the total should be a scalar, but has shape {list(loss.total.shape)}")
    require(loss.total.dtype == torch.float32, f"{who}: the total should be float32, but is {loss.total.dtype}")
    require(bool(loss.total.isfinite()), f"{who}: the total is {float(loss.total.detach())}")
    require(bool(loss.parts), f"{who} names no part, so there is nothing to log")
    for part, value in loss.parts.items():
        require(value.numel() == 1 and not value.requires_grad, f"{who}: part {part!r} should be a detached scalar")
        require(bool(value.isfinite()), f"{who}: part {part!r} is {float(value)}")
    loss.total.backward()  # type: ignore[no-untyped-call]
    check_gradients(trial.online, who)
    if trial.target is not None:
        taught = [key for key, parameter in trial.target.named_parameters() if parameter.grad is not None]
        require(not taught, f"{who} sends a gradient into the target network: {', '.join(taught)}")
    same = all(torch.equal(p, old) for p, old in zip(trial.parameters(), before, strict=True))
    require(same, f"{who} changes the parameters of a network by itself")
    require(
        torch.equal(trial.loss(batch).total.detach(), loss.total.detach()),
        f"{who}: the same batch, step and generator give another loss the second time",
    )
    require(torch.equal(chance, torch.get_rng_state()), f"{who} draws from torch's global state, not from context.rng")


def _check_shown(trial: Trial, batch: Transitions, who: str) -> None:
    """Nothing competes that may not be recommended; single items may be those that the log has next."""
    hidden = torch.from_numpy(~trial.around.shown)
    if not hidden[1:].any():
        return
    logged = torch.cat([batch.next_action, torch.tensor([PAD])])
    for call in _calls(trial):
        asked = "take context.sampler.whole(batch.action) or what it draws"
        whole = call.matrix and call.candidates is None
        require(not whole, f"{who} scores the whole catalogue, where some items are not recommendable; {asked}")
        found = call.candidates[hidden[call.candidates]] if call.candidates is not None else torch.empty(0)
        require(not len(found), f"{who} has candidates that are not recommendable, {_numbers(found)}; {asked}")
        if call.taken is not None:
            odd = call.taken[hidden[call.taken] & ~torch.isin(call.taken, logged)]
            require(
                not len(odd), f"{who} takes the Q of items that are neither logged nor recommendable: {_numbers(odd)}"
            )


def _check_small(trial: Trial, who: str) -> None:
    trial.loss(trial.batch([4]))
    for call in _calls(trial):
        scored = MANY - 1 if call.candidates is None else len(call.candidates)
        require(
            not call.matrix or scored < MANY / 2,
            f"{who} says that it samples, but scores {scored:,} of {MANY - 1:,} items for one transition",
        )


def _calls(trial: Trial) -> list[Scored]:
    return [call for network in trial.networks for call in network.calls]


def _numbers(items: Tensor) -> str:
    return ", ".join(map(str, sorted(set(items.tolist()))))
