"""The log of a training, read: validation by epoch, the epoch it chose, the parts of the loss by step."""

from typing import NamedTuple

import numpy as np

from sessionrl.analysis.training_curves import Ending, ending
from sessionrl.reporting.models import Run

LONGEST = 250  # points of a curve; of more, the means of neighbours are kept


class Point(NamedTuple):
    """A value at an epoch or a step."""

    at: float
    value: float


def validations(run: Run) -> list[Point]:
    """After every epoch at which the run was validated; at epoch 0 that of the model which a run goes on from."""
    return [Point(entry["epoch"], entry["validation"]) for entry in run.log if "validation" in entry]


def ended(run: Run) -> Ending | None:
    """The epoch that validation chose, and how it went on; None for what was not chosen on validation."""
    points = validations(run)
    return ending(np.array([point.at for point in points]), np.array([point.value for point in points]))


def losses(run: Run) -> dict[str, list[Point]]:
    """Every part of the loss by step, while the epoch was chosen; neighbours are averaged to `LONGEST` points."""
    lines = [entry for entry in run.log if "loss" in entry and entry.get("phase") != "refit"]
    parts = list(dict.fromkeys(name for entry in lines for name in entry["loss"]))
    if len(parts) == 2 and "total" in parts:
        parts.remove("total")  # the sum of one part
    return {name: _thinned([Point(e["step"], e["loss"][name]) for e in lines if name in e["loss"]]) for name in parts}


def _thinned(points: list[Point]) -> list[Point]:
    if len(points) <= LONGEST:
        return points
    blocks = np.array_split(np.array(points, np.float64), LONGEST)
    return [Point(*map(float, block.mean(0))) for block in blocks]
