"""Rankings: where the true item landed in every case, and what was recommended; ranked once, measured many times."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadDirectory, BadOption, NotFinite
from sessionrl.evaluation.counting import count, lists_hidden, n_cases, n_scored, not_finite
from sessionrl.runs import replacing
from sessionrl.shown import ROWS, table

if TYPE_CHECKING:
    import torch

Ties = Literal["expected", "standard", "conservative"]


@dataclass(frozen=True, eq=False)
class Rankings:
    """One row per event of the evaluated part, session after session, the first event of each included.

    session:    [n] int32, index of the session, rising
    position:   [n] int32, events read before this one: 0 is the cold first event
    target:     [n] int32, the item number that came next
    event_type: [n] uint8, index into `kinds`
    repeat:     [n] bool, whether the target is among the events read
    greater:    [n] int32, items scored greater than the target
    equal:      [n] int32 ≥ 1, items scored as the target, itself included
    top:        [n, K] int32, the best K item numbers, best first, distinct, never `PAD`
    n_items:    items, `PAD` not counted: V - 1
    kinds:      names of the kinds of event
    n_shown:    items that compete, because they may be recommended; None: all of them
    """

    session: npt.NDArray[np.int32]
    position: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    event_type: npt.NDArray[np.uint8]
    repeat: npt.NDArray[np.bool_]
    greater: npt.NDArray[np.int32]
    equal: npt.NDArray[np.int32]
    top: npt.NDArray[np.int32]
    n_items: int
    kinds: tuple[str, ...]
    n_shown: int | None = None

    def __len__(self) -> int:
        return len(self.target)

    def __repr__(self) -> str:
        return f"Rankings({len(self):,} events of {len(self.offsets) - 1:,} sessions, {self.n_items:,} items)"

    def _repr_html_(self) -> str:
        header = ["session", "events read", "next item", "kind", "its rank", "best item numbers"]
        rows = [
            (
                int(self.session[n]),
                int(self.position[n]),
                int(self.target[n]),
                self.kinds[self.event_type[n]],
                f"{self.greater[n] + 1}" + (f" to {self.greater[n] + self.equal[n]}" if self.equal[n] > 1 else ""),
                " ".join(map(str, self.top[n, :ROWS])),
            )
            for n in range(min(ROWS, len(self)))
        ]
        return table(header, rows, f"{self!r}; the first {len(rows)}")

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """[S + 1] session s has the rows ``offsets[s]:offsets[s + 1]``."""
        sessions = int(self.session[-1]) + 1 if len(self) else 0
        return np.searchsorted(self.session, np.arange(sessions + 1)).astype(np.int64)

    def lists(self, k: int) -> npt.NDArray[np.int32]:
        """[n, min(k, items that compete)] the best k item numbers of every case.

        Raises:
            BadOption: fewer than k items were kept per case.
        """
        kept = self.top.shape[1]
        if k > kept and kept < (self.n_items if self.n_shown is None else self.n_shown):
            raise BadOption(
                f"A metric needs lists of {k} items, but the rankings keep {kept}.\n"
                f"  do now: measure at {kept} or less, or rank again with at least {k} items per list"
            )
        return self.top[:, :k]

    def with_ties(self, ties: Ties) -> "Rankings":
        """The same rankings read with another rule for items scored as the target.

        ``expected`` leaves them as they are: every metric is the mean over all orders of equal items.
        ``standard`` puts the target before its equals (rank g + 1), ``conservative`` behind them (rank g + e).
        """
        if ties == "expected":
            return self
        greater = self.greater if ties == "standard" else self.greater + self.equal - 1
        return replace(self, greater=greater, equal=np.ones_like(self.equal))

    def rows(self, chosen: npt.NDArray[np.bool_]) -> "Rankings":
        """The chosen rows; sessions may then lack events."""
        arrays = {name: getattr(self, name)[chosen] for name in _COLUMNS}
        return replace(self, **arrays, top=self.top[chosen])

    def save(self, path: Path) -> None:
        """To a Parquet file, whole or not at all; kinds of event are written by name."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        columns["event_type"] = pl.Series(self.event_type, dtype=pl.UInt8).replace_strict(
            dict(enumerate(self.kinds)), return_dtype=pl.Enum(self.kinds)
        )
        frame = pl.DataFrame(columns).with_columns(
            pl.Series("top", self.top, dtype=pl.Array(pl.Int32, self.top.shape[1]))
        )
        about = {"sessionrl": "rankings", "n_items": str(self.n_items), "kinds": json.dumps(self.kinds)}
        if self.n_shown is not None:
            about["n_shown"] = str(self.n_shown)
        with replacing(path) as temporary:
            frame.write_parquet(temporary, metadata=about)

    @classmethod
    def load(cls, path: Path) -> "Rankings":
        """The inverse of `save`.

        Raises:
            BadDirectory: the file is missing or holds no rankings.
        """
        try:
            about = pl.read_parquet_metadata(path)
        except (FileNotFoundError, pl.exceptions.ComputeError) as error:
            raise BadDirectory(
                f"{path} cannot be read ({error}).\n  do now: rank again with `sessionrl evaluate`"
            ) from None
        if about.get("sessionrl") != "rankings":
            raise BadDirectory(f"{path} holds no rankings.\n  do now: rank again with `sessionrl evaluate`")
        frame = pl.read_parquet(path).with_columns(pl.col("event_type").to_physical().cast(pl.UInt8))
        arrays = {name: frame[name].to_numpy() for name in (*_COLUMNS, "top")}
        shown = int(about["n_shown"]) if "n_shown" in about else None
        return cls(**arrays, n_items=int(about["n_items"]), kinds=tuple(json.loads(about["kinds"])), n_shown=shown)


_COLUMNS = ("session", "position", "target", "event_type", "repeat", "greater", "equal")


def rank(
    chunks: Iterable[tuple[Cases, "torch.Tensor | SparseScores"]],
    sessions: Sessions,
    kinds: tuple[str, ...],
    n_items: int,
    top: int = 50,
    recommendable: npt.NDArray[np.bool_] | None = None,
) -> Rankings:
    """Rank the whole catalogue once for every event of `sessions`.

    The rank of an item that may not be recommended means nothing; such an event is a case of no slice.

    Args:
        chunks: cases, in any order, each event exactly once, with their scores: either ``[N, V - 1]`` float32, column
            j for item j + 1, on any device; or sparse. Items that may not be recommended score -inf and are not listed.
        sessions: the evaluated part.
        kinds: names of the kinds of event.
        n_items: items that are scored: V - 1, `PAD` not counted.
        top: items kept per case; 0 keeps none, which is enough for metrics of the rank.
        recommendable: [V] the items that compete; all if not given.

    Raises:
        NotFinite: a score is NaN or infinite.
        ValueError: a case comes twice or never, or the scores are not of `n_items` items.
    """
    shown = None if recommendable is None or recommendable[1:].all() else recommendable
    n_shown = n_items if shown is None else int(shown.sum())
    n, top = len(sessions.items), min(top, n_shown)
    ranked = np.zeros(n, np.bool_)
    greater, equal = np.zeros(n, np.int32), np.zeros(n, np.int32)
    lists = np.zeros((n, top), np.int32)
    for cases, scores in chunks:
        at = _rows_of(cases, sessions, ranked)
        _check_scores(cases, scores, n_items, shown)
        counts = count(scores, sessions.items[at].astype(np.int64), top)
        greater[at], equal[at], lists[at] = counts.greater, counts.equal, counts.top
        ranked[at] = True
    if not ranked.all():
        first = int(np.argmin(ranked))
        raise ValueError(
            f"{n - int(ranked.sum())} of {n} events were never scored, the first at position "
            f"{sessions.position[first]} of session {sessions.session[first]}"
        )
    return Rankings(
        session=sessions.session.astype(np.int32),
        position=sessions.position.astype(np.int32),
        target=sessions.items,
        event_type=sessions.event_types,
        repeat=seen_before(sessions),
        greater=greater,
        equal=equal,
        top=lists,
        n_items=n_items,
        kinds=kinds,
        n_shown=None if shown is None else n_shown,
    )


def _rows_of(cases: Cases, sessions: Sessions, ranked: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    outside = (cases.session < 0) | (cases.session >= len(sessions))
    if outside.any() or ((cases.length < 0) | (cases.length >= sessions.lengths[cases.session])).any():
        raise ValueError("a case lies outside the sessions that are ranked")
    at = sessions.offsets[cases.session] + cases.length
    if ranked[at].any() or len(np.unique(at)) < len(at):
        raise ValueError("a case was scored twice")
    return np.asarray(at)


def _check_scores(
    cases: Cases, scores: "torch.Tensor | SparseScores", n_items: int, shown: npt.NDArray[np.bool_] | None
) -> None:
    if (n_cases(scores), n_scored(scores)) != (len(cases.session), n_items):
        raise ValueError(
            f"scores of {n_cases(scores)} cases and {n_scored(scores)} items for {len(cases.session)} cases "
            f"and {n_items} items"
        )
    if shown is not None and lists_hidden(scores, ~shown):
        raise ValueError("an item that may not be recommended has a score")
    bad = not_finite(scores, shown)
    if bad.any():
        first = int(np.argmax(bad))
        raise NotFinite(
            f"{int(bad.sum())} of {len(bad)} cases have a score that is NaN or infinite, the first after "
            f"{cases.length[first]} events of session {cases.session[first]}.\n"
            "  do now: nothing measured on such scores means anything; train again with a smaller learning rate or "
            "with gradient clipping"
        )


def seen_before(sessions: Sessions) -> npt.NDArray[np.bool_]:
    """[E] whether the item of an event is among the earlier events of its session."""
    pairs = sessions.session * (int(sessions.items.max(initial=0)) + 1) + sessions.items
    seen = np.ones(len(pairs), np.bool_)
    seen[np.unique(pairs, return_index=True)[1]] = False
    return seen
