"""Paired comparison of two models on the same cases: is the difference more than luck, and does its size matter?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.averages import Average, Key, averages, check_same_cases, overall
from sessionrl.evaluation.bootstrap import FEW_SESSIONS, Floats, Resampling, SessionSums, interval, p_beyond, ratios
from sessionrl.evaluation.metric import Better, metric
from sessionrl.evaluation.rankings import Rankings
from sessionrl.shown import table

Mark = Literal["better", "worse", "equivalent", "different", "not distinguishable"]
ALPHA = 0.05
FEW_SEEDS = 5  # below it a bootstrap over seeds is too narrow (measured: 6 to 13% false differences instead of 5%)


@dataclass(frozen=True)
class Comparison:
    """A model against a baseline, in one average of one metric.

    model, baseline: the two averages; difference: model - baseline
    low, high:       95% interval of the difference; None where there is none
    p:               two-sided, of no difference; p_holm: the same after `holm`, until then as p
    p_equivalent:    of a difference of at least `smallest_effect` either way (two one-sided tests)
    smallest_effect: the smallest difference that matters, in units of the metric
    better:          whether higher or lower values of the metric are better
    seeds:           training seeds of the model and of the baseline
    caution:         what the interval does not cover; empty if nothing
    """

    metric: str
    slice: str
    average: Average
    model: float
    baseline: float
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    p_equivalent: float | None
    smallest_effect: float
    better: Better
    cases: int
    sessions: int
    seeds: tuple[int, int]
    caution: str

    def _repr_html_(self) -> str:
        header = ["metric", "slice", "average", "model", "baseline", "difference", "low", "high", "p", "p_holm"]
        return table([*header, "verdict"], [[*(getattr(self, name) for name in header), self.mark]], self.caution)

    @property
    def mark(self) -> Mark:
        """What may be said at the 5% level.

        ``equivalent`` goes before ``better`` and ``worse``: with many sessions almost any difference is significant,
        so its size decides first. ``different`` is said of metrics that have no better side.
        """
        if self.p_equivalent is not None and self.p_equivalent < ALPHA:
            return "equivalent"
        if self.p_holm is None or self.low is None or self.high is None:
            return "not distinguishable"
        if self.p_holm >= ALPHA or self.low <= 0 <= self.high:
            return "not distinguishable"
        if self.better == "neither":
            return "different"
        return "better" if (self.difference > 0) == (self.better == "higher") else "worse"


def compare(
    model: Sequence[Rankings],
    baseline: Sequence[Rankings],
    catalogue: Catalogue,
    metrics: Sequence[str],
    slices: Sequence[str] = ("all",),
    smallest_effect: float = 0.01,
    replicates: int = 2000,
    seed: int = 0,
) -> list[Comparison]:
    """The difference of two models in every metric, slice and average, by a crossed paired bootstrap.

    Both models are weighed with the same resampled sessions; the training seeds of each are resampled on their own,
    because seed 1 of one model has nothing in common with seed 1 of another. Holm's correction is left to `holm`, since
    a family usually holds the comparisons of several models.

    Args:
        model: one `Rankings` per training seed.
        baseline: one per training seed, of the same cases; their number may differ.
        catalogue: the items, as the training part knows them.
        metrics: names such as ``ndcg@20``.
        slices: where; see `slices.cases_in`.
        smallest_effect: the smallest difference that matters, as a share of the baseline's average.
        replicates: of the bootstrap; p is at least 1 / (replicates + 1).
        seed: of the bootstrap.

    Raises:
        BadDirectory: the rankings are of different cases or of another catalogue.
    """
    check_same_cases([*model, *baseline], catalogue)
    two = _Two(model, baseline, catalogue)
    pairs = [
        *_of_cases(two, metrics, slices, Resampling(replicates, seed)),
        *_of_lists(two, metrics, slices, Resampling(replicates, seed)),
    ]
    order = {name: i for i, name in enumerate(metrics)}
    pairs.sort(key=lambda pair: order[pair.key.metric])
    return [_judged(pair, smallest_effect, (len(model), len(baseline))) for pair in pairs]


def holm(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same comparisons with p corrected for their number (step-down): the family is all that is given.

    p_holm of the i-th smallest of m is the largest of (m - j + 1) p_(j), j ≤ i, at most 1. Holm 1979. A family holds
    what is claimed, not the controls: those are checks of equivalence.
    """
    rising = sorted(one.p for one in comparisons if one.p is not None)
    corrected: dict[float, float] = {}
    largest = 0.0
    for i, p in enumerate(rising):
        largest = max(largest, (len(rising) - i) * p)
        corrected[p] = min(1.0, largest)
    return [one if one.p is None else replace(one, p_holm=corrected[one.p]) for one in comparisons]


def sign_flip_floor(seeds: int) -> float:
    """``2 / 2^S``, the smallest two-sided p that a sign-flip test over S training seeds can give.

    5 seeds cannot pass at .05 (.0625); 8 (.0078) are the fewest that pass a family of 6 under Holm.
    """
    return 2.0 ** (1 - seeds)


def caution_about(model: int, baseline: int) -> str:
    """What to know about an interval from so many training seeds of the model and of the baseline; may be empty."""
    if min(model, baseline) == 1:
        which = "both models" if model == baseline else "the model" if model == 1 else "the baseline"
        return (
            f"One training seed of {which}: the interval covers the choice of sessions, not the luck of training "
            "(there is none where nothing is drawn at random, as in popularity and kNN)."
        )
    seeds = min(model, baseline)
    if sign_flip_floor(seeds) < ALPHA:
        return ""
    return f"{seeds} training seeds: no sign-flip test over them can give p below {sign_flip_floor(seeds):g}."


class _Two(NamedTuple):
    model: Sequence[Rankings]
    baseline: Sequence[Rankings]
    catalogue: Catalogue


class _Pair(NamedTuple):
    """Two values and the resampled differences [B] between them, None where nothing can be resampled."""

    key: Key
    model: float
    baseline: float
    differences: Floats | None
    cases: int
    sessions: int


def _of_cases(two: _Two, metrics: Sequence[str], slices: Sequence[str], resampling: Resampling) -> Iterator[_Pair]:
    sums = SessionSums()
    sides = [averages(side, two.catalogue, metrics, slices, sums) for side in two[:2]]
    keys = [key for key in sides[0].keys if key in sides[1].keys]
    if not keys:
        return
    weights = [resampling.seeds(len(side), i) for i, side in enumerate(two[:2])]
    totals = resampling.sessions(sums)
    values, drawn = [], []
    for side, seed_weights in zip(sides, weights, strict=True):
        at = [side.keys.index(key) for key in keys]
        columns = side.value[:, at], side.weight[:, at]
        values.append(ratios(sums.totals, *columns, np.ones((1, len(side.value))))[0])
        drawn.append(ratios(totals, *columns, seed_weights))
    for i, key in enumerate(keys):
        at_model = sides[0].keys.index(key)
        size = int(sides[0].cases[at_model]), int(sides[0].sessions[at_model])
        differences = drawn[0][:, i] - drawn[1][:, i] if size[1] >= FEW_SESSIONS else None
        yield _Pair(key, float(values[0][i]), float(values[1][i]), differences, *size)


def _of_lists(two: _Two, metrics: Sequence[str], slices: Sequence[str], resampling: Resampling) -> Iterator[_Pair]:
    sides = [overall(side, two.catalogue, metrics, slices) for side in two[:2]]
    weights = [resampling.seeds(len(side), i) / len(side) for i, side in enumerate(two[:2])]
    for key in sides[0]:
        if key in sides[1]:
            model, baseline = sides[0][key], sides[1][key]
            drawn = weights[0] @ model.values - weights[1] @ baseline.values
            # Only seeds can be resampled here: sessions add nothing to the width, so few seeds would all be "better".
            known = min(len(model.values), len(baseline.values)) >= FEW_SEEDS
            means = float(model.values.mean()), float(baseline.values.mean())
            yield _Pair(key, *means, drawn if known else None, model.cases, model.sessions)


def _judged(pair: _Pair, smallest_effect: float, seeds: tuple[int, int]) -> Comparison:
    low = high = p = p_equivalent = None
    smallest = smallest_effect * abs(pair.baseline)
    if pair.differences is not None:
        below, above = interval(pair.differences[:, None])
        low, high = float(below[0]), float(above[0])
        p = min(1.0, 2 * min(p_beyond(pair.differences, 0, "below"), p_beyond(pair.differences, 0, "above")))
        p_equivalent = max(
            p_beyond(pair.differences, -smallest, "below"), p_beyond(pair.differences, smallest, "above")
        )
    return Comparison(
        *pair.key,
        model=pair.model,
        baseline=pair.baseline,
        difference=pair.model - pair.baseline,
        low=low,
        high=high,
        p=p,
        p_holm=p,
        p_equivalent=p_equivalent,
        smallest_effect=smallest,
        better=metric(pair.key.metric).better,
        cases=pair.cases,
        sessions=pair.sessions,
        seeds=seeds,
        caution=caution_about(*seeds),
    )
