"""The contract of an objective.

An objective is a frozen dataclass: its fields are the options in the configuration, its ``loss`` is the equation in
its docstring. It never sees an optimiser, a device, a process group or a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions


class Loss(NamedTuple):
    """total: scalar to be differentiated; parts: detached scalars to be logged and drawn."""

    total: Tensor
    parts: dict[str, Tensor]


@dataclass(frozen=True)
class Context:
    """What a loss may know besides the batch.

    step:        optimiser steps done so far
    progress:    share of the planned steps that is done, 0 … 1
    rng:         the only source of chance
    sampler:     draws items by their training counts, and knows which may be shown
    tail:        [V] bool, the less popular items of the training part
    vectors:     [V, e] float32, the catalogue's fixed item vectors (unit length, zero where unknown)
    rewards:     [K] float32, reward of each kind of event
    kind_shares: [K] float32, share of each kind among the events of the training part; sums to 1
    attributes:  by name, [V] float32: the numeric columns of the table of items, NaN where unknown
    plateaued:   validation stopped improving once, for objectives that wait for it (`Objective.waits`)
    """

    step: int
    rng: torch.Generator
    sampler: ItemSampler
    tail: Tensor
    vectors: Tensor
    rewards: Tensor
    kind_shares: Tensor
    attributes: Mapping[str, Tensor] = field(default_factory=dict)
    plateaued: bool = False
    progress: float = 0.0


class Valued(NamedTuple):
    """What Q(s_t, a_t) is an estimate of: E sum_k gamma^k r_(t+k).

    rewards:  by the name of the head, in the order of the heads: [N] float32, r of each transition
    gamma:    0 … 1
    follows:  who chooses the actions after a_t: the argmax of Q (`greedy`), the supervised head (`policy`), or the
              visitors as they were (`logged`)
    ends:     whether a session ends with its last event; if not, its future goes on
    """

    rewards: dict[str, Tensor]
    gamma: float
    follows: Literal["greedy", "policy", "logged"] = "greedy"
    ends: bool = True


class Objective(Protocol):
    """rewards: R, the Q heads the network must carry; bootstraps: whether `loss` needs a target network.

    Four more may be there:

    waits:       bool, a second phase begins once validation has not improved for `training.patience` validations
                 (`Context.plateaued`); only then may training stop early
    warming_up(context): bool, whether a first phase lasts, however it ends; training does not stop early in it
    prompt(dim): a module (states [N, d], step [N], returns [N] or None) -> states, for a network that is told what
                 return its states shall bring (`Prefixes.returns`)
    valued(batch, context): `Valued`, if the Q heads learn values of rewards; None if they learn something else
    """

    @property
    def rewards(self) -> int: ...  # noqa: D102

    @property
    def bootstraps(self) -> bool: ...  # noqa: D102

    @property
    def samples(self) -> bool:
        """Whether candidates are sampled, so that a step touches only some rows of the item tables."""
        ...

    def loss(self, online: Network, target: Network | None, batch: Transitions, context: Context) -> Loss:
        """The value to minimise for one batch."""
        ...
