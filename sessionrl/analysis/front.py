"""Trade-off fronts: what accuracy costs when a dial is turned towards novelty, diversity or coverage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.analysis.dials import NOISE, POPULARITY, RANDOM, START, SUPERVISED, TRAINED, Dial, Setting
from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.bootstrap import FEW_SESSIONS
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


class Halves(NamedTuple):
    """The sample in two, sessions whole: [n] rows on which settings are picked, and those on which they are judged.

    The best of eighty settings is in part the luckiest; on other sessions its luck is gone.
    """

    picking: npt.NDArray[np.bool_]
    judging: npt.NDArray[np.bool_]


class Best(NamedTuple):
    """The setting of some dials that is highest on an axis and loses little accuracy, both where settings are picked.

    setting: None if none of them is higher
    value:   on the axis, where settings are judged
    """

    setting: Setting | None
    value: float


class Verdict(NamedTuple):
    """What Q heads and what dials without RL bring on an axis, while accuracy loses at most a share of itself.

    start:      value at weight 0, like all values of a verdict where settings are judged
    difference: heads less others, of the two best settings; None if neither has one
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


def halves(about: Rankings, seed: int) -> Halves | None:
    """Every session in one half or the other, by chance; None if these had less than `FEW_SESSIONS`."""
    sessions = np.unique(about.session)
    if len(sessions) < 2 * FEW_SESSIONS:
        return None
    picked = np.random.default_rng([seed, 1]).permutation(sessions)[: (len(sessions) + 1) // 2]
    picking = np.isin(about.session, picked)
    return Halves(picking, ~picking)


def part(found: Mapping[Setting, Rankings], rows: npt.NDArray[np.bool_]) -> dict[Setting, Rankings]:
    """The rankings of some sessions alone, which are numbered anew.

    Args:
        found: rankings of the same cases by setting
        rows: [n] all of a session or none
    """
    session = np.unique(found[START].session[rows], return_inverse=True)[1].astype(np.int32)
    return {setting: replace(one.rows(rows), session=session) for setting, one in found.items()}


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
        line = [(p.setting.weight, p.accuracy.model) for p in line_of(dial.name, measured)]
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
    picked_on: Sequence[Point],
    judged_on: Mapping[Setting, Rankings],
    catalogue: Catalogue,
    give_up: float,
    seed: int,
) -> list[Verdict]:
    """For every axis.

    Args:
        picked_on: every setting, measured on some sessions, `START` first
        judged_on: rankings of other sessions by setting
        catalogue: the items that were ranked
        give_up: share of the accuracy at weight 0 that may be lost
        seed: of the bootstrap
    """
    start = picked_on[0]
    least = start.accuracy.model * (1 - give_up)
    affordable = [one for one in picked_on[1:] if one.accuracy.model >= least and one.setting != TRAINED]

    def against(axis: str, one: Setting, other: Setting) -> Comparison | None:
        pair = ([judged_on[one]], [judged_on[other]])
        every = compare(*pair, catalogue, [axis], replicates=REPLICATES, seed=seed)
        return next((one for one in every if one.average != "session"), None)

    def best(axis: str, at_start: Comparison, needed: bool) -> Best:
        setting = _highest([p for p in affordable if needs_no_rl(p.setting) != needed], axis, start)
        found = against(axis, setting, START) if setting else None
        return Best(setting if found else None, (found or at_start).model)

    result = []
    for axis in start.axes:
        at_start = against(axis, START, START)
        if at_start is None:  # lists of nothing but items without a vector have no diversity
            continue
        heads, others = best(axis, at_start, True), best(axis, at_start, False)
        both = heads.setting or others.setting
        difference = against(axis, heads.setting or START, others.setting or START) if both else None
        result.append(Verdict(axis, at_start.model, heads, others, difference))
    return result


def most_accurate(
    picked_on: Sequence[Point], judged_on: Mapping[Setting, Rankings], catalogue: Catalogue, headline: str, seed: int
) -> Point:
    """The setting with the highest accuracy on some sessions, measured on others."""
    best = max(picked_on, key=lambda point: point.accuracy.model).setting
    return points({START: judged_on[START], best: judged_on[best]}, catalogue, headline, seed)[-1]


def needs_no_rl(setting: Setting) -> bool:
    """Whether it is a dial without Q heads."""
    return setting.dial in (POPULARITY, NOISE, RANDOM, SUPERVISED)


def _highest(candidates: Iterable[Point], axis: str, start: Point) -> Setting | None:
    higher = [one for one in candidates if axis in one.axes and one.axes[axis].model > start.axes[axis].model]
    return max(higher, key=lambda one: one.axes[axis].model).setting if higher else None
