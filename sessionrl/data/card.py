"""The card of a prepared data set: rows read, dropped and why, spans, kinds, lengths."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sessionrl.data.cutting import Log, immediate_repeats
from sessionrl.data.schema import utc
from sessionrl.data.sessions import Sessions


def describe_log(log: Log, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The sessions as they were cut, before anything was filtered."""
    lengths = log.lengths
    transitions = int((lengths - 1).sum())
    with_kind = {kind: int(np.unique(log.session[log.kinds == code]).size) for code, kind in enumerate(kinds)}
    return {
        "rule": log.rule,
        "sessions": len(lengths),
        "sessions_of_two_or_more": int((lengths >= 2).sum()),
        "sessions_with": with_kind,
        "visitors_with_several_sessions": log.several_sessions,
        "immediate_repeats": float(immediate_repeats(log).sum() / transitions) if transitions else 0.0,
    }


def describe_part(part: Sessions, kinds: tuple[str, ...], order_only: bool) -> dict[str, Any]:
    """Counts, span and lengths of one part."""
    lengths = part.lengths
    span = None if order_only or not len(part) else [utc(int(part.timestamps.min())), utc(int(part.timestamps.max()))]
    quantiles = np.quantile(lengths, [0.5, 0.9, 0.99], method="inverted_cdf").tolist() if len(part) else [0, 0, 0]
    return {
        "sessions": len(part),
        "events": len(part.items),
        "items": int(np.unique(part.items).size),
        "span": span,
        "kinds": dict(zip(kinds, np.bincount(part.event_types, minlength=len(kinds)).tolist(), strict=True)),
        "lengths": {
            "mean": float(lengths.mean()) if len(part) else 0.0,
            **{name: int(value) for name, value in zip(("p50", "p90", "p99"), quantiles, strict=True)},
            "max": int(lengths.max(initial=0)),
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
    lines.append(f"split: {split['rule']}")
    if split["leaks_future"]:
        lines.append("  this split leaks the future into training: use it only to replicate papers that did so")
    if split["test_sessions_before_last_training_event"]:
        share = split["test_sessions_before_last_training_event"]
        lines.append(f"  {share:.1%} of the test sessions start before the last training event")
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
        f"  {kinds}; length: median {lengths['p50']}, 90 % at most {lengths['p90']}, "
        f"99 % at most {lengths['p99']}, longest {lengths['max']}, mean {lengths['mean']:.2f}",
    ]
