"""What is known of a session beside its events (country, device, segment): its values <-> codes 1, 2, …"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.data.item_codes import ItemCodes
from sessionrl.data.schema import names as listed
from sessionrl.errors import BadData, BadDirectory, BadOption, did_you_mean
from sessionrl.runs import read_json, write_json

LEAST_SESSIONS = 5  # of the training part: about fewer there is nothing to learn
COLUMN = "feature "  # and its number: the column of a feature while the log is sorted


@dataclass(frozen=True)
class SessionFeatures:
    """The names of the codes in `Sessions.features`; F features.

    names:  [F] columns of the log
    values: [F] the known values of each, as text; code c is ``values[f][c - 1]``, most frequent in training first.
            Code 0: missing, or in fewer than `LEAST_SESSIONS` training sessions
    """

    names: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        """F."""
        return len(self.names)

    @property
    def sizes(self) -> tuple[int, ...]:
        """[F] codes of each feature, 0 included."""
        return tuple(len(known) + 1 for known in self.values)

    def known(self) -> dict[str, int]:
        """How many values are known of each feature, by its name."""
        return {name: len(values) for name, values in zip(self.names, self.values, strict=True)}

    def encode(self, session: Mapping[str, object]) -> npt.NDArray[np.int32]:
        """[F] codes of one session; 0 where its value is not known or not given.

        >>> SessionFeatures(("country", "device"), (("se", "de"), ("1",))).encode({"device": 1, "country": "de"})
        array([2, 1], dtype=int32)

        Raises:
            BadOption: there is no feature of this name.
        """
        for name in session:
            if name not in self.names:
                known = ", ".join(self.names) or "none"
                raise BadOption(
                    f"No session feature is called {name!r}.{did_you_mean(name, self.names)} Known: {known}."
                )
        texts = [_text(session.get(name)) for name in self.names]
        codes = (1 + known.index(text) if text in known else 0 for text, known in zip(texts, self.values, strict=True))
        return np.fromiter(codes, np.int32, len(self))

    def save(self, path: Path) -> None:
        """As JSON, the values of every feature by its name, in the order of their codes."""
        write_json(path, dict(zip(self.names, self.values, strict=True)))

    @classmethod
    def load(cls, path: Path) -> "SessionFeatures":
        """What `save` wrote; where there is no file nothing is known of sessions.

        Raises:
            BadDirectory: the file is damaged.
        """
        if not path.exists():
            return cls()
        saved = read_json(path)
        if not isinstance(saved, dict) or not all(isinstance(known, list) for known in saved.values()):
            raise BadDirectory(f"{path} is no list of values for every feature.\n  do now: make the directory again")
        return cls(tuple(saved), tuple(tuple(str(one) for one in known) for known in saved.values()))


def _text(value: object) -> str | None:
    """As polars writes it, which is what was read."""
    if value is None or value != value:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


class FeatureCodes:
    """Numbers 1, 2, … of values in the order in which they appear, 0 for none; memory grows with the values."""

    def __init__(self, names: Sequence[str]):
        self.names = tuple(names)
        self._known = [ItemCodes() for _ in names]

    def encode(self, events: pl.DataFrame) -> list[pl.Series]:
        """[F] of [n] UInt32, called ``feature 0``, ….

        events: with a column of each name
        """
        columns = []
        for number, (name, known) in enumerate(zip(self.names, self._known, strict=True)):
            text = events[name].cast(pl.String).str.strip_chars().replace("", None)
            rows = text.is_not_null().arg_true()
            codes = pl.zeros(len(text), pl.UInt32, eager=True)
            columns.append(codes.scatter(rows, known.encode(text.gather(rows)) + 1).alias(f"{COLUMN}{number}"))
        return columns

    @property
    def values(self) -> list[pl.Series]:
        """[F] the values of each feature in the order of their numbers, from number 1 on."""
        return [known.ids.cast(pl.String) for known in self._known]


def refuse_missing_features(events: pl.DataFrame, wanted: Sequence[str], path: object, passes_on: bool) -> None:
    """Raises BadData where the events have no column that is wanted.

    passes_on: the reader has an option for that
    """
    for name in wanted:
        if name not in events.columns:
            columns = ",".join(wanted)
            lists = f"say reader.further_columns={columns} if the events or reader.users_path have it, or "
            raise BadData(
                path,
                f"the reader gives no column {name!r}, which data.session_features names."
                + did_you_mean(name, events.columns),
                f"one of the columns {listed(events.columns)}",
                f"{lists if passes_on else ''}correct data.session_features",
            )


class FeatureNumbers:
    """Numbers of values as they appeared -> final codes, by their frequency in the sessions that are counted."""

    def __init__(self, values: Sequence[pl.Series]):
        self._values = values
        self._sessions = [np.zeros(len(known) + 1, np.int64) for known in values]
        self._codes: list[npt.NDArray[np.int32]] = []

    def count(self, sessions: npt.NDArray[np.integer]) -> None:
        """[S, F] numbers of the values of some sessions."""
        for counts, column in zip(self._sessions, sessions.T, strict=True):
            counts += np.bincount(column, minlength=len(counts))

    def fit(self, names: Iterable[str]) -> SessionFeatures:
        """The values that enough of the counted sessions have; of equally frequent ones the first by alphabet."""
        ranked = []
        for known, counts in zip(self._values, self._sessions, strict=True):
            table = pl.DataFrame({"value": known, "sessions": counts[1:]}).with_row_index("number", offset=1)
            table = table.filter(pl.col("sessions") >= LEAST_SESSIONS).sort(
                "sessions", "value", descending=[True, False]
            )
            codes = np.zeros(len(counts), np.int32)
            codes[table["number"].to_numpy()] = np.arange(1, len(table) + 1)
            self._codes.append(codes)
            ranked.append(tuple(table["value"].to_list()))
        return SessionFeatures(tuple(names), tuple(ranked))

    def codes(self, sessions: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
        """[S, F] codes for numbers, after `fit`."""
        columns = [codes[column] for codes, column in zip(self._codes, sessions.T, strict=True)]
        return np.stack(columns, axis=1).astype(np.int32)
