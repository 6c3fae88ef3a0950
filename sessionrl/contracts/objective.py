"""What an objective must be: a loss that teaches one network, repeatable, for any batch."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from sessionrl import registry
from sessionrl.contracts.gradients import check_gradients
from sessionrl.contracts.made_up import DIM, N_ITEMS, REWARDS, made_up, require
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions, pieces, transitions
from sessionrl.objectives.objective import Context, Loss, Objective


def check_objective(name: str, **options: Any) -> None:
    """A finite loss that teaches every parameter of the online network and none of the target.

    Tried with the whole catalogue and, where the objective has an option for it, with sampled candidates; with item
    vectors tied and untied; with a batch and with a single transition.

    Args:
        name: as registered
        options: of the objective, as in a configuration
    """
    for tied in (True, False):
        for section in _with_and_without_negatives(name, options):
            objective: Objective = registry.build("objective", section)
            who = f"objective {section}, items.tied = {tied}"
            _check_promises(objective, who)
            trial = _Trial(objective, tied)
            for batch in (made_up_transitions([0, 1, 2, 3]), made_up_transitions([4])):
                _check_loss(trial, batch, f"{who}, {len(batch)} transitions")


def _with_and_without_negatives(name: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"name": name, **options}
    known = {field.name for field in fields(registry.part("objective", name)) if field.init}
    if "negatives" in known:
        yield {"name": name, **options, "negatives": 5}
    elif "supervised" in known:
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


def _check_loss(trial: "_Trial", batch: Transitions, who: str) -> None:
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


class _Trial:
    """Networks without dropout for an objective, and the context of its step 0."""

    def __init__(self, objective: Objective, tied: bool):
        self.objective = objective
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.online = self._network(objective, tied)
            self.target = self._network(objective, tied) if objective.bootstraps else None

    def parameters(self) -> list[nn.Parameter]:
        return [p for network in (self.online, self.target) if network is not None for p in network.parameters()]

    def loss(self, batch: Transitions) -> Loss:
        self.online.zero_grad(set_to_none=True)
        catalogue = made_up().catalogue
        context = Context(
            step=0,
            rng=torch.Generator().manual_seed(0),
            sampler=ItemSampler(catalogue.counts),
            tail=torch.from_numpy(catalogue.tail()),
            vectors=torch.from_numpy(catalogue.vectors),
            rewards=torch.from_numpy(REWARDS),
            kind_shares=torch.full((len(REWARDS),), 1 / len(REWARDS)),
            attributes={name: torch.from_numpy(one) for name, one in catalogue.numbers().items()},
        )
        return self.objective.loss(self.online, self.target, batch, context)

    @staticmethod
    def _network(objective: Objective, tied: bool) -> Network:
        items = Items(N_ITEMS, DIM, tied=tied)
        items.sparse = objective.samples
        prompt = objective.prompt(DIM) if hasattr(objective, "prompt") else None
        for module in () if prompt is None else prompt.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        return Network(items, registry.build("backbone", {"name": "gru"}, dim=DIM), objective.rewards, prompt=prompt)


def made_up_transitions(chosen: list[int]) -> Transitions:
    """All transitions of some of the made-up sessions; session 4 has exactly one."""
    sessions = made_up().sessions.select(np.array(chosen))
    return transitions(sessions, pieces(sessions, 50), REWARDS)
