"""Training curves in numbers: whether a part of the loss falls, what share of the loss it is, how validation ended."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import kendalltau

Trend = Literal["falls", "rises", "neither", "too short"]
Floats = npt.NDArray[np.float64]

FEWEST = 6  # logged values that a trend is read off
EXACT = 1e-3  # of the total: how well parts with fixed factors must add up to it
NOTHING = 1e-5  # of the total: what a part contributes that does not enter it, by rounding


class Ending(NamedTuple):
    """How the validation of one training ended.

    chosen: epoch with the highest value, the first of equals
    value:  that it had
    last:   epoch validated last
    rising: the last epoch was the best, so that more might be better still
    """

    chosen: int
    value: float
    last: int
    rising: bool


def ending(epochs: Floats, values: Floats) -> Ending | None:
    """Of the validations of a training, [n] and [n], epochs rising; None if nothing is left to count.

    Epoch 0 is not counted, nor a validation without a value.

    >>> ending(np.array([1.0, 2, 3]), np.array([0.1, 0.3, 0.2]))
    Ending(chosen=2, value=0.3, last=3, rising=False)
    """
    own = (epochs > 0) & np.isfinite(values)
    if not own.any():
        return None
    epochs, values = epochs[own], values[own]
    best = int(np.argmax(values))
    return Ending(int(epochs[best]), float(values[best]), int(epochs[-1]), best == len(values) - 1)


def trend(values: Floats) -> Trend:
    """Whether the logged values go one way: the rank correlation with their order, at the 5% level (Mann 1945)."""
    values = values[np.isfinite(values)]
    if len(values) < FEWEST:
        return "too short"
    found = kendalltau(np.arange(len(values)), values)
    if not found.pvalue <= 0.05:  # NaN where all are equal
        return "neither"
    return "falls" if found.statistic < 0 else "rises"


def shares(total: Floats, parts: Mapping[str, Floats]) -> dict[str, float]:
    """What part of the loss each logged part is, with the factor it enters the loss by, over the last third.

    An objective logs its parts without their factors, which stay the same from step to step: they are found by least
    squares from total = sum_i c_i part_i. What is logged but does not enter the loss is left out; the share is 0 of
    what entered it only before. Nothing if the parts do not add up, or if too little was logged to tell their factors.

    Args:
        total: [n] as logged
        parts: by name, [n]; NaN where it was not logged

    >>> shares(np.array([3.0, 5, 8, 4]), {"a": np.array([1.0, 3, 4, 2]), "b": np.array([1.0, 1, 2, 1])})
    {'a': 0.5, 'b': 0.5}
    """
    columns = np.nan_to_num(np.stack(list(parts.values()), 1)) if parts else np.zeros((len(total), 0))
    if len(total) <= columns.shape[1] or not columns.shape[1]:
        return {}
    size = np.abs(columns).max(0)
    if not size.all():
        return {}
    factors, _, rank, _ = np.linalg.lstsq(columns / size, total, rcond=None)
    left = np.abs(columns / size @ factors - total).max()
    if rank < columns.shape[1] or left > EXACT * np.abs(total).max():
        return {}
    late = slice(-max(1, len(total) // 3), None)
    sums = (columns / size * factors)[late].sum(0) / total[late].sum()
    enters = np.abs(factors) > NOTHING * np.abs(total).max()
    return {name: round(float(one), 6) for name, one, its in zip(parts, sums, enters, strict=True) if its}
