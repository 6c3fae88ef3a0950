"""The contract of an objective.

An objective is a frozen dataclass: its fields are the options in the configuration, its ``loss`` is the equation in
its docstring. It never sees an optimiser, a device, a process group or a file.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

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

    step:    optimiser steps done so far
    rng:     the only source of chance
    sampler: draws items by their training counts
    tail:    [V] bool, the less popular items of the training part
    vectors: [V, e] float32, the catalogue's fixed item vectors (unit length, zero where unknown)
    """

    step: int
    rng: torch.Generator
    sampler: ItemSampler
    tail: Tensor
    vectors: Tensor


class Objective(Protocol):
    """rewards: R, the Q heads the network must carry; bootstraps: whether `loss` needs a target network."""

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
