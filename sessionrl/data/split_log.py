"""The whole log on disk, in order, split: every later step goes over its pieces, as often as it needs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.card import LogCounts
from sessionrl.data.cutting import Log, immediate_repeats
from sessionrl.data.preparation import Preparation
from sessionrl.data.sessions import PARTS, TRAIN
from sessionrl.data.splits import Split

_ALWAYS = ("session", "position", "items", "kinds", "times", "part")
_MAYBE = ("propensities", "features")


@dataclass
class SplitLog:
    """The pieces of a log on disk, a file for every column of each; and what was counted when they were written.

    cut:      of the sessions as they were cut
    sessions: [3] sessions of each part, events: [3] their events, before those behind a boundary were dropped
    repeats:  immediate repeats that were dropped
    after_boundary: events that were dropped behind a boundary
    last_training:  ms, the last training event; None where there is none
    """

    folder: Path
    split: Split
    cut: LogCounts
    pieces: int = 0
    sessions: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(PARTS), np.int64))
    events: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(PARTS), np.int64))
    repeats: int = 0
    after_boundary: int = 0
    last_training: int | None = None

    def __iter__(self) -> Iterator[Log]:
        for piece in range(self.pieces):
            # Mapped, not read: most steps look at some columns only.
            columns: dict[str, Any] = {
                name: np.load(self._file(piece, name), mmap_mode="r")
                for name in (*_ALWAYS, *_MAYBE)
                if name in _ALWAYS or self._file(piece, name).exists()
            }
            yield Log(**columns, ids=pl.read_ipc(self._file(piece, "ids"))["id"])

    def add(self, log: Log, collapse: bool) -> None:
        """The next piece, as it was cut; its events after a boundary are dropped, and immediate repeats if asked."""
        self.cut.add(log)
        repeats = immediate_repeats(log) & collapse
        log = log.keep(~repeats)
        log = replace(log, part=self.split.parts(log))
        self.sessions += np.bincount(log.part, minlength=len(PARTS))
        self.events += np.bincount(log.part_of_event, minlength=len(PARTS))
        keep = log.times < np.array(self.split.ends)[log.part_of_event]
        self.repeats += int(repeats.sum())
        self.after_boundary += int((~keep).sum())
        log = log.keep(keep)
        training = log.times[log.part_of_event == TRAIN]
        if len(training):
            self.last_training = max(self.last_training or 0, int(training.max()))
        for name in (*_ALWAYS, *_MAYBE):
            if getattr(log, name) is not None:
                np.save(self._file(self.pieces, name), getattr(log, name))
        log.ids.alias("id").to_frame().write_ipc(self._file(self.pieces, "ids"))
        self.pieces += 1

    def _file(self, piece: int, name: str) -> Path:
        return self.folder / f"{piece}-{name}{'.arrow' if name == 'ids' else '.npy'}"


def split_log(pieces: Iterable[Log], split: Split, preparation: Preparation, folder: Path) -> SplitLog:
    """The pieces, split, in `folder`."""
    folder.mkdir()
    log = SplitLog(folder, split, LogCounts(preparation.kinds))
    for piece in pieces:
        log.add(piece, preparation.repeats == "collapse")
    return log
