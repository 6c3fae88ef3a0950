"""Examples: events of the test part chosen by a rule, each with how many of all events the rule holds for.

A picked example proves nothing; a rule, its share of the events and a seeded draw say what it stands for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.analysis.agreement import overlap
from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.slices import cases_in

RARE = 5  # training events of an item that has hardly been learned
LONG = 0.9  # quantile of the events read, from which on a session is long
ALIKE = 0.5  # share of common items below which two lists differ
BY_ID = "sessions"

Rows = npt.NDArray[np.int64]


class Examples(NamedTuple):
    """Chosen events.

    rule:  its name, or `BY_ID`
    words: what holds for all of them
    rows:  [m] int64, rows of the rankings
    alike: cases the rule holds for
    of:    cases there are
    """

    rule: str
    words: str
    rows: Rows
    alike: int
    of: int


class Choice(NamedTuple):
    """Examples rule by rule, no event twice; and by the name of the rule why it has none."""

    examples: tuple[Examples, ...]
    left_out: dict[str, str]


@dataclass(frozen=True, eq=False)
class Compared:
    """Models whose rankings of the same events are compared.

    rankings:  by label, of one training seed each
    catalogue: of the items
    k:         length of the lists
    pair:      labels of a model and of its control; None where there is no such pair
    """

    rankings: Mapping[str, Rankings]
    catalogue: Catalogue
    k: int
    pair: tuple[str, str] | None = None

    @property
    def first(self) -> Rankings:
        """Whose events are those of all."""
        return next(iter(self.rankings.values()))

    @cached_property
    def cases(self) -> Rows:
        """[n] rows of the rankings: events with at least one before them, of items that may be recommended."""
        return np.flatnonzero(cases_in("all", self.first, self.catalogue))

    @cached_property
    def hits(self) -> npt.NDArray[np.int64]:
        """[n] models that have the next item among their first k."""
        wanted = self.first.target[self.cases, None]
        return np.asarray(
            np.sum([(one.lists(self.k)[self.cases] == wanted).any(1) for one in self.rankings.values()], axis=0)
        )

    @cached_property
    def gain(self) -> npt.NDArray[np.float64]:
        """[n] 1 / rank of the next item by the model of the pair, less that by its control."""
        assert self.pair is not None
        model, control = (expected_rank(self.rankings[label], self.cases) for label in self.pair)
        return np.asarray(1 / model - 1 / control)

    @cached_property
    def shared(self) -> npt.NDArray[np.float64]:
        """[n] share of the items of a list that the two of the pair have in common."""
        assert self.pair is not None
        model, control = (self.rankings[label].lists(self.k)[self.cases] for label in self.pair)
        return overlap(model, control)


def expected_rank(rankings: Rankings, rows: Rows) -> npt.NDArray[np.float64]:
    """[m] of the next item, from 1; the mean place where several items are scored alike."""
    return np.asarray(rankings.greater[rows] + (rankings.equal[rows] + 1) / 2)


class _Rule(NamedTuple):
    """words: what holds; holds: [n] bool; most: [n] what is shown first is greatest, by chance if None."""

    words: str
    holds: npt.NDArray[np.bool_]
    most: npt.NDArray[np.float64] | None = None


def _draw(of: Compared) -> _Rule:
    return _Rule("Drawn by lot: every event had the same chance", np.ones(len(of.cases), np.bool_))


def _all_hit(of: Compared) -> _Rule:
    n = len(of.rankings)
    who = f"All {n} models have" if n > 1 else "The model has"
    return _Rule(f"{who} the next item in the first {of.k}", of.hits == n)


def _none_hit(of: Compared) -> _Rule:
    who = f"None of the {len(of.rankings)} models has" if len(of.rankings) > 1 else "The model does not have"
    return _Rule(f"{who} the next item in the first {of.k}", of.hits == 0)


def _ahead(of: Compared) -> _Rule:
    model, control = of.pair or ("", "")
    return _Rule(f"{model} ahead of {control} at the next item", of.gain > 0, of.gain)


def _behind(of: Compared) -> _Rule:
    model, control = of.pair or ("", "")
    return _Rule(f"{model} behind {control} at the next item", of.gain < 0, -of.gain)


def _differs(of: Compared) -> _Rule:
    model, control = of.pair or ("", "")
    return _Rule(
        f"The lists of {model} and {control} share less than half of their items", of.shared < ALIKE, -of.shared
    )


def _new(of: Compared) -> _Rule:
    return _Rule("The next item is new in its session", ~of.first.repeat[of.cases])


def _rare(of: Compared) -> _Rule:
    few = of.catalogue.counts[of.first.target[of.cases]] <= RARE
    return _Rule(
        f"The next item is new in its session and rare: at most {RARE} training events",
        few & ~of.first.repeat[of.cases],
    )


def _long(of: Compared) -> _Rule:
    read = of.first.position[of.cases]
    least = max(2, int(np.quantile(read, LONG))) if len(read) else 2
    return _Rule(f"A long session: {least} events or more before this one", read >= least)


def _kind(of: Compared, name: str) -> _Rule:
    kind = of.first.kinds.index(name)
    return _Rule(f"The next event is of the kind {name}", of.first.event_type[of.cases] == kind)


def _rarest_kind(of: Compared) -> _Rule:
    counts = np.bincount(of.first.event_type[of.cases], minlength=len(of.first.kinds))
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return _Rule("The next event is of the rarest kind", np.zeros(len(of.cases), np.bool_))
    rule = _kind(of, of.first.kinds[int(present[np.argmin(counts[present])])])
    return rule._replace(words=f"{rule.words}, the rarest")


PAIRED = ("rl_ahead", "rl_behind", "rl_differs")
RULES: dict[str, Callable[[Compared], _Rule]] = {
    "draw": _draw,
    "rl_ahead": _ahead,
    "rl_behind": _behind,
    "rl_differs": _differs,
    "all_hit": _all_hit,
    "none_hit": _none_hit,
    "new": _new,
    "rare": _rare,
    "long": _long,
    "rarest_kind": _rarest_kind,
}


def choose(of: Compared, rules: Mapping[str, int], seed: int, without: Rows | None = None) -> Choice:
    """Events for every rule, none twice and no two of one session, so that the sheet shows many visitors.

    A draw comes before all others whatever the order, so that it stays fair. The rules ``rl_ahead`` and ``rl_behind``
    get equally many events where both hold for some, so that they flatter neither model.

    Args:
        of: what is compared
        rules: names of `RULES` or of kinds of event, in the order of the result; and how many events of each at most
        seed: of the draw, and of the choice among events that a rule does not tell apart
        without: rows of events that are shown already

    Raises:
        UnknownName: there is no such rule.
    """
    for name in rules:
        if name not in RULES and name not in of.first.kinds:
            raise UnknownName("rule for examples", name, [*RULES, *of.first.kinds])
    used = set(of.first.session[without].tolist()) if without is not None else set()
    found: dict[str, Examples] = {}
    left_out: dict[str, str] = {}
    for name in sorted(rules, key=lambda name: name != "draw"):
        if name in PAIRED and of.pair is None:
            left_out[name] = "no two models to set against each other: it takes a network and its control"
            continue
        rule = RULES[name](of) if name in RULES else _kind(of, name)
        rows = _picked(of, rule, rules[name], np.random.default_rng([seed, *name.encode()]), used)
        if len(rows):
            found[name] = Examples(name, rule.words, rows, int(rule.holds.sum()), len(of.cases))
        else:
            left_out[name] = "every such event is shown already" if rule.holds.any() else "no event is like this"
    if "rl_ahead" in found and "rl_behind" in found:
        equally = min(len(found[name].rows) for name in ("rl_ahead", "rl_behind"))
        for name in ("rl_ahead", "rl_behind"):
            found[name] = found[name]._replace(rows=found[name].rows[:equally])
    return Choice(tuple(found[name] for name in rules if name in found), left_out)


def by_id(of: Compared, ids: pl.Series, asked: Sequence[str]) -> Examples:
    """The events that are asked for.

    Args:
        of: what is compared
        ids: [S] session ids as the log has them
        asked: session ids, or ``ID:POSITION`` with the number of events read before the event; without a position it
            is the last event of the session

    Raises:
        BadOption: there is no such session in the test part, or no such event that can be predicted.
    """
    known = ids.cast(pl.String)
    rows = [_row_of(of, known, one) for one in dict.fromkeys(asked)]
    return Examples(BY_ID, "Asked for", np.array(rows, np.int64), len(rows), len(of.cases))


def _picked(of: Compared, rule: _Rule, n: int, random: np.random.Generator, used: set[int]) -> Rows:
    """Rows of sessions that are not in `used`, which they join."""
    candidates = random.permutation(np.flatnonzero(rule.holds))
    if rule.most is not None:
        candidates = candidates[np.argsort(-rule.most[candidates], kind="stable")]
    rows: list[int] = []
    for row in of.cases[candidates]:
        if len(rows) == n:
            break
        session = int(of.first.session[row])
        if session not in used:
            used.add(session)
            rows.append(int(row))
    return np.array(rows, np.int64)


def _row_of(of: Compared, ids: pl.Series, asked: str) -> int:
    at, position = (ids == asked).arg_true(), None
    name, _, number = asked.rpartition(":")
    counted = number.isascii() and number.isdigit()
    if not len(at) and name and counted:
        at, position = (ids == name).arg_true(), int(number)
    if not len(at):
        raise BadOption(
            f"The test part has no session {asked!r}. Next to it: {_near(ids, name if counted else asked)}.\n"
            "  do now: give a session id as the log writes it, or ID:POSITION"
        )
    rows = of.cases[of.first.session[of.cases] == at[0]]
    positions = of.first.position[rows]
    row = rows[-1:] if position is None else rows[positions == position]
    if not len(row):
        which = f"event at position {position}" if position is not None else "event"
        there = ", ".join(map(str, positions[:20])) or "none"
        raise BadOption(
            f"Session {ids[int(at[0])]!r} has no {which} to be predicted: that takes an event before it, and an item "
            f"that may be recommended.\n  expected: one of the positions {there}\n"
            "  do now: give another, as ID:POSITION"
        )
    return int(row[0])


def _near(ids: pl.Series, wanted: str) -> str:
    """The two ids before and the two behind it in alphabetic order."""
    order = ids.sort()
    place = order.search_sorted(wanted)
    return ", ".join(repr(one) for one in order[max(0, place - 2) : place + 2])
