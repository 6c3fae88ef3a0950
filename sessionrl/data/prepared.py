"""Prepared: a data set ready for training, as it lies on disk."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions
from sessionrl.data.splits import PARTS
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.errors import BadDirectory, UnknownName
from sessionrl.runs import PreparedDirectory, read_json, write_json


@dataclass(frozen=True)
class Prepared:
    """Three parts of sessions in item numbers, and what the numbers mean.

    kinds:       kinds of event; `Sessions.event_types` are indices into it
    rewards:     [K] float32, the reward of each kind
    card:        what was read, dropped and kept; see `sessionrl.data.card`
    fingerprint: equal for equal vocabulary, events and rewards; 16 hexadecimal digits
    """

    path: Path
    train: Sessions
    valid: Sessions
    test: Sessions
    vocabulary: Vocabulary
    catalogue: Catalogue
    kinds: tuple[str, ...]
    rewards: npt.NDArray[np.float32]
    card: dict[str, Any]
    fingerprint: str

    def part(self, name: str) -> Sessions:
        """``train``, ``valid`` or ``test``.

        Raises:
            UnknownName: there is no such part.
        """
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        if name not in parts:
            raise UnknownName("part of a data set", name, parts)
        return parts[name]

    @classmethod
    def load(cls, path: Path | str) -> "Prepared":
        """What `prepare` wrote.

        Raises:
            BadDirectory: not a finished prepared directory, or its files were changed or damaged.
        """
        from safetensors import SafetensorError

        directory = PreparedDirectory(path)
        directory.check()
        card = read_json(directory.card)
        try:
            parts = {name: read_sessions(directory.events(name)) for name in PARTS}
            vocabulary = Vocabulary.load(directory.vocabulary)
            catalogue = Catalogue.load(directory.items, directory.vectors)
            rewards: Mapping[str, float] = card["rewards"]
        except (OSError, pl.exceptions.PolarsError, SafetensorError, KeyError, ValueError) as error:
            raise BadDirectory(f"{path} is damaged ({error}).\n  do now: prepare the data again") from None
        found = fingerprint(vocabulary, parts, rewards)
        if found != card.get("fingerprint"):
            raise BadDirectory(
                f"{path} was changed after it was prepared: its files have the fingerprint {found}, "
                f"its card says {card.get('fingerprint')}.\n  do now: prepare the data again"
            )
        values = np.array(list(rewards.values()), np.float32)
        return cls(Path(path), **parts, vocabulary=vocabulary, catalogue=catalogue, kinds=tuple(rewards),
                   rewards=values, card=card, fingerprint=found)  # fmt: skip


def fingerprint(vocabulary: Vocabulary, parts: Mapping[str, Sessions], rewards: Mapping[str, float]) -> str:
    """A hash over vocabulary, the events of all parts, and the rewards in their order; 16 hexadecimal digits."""
    digest = hashlib.sha256(vocabulary.fingerprint.encode())
    digest.update(repr([(kind, float(reward)) for kind, reward in rewards.items()]).encode())
    for name in PARTS:
        part = parts[name]
        for array in (part.items, part.event_types, part.timestamps, part.offsets):
            digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()[:16]


def write_prepared(
    directory: PreparedDirectory,
    parts: Mapping[str, Sessions],
    vocabulary: Vocabulary,
    catalogue: Catalogue,
    card: Mapping[str, Any],
) -> None:
    """Everything but the settings; the card last, because a directory with a card is a finished one."""
    for name, sessions in parts.items():
        write_sessions(directory.events(name), sessions)
    vocabulary.save(directory.vocabulary)
    catalogue.save(directory.items, directory.vectors)
    write_json(directory.card, card)


def write_sessions(path: Path, sessions: Sessions) -> None:
    """As an Arrow file with `session_id`, `item`, `event_type`, `timestamp`; the rows of a session are neighbours."""
    ids = pl.Series("session_id", sessions.ids, dtype=None if len(sessions) else pl.String)
    table = pl.DataFrame(
        {
            "session_id": ids.gather(sessions.session),
            "item": pl.Series(sessions.items, dtype=pl.Int32),
            "event_type": pl.Series(sessions.event_types, dtype=pl.UInt8),
            "timestamp": pl.Series(sessions.timestamps, dtype=pl.Int64),
        }
    )
    table.write_ipc(path)


def read_sessions(path: Path) -> Sessions:
    """What `write_sessions` wrote."""
    table = pl.read_ipc(path)
    ids = table["session_id"]
    first = (ids != ids.shift()).fill_null(True) if len(ids) else pl.Series([], dtype=pl.Boolean)
    return Sessions(
        table["item"].to_numpy(),
        table["event_type"].to_numpy(),
        table["timestamp"].to_numpy(),
        np.append(np.flatnonzero(first.to_numpy()), len(table)).astype(np.int64),
        ids.filter(first).to_list(),
    )
