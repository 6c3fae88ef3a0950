"""From rankings of several training seeds to the averages of every metric in every slice."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadDirectory
from sessionrl.evaluation.bootstrap import Floats, Indices, SessionSums
from sessionrl.evaluation.metric import CaseMetric, OverallMetric, metric
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.slices import BY_PREFIX, cases_in

Average = Literal["event", "session", "overall"]


class Key(NamedTuple):
    """What is averaged, where, and how: over events, over sessions of their mean over events, or not at all."""

    metric: str
    slice: str
    average: Average


class Averages(NamedTuple):
    """C averages of R training seeds, as ratios of sums over sessions.

    keys:     C keys
    value:    [R, C] where the numerators stand in the `SessionSums`
    weight:   [R, C] where the denominators stand
    cases:    [C] cases that count
    sessions: [C] sessions with such a case
    """

    keys: list[Key]
    value: Indices
    weight: Indices
    cases: Indices
    sessions: Indices


class Overall(NamedTuple):
    """A metric of all lists together, by training seed: [R], over so many lists of so many sessions."""

    values: Floats
    cases: int
    sessions: int


def averages(
    rankings: Sequence[Rankings], catalogue: Catalogue, metrics: Sequence[str], slices: Sequence[str], sums: SessionSums
) -> Averages:
    """Add the sums per session of every case metric in every slice to `sums`; what has no case is left out."""
    columns: dict[Key, list[tuple[int, int]]] = {}
    sizes: dict[Key, tuple[int, int]] = {}
    masks = {name: cases_in(name, rankings[0], catalogue) for name in slices}
    for name in dict.fromkeys(metrics):
        found = metric(name)
        if not isinstance(found, CaseMetric):
            continue
        for one in rankings:
            values = found.per_case(one, catalogue)
            valid = ~np.isnan(values)
            values = np.where(valid, values, 0)
            for where, mask in masks.items():
                n, total = _per_session(one, values, mask & valid)
                if not n.any():
                    continue
                mean, counted = total / np.maximum(n, 1), (n > 0).astype(np.float64)
                for average, above, below in (("event", total, n), ("session", mean, counted)):
                    key = Key(name, where, average)  # type: ignore[arg-type]
                    columns.setdefault(key, []).append((sums.add(above), sums.add(below)))
                    sizes.setdefault(key, (int(n.sum()), int(counted.sum())))
    keys = [key for key, places in columns.items() if len(places) == len(rankings)]
    places = np.array([columns[key] for key in keys], np.int64).reshape(len(keys), len(rankings), 2)
    counts = np.array([sizes[key] for key in keys], np.int64).reshape(len(keys), 2)
    return Averages(keys, places[:, :, 0].T, places[:, :, 1].T, counts[:, 0], counts[:, 1])


def overall(
    rankings: Sequence[Rankings], catalogue: Catalogue, metrics: Sequence[str], slices: Sequence[str]
) -> dict[Key, Overall]:
    """Every metric of all lists together in every slice by prefix; what has no value is left out."""
    wanted = {name: found for name in metrics if isinstance(found := metric(name), OverallMetric)}
    values: dict[Key, Overall] = {}
    for where in slices if wanted else ():
        mask = cases_in(where, rankings[0], catalogue)
        if where not in BY_PREFIX or not mask.any():
            continue
        chosen = [one.rows(mask) for one in rankings]
        for name, found in wanted.items():
            by_seed = np.array([found.overall(one, catalogue) for one in chosen])
            if np.isfinite(by_seed).all():
                sessions = len(np.unique(chosen[0].session))
                values[Key(name, where, "overall")] = Overall(by_seed, len(chosen[0]), sessions)
    return values


def check_same_cases(rankings: Sequence[Rankings], catalogue: Catalogue) -> None:
    """All rankings are of the same cases and of the catalogue's items.

    Raises:
        BadDirectory: they are not; says how they differ.
    """
    first = rankings[0]
    for other in rankings:
        if other.n_items != len(catalogue) - 1:
            _refuse(f"{other.n_items:,} items were ranked, and the catalogue has {len(catalogue) - 1:,}")
        if len(other) != len(first):
            _refuse(f"{len(first):,} events against {len(other):,}")
        if other.kinds != first.kinds:
            _refuse(f"kinds of event {', '.join(first.kinds)} against {', '.join(other.kinds)}")
        for name in ("session", "position", "target", "event_type"):
            one, its = getattr(first, name), getattr(other, name)
            if (one != its).any():
                row, n = int(np.argmax(one != its)), int((one != its).sum())
                _refuse(f"{name} differs in {n:,} events, the first in row {row}, {one[row]} against {its[row]}")


def _refuse(difference: str) -> None:
    raise BadDirectory(
        f"The rankings are not of the same cases: {difference}.\n"
        "  do now: compare runs of one prepared data set; train or evaluate again those that are of another"
    )


def _per_session(rankings: Rankings, values: Floats, counted: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """[S] cases that count, and [S] their sum."""
    at, sessions = rankings.session[counted], len(rankings.offsets) - 1
    n = np.bincount(at, minlength=sessions).astype(np.float64)
    return n, np.bincount(at, weights=values[counted], minlength=sessions).astype(np.float64)
