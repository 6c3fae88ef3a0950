"""Split log -> sessions of item numbers: filter on the training part, fit the vocabulary there, encode all parts."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.data.card import Unseen
from sessionrl.data.cutting import Log
from sessionrl.data.filtering import fixed_point, in_short_sessions, ranked_by_frequency
from sessionrl.data.preparation import Preparation
from sessionrl.data.sessions import Sessions
from sessionrl.data.splits import PARTS, TEST, TRAIN, VALID, Split
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.errors import BadData


class Encoded(NamedTuple):
    """The parts by name, the vocabulary, events dropped by reason, and what the vocabulary lacks, by part."""

    parts: dict[str, Sessions]
    vocabulary: Vocabulary
    dropped: dict[str, int]
    unseen: dict[str, Unseen]


def encode(log: Log, split: Split, preparation: Preparation, path: object) -> Encoded:
    """Training is filtered to a fixed point and gives the vocabulary; the other parts lose what it lacks.

    With `vocabulary_from` = "train+valid" both are filtered as one.

    Raises:
        BadData: nothing is left of the training or the test part.
    """
    of_event = split.part[log.session]
    fitted = of_event == TRAIN
    if preparation.vocabulary_from == "train+valid":
        fitted |= of_event == VALID
    fitted &= split.keep
    filtered = fixed_point(log, fitted, preparation.min_item_events, preparation.min_session_events)
    _refuse_empty_training(log, filtered.keep & (of_event == TRAIN), split, preparation, path)
    ranked = ranked_by_frequency(log, filtered.keep)
    number = np.zeros(len(log.item_ids), np.int32)
    number[ranked] = np.arange(1, len(ranked) + 1)
    later = split.keep & ~fitted & (of_event != TRAIN)
    seen = later & (number[log.items] > 0)
    short = in_short_sessions(log, seen, preparation.min_session_events)
    keep = filtered.keep | (seen & ~short)
    _refuse_empty_test(log, keep & (of_event == TEST), split, preparation, path)
    return Encoded(
        parts={name: _sessions(log, keep & (of_event == code), number) for code, name in enumerate(PARTS)},
        vocabulary=Vocabulary(log.item_ids.gather(ranked)),
        dropped={
            "after_boundary": int((~split.keep).sum()),
            "rare_items": filtered.rare_items,
            "short_sessions": filtered.short_sessions,
            "unseen_items": int((later & ~seen).sum()),
            "short_sessions_later": int(short.sum()),
        },
        unseen={name: _unseen(log, later & ~seen & (of_event == PARTS.index(name))) for name in ("valid", "test")},
    )


def _unseen(log: Log, events: npt.NDArray[np.bool_]) -> Unseen:
    return Unseen(int(events.sum()), int((events & (log.position > 0)).sum()), int(np.unique(log.items[events]).size))


def _sessions(log: Log, events: npt.NDArray[np.bool_], number: npt.NDArray[np.int32]) -> Sessions:
    session = log.session[events]
    first = np.flatnonzero(np.diff(session, prepend=-1))
    return Sessions(
        items=number[log.items[events]],
        event_types=log.kinds[events],
        timestamps=log.times[events],
        offsets=np.append(first, len(session)).astype(np.int64),
        ids=log.ids.gather(session[first]).to_list(),
    )


def _refuse_empty_training(
    log: Log, left: npt.NDArray[np.bool_], split: Split, preparation: Preparation, path: object
) -> None:
    if left.any():
        return
    events = split.part[log.session] == TRAIN
    if not events.any():
        found = f"no session (of {len(log.ids):,}) falls to training, all to validation and test; split {split.rule}"
        expected = "sessions that start before those of validation and test"
        raise BadData(
            path, found, expected, "lower data.test_days and data.valid_days (or data.valid_share and data.test_share)"
        )
    raise BadData(
        path,
        f"nothing is left for training of {int(events.sum()):,} events in {np.unique(log.session[events]).size:,} "
        f"sessions; split {split.rule}",
        f"sessions of at least {preparation.min_session_events} events on items of at least "
        f"{preparation.min_item_events} events (min_session_events, min_item_events)",
        "lower data.min_item_events or data.min_session_events, or give a longer log",
    )


def _refuse_empty_test(
    log: Log, left: npt.NDArray[np.bool_], split: Split, preparation: Preparation, path: object
) -> None:
    if left.any():
        return
    events = split.part[log.session] == TEST
    raise BadData(
        path,
        f"nothing is left for the test of {int(events.sum()):,} events in {np.unique(log.session[events]).size:,} "
        f"sessions; split {split.rule}",
        f"sessions of at least {preparation.min_session_events} events on items that training knows "
        f"(min_session_events; min_item_events = {preparation.min_item_events} in training)",
        "raise data.test_days (or data.test_share), or lower data.min_item_events or data.min_session_events",
    )
