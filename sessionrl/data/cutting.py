"""Events of some visitors -> their sessions, by the log's own ids or by an idle gap; sessions in flat arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.session_features import COLUMN
from sessionrl.errors import BadData

SessionRule = Literal["auto", "log", "gap"]
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Log:
    """A piece of a log, S sessions, ordered by their start, then by id; their E events, by session, then by time.

    session:  [E] number of the session in this piece, rising; sessions may lose events but keep their number
    position: [E] place in the session as it was cut, before any event was dropped
    items:    [E] codes of the items
    kinds:    [E] uint8, index into the kinds that have a reward
    times:    [E] int64, milliseconds
    ids:      [S] ids of the sessions
    part:     [S] int8, index into `PARTS`; before the split: test where it was published as such, else training
    propensities: [E] float32, NaN where not logged; None where the log has none
    features: [S, F] numbers of the values of the session's features, 0 where missing; None without such features
    sessions_before: sessions of the whole log in the pieces before this one
    training_before: those of them that are not published as test
    """

    session: npt.NDArray[np.integer]
    position: npt.NDArray[np.integer]
    items: npt.NDArray[np.integer]
    kinds: npt.NDArray[np.uint8]
    times: npt.NDArray[np.int64]
    ids: pl.Series
    part: npt.NDArray[np.int8]
    propensities: npt.NDArray[np.float32] | None = None
    features: npt.NDArray[np.integer] | None = None
    sessions_before: int = 0
    training_before: int = 0

    def __len__(self) -> int:
        """E."""
        return len(self.session)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """[S] events that each session has (left)."""
        return np.bincount(self.session, minlength=len(self.ids))

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """[S] time of the first event, ms; call it while every session has one."""
        return self.times[np.searchsorted(self.session, np.arange(len(self.ids)))]

    @property
    def part_of_event(self) -> npt.NDArray[np.int8]:
        """[E] the part of the event's session."""
        return np.asarray(self.part[self.session])

    def features_of(self, events: npt.NDArray[np.bool_]) -> npt.NDArray[np.integer]:
        """[., F] the features of the sessions that hold any of these events."""
        assert self.features is not None
        return np.asarray(self.features[np.unique(self.session[events])])

    def keep(self, events: npt.NDArray[np.bool_]) -> "Log":
        """The log without the other events."""
        return replace(
            self,
            session=self.session[events],
            position=self.position[events],
            items=self.items[events],
            kinds=self.kinds[events],
            times=self.times[events],
            propensities=None if self.propensities is None else self.propensities[events],
        )

    @classmethod
    def of(cls, sessions: pl.DataFrame, sessions_before: int = 0, training_before: int = 0) -> "Log":
        """Sessions as `Cutting.cut` gives them, put in order."""
        sessions = sessions.sort("start", "id", "part", descending=[False, False, True])
        lengths = sessions["items"].list.len().to_numpy()
        first = np.cumsum(lengths, dtype=np.int64) - lengths
        items, kinds, times = (sessions[name].explode().to_numpy() for name in ("items", "kinds", "times"))
        features = sessions.select(pl.selectors.starts_with(COLUMN))
        return cls(
            session=np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths),
            position=(np.arange(len(items)) - np.repeat(first, lengths)).astype(np.uint32),
            items=items,
            kinds=kinds,
            times=times,
            ids=sessions["id"],
            part=sessions["part"].to_numpy(),
            propensities=sessions["propensities"].explode().to_numpy() if "propensities" in sessions.columns else None,
            features=features.to_numpy() if features.width else None,
            sessions_before=sessions_before,
            training_before=training_before,
        )


class Cut(NamedTuple):
    """What became of the events of some visitors.

    sessions: a row per session: `start`, `id`, `part`, the lists `items`, `kinds`, `times`, maybe `propensities`, and
              maybe ``feature 0``, …
    counts:   visitors, those with several sessions; session ids, those that several users share
    """

    sessions: pl.DataFrame
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cutting:
    """How a log is cut into sessions.

    owner:        the column whose equal values may lie in one session
    idle_minutes: a longer gap between two events of an owner begins a new session; None: the log's ids do
    """

    owner: str
    idle_minutes: float | None

    @classmethod
    def of(cls, columns: Sequence[str], rule: SessionRule, idle_minutes: float, path: object) -> "Cutting":
        """For a log with these columns.

        "log": the log's `session_id`. "gap": a visitor's events (`user_id`; `session_id` where there is none), a new
        session where more than `idle_minutes` pass between two. "auto": the log's id where there is one, else the gap.

        Raises:
            BadData: the log has no session ids.
        """
        by_gap = rule == "gap" or (rule == "auto" and "session_id" not in columns)
        owner = "user_id" if by_gap and "user_id" in columns else "session_id"
        if owner not in columns:
            raise BadData(
                str(path),
                "there is no session_id",
                "a column of session ids, for data.sessions=log",
                "use data.sessions=gap",
            )
        return cls(owner, idle_minutes if by_gap else None)

    @property
    def rule(self) -> str:
        """In words, for the card."""
        if self.idle_minutes is None:
            return "the log's session_id"
        return f"idle gap of more than {self.idle_minutes:g} minutes per {self.owner}"

    def cut(self, events: pl.DataFrame) -> Cut:
        """Sort by (published part, owner, time, row of the file) and cut.

        Training and test sessions of a published split are kept apart even where they share an id.

        events: all events of some owners, in the order of the file: the owner's column, `part`, `timestamp`, `item`,
            `kind`, `user_id` where the log has both ids, maybe `propensity` and ``feature 0``, …
        """
        key = ["part", self.owner]
        flat = events.sort([*key, "timestamp"], maintain_order=True)
        changed = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in key).fill_null(True)
        starts = changed
        if self.idle_minutes is not None:
            starts = changed | (pl.col("timestamp").diff() > round(self.idle_minutes * MINUTE_MS)).fill_null(False)
        flat = flat.with_columns(cut=starts.cum_sum(), visitor=changed.cum_sum())
        features = [name for name in events.columns if name.startswith(COLUMN)]
        propensities = [pl.col("propensity").alias("propensities")] if "propensity" in events.columns else []
        sessions = flat.group_by("cut", maintain_order=True).agg(
            pl.col("timestamp").first().alias("start"),
            pl.col("visitor").first(),
            *(pl.col(name).first() for name in [*key, *features]),
            *propensities,
            items=pl.col("item"),
            kinds=pl.col("kind"),
            times=pl.col("timestamp"),
        )
        owner = pl.col(self.owner)
        if self.idle_minutes is not None:
            owner = pl.format("{}/{}", owner, pl.int_range(1, pl.len() + 1).over("visitor"))
        several = sessions.group_by("visitor").len()["len"] > 1
        users = self._users_of_ids(events)
        counts = np.array([len(several), several.sum(), len(users), (users > 1).sum()])
        kept = [
            "start",
            "part",
            "items",
            "kinds",
            "times",
            *(one.meta.output_name() for one in propensities),
            *features,
        ]
        return Cut(sessions.select(*kept, id=owner), counts)

    def _users_of_ids(self, events: pl.DataFrame) -> pl.Series:
        """Session ids that start again at 1 for every visitor would join strangers in one session."""
        if self.owner == "user_id" or "user_id" not in events.columns:
            return pl.Series([], dtype=pl.UInt32)
        return events.group_by("part", "session_id").agg(pl.col("user_id").drop_nulls().n_unique())["user_id"]


def immediate_repeats(log: Log) -> npt.NDArray[np.bool_]:
    """[E] True where an event has the same session, item and kind as the event before it."""
    repeated = np.zeros(len(log), bool)
    repeated[1:] = (
        (log.session[1:] == log.session[:-1]) & (log.items[1:] == log.items[:-1]) & (log.kinds[1:] == log.kinds[:-1])
    )
    return repeated
