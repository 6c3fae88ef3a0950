"""Split log -> sessions of item numbers: filter on the training part, fit the vocabulary there, encode all parts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.card import PartCounts, Unseen
from sessionrl.data.cold_items import Items
from sessionrl.data.cutting import Log
from sessionrl.data.filtering import fixed_point, staying
from sessionrl.data.preparation import Preparation
from sessionrl.data.prepared import PartFiles
from sessionrl.data.session_features import FeatureNumbers, SessionFeatures
from sessionrl.data.sessions import PARTS, TEST, TRAIN, VALID, Sessions
from sessionrl.data.split_log import SplitLog
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.errors import BadData


class Known(NamedTuple):
    """What the log is made of: its items, and [F] the values of its session features by their number, from 1 on."""

    items: Items
    features: Sequence[pl.Series]


class Encoded(NamedTuple):
    """The parts by name, their counts, the vocabulary, events dropped by reason, what the vocabulary lacks by part.

    features: the names of the codes of the session features
    early: share of the test sessions that start before the last training event; None where a part is empty
    """

    parts: dict[str, PartFiles]
    counts: dict[str, PartCounts]
    vocabulary: Vocabulary
    dropped: dict[str, int]
    unseen: dict[str, Unseen]
    features: SessionFeatures
    early: float | None


def encode(log: SplitLog, known: Known, preparation: Preparation, folder: Path, path: object) -> Encoded:
    """Training is filtered to a fixed point and gives the vocabulary; the other parts lose what it lacks.

    With `vocabulary_from` = "train+valid" both are filtered as one.

    folder: for the encoded pieces
    path:   of the log, for messages

    Raises:
        BadData: nothing is left of the training or the test part.
    """
    fitted = (TRAIN, VALID) if preparation.vocabulary_from == "train+valid" else (TRAIN,)
    least = preparation.min_session_events
    filtered = fixed_point(log, fitted, known.items.described, preparation.min_item_events, least)
    ranked = ranked_by_frequency(filtered.support, known.items)
    number = np.zeros(len(known.items.ids), np.int32)
    number[ranked] = np.arange(1, len(ranked) + 1)
    values = FeatureNumbers(known.features)
    for piece in log if known.features else ():
        values.count(piece.features_of(staying(piece, number > 0, fitted, least)))
    features = values.fit(preparation.session_features)
    parts = {name: PartFiles(folder, name) for name in PARTS}
    counts = {name: PartCounts(preparation.kinds, len(ranked) + 1) for name in PARTS}
    lost = _Lost(number > 0, fitted)
    for piece in log:
        kept = staying(piece, number > 0, fitted, least) | staying(piece, number > 0, lost.later, least)
        lost.add(piece, kept, log.last_training)
        for code, name in enumerate(PARTS):
            sessions = _sessions(piece, kept & (piece.part_of_event == code), number, values)
            parts[name].add(sessions)
            counts[name].add(sessions)
    _refuse_empty(log, counts, preparation, path)
    dropped = {
        "after_boundary": log.after_boundary,
        "rare_items": filtered.rare_items,
        "short_sessions": filtered.short_sessions,
        "unseen_items": int(lost.events.sum()),
        "short_sessions_later": lost.short,
    }
    vocabulary = Vocabulary(known.items.ids.gather(ranked))
    return Encoded(parts, counts, vocabulary, dropped, lost.unseen(), features, lost.early(log))


def ranked_by_frequency(support: npt.NDArray[np.int64], items: Items) -> npt.NDArray[np.int64]:
    """Codes of the items with an event and of the described ones, most frequent first, equals by their id."""
    columns = {"support": support, "item_id": items.ids, "described": items.described}
    table = pl.DataFrame(columns).with_row_index("code").filter((pl.col("support") > 0) | pl.col("described"))
    return table.sort("support", "item_id", descending=[True, False])["code"].to_numpy().astype(np.int64)


class _Lost:
    """What the parts that are not fitted lose, counted piece by piece, and how many test sessions start early.

    later:  the codes of these parts
    events: [3] on items that the vocabulary lacks; targets: [3] those of them that come after another event
    short:  events on known items in sessions that are too short
    """

    def __init__(self, known: npt.NDArray[np.bool_], fitted: Sequence[int]):
        self.later = [code for code in range(len(PARTS)) if code not in fitted]
        self.events, self.targets = np.zeros(len(PARTS), np.int64), np.zeros(len(PARTS), np.int64)
        self.short = 0
        self._known = known
        self._items = np.zeros((len(PARTS), len(known)), bool)
        self._early = 0

    def add(self, piece: Log, kept: npt.NDArray[np.bool_], last_training: int | None) -> None:
        for code in self.later:
            of_part = piece.part_of_event == code
            unseen = of_part & ~self._known[piece.items]
            self.short += int((of_part & ~unseen & ~kept).sum())
            self.events[code] += int(unseen.sum())
            self.targets[code] += int((unseen & (piece.position > 0)).sum())
            self._items[code, piece.items[unseen]] = True
        if last_training is not None:
            self._early += int((piece.starts[piece.part == TEST] < last_training).sum())

    def unseen(self) -> dict[str, Unseen]:
        items = self._items.sum(1)
        codes = {name: PARTS.index(name) for name in ("valid", "test")}
        return {
            name: Unseen(int(self.events[code]), int(self.targets[code]), int(items[code]))
            for name, code in codes.items()
        }

    def early(self, log: SplitLog) -> float | None:
        tested = int(log.sessions[TEST])
        return self._early / tested if tested and log.last_training is not None else None


def _sessions(
    piece: Log, events: npt.NDArray[np.bool_], number: npt.NDArray[np.int32], values: FeatureNumbers
) -> Sessions:
    session = piece.session[events]
    first = np.flatnonzero(np.diff(session.astype(np.int64), prepend=-1))
    return Sessions(
        items=number[piece.items[events]],
        event_types=piece.kinds[events],
        timestamps=piece.times[events],
        offsets=np.append(first, len(session)).astype(np.int64),
        ids=piece.ids.gather(session[first]),
        propensities=None if piece.propensities is None else piece.propensities[events],
        features=None if piece.features is None else values.codes(piece.features[session[first]]),
    )


def _refuse_empty(log: SplitLog, counts: Mapping[str, PartCounts], preparation: Preparation, path: object) -> None:
    rule = log.split.rule
    if not log.sessions[TRAIN]:
        raise BadData(
            path,
            f"no session (of {log.cut.sessions:,}) falls to training, all to validation and test; split {rule}",
            "sessions that start before those of validation and test",
            "lower data.test_days and data.valid_days (or data.valid_share and data.test_share)",
        )
    if not counts["train"].events.any():
        raise BadData(
            path,
            f"nothing is left for training of {log.events[TRAIN]:,} events in {log.sessions[TRAIN]:,} sessions; "
            f"split {rule}",
            f"sessions of at least {preparation.min_session_events} events on items of at least "
            f"{preparation.min_item_events} events (min_session_events, min_item_events)",
            "lower data.min_item_events or data.min_session_events, or give a longer log",
        )
    if not counts["test"].events.any():
        raise BadData(
            path,
            f"nothing is left for the test of {log.events[TEST]:,} events in {log.sessions[TEST]:,} sessions; "
            f"split {rule}",
            f"sessions of at least {preparation.min_session_events} events on items that training knows "
            f"(min_session_events; min_item_events = {preparation.min_item_events} in training)",
            "raise data.test_days (or data.test_share), or lower data.min_item_events or data.min_session_events",
        )
