"""Events table -> sessions in flat arrays, by the log's own ids or by an idle gap; immediate repeats."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.errors import BadData

SessionRule = Literal["auto", "log", "gap"]
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Log:
    """S sessions, ordered by their start, then by id; E events, ordered by session, then by time.

    session:  [E] int64, number of the session, rising; sessions may lose events but keep their number
    position: [E] int64, place in the session as it was cut, before any event was dropped
    items:    [E] int64, index into `item_ids`
    kinds:    [E] uint8, index into the kinds that have a reward
    times:    [E] int64, milliseconds
    ids:      [S] ids of the sessions
    published: [S] "train" or "test", or None without a published split
    item_ids: the distinct item ids, sorted
    rule:     how sessions were cut, for the card
    several_sessions: share of the visitors that have more than one session; None where the log cut them
    """

    session: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.uint8]
    times: npt.NDArray[np.int64]
    ids: pl.Series
    published: pl.Series | None
    item_ids: pl.Series
    rule: str
    several_sessions: float | None

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
        return self.times[np.flatnonzero(np.diff(self.session, prepend=-1))]

    def keep(self, events: npt.NDArray[np.bool_]) -> "Log":
        """The log without the other events."""
        return replace(
            self,
            session=self.session[events],
            position=self.position[events],
            items=self.items[events],
            kinds=self.kinds[events],
            times=self.times[events],
        )


def owner_of(columns: Sequence[str], rule: SessionRule, path: object) -> str:
    """The column whose equal values may lie in one session: `session_id`, or `user_id` for a gap where there is one.

    Raises:
        BadData: the log has no session ids.
    """
    owner = "user_id" if _by_gap(columns, rule) and "user_id" in columns else "session_id"
    if owner not in columns:
        raise BadData(
            str(path),
            "there is no session_id",
            "a column of session ids, for data.sessions=log",
            "use data.sessions=gap",
        )
    return owner


def _by_gap(columns: Sequence[str], rule: SessionRule) -> bool:
    return rule == "gap" or (rule == "auto" and "session_id" not in columns)


def cut(events: pl.DataFrame, rule: SessionRule, idle_minutes: float, kinds: Sequence[str], path: object) -> Log:
    """Sort by (session or visitor, time, row of the file) and cut.

    "log": the log's `session_id`. "gap": a visitor's events (`user_id`; `session_id` where there is none), a new
    session where more than `idle_minutes` pass between two. "auto": the log's id where there is one, else the gap.
    With a published split, training and test sessions are kept apart even where they share an id.

    Raises:
        BadData: the log has no session ids, or counts them for every user.
    """
    by_gap, owner = _by_gap(events.columns, rule), owner_of(events.columns, rule, path)
    if owner == "session_id" and "user_id" in events.columns:
        _refuse_counters(events, path)
    key = [name for name in ("part", owner) if name in events.columns]
    flat = events.with_row_index("row").sort([*key, "timestamp", "row"]).drop("row")
    changed = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in key)
    starts = changed
    if by_gap:
        starts = changed | (pl.col("timestamp").diff() > round(idle_minutes * MINUTE_MS))
    flat = flat.with_columns(cut=starts.fill_null(True).cum_sum(), visitor=changed.fill_null(True).cum_sum())
    sessions = flat.group_by("cut").agg(
        pl.col("timestamp").first().alias("start"),
        pl.col("visitor").first(),
        *(pl.col(name).first() for name in key),
    )
    sessions = sessions.sort("cut").with_columns(number=pl.int_range(1, pl.len() + 1).over("visitor"))
    identity = pl.format("{}/{}", owner, "number") if by_gap else pl.col(owner)
    sessions = sessions.with_columns(identity.alias("id")).sort("start", "id", *key[:-1]).with_row_index("session")
    flat = flat.join(sessions.select("cut", "session"), on="cut", maintain_order="left")
    flat = flat.sort("session", maintain_order=True)
    several = sessions.group_by("visitor").len()["len"] > 1
    how = f"idle gap of more than {idle_minutes:g} minutes per {owner}" if by_gap else "the log's session_id"
    return _flat_arrays(flat, sessions, kinds, how, float(several.mean()) if by_gap else None)  # type: ignore[arg-type]


def _refuse_counters(events: pl.DataFrame, path: object) -> None:
    """Session ids that start again at 1 for every visitor would join strangers in one session."""
    key = [name for name in ("part", "session_id") if name in events.columns]
    users = events.group_by(key).agg(pl.col("user_id").drop_nulls().n_unique())["user_id"]
    shared = int((users > 1).sum())
    if 2 * shared > len(users):
        raise BadData(
            str(path),
            f"{shared:,} of {len(users):,} session ids belong to several users each, as if every user's were counted",
            "a session_id that belongs to one session",
            "use data.sessions=gap, or make ids of user_id and session_id together",
        )


def immediate_repeats(log: Log) -> npt.NDArray[np.bool_]:
    """[E] True where an event has the same session, item and kind as the event before it."""
    repeated = np.zeros(len(log), bool)
    repeated[1:] = (
        (log.session[1:] == log.session[:-1]) & (log.items[1:] == log.items[:-1]) & (log.kinds[1:] == log.kinds[:-1])
    )
    return repeated


def _flat_arrays(
    flat: pl.DataFrame, sessions: pl.DataFrame, kinds: Sequence[str], rule: str, several: float | None
) -> Log:
    item_ids = flat["item_id"].unique().sort()
    codes = pl.DataFrame({"item_id": item_ids}).with_row_index("code")
    items = flat.select("item_id").join(codes, on="item_id", maintain_order="left")["code"]
    session = flat["session"].to_numpy().astype(np.int64)
    first = np.flatnonzero(np.diff(session, prepend=-1))
    return Log(
        session=session,
        position=np.arange(len(session)) - first[session],
        items=items.to_numpy().astype(np.int64),
        kinds=flat["event_type"].cast(pl.Enum(list(kinds))).to_physical().to_numpy().astype(np.uint8),
        times=flat["timestamp"].to_numpy(),
        ids=sessions["id"],
        published=sessions["part"] if "part" in sessions.columns else None,
        item_ids=item_ids,
        rule=rule,
        several_sessions=several,
    )
