"""The whole log on disk, in order, split: every later step goes over its runs, as often as it needs."""

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

_EVENTS = ("session", "position", "items", "kinds", "times")


@dataclass
class SplitLog:
    """The runs of a log, each of them in two files; and what was counted when they were written.

    cut:      of the sessions as they were cut
    sessions: [3] sessions of each part, events: [3] their events, before those behind a boundary were dropped
    repeats:  immediate repeats that were dropped
    after_boundary: events that were dropped behind a boundary
    last_training:  ms, the last training event; None where there is none
    """

    folder: Path
    split: Split
    cut: LogCounts
    runs: int = 0
    sessions: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(PARTS), np.int64))
    events: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(PARTS), np.int64))
    repeats: int = 0
    after_boundary: int = 0
    last_training: int | None = None

    def __iter__(self) -> Iterator[Log]:
        for run in range(self.runs):
            columns: dict[str, Any] = {name: self._file(run, name) for name in (*_EVENTS, "part")}
            yield Log(
                **{name: np.load(path, mmap_mode="r") for name, path in columns.items()},
                ids=pl.read_ipc(self._file(run, "ids"))["id"],
            )

    def add(self, log: Log, collapse: bool) -> None:
        """The next run, as it was cut; its events after a boundary are dropped, and immediate repeats if asked."""
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
        for name in (*_EVENTS, "part"):
            np.save(self._file(self.runs, name), getattr(log, name))
        log.ids.alias("id").to_frame().write_ipc(self._file(self.runs, "ids"))
        self.runs += 1

    def _file(self, run: int, name: str) -> Path:
        return self.folder / f"{run}-{name}{'.arrow' if name == 'ids' else '.npy'}"


def split_log(runs: Iterable[Log], split: Split, preparation: Preparation, folder: Path) -> SplitLog:
    """The runs, split, in `folder`."""
    folder.mkdir()
    log = SplitLog(folder, split, LogCounts(preparation.kinds))
    for run in runs:
        log.add(run, preparation.repeats == "collapse")
    return log
