"""Named slices of the cases: by what was read, kind of the next event x {repeat, new item}, events of the item."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import UnknownName
from sessionrl.evaluation.occurrences import of_kind
from sessionrl.evaluation.rankings import Rankings

# Slices by what was read. A metric of all lists together is measured on these only: the others look at what came
# next, which no list can know, and differ in their number of lists.
BY_PREFIX = ("all", "first", "prefix>=2")
BY_EVENTS = {"events=0": (0, 0), "events=1-5": (1, 5), "events=6-20": (6, 20), "events>20": (21, None)}


def slice_names(kinds: Sequence[str]) -> list[str]:
    """All slices of a log with these kinds of event, the headline first.

    >>> slice_names(["view"])
    ['all', 'first', 'prefix>=2', 'repeat', 'new', 'view', 'view/repeat', 'view/new',
     'events=0', 'events=0/new', 'events=1-5', 'events=1-5/new', 'events=6-20', 'events=6-20/new',
     'events>20', 'events>20/new']
    """
    return [*BY_PREFIX, *_grid(kinds), *(name + half for name in BY_EVENTS for half in ("", "/new"))]


def cases_in(name: str, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.bool_]:
    """[n] the cases of a slice; an event of an item that may not be recommended is a case of none.

    - ``all``: every case with at least one event read; the headline
    - ``first``: the cold first event, predicted from nothing; in no other slice
    - ``prefix>=2``: at least two events read, as in the published RetailRocket prefixes
    - ``repeat``, ``new``: the next item is, or is not, among the events read
    - ``KIND``, ``KIND/repeat``, ``KIND/new``: what kind the next event is
    - ``events=0``, ``events=1-5``, ``events=6-20``, ``events>20``: events of the next item in the training part
    - ``events=0/new``, …: of these the cases whose item is not among the events read: an item that is, is found
      again without anything being known of it

    Raises:
        UnknownName: there is no such slice.
    """
    possible = catalogue.recommendable[rankings.target]
    grid = _grid(rankings.kinds)
    if name in grid:
        kind, repeat = grid[name]
        chosen = possible & (rankings.position >= 1)
        if kind is not None:
            chosen &= of_kind(rankings, kind)
        return np.asarray(chosen if repeat is None else chosen & (rankings.repeat == repeat))
    if name == "all":
        return np.asarray(possible & (rankings.position >= 1))
    if name == "first":
        return np.asarray(possible & (rankings.position == 0))
    if name == "prefix>=2":
        return np.asarray(possible & (rankings.position >= 2))
    if (events := name.removesuffix("/new")) in BY_EVENTS:
        low, high = BY_EVENTS[events]
        counts = catalogue.counts[rankings.target]
        chosen = possible & (rankings.position >= 1) & (counts >= low) & (name == events or ~rankings.repeat)
        return np.asarray(chosen if high is None else chosen & (counts <= high))
    raise UnknownName("slice", name, slice_names(rankings.kinds))


def _grid(kinds: Sequence[str]) -> dict[str, tuple[str | None, bool | None]]:
    """Slice -> kind of the next event (any if None), and whether its item was read before (either if None)."""
    grid: dict[str, tuple[str | None, bool | None]] = {"repeat": (None, True), "new": (None, False)}
    for kind in kinds:
        grid |= {kind: (kind, None), f"{kind}/repeat": (kind, True), f"{kind}/new": (kind, False)}
    return grid
