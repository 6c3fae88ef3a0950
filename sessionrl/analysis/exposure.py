"""Exposure: how the places in the lists are shared out among items, in numbers that compare with visitors' choices.

Everything here takes `times` [V]: in how many lists an item stands, or, for visitors, how often it came next. With at
most one place per list and item, both are counts of lists.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metrics.coverage import exposures
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.slices import cases_in

TENTHS = 10
FIXED = (1_000, 10_000)  # numbers of lists at which models with other test parts compare


class Shown(NamedTuple):
    """What the lists of a model hold, and what visitors chose instead, in the slice ``all``.

    times:  [V] int64, lists that hold the item
    chosen: [V] int64, cases in which the item came next
    bought: [V] int64, the same, where what came next is of the kind that was asked for
    lists:  how many there are: one per case
    """

    times: npt.NDArray[np.int64]
    chosen: npt.NDArray[np.int64]
    bought: npt.NDArray[np.int64]
    lists: int


class Growth(NamedTuple):
    """Distinct items by the number of lists seen.

    lists:    [M] int64, rising from 1 to all lists, `FIXED` among them where there are so many
    distinct: [M] float64, expected distinct items in so many lists drawn by chance
    """

    lists: npt.NDArray[np.int64]
    distinct: npt.NDArray[np.float64]


class OfCategory(NamedTuple):
    """Items of a category that may be recommended, and how many of them no list ever held."""

    category: str
    items: int
    never: int


def shown(rankings: Rankings, catalogue: Catalogue, k: int, kind: str | None) -> Shown:
    """Count the lists of k of all cases with at least one event read.

    kind: of the next events that count as `Shown.bought`; None: every kind
    """
    cases = rankings.rows(cases_in("all", rankings, catalogue))
    of_kind = np.ones(len(cases), np.bool_)
    if kind is not None:
        of_kind = cases.event_type == (cases.kinds.index(kind) if kind in cases.kinds else len(cases.kinds))
    items = len(catalogue)
    return Shown(
        exposures(cases, k),
        np.bincount(cases.target, minlength=items).astype(np.int64),
        np.bincount(cases.target[of_kind], minlength=items).astype(np.int64),
        len(cases),
    )


def by_popularity(values: npt.NDArray[np.generic], catalogue: Catalogue) -> npt.NDArray[np.float64]:
    """[11] float64: sums of `values` [V] over tenths of the items, and over the items without a training event.

    The items that may be recommended and have training events are ordered by their number, most first, and cut into
    ten groups of equal size. Items with as many events as each other share what they hold evenly, so that a cut
    through them does not depend on an order nobody chose: the sum is the expectation over all such orders. Likewise an
    item that a cut goes through belongs to both sides in part.
    """
    values = values.astype(np.float64)
    known = catalogue.recommendable & (catalogue.counts > 0)
    unknown = values[catalogue.recommendable & (catalogue.counts == 0)].sum()
    _, block = np.unique(-catalogue.counts[known], return_inverse=True)
    ends = np.append(0, np.bincount(block).cumsum())
    sums = np.append(0, np.bincount(block, values[known]).cumsum())
    cuts = np.interp(np.linspace(0, int(known.sum()), TENTHS + 1), ends, sums)
    return np.append(np.diff(cuts), unknown)


def lens(times: npt.NDArray[np.int64], catalogue: Catalogue) -> npt.NDArray[np.float64]:
    """[11] the share of all places that falls on each tenth of the items by training popularity; sums to 1.

    The last is the share of items without a training event. NaN without a single place.
    """
    sums = by_popularity(times, catalogue)
    return np.asarray(sums / sums.sum() if sums.sum() else np.full(TENTHS + 1, np.nan))


def growth(times: npt.NDArray[np.int64], lists: int, points: int = 40) -> Growth:
    """Expected distinct items in m of all N lists drawn without replacement, for m from 1 to N.

    Σ_i (1 - C(N - n_i, m) / C(N, m)), n_i = `times` of item i. Hurlbert 1971, doi:10.2307/1934145. Exact: rising,
    concave, and at m = N the number of items that are shown at all.
    """
    from scipy.special import gammaln

    if not lists:
        return Growth(np.zeros(0, np.int64), np.zeros(0))
    spaced = np.geomspace(1, lists, points).round().astype(np.int64)
    m = np.unique(np.append(spaced, [fixed for fixed in FIXED if fixed <= lists]))
    values, items = np.unique(times[times > 0], return_counts=True)
    without = (lists - values)[:, None]
    left = np.maximum(without - m, 0)
    log_share = gammaln(without + 1) - gammaln(left + 1) - gammaln(lists + 1) + gammaln(lists - m + 1)
    missed = np.where(without >= m, np.exp(log_share), 0)
    return Growth(m, items @ (1 - missed))


def never(times: npt.NDArray[np.int64], catalogue: Catalogue) -> npt.NDArray[np.int64]:
    """The numbers of the items that may be recommended and that no list holds, the most popular in training first."""
    items = np.flatnonzero(catalogue.recommendable & (times == 0))
    return items[np.argsort(-catalogue.counts[items], kind="stable")]


def never_by_popularity(times: npt.NDArray[np.int64], catalogue: Catalogue) -> npt.NDArray[np.float64]:
    """[11] the share of the items of each tenth that no list holds, in [0, 1]; NaN where there is no such item."""
    sizes = by_popularity(catalogue.recommendable, catalogue)
    missed = by_popularity(catalogue.recommendable & (times == 0), catalogue)
    return np.asarray(np.divide(missed, sizes, out=np.full(TENTHS + 1, np.nan), where=sizes > 0))


def never_by_category(times: npt.NDArray[np.int64], catalogue: Catalogue) -> list[OfCategory]:
    """The largest category first, equal ones by name; empty where the shop gave no categories."""
    if "category" not in catalogue.items.columns:
        return []
    table = pl.DataFrame(
        {
            "category": catalogue.items["category"].cast(pl.String),
            "may": catalogue.recommendable[1:],
            "never": times[1:] == 0,
        }
    )
    groups = (
        table.filter(pl.col("may") & pl.col("category").is_not_null())
        .group_by("category")
        .agg(pl.len().alias("items"), pl.col("never").sum())
        .sort(["items", "category"], descending=[True, False])
    )
    return [OfCategory(*row) for row in groups.iter_rows()]


def most(times: npt.NDArray[np.int64], items: int) -> npt.NDArray[np.int64]:
    """The numbers of the items with the most places, most first, ties by number; fewer where fewer are shown."""
    first = np.argsort(-times, kind="stable")[:items]
    return first[times[first] > 0]


def share_of(items: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> float:
    """The share of all places that these items hold, in [0, 1]; NaN without a single place."""
    return float(times[items].sum() / times.sum()) if times.sum() else float("nan")
