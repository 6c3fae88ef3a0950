"""Sessions: many sessions, encoded, as flat arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.shown import ROWS, table

PARTS = ("train", "valid", "test")
TRAIN, VALID, TEST = 0, 1, 2
PAD = 0  # the item number that is no item; real items are 1, 2, …, most frequent first


class Cases(NamedTuple):
    """N questions put to a recommender: what comes after the first `length` events of `session`?

    session: [N] int64, index into a `Sessions`
    length:  [N] int64 ≥ 0, events read; 0 is the empty history
    """

    session: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sessions:
    """S sessions with E events in all; session s is the slice ``offsets[s]:offsets[s + 1]`` of the flat arrays.

    items:       [E] int32 ≥ 1, item numbers
    event_types: [E] uint8, index into the prepared data's `kinds`
    timestamps:  [E] int64, milliseconds since 1970 UTC (or a running number, where the card says "order only")
    offsets:     [S + 1] int64, first 0, last E, rising
    ids:         [S] session ids as the log has them
    propensities: [E] float32, logged probability that the event's item was shown, NaN where not logged; None where the
                 log has none at all
    features:    [S, F] int32, codes of what is known of the session, 0 is unknown; None where nothing is
    """

    items: npt.NDArray[np.int32]
    event_types: npt.NDArray[np.uint8]
    timestamps: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    ids: pl.Series
    propensities: npt.NDArray[np.float32] | None = None
    features: npt.NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        return f"Sessions({len(self):,} sessions, {len(self.items):,} events)"

    def _repr_html_(self) -> str:
        first = self.slice(0, min(ROWS, len(self)))
        items = np.split(first.items, first.offsets[1:-1])
        rows = [(str(first.ids[n]), len(items[n]), " ".join(map(str, items[n]))) for n in range(len(first))]
        return table(["session", "events", "item numbers"], rows, f"{self!r}; the first {len(first)}")

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """[S] events per session."""
        return np.diff(self.offsets)

    @property
    def session(self) -> npt.NDArray[np.int64]:
        """[E] the session every event belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def position(self) -> npt.NDArray[np.int64]:
        """[E] events before this one in its session: 0 for the first."""
        return np.arange(len(self.items)) - np.repeat(self.offsets[:-1], self.lengths)

    def counts(self, items: int) -> npt.NDArray[np.int64]:
        """[V] events of each item number; V, `PAD` included, is `items`.

        >>> Sessions.of([[2, 1], [2]]).counts(4).tolist()
        [0, 1, 2, 0]
        """
        return np.bincount(self.items, minlength=items).astype(np.int64)

    def cases(self) -> Cases:
        """One case per event: predict it from the events before it, the first from the empty history."""
        return Cases(self.session, self.position)

    def select(self, sessions: npt.NDArray[np.integer]) -> "Sessions":
        """The given sessions in the given order (a copy)."""
        lengths = self.lengths[sessions]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        at = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - self.offsets[:-1][sessions], lengths)
        return Sessions(
            self.items[at],
            self.event_types[at],
            self.timestamps[at],
            offsets,
            self.ids.gather(sessions),
            None if self.propensities is None else self.propensities[at],
            None if self.features is None else self.features[sessions],
        )

    def slice(self, start: int, stop: int) -> "Sessions":
        """Sessions start, …, stop - 1; the arrays are views, nothing is copied."""
        first, last = int(self.offsets[start]), int(self.offsets[stop])
        return Sessions(
            self.items[first:last],
            self.event_types[first:last],
            self.timestamps[first:last],
            self.offsets[start : stop + 1] - first,
            self.ids[start:stop],
            None if self.propensities is None else self.propensities[first:last],
            None if self.features is None else self.features[start:stop],
        )

    @classmethod
    def of(
        cls,
        items: Sequence[Sequence[int]],
        event_types: Sequence[Sequence[int]] | None = None,
        *,
        propensities: Sequence[Sequence[float]] | None = None,
        features: Sequence[Sequence[int]] | None = None,
    ) -> "Sessions":
        """From lists of item numbers; all events are of kind 0 unless said, timestamps are running numbers.

        features: of every session

        >>> Sessions.of([[4, 5], [6]]).offsets.tolist()
        [0, 2, 3]
        """
        offsets = np.concatenate([[0], np.cumsum([len(s) for s in items])]).astype(np.int64)
        flat = np.array([item for session in items for item in session], dtype=np.int32)
        kinds = np.zeros(len(flat), np.uint8)
        if event_types is not None:
            kinds = np.array([kind for session in event_types for kind in session], dtype=np.uint8)
        logged = None if propensities is None else np.array([one for session in propensities for one in session])
        return cls(
            flat,
            kinds,
            np.arange(len(flat), dtype=np.int64),
            offsets,
            pl.Series(range(len(items))),
            None if logged is None else logged.astype(np.float32),
            None if features is None else np.array(features, np.int32).reshape(len(items), -1 if len(items) else 0),
        )

    @classmethod
    def concatenate(cls, first: "Sessions", second: "Sessions") -> "Sessions":
        """All sessions of both, in order; of what only one of them has nothing is known in the other."""
        return cls(
            np.concatenate([first.items, second.items]),
            np.concatenate([first.event_types, second.event_types]),
            np.concatenate([first.timestamps, second.timestamps]),
            np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]),
            pl.concat([part.ids for part in (first, second) if len(part)] or [first.ids]),
            _joined(first.propensities, second.propensities, (len(first.items), len(second.items)), np.nan),
            _joined(first.features, second.features, (len(first), len(second)), 0),
        )


def _joined(first: Any, second: Any, lengths: tuple[int, int], unknown: float) -> Any:
    """Both arrays, one after the other; `unknown` in the rows of the one that is None; None if both are."""
    known = next((one for one in (first, second) if one is not None), None)
    if known is None:
        return None
    return np.concatenate(
        [
            np.full((length, *known.shape[1:]), unknown, known.dtype) if one is None else one
            for one, length in zip((first, second), lengths, strict=True)
        ]
    )
