"""What a training is given, what it tells on the way, and what it leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions
from sessionrl.errors import SessionRLError
from sessionrl.nn.network import Network


class Interrupted(SessionRLError):
    """Training was stopped by the user and everything needed to go on is saved."""


class Progress(NamedTuple):
    """Where a training stands: `step` of about `steps` are done; `loss` is that of the last log line, NaN before."""

    epoch: int
    step: int
    steps: int
    loss: float


@dataclass(frozen=True)
class Material:
    """What is learned from: the sessions of the training part, the reward of each kind [K], the catalogue."""

    sessions: Sessions
    rewards: npt.NDArray[np.float32]
    catalogue: Catalogue


@dataclass(frozen=True)
class Hooks:
    """What the caller wants to know or to do on the way.

    validate:   value of a network on the validation part, higher is better; None trains all epochs and keeps the last
    log:        one line of the log
    progress:   called after every step
    checkpoint: file that holds what is needed to go on; None keeps nothing
    stop_after: epochs, of those that the learning rate is planned over; None trains them all
    plateau_after: the epoch after which the second phase of an objective that waits for it begins; None waits for
                validation to stop improving
    """

    validate: Callable[[Network], float] | None = None
    log: Callable[[dict[str, Any]], None] = lambda entry: None
    progress: Callable[[Progress], None] = lambda progress: None
    checkpoint: Path | None = None
    stop_after: int | None = None
    plateau_after: int | None = None


class Trained(NamedTuple):
    """What training leaves.

    network: chosen on validation, in evaluation mode
    epoch:   the pass after which it was chosen, from 1
    value:   on validation, None where there was none
    steps:   optimiser steps done
    plateau: the epoch after which validation had stopped improving and a second phase began, None if none did
    """

    network: Network
    epoch: int
    value: float | None
    steps: int
    plateau: int | None = None
