"""Measure rankings: every metric in every slice, averaged per event and per session, with an interval."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.averages import Average, Key, averages, check_same_cases, overall
from sessionrl.evaluation.bootstrap import FEW_SESSIONS, Resampling, SessionSums, interval, ratios
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.slices import slice_names
from sessionrl.shown import table

FEW = f"no interval: fewer than {FEW_SESSIONS} sessions"
ONE_SEED = "no interval: a number over all lists together needs at least two training seeds for one"
BUDGET = 1 << 26  # sums per session held at once: 256 MiB as float32


@dataclass(frozen=True)
class Measurement:
    """The average of a metric in a slice.

    average:  ``event`` (every case weighs the same), ``session`` (every session weighs the same: the mean over sessions
              of their mean over cases), or ``overall`` (no average: one number for all lists)
    low, high: 95% percentile interval of the crossed bootstrap, None where there is none
    cases, sessions, seeds: what it was measured on
    note:     why there is no interval
    """

    metric: str
    slice: str
    average: Average
    value: float
    low: float | None
    high: float | None
    cases: int
    sessions: int
    seeds: int
    note: str = ""

    def _repr_html_(self) -> str:
        return measurement_table([self])


def measurement_table(measurements: Sequence[Measurement]) -> str:
    """HTML for a notebook."""
    header = ["metric", "slice", "average", "value", "low", "high", "cases", "sessions", "seeds"]
    return table(header, [[getattr(one, name) for name in header] for one in measurements])


def measure(
    rankings: Sequence[Rankings],
    catalogue: Catalogue,
    metrics: Sequence[str],
    slices: Sequence[str] | None = None,
    replicates: int = 2000,
    seed: int = 0,
) -> list[Measurement]:
    """Every metric in every slice, with intervals.

    Args:
        rankings: of the same cases, one per training seed of one model.
        catalogue: the items, as the training part knows them.
        metrics: names such as ``ndcg@20``.
        slices: names; all of `slice_names` if None. A slice without cases has no measurement.
        replicates: of the crossed bootstrap over seeds and sessions (with one seed, over sessions only).
        seed: of the bootstrap.

    Raises:
        BadDirectory: the rankings are of different cases or of another catalogue.
        UnknownName, BadOption: a metric or a slice does not exist, or needs longer lists than were kept.
    """
    check_same_cases(rankings, catalogue)
    where = slice_names(rankings[0].kinds) if slices is None else list(slices)
    resampling = Resampling(replicates, seed)
    found: dict[Key, Measurement] = {}
    for some in _groups(rankings, metrics, len(where)):
        found |= _averaged(rankings, catalogue, some, where, resampling)
    found |= _of_all_lists(rankings, catalogue, metrics, where, resampling)
    order = {name: i for i, name in enumerate(metrics)}
    return [found[key] for key in sorted(found, key=lambda key: order[key.metric])]


def _groups(rankings: Sequence[Rankings], metrics: Sequence[str], n_slices: int) -> Iterator[Sequence[str]]:
    """The metrics in groups whose sums per session fit into the budget."""
    columns = 2 * n_slices * len(rankings) * max(1, len(rankings[0].offsets) - 1)
    size = max(1, BUDGET // columns)
    for start in range(0, len(metrics), size):
        yield metrics[start : start + size]


def _averaged(
    rankings: Sequence[Rankings],
    catalogue: Catalogue,
    metrics: Sequence[str],
    slices: Sequence[str],
    resampling: Resampling,
) -> dict[Key, Measurement]:
    sums, seeds = SessionSums(), len(rankings)
    found = averages(rankings, catalogue, metrics, slices, sums)
    if not found.keys:
        return {}
    values = ratios(sums.totals, found.value, found.weight, np.ones((1, seeds)))[0]
    low, high = interval(ratios(resampling.sessions(sums), found.value, found.weight, resampling.seeds(seeds)))
    sizes = [(int(cases), int(sessions), seeds) for cases, sessions in zip(found.cases, found.sessions, strict=True)]
    return {
        key: Measurement(*key, float(values[i]), None, None, *sizes[i], note=FEW)
        if found.sessions[i] < FEW_SESSIONS
        else Measurement(*key, float(values[i]), float(low[i]), float(high[i]), *sizes[i])
        for i, key in enumerate(found.keys)
    }


def _of_all_lists(
    rankings: Sequence[Rankings],
    catalogue: Catalogue,
    metrics: Sequence[str],
    slices: Sequence[str],
    resampling: Resampling,
) -> dict[Key, Measurement]:
    seeds = len(rankings)
    weights = resampling.seeds(seeds) / seeds
    found = {}
    for key, one in overall(rankings, catalogue, metrics, slices).items():
        value, size = float(one.values.mean()), (one.cases, one.sessions, seeds)
        if seeds == 1:
            found[key] = Measurement(*key, value, None, None, *size, note=ONE_SEED)
        else:
            low, high = interval(weights @ one.values[:, None])
            found[key] = Measurement(*key, value, float(low[0]), float(high[0]), *size)
    return found
