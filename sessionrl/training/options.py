"""The options of the section [training]."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from sessionrl.errors import BadOption
from sessionrl.training.batches import Order

Rate = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Options:
        epochs: passes over the training part, at most
        layout: "sessions" encodes whole sessions, so that a batch has all transitions of some of them; "parallel" is
            GRU4Rec's session-parallel training, a step of which has one event of each of `transitions_per_batch` lanes
            (for a backbone that can carry its state, under an objective without Q heads)
        transitions_per_batch: about; the batch size of a model that sees one transition per row
        order: "time" follows the log from oldest to newest; "shuffled" draws sessions anew every epoch
        max_length: events of a session that are encoded together; longer sessions are cut into pieces (not in the
            layout "parallel")
        optimizer: "adagrad" (with momentum) or "adam"; both update only touched rows where candidates are sampled
        learning_rate: a rate, or [[0, rate], [step, rate], …] for a rate that changes at those steps
        decay_to: share of the rate that is left at the last step, reached linearly; 1 keeps it
        momentum: of adagrad
        clip: longest joint gradient norm; none if not given
        target: where Q' comes from, for objectives that bootstrap: "twins" trains two networks whose roles are drawn
            at every step, as the papers do, so that each gets half of the updates; "ema" follows one network
        ema_every, ema_decay: every so many steps, target <- decay target + (1 - decay) online; decay 0 is a copy
        validate_every: epochs between validations
        patience: validations without a better value before training stops; 0 never stops early
        checkpoint_every: steps between checkpoints, besides those at the end of every epoch and on Ctrl-C
        log_every: steps between lines in the log
        device: "auto" takes a GPU when there is one
    """

    epochs: Annotated[int, Field(ge=1)] = 10
    layout: Literal["sessions", "parallel"] = "sessions"
    transitions_per_batch: Annotated[int, Field(ge=1)] = 256
    order: Order = "time"
    max_length: Annotated[int, Field(ge=2)] = 50
    optimizer: Literal["adagrad", "adam"] = "adagrad"
    learning_rate: Rate | list[tuple[Annotated[int, Field(ge=0)], Rate]] = 0.05
    decay_to: Annotated[float, Field(ge=0, le=1)] = 1.0
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip: Annotated[float, Field(gt=0)] | None = None
    target: Literal["ema", "twins"] = "ema"
    ema_every: Annotated[int, Field(ge=1)] = 50
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.5
    validate_every: Annotated[int, Field(ge=1)] = 1
    patience: Annotated[int, Field(ge=0)] = 2
    checkpoint_every: Annotated[int, Field(ge=1)] = 5000
    log_every: Annotated[int, Field(ge=1)] = 200
    device: str = "auto"

    def __post_init__(self) -> None:
        if isinstance(self.learning_rate, list) and 0 not in [start for start, _ in self.learning_rate]:
            raise BadOption(
                f"[training], option 'learning_rate' = {[list(pair) for pair in self.learning_rate]}: it names no rate "
                "for the first step.\n  do now: begin with [0, rate]"
            )

    def rate(self, step: int, steps: int) -> float:
        """The learning rate at a step of `steps`."""
        if isinstance(self.learning_rate, list):
            rate = [value for start, value in sorted(self.learning_rate) if start <= step][-1]
        else:
            rate = self.learning_rate
        return rate * (1 - (1 - self.decay_to) * min(1.0, step / max(1, steps)))
