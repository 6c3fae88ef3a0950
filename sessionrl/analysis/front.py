"""Trade-off fronts: what accuracy costs when a dial is turned towards novelty, diversity or coverage."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.analysis.dials import NOISE, POPULARITY, RANDOM, START, SUPERVISED, TRAINED, Dial, Setting
from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.compare import Comparison, compare
from sessionrl.evaluation.rankings import Rankings

REPLICATES = 500
INSIDE = (0.95, 0.8, 0.65)  # of the way to where a straight line meets the price: the true one bends
CLOSER = 2 * len(INSIDE)  # settings at the price that a dial usually gets, half of them below weight 0
AXES = ("diversity", "novelty", "coverage")


class Point(NamedTuple):
    """A setting, measured on the sample.

    accuracy: the headline in the slice ``all``, against that of weight 0, on the same cases
    new:      the same where the next item is not in the session yet; None where there is no such case
    axes:     by metric, against the values of weight 0; without an interval for what is of all lists together
    """

    setting: Setting
    accuracy: Comparison
    new: Comparison | None
    axes: dict[str, Comparison]


class Best(NamedTuple):
    """The point of some dials that is highest on an axis and loses little accuracy; None if none of them is higher."""

    point: Point | None
    value: float


class Verdict(NamedTuple):
    """What Q heads and what dials without RL bring on an axis, while accuracy loses at most a share of itself.

    start:      value at weight 0
    difference: heads less others, of the two best points; None if neither has one
    """

    axis: str
    start: float
    heads: Best
    others: Best
    difference: Comparison | None

    @property
    def gain(self) -> float:
        """Of the heads over weight 0; 0 where no weight gains anything."""
        return self.heads.value - self.start

    @property
    def other_gain(self) -> float:
        """Of the dials that need no RL."""
        return self.others.value - self.start


def points(found: Mapping[Setting, Rankings], catalogue: Catalogue, headline: str, seed: int) -> list[Point]:
    """All settings, measured: `START` first.

    Args:
        found: rankings of the same cases by setting
        catalogue: the items that were ranked
        headline: such as ``ndcg@20``; the axes are measured at the same length of lists
        seed: of the bootstrap
    """
    axes = axes_at(headline)
    start = found[START]
    return [_point(setting, [one], [start], (catalogue, headline, axes, seed)) for setting, one in found.items()]


def axes_at(headline: str) -> tuple[str, ...]:
    """Names of the metrics besides accuracy, at the length of the headline's lists."""
    return tuple(f"{name}@{headline.partition('@')[2]}" for name in AXES)


def _point(
    setting: Setting,
    one: Sequence[Rankings],
    start: Sequence[Rankings],
    how: tuple[Catalogue, str, Sequence[str], int],
) -> Point:
    catalogue, headline, axes, seed = how
    compared = compare(one, start, catalogue, [headline, *axes], ("all", "new"), replicates=REPLICATES, seed=seed)
    by = {(each.metric, each.slice): each for each in compared if each.average != "session"}
    return Point(
        setting, by[headline, "all"], by.get((headline, "new")), {a: by[a, "all"] for a in axes if (a, "all") in by}
    )


def pareto(across: npt.NDArray[np.float64], accuracy: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """[n] whether no other point is at least as high on both and higher on one.

    >>> pareto(np.array([1.0, 2.0, 3.0, 2.0]), np.array([0.5, 0.4, 0.1, 0.3])).tolist()
    [True, True, True, False]
    """
    higher = (across[None, :] >= across[:, None]) & (accuracy[None, :] >= accuracy[:, None])
    better = higher & ((across[None, :] > across[:, None]) | (accuracy[None, :] > accuracy[:, None]))
    return np.asarray(~better.any(1))


def at_the_price(dials: Iterable[Dial], measured: Sequence[Point], give_up: float) -> list[Dial]:
    """The dials at the weights at which they are about to cost more than may be given up, between those measured.

    Two dials are compared fairly only where both cost the same, and the weights that are tried are far apart.
    """
    least = measured[0].accuracy.model * (1 - give_up)
    result = []
    for dial in dials:
        line = sorted(
            (p.setting.weight, p.accuracy.model) for p in measured if p.setting.dial in (dial.name, START.dial)
        )
        weights = [
            round(w + (v - w) * (accuracy - least) / (accuracy - its) * inside, 4)
            for (w, accuracy), (v, its) in (*pairwise(line), *pairwise(line[::-1]))
            if accuracy > least > its
            for inside in INSIDE
        ]
        result.append(dial._replace(weights=tuple(weights)))
    return result


def line_of(dial: str, measured: Iterable[Point]) -> list[Point]:
    """The points of a dial by rising weight, that of weight 0 among them."""
    own = (dial,) if dial == SUPERVISED else (dial, START.dial)  # another network has a weight 0 of its own
    return sorted((p for p in measured if p.setting.dial in own), key=lambda p: p.setting.weight)


def verdicts(
    measured: Sequence[Point], found: Mapping[Setting, Rankings], catalogue: Catalogue, give_up: float, seed: int
) -> list[Verdict]:
    """For every axis; give_up: share of the accuracy at weight 0 that may be lost."""
    start = measured[0]
    least = start.accuracy.model * (1 - give_up)
    affordable = [one for one in measured[1:] if one.accuracy.model >= least and one.setting != TRAINED]
    result = []
    for axis, at_start in start.axes.items():
        heads = _best([p for p in affordable if not needs_no_rl(p.setting)], axis, at_start.model)
        others = _best([p for p in affordable if needs_no_rl(p.setting)], axis, at_start.model)
        pair = [found[one.point.setting if one.point else START] for one in (heads, others)]
        compared = None
        if heads.point or others.point:
            every = compare(pair[:1], pair[1:], catalogue, [axis], replicates=REPLICATES, seed=seed)
            compared = next((one for one in every if one.average != "session"), None)
        result.append(Verdict(axis, at_start.model, heads, others, compared))
    return result


def needs_no_rl(setting: Setting) -> bool:
    """Whether it is a dial without Q heads."""
    return setting.dial in (POPULARITY, NOISE, RANDOM, SUPERVISED)


def _best(candidates: Iterable[Point], axis: str, start: float) -> Best:
    higher = [one for one in candidates if axis in one.axes and one.axes[axis].model > start]
    if not higher:
        return Best(None, start)
    best = max(higher, key=lambda one: one.axes[axis].model)
    return Best(best, best.axes[axis].model)
