"""The card of a prepared data set: rows read, dropped and why, spans, kinds, lengths; counted piece by piece."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sessionrl.data.cutting import Log, immediate_repeats
from sessionrl.data.schema import utc
from sessionrl.data.sessions import Sessions


class LogCounts:
    """The sessions as they were cut, before anything was filtered."""

    def __init__(self, kinds: tuple[str, ...]):
        self.sessions = self._events = self._longer = self._repeats = 0
        self._with_kind = dict.fromkeys(kinds, 0)

    def add(self, log: Log) -> None:
        """The next piece of the log."""
        self.sessions += len(log.ids)
        self._events += len(log)
        self._longer += int((log.lengths >= 2).sum())
        self._repeats += int(immediate_repeats(log).sum())
        for code, kind in enumerate(self._with_kind):
            of_kind = log.session[log.kinds == code]  # rising, so a change is another session
            self._with_kind[kind] += int((np.diff(of_kind) != 0).sum()) + int(len(of_kind) > 0)

    def describe(self, rule: str, several_sessions: float | None) -> dict[str, Any]:
        """For the card.

        several_sessions: share of the visitors that have more than one; None where the log cut them
        """
        transitions = self._events - self.sessions
        return {
            "rule": rule,
            "sessions": self.sessions,
            "sessions_of_two_or_more": self._longer,
            "sessions_with": self._with_kind,
            "visitors_with_several_sessions": several_sessions,
            "immediate_repeats": self._repeats / transitions if transitions else 0.0,
        }


class PartCounts:
    """Counts, span and lengths of one part.

    events:   [V] int64, events of each item
    sessions: [V] int64, sessions that hold the item
    """

    def __init__(self, kinds: tuple[str, ...], items: int):
        self.events, self.sessions = np.zeros(items, np.int64), np.zeros(items, np.int64)
        self._kinds, self._of_kind = kinds, np.zeros(len(kinds), np.int64)
        self._lengths: Counter[int] = Counter()
        self._span: list[int] = []

    def add(self, part: Sessions) -> None:
        """The next piece of the part."""
        items = len(self.events)
        self.events += np.bincount(part.items, minlength=items)
        self.sessions += np.bincount(np.unique(part.session * items + part.items) % items, minlength=items)
        self._of_kind += np.bincount(part.event_types, minlength=len(self._kinds))
        self._lengths.update(dict(zip(*(x.tolist() for x in np.unique(part.lengths, return_counts=True)), strict=True)))
        if len(part):
            times = [*self._span, int(part.timestamps.min()), int(part.timestamps.max())]
            self._span = [min(times), max(times)]

    def describe(self, order_only: bool) -> dict[str, Any]:
        """For the card."""
        sessions, events = self._lengths.total(), int(self.events.sum())
        lengths, counts = np.array(sorted(self._lengths.items()), np.int64).reshape(-1, 2).T
        shares = np.cumsum(counts) / sessions if sessions else counts
        quantiles = [int(lengths[np.searchsorted(shares, share)]) if sessions else 0 for share in (0.5, 0.9, 0.99)]
        return {
            "sessions": sessions,
            "events": events,
            "items": int((self.events > 0).sum()),
            "span": None if order_only or not self._span else [utc(time) for time in self._span],
            "kinds": dict(zip(self._kinds, self._of_kind.tolist(), strict=True)),
            "lengths": {
                "mean": events / sessions if sessions else 0.0,
                **dict(zip(("p50", "p90", "p99"), quantiles, strict=True)),
                "max": max(self._lengths, default=0),
            },
        }


class Unseen(NamedTuple):
    """Events of a part on items that the vocabulary lacks, how many of them were next-item targets, how many items."""

    events: int
    targets: int
    items: int


DROPPED = {
    "ignored_kinds": "of a kind to be ignored",
    "immediate_repeats": "immediate repeats of the same item and kind",
    "after_boundary": "after the boundary that their training or validation session reaches over",
    "rare_items": "of items with too few events",
    "short_sessions": "in sessions that are too short (training)",
    "unseen_items": "of items that the vocabulary lacks (validation and test)",
    "short_sessions_later": "in sessions that are too short (validation and test)",
}


def card_lines(card: Mapping[str, Any]) -> list[str]:
    """The card as plain text for the terminal."""
    cut, split = card["cut"], card["split"]
    lines = [
        f"{card['rows_read']:,} rows read by the reader {card['reader']} from {', '.join(card['files'])}",
        *(f"  {name}: {note}" for name, note in card["notes"].items()),
        f"{cut['sessions']:,} sessions by {cut['rule']}; {cut['sessions_of_two_or_more']:,} of two events or more",
    ]
    if cut["visitors_with_several_sessions"] is not None:
        lines.append(f"  {cut['visitors_with_several_sessions']:.1%} of the visitors have several sessions")
    lines.append(f"  {cut['immediate_repeats']:.1%} of the steps repeat item and kind; repeats: {card['repeats']}")
    lines.append(f"{sum(card['dropped'].values()):,} events dropped")
    lines += [f"  {count:,} {DROPPED[why]}" for why, count in card["dropped"].items() if count]
    lines += [
        f"  unseen in {part}: {unseen['items']:,} items, {unseen['events']:,} events, {unseen['targets']:,} targets"
        for part, unseen in card["unseen"].items()
        if unseen["events"]
    ]
    items = card["catalogue"]
    lines.append(f"{items['items']:,} items, {items['described']:,} of them described by the shop")
    if items["described_without_events"]:
        lines.append(
            f"  {items['described_without_events']:,} items of the shop's table are without events in training"
        )
    if "recommendable" in items:
        lines.append(f"  {items['recommendable']:,} of the {items['items']:,} items may be recommended")
    if "rare" in items:
        lines.append(
            f"  cold items kept: {items['without_events']:,} without events in training, {items['rare']:,} with few"
        )
    lines.append(f"split: {split['rule']}")
    if split["leaks_future"]:
        lines.append("  this split leaks the future into training: use it only to replicate papers that did so")
    if split["test_sessions_before_last_training_event"]:
        share = split["test_sessions_before_last_training_event"]
        lines.append(f"  {share:.1%} of the test sessions start before the last training event")
    if "propensities" in card:
        lines.append(f"{card['propensities']:,} events with a logged propensity")
    if "session_features" in card:
        known = [f"{name} ({values:,} values)" for name, values in card["session_features"].items()]
        lines.append(f"features of sessions: {', '.join(known)}")
    for name, part in card["parts"].items():
        lines += _part_lines(name, part)
    lines.append("rewards: " + ", ".join(f"{kind} {reward:g}" for kind, reward in card["rewards"].items()))
    lines.append(f"fingerprint: {card['fingerprint']}")
    return lines


def _part_lines(name: str, part: Mapping[str, Any]) -> list[str]:
    lengths, span = part["lengths"], part["span"]
    when = f", {span[0]} to {span[1]}" if span else ""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in part["kinds"].items())
    return [
        f"{name}: {part['sessions']:,} sessions, {part['events']:,} events, {part['items']:,} items{when}",
        f"  {kinds}; length: median {lengths['p50']}, 90% at most {lengths['p90']}, "
        f"99% at most {lengths['p99']}, longest {lengths['max']}, mean {lengths['mean']:.2f}",
    ]
