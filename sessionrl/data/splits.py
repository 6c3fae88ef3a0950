"""Which session is for training, which for validation, which for the test."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.cutting import Log
from sessionrl.data.schema import DAY_MS, utc

PARTS = ("train", "valid", "test")
TRAIN, VALID, TEST = 0, 1, 2


class Split(NamedTuple):
    """part: [S] int8, index into `PARTS`; keep: [E] False for events cut off at a boundary; rule: a sentence."""

    part: npt.NDArray[np.int8]
    keep: npt.NDArray[np.bool_]
    rule: str
    leaks_future: bool = False


def by_time(log: Log, valid_days: float, test_days: float) -> Split:
    """Session-start rule: what starts in the `test_days` up to the last start is test, before that validation.

    A training or validation session that reaches over the boundary behind it is cut there: its later events would
    tell the future. (Hidasi & Czapp 2023, arXiv:2307.14951; Ji et al. 2023, arXiv:2010.11060.)
    """
    starts = log.starts
    # Counted back from the last start, not from the last event: one session that lasts for days would push every
    # boundary behind the last start, and leave no test.
    test_from = int(starts.max()) - round(test_days * DAY_MS)
    valid_from = test_from - round(valid_days * DAY_MS)
    part = ((starts >= valid_from).astype(np.int8) + (starts >= test_from)).astype(np.int8)
    ends = np.array([valid_from, test_from, np.iinfo(np.int64).max])[part]
    rule = f"by time: validation starts at {utc(valid_from)}, test at {utc(test_from)}"
    return Split(part, log.times < ends[log.session], rule)


def as_published(log: Log, published: pl.Series, valid_share: float) -> Split:
    """Test as published; validation is the last `valid_share` of the training sessions by their start."""
    part = np.where((published == "test").to_numpy(), TEST, TRAIN).astype(np.int8)
    training = np.flatnonzero(part == TRAIN)
    part[training[len(training) - _number(valid_share, len(training)) :]] = VALID
    rule = f"as published; validation is the last {valid_share:.1%} of the training sessions"
    return Split(part, np.ones(len(log), bool), rule)


def at_random(log: Log, valid_share: float, test_share: float, seed: int) -> Split:
    """Sessions at random: training then knows the future of the test. Only to replicate papers that did so."""
    sessions = len(log.ids)
    shuffled = np.random.default_rng(seed).permutation(sessions)
    part = np.full(sessions, TRAIN, np.int8)
    test = _number(test_share, sessions)
    part[shuffled[:test]] = TEST
    part[shuffled[test : test + _number(valid_share, sessions)]] = VALID
    rule = f"sessions at random: {test_share:.1%} test, {valid_share:.1%} validation, seed {seed}"
    return Split(part, np.ones(len(log), bool), rule, leaks_future=True)


def describe_split(log: Log, split: Split) -> dict[str, object]:
    """For the card: the rule, whether it leaks by design, and how much the sessions overlap in time."""
    return {
        "rule": split.rule,
        "leaks_future": split.leaks_future,
        "test_sessions_before_last_training_event": started_too_early(log.keep(split.keep), split.part),
    }


def started_too_early(log: Log, part: npt.NDArray[np.int8]) -> float | None:
    """Share of the test sessions that start before the last training event; None where a part is empty."""
    of_event = part[log.session]
    first = np.flatnonzero((log.position == 0) & (of_event == TEST))
    train = log.times[of_event == TRAIN]
    return float((log.times[first] < train.max()).mean()) if len(first) and len(train) else None


def _number(share: float, sessions: int) -> int:
    """At least one session where a share is asked for and there are any."""
    return min(max(round(share * sessions), int(share > 0)), sessions)
