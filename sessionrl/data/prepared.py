"""Prepared: a data set ready for training, as it lies on disk."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.card import card_lines
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.session_features import SessionFeatures
from sessionrl.data.sessions import PARTS, Sessions
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.errors import BadDirectory, UnknownName
from sessionrl.runs import PreparedDirectory, read_json
from sessionrl.shown import folded, table

_FEATURE = "feature "


class PartsOnDisk(Mapping[str, Sessions]):
    """The parts of a prepared directory by name; each is read when it is first asked for.

    Raises:
        BadDirectory: when a part is asked for and its file is damaged.
    """

    def __init__(self, path: Path | str):
        self._directory = PreparedDirectory(path)
        self._read: dict[str, Sessions] = {}

    def __getitem__(self, name: str) -> Sessions:
        if name not in self._read:
            try:
                self._read[name] = read_sessions(self._directory.events(name))
            except (OSError, pl.exceptions.PolarsError, ValueError) as error:
                raise _damaged(self._directory.path, error) from None
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(PARTS)

    def __len__(self) -> int:
        return len(PARTS)


@dataclass(frozen=True)
class Prepared:
    """Three parts of sessions in item numbers, and what the numbers mean.

    parts:       by their names, `PARTS`
    session_features: the names of the codes in `Sessions.features`; empty where nothing is known of sessions
    kinds:       kinds of event; `Sessions.event_types` are indices into it
    rewards:     [K] float32, the reward of each kind
    card:        what was read, dropped and kept; see `sessionrl.data.card`
    fingerprint: equal for equal vocabulary, events, rewards and items that may be shown; 16 hexadecimal digits
    """

    path: Path
    parts: Mapping[str, Sessions]
    vocabulary: Vocabulary
    catalogue: Catalogue
    kinds: tuple[str, ...]
    rewards: npt.NDArray[np.float32]
    card: dict[str, Any]
    fingerprint: str
    session_features: SessionFeatures = field(default_factory=SessionFeatures)

    @property
    def train(self) -> Sessions:
        """The sessions that models are fitted on."""
        return self.parts["train"]

    @property
    def valid(self) -> Sessions:
        """The sessions that settings are chosen on."""
        return self.parts["valid"]

    @property
    def test(self) -> Sessions:
        """The sessions that are held back for the measurement."""
        return self.parts["test"]

    def __repr__(self) -> str:
        sessions = ", ".join(f"{part['sessions']:,} {name}" for name, part in self.card.get("parts", {}).items())
        return f"Prepared({str(self.path)!r}, {len(self.catalogue) - 1:,} items, sessions: {sessions})"

    def _repr_html_(self) -> str:
        rows = [
            (name, part["sessions"], part["events"], part["items"], " to ".join(part["span"] or ()))
            for name, part in self.card["parts"].items()
        ]
        counts = table(["part", "sessions", "events", "items", "when"], rows, f"{self.path}, {self.fingerprint}")
        return counts + folded("The card: what was read, dropped and kept", "\n".join(card_lines(self.card)))

    def part(self, name: str) -> Sessions:
        """``train``, ``valid`` or ``test``.

        Raises:
            UnknownName: there is no such part.
        """
        if name not in PARTS:
            raise UnknownName("part of a data set", name, PARTS)
        return self.parts[name]

    def grown(self, vocabulary: Vocabulary, catalogue: Catalogue) -> "Prepared":
        """The same data with the items that an older model knew and this log lacks, so that none is forgotten.

        They get the numbers behind all others, in the order of `vocabulary`, with the attributes that `catalogue` has,
        no events, and zero rows of `Catalogue.vectors`. Sessions, card and fingerprint stay: they are of the log.

        catalogue: of the items of `vocabulary`
        """
        lacking = self.vocabulary.lacks(vocabulary.ids)
        if not lacking.any():
            return self
        both = self.vocabulary.grown(vocabulary.ids)
        further = lacking.arg_true().to_numpy().astype(np.int64) + 1
        return replace(self, vocabulary=both, catalogue=self.catalogue.grown(catalogue, further, both.ids))

    @classmethod
    def load(cls, path: Path | str) -> "Prepared":
        """What `prepare` wrote, all of it, checked.

        Raises:
            BadDirectory: not a finished prepared directory, or its files were changed or damaged.
        """
        prepared = cls.opened(path)
        parts = {name: [part] for name, part in prepared.parts.items()}
        shown, rewards = prepared.catalogue.recommendable, prepared.card["rewards"]
        found = fingerprint(prepared.vocabulary, parts, rewards, prepared.session_features, shown)
        if found != prepared.fingerprint:
            raise BadDirectory(
                f"{path} was changed after it was prepared: its files have the fingerprint {found}, "
                f"its card says {prepared.fingerprint}.\n  do now: prepare the data again"
            )
        return prepared

    @classmethod
    def opened(cls, path: Path | str) -> "Prepared":
        """What `prepare` wrote, its sessions still on disk and unchecked.

        Raises:
            BadDirectory: not a finished prepared directory, or damaged.
        """
        from safetensors import SafetensorError

        directory = PreparedDirectory(path)
        directory.check()
        card = read_json(directory.card)
        try:
            vocabulary = Vocabulary.load(directory.vocabulary)
            catalogue = Catalogue.load(directory.items, directory.vectors)
            rewards: Mapping[str, float] = card["rewards"]
            return cls(
                Path(path),
                PartsOnDisk(path),
                vocabulary,
                catalogue,
                tuple(rewards),
                np.array(list(rewards.values()), np.float32),
                card,
                card["fingerprint"],
                SessionFeatures.load(directory.session_features),
            )
        except (OSError, pl.exceptions.PolarsError, SafetensorError, KeyError, ValueError) as error:
            raise _damaged(path, error) from None


def _damaged(path: Path | str, error: Exception) -> BadDirectory:
    return BadDirectory(f"{path} is damaged ({error}).\n  do now: prepare the data again")


def fingerprint(
    vocabulary: Vocabulary,
    parts: Mapping[str, Iterable[Sessions]],
    rewards: Mapping[str, float],
    features: SessionFeatures | None = None,
    shown: npt.NDArray[np.bool_] | None = None,
) -> str:
    """A hash over vocabulary, the events of all parts, and the rewards in their order; 16 hexadecimal digits.

    What a log does not have, propensities, features of sessions and items that are not shown, leaves no trace in it.

    parts: the pieces of sessions that each part consists of; gone through once an array
    shown: [V] the items that may be recommended, because they say what the cases are
    """
    digest = hashlib.sha256(vocabulary.fingerprint.encode())
    digest.update(repr([(kind, float(reward)) for kind, reward in rewards.items()]).encode())
    if features is not None and len(features):
        digest.update(repr((features.names, features.values)).encode())
    if shown is not None and not shown[1:].all():
        digest.update(_little_endian(shown))
    for name in PARTS:
        for array in ("items", "event_types", "timestamps", "propensities", "features"):
            for piece in parts[name]:
                if getattr(piece, array) is not None:
                    digest.update(_little_endian(getattr(piece, array)))
        events = 0
        digest.update(_little_endian(np.zeros(1, np.int64)))
        for piece in parts[name]:
            digest.update(_little_endian(piece.offsets[1:] + events))
            events += len(piece.items)
    return digest.hexdigest()[:16]


def _little_endian(array: npt.NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).data


class PartFiles:
    """The pieces of a part on disk, one after the other or from the last to the first, as often as needed."""

    def __init__(self, folder: Path, name: str):
        folder.mkdir(exist_ok=True)
        self._folder, self._name = folder, name
        self._files: list[Path] = []

    def add(self, piece: Sessions) -> None:
        """The next sessions of the part."""
        if len(piece) or not self._files:
            self._files.append(self._folder / f"{self._name}-{len(self._files)}.arrow")
            write_sessions(self._files[-1], piece)

    def __iter__(self) -> Iterator[Sessions]:
        return map(read_sessions, self._files)

    def __reversed__(self) -> Iterator[Sessions]:
        return map(read_sessions, reversed(self._files))

    def join(self, path: Path) -> None:
        """All pieces in one file."""
        pl.scan_ipc(self._files, glob=False).sink_ipc(path)


def write_sessions(path: Path, sessions: Sessions) -> None:
    """As an Arrow file with `session_id`, `item`, `event_type`, `timestamp`; the rows of a session are neighbours.

    Where they are there also `propensity` (null where not logged), and ``feature 1``, …, the same in all its rows.
    """
    table = pl.DataFrame(
        {
            "session_id": sessions.ids.gather(sessions.session),
            "item": pl.Series(sessions.items, dtype=pl.Int32),
            "event_type": pl.Series(sessions.event_types, dtype=pl.UInt8),
            "timestamp": pl.Series(sessions.timestamps, dtype=pl.Int64),
        }
    )
    if sessions.propensities is not None:
        table = table.with_columns(pl.Series("propensity", sessions.propensities, pl.Float32).fill_nan(None))
    if sessions.features is not None:
        columns = enumerate(sessions.features[sessions.session].T, 1)
        table = table.with_columns(pl.Series(f"{_FEATURE}{number}", codes, pl.Int32) for number, codes in columns)
    table.write_ipc(path)


def read_sessions(path: Path) -> Sessions:
    """What `write_sessions` wrote."""
    table = pl.read_ipc(path)
    ids = table["session_id"]
    first = (ids != ids.shift()).fill_null(True)
    features = table.select(pl.selectors.starts_with(_FEATURE))
    return Sessions(
        table["item"].to_numpy(),
        table["event_type"].to_numpy(),
        table["timestamp"].to_numpy(),
        np.append(np.flatnonzero(first.to_numpy()), len(table)).astype(np.int64),
        ids.filter(first),
        table["propensity"].fill_null(float("nan")).to_numpy() if "propensity" in table.columns else None,
        features.filter(first).to_numpy() if features.width else None,
    )
