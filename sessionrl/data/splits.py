"""Which session is for training, which for validation, which for the test."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sessionrl.data.cutting import Log
from sessionrl.data.schema import DAY_MS, utc
from sessionrl.data.sessions import TEST, TRAIN, VALID

_NEVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Split:
    """A rule, ready for a log that comes piece by piece.

    rule:  a sentence
    parts: of the sessions of a piece, [S] int8, index into `PARTS`
    ends:  ms per part; later events of its sessions are cut off
    """

    rule: str
    parts: Callable[[Log], npt.NDArray[np.int8]]
    ends: tuple[int, int, int] = (_NEVER, _NEVER, _NEVER)
    leaks_future: bool = False


def by_time(last_start: int, valid_days: float, test_days: float) -> Split:
    """Session-start rule: what starts in the `test_days` up to the last start is test, before that validation.

    A training or validation session that reaches over the boundary behind it is cut there: its later events would
    tell the future. (Hidasi & Czapp 2023, arXiv:2307.14951; Ji et al. 2023, arXiv:2010.11060.)
    """
    # Counted back from the last start, not from the last event: one session that lasts for days would push every
    # boundary behind the last start, and leave no test.
    test_from = last_start - round(test_days * DAY_MS)
    valid_from = test_from - round(valid_days * DAY_MS)

    def parts(log: Log) -> npt.NDArray[np.int8]:
        return np.asarray((log.starts >= valid_from).astype(np.int8) + (log.starts >= test_from), np.int8)

    rule = f"by time: validation starts at {utc(valid_from)}, test at {utc(test_from)}"
    return Split(rule, parts, (valid_from, test_from, _NEVER))


def as_published(training: int, valid_share: float) -> Split:
    """Test as published; validation is the last `valid_share` of the training sessions by their start.

    training: how many sessions are published as training
    """
    valid_from = training - _number(valid_share, training)

    def parts(log: Log) -> npt.NDArray[np.int8]:
        training = log.part == TRAIN
        number = log.training_before + np.cumsum(training) - 1
        return np.where(training & (number >= valid_from), VALID, log.part).astype(np.int8)

    return Split(f"as published; validation is the last {valid_share:.1%} of the training sessions", parts)


def at_random(sessions: int, valid_share: float, test_share: float, seed: int) -> Split:
    """Sessions at random: training then knows the future of the test. Only to replicate papers that did so.

    The only rule whose memory grows with the log, 9 bytes a session: every session needs a place in one permutation.
    """
    shuffled = np.random.default_rng(seed).permutation(sessions)
    part = np.full(sessions, TRAIN, np.int8)
    test = _number(test_share, sessions)
    part[shuffled[:test]] = TEST
    part[shuffled[test : test + _number(valid_share, sessions)]] = VALID

    def parts(log: Log) -> npt.NDArray[np.int8]:
        return part[log.sessions_before : log.sessions_before + len(log.part)]

    rule = f"sessions at random: {test_share:.1%} test, {valid_share:.1%} validation, seed {seed}"
    return Split(rule, parts, leaks_future=True)


def _number(share: float, sessions: int) -> int:
    """At least one session where a share is asked for and there are any."""
    return min(max(round(share * sessions), int(share > 0)), sessions)
