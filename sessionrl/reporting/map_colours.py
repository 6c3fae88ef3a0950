"""What the items of a map are coloured by: groups that have names, or numbers from low to high."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.reporting.drawing import SERIES

Numbers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
MOST_GROUPS = 24  # that have a colour and a name; the others are grey
REST = "muted"  # the colour of items in none of them


class Groups(NamedTuple):
    """Groups of n items.

    title:   what they are, as "category"
    names:   of the groups, the largest first
    of:      [n] int64, the group of every item; -1 where it has none or one too small to be named
    colours: of every group, a name in `COLOURS`; groups that lie near each other have different ones
    """

    title: str
    names: tuple[str, ...]
    of: Numbers
    colours: tuple[str, ...]


class Grades(NamedTuple):
    """Numbers of n items.

    title:  what they are, as "price"
    values: [n] float64, NaN where unknown
    """

    title: str
    values: Values


Colouring = Groups | Grades


def grouped(title: str, words: Sequence[str | None], places: Values) -> Groups:
    """Groups by a word of every item, "" and None for none; places [n, 2] say which groups lie near each other."""
    known = pl.Series(words, dtype=pl.String).replace("", None)
    sizes = known.drop_nulls().value_counts(name="n").sort(["n", known.name], descending=[True, False])
    names = tuple(sizes[known.name].head(MOST_GROUPS))
    number = {name: nth for nth, name in enumerate(names)}
    of = np.array([number.get(word, -1) for word in known], np.int64)
    return Groups(title, names, of, _colours([np.median(places[of == nth], axis=0) for nth in range(len(names))]))


def anchors(groups: Groups, places: Values) -> Values:
    """[names, 2] where the name of each group stands: its item nearest to the medians of its places [n, 2].

    The medians themselves may lie where none of its items is, if the group is in two parts.
    """
    found = np.empty((len(groups.names), 2))
    for nth in range(len(groups.names)):
        own = places[groups.of == nth]
        found[nth] = own[((own - np.median(own, axis=0)) ** 2).sum(1).argmin()]
    return found


def fifths(values: Values) -> Numbers:
    """[n] 0 … 4, the fifth of the known values that each is in, equal values in the same; -1 where unknown."""
    known = np.isfinite(values)
    edges = np.quantile(values[known], [0.2, 0.4, 0.6, 0.8]) if known.any() else np.zeros(4)
    return np.where(known, np.searchsorted(edges, values, side="left"), -1).astype(np.int64)


def _colours(middles: Sequence[Values]) -> tuple[str, ...]:
    """Of groups, the largest first: the colour whose nearest group so far is farthest away, an unused one first."""
    chosen: list[str] = []
    for middle in middles:
        apart = [float(((middle - other) ** 2).sum()) for other in middles[: len(chosen)]]
        room = {
            colour: min((far for far, its in zip(apart, chosen, strict=True) if its == colour), default=np.inf)
            for colour in SERIES
        }
        chosen.append(max(room, key=lambda colour: room[colour]))
    return tuple(chosen)
