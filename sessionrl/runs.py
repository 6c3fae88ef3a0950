"""Directories on disk: the only module that knows the names of files.

A prepared directory holds one data set ready for training; a run holds one trained model and what was measured
of it. Whatever is written goes to a temporary name first and is renamed when it is whole, so a name that exists
is a file that is complete. A run without ``metrics.json`` is unfinished, and every reader says so.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from sessionrl.errors import BadDirectory


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that becomes `path` when the block ends well, and vanishes when it does not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Make the folder of a file that will be written, and see that it can be: before the work and not after it.

    Raises:
        BadDirectory: a folder has this name.
        OSError: nothing can be written there.
    """
    if path.is_dir():
        raise BadDirectory(f"{path} is a folder.\n  do now: give the name of a file, in it or elsewhere")
    path.parent.mkdir(parents=True, exist_ok=True)
    TemporaryFile(dir=path.parent).close()


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A temporary directory beside `path` that becomes `path` when the block ends well, and vanishes when it does not.

    Raises:
        BadDirectory: `path` exists already.
    """
    if path.exists():
        raise BadDirectory(f"{path} exists already.\n  do now: choose another name, or delete it first")
    path.parent.mkdir(parents=True, exist_ok=True)
    # No number of a process: in a container it is the same every time, and a killed one leaves its directory behind.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    temporary.mkdir()
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path, value: object) -> None:
    """Whole or not at all; NaN is refused, because JSON has none."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        BadDirectory: the file is missing or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadDirectory(f"{path} is missing.\n  do now: check the path, or make the directory again") from None
    except json.JSONDecodeError as error:
        raise BadDirectory(f"{path} is not valid JSON ({error}).\n  do now: make the directory again") from None


def runs_in(parent: Path) -> list[Path]:
    """The runs that lie in a directory, finished or not; a name with a dot is one that was never completed."""
    return sorted(config.parent for config in parent.glob("[!.]*/config.toml"))


def run_name(label: str, data: str) -> str:
    """A name that no other run has: what the model is called, what it was trained on, when, and by chance."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{name_of_label(label)}-{data}-{stamp}-{secrets.token_hex(2)}"


def unstamped(name: str) -> str:
    """What of the name of a run is the same for other seeds: the model and the data; the whole of another name.

    >>> unstamped("gru4rec-shop-20261122-193939-9b9c")
    'gru4rec-shop'
    """
    return re.sub(r"-\d{8}-\d{6}-[0-9a-f]{4}$", "", name)


def name_of_label(label: str) -> str:
    """What the names of all runs of a model begin with; the label as a file can be called."""
    return re.sub(r"[^\w.+-]+", "-", label)


def prepared_in(parent: Path) -> list[Path]:
    """The finished prepared data sets that lie in a directory."""
    return sorted(card.parent for card in parent.glob("[!.]*/card.json"))


class PreparedDirectory:
    """Paths inside a prepared data set."""

    def __init__(self, path: Path | str):
        self.path = Path(path)

    settings = property(lambda self: self.path / "prepare.toml")
    card = property(lambda self: self.path / "card.json")
    vocabulary = property(lambda self: self.path / "vocabulary.parquet")
    items = property(lambda self: self.path / "items.parquet")
    vectors = property(lambda self: self.path / "vectors.safetensors")
    session_features = property(lambda self: self.path / "session_features.json")

    def events(self, part: str) -> Path:
        """The events of ``train``, ``valid`` or ``test``."""
        return self.path / f"{part}.arrow"

    def check(self) -> None:
        """Raises BadDirectory unless this is a finished prepared directory."""
        if not self.card.is_file():
            inside = prepared_in(self.path)
            such = f", such as {inside[-1]}" if inside else ""
            found = f"has no {self.card.name}" if self.path.is_dir() else "does not exist"
            raise BadDirectory(
                f"{self.path} is not a prepared data set: it {found}.\n"
                "  do now: make one with `sessionrl prepare READER PATH`, or give the directory that this printed"
                f"{such}"
            )


class RunDirectory:
    """Paths inside a run."""

    def __init__(self, path: Path | str):
        self.path = Path(path)

    config = property(lambda self: self.path / "config.toml")
    environment = property(lambda self: self.path / "environment.json")
    data = property(lambda self: self.path / "data.json")
    vocabulary = property(lambda self: self.path / "vocabulary.parquet")
    items = property(lambda self: self.path / "items.parquet")
    vectors = property(lambda self: self.path / "vectors.safetensors")
    session_features = property(lambda self: self.path / "session_features.json")
    item_features = property(lambda self: self.path / "item_features.json")
    weights = property(lambda self: self.path / "weights.safetensors")
    checkpoint = property(lambda self: self.path / "checkpoint")
    start = property(lambda self: self.path / "checkpoint" / "start.safetensors")
    log = property(lambda self: self.path / "log.jsonl")
    ensemble = property(lambda self: self.path / "ensemble.json")
    rankings = property(lambda self: self.path / "rankings.parquet")
    metrics = property(lambda self: self.path / "metrics.json")
    report = property(lambda self: self.path / "report.html")
    figures = property(lambda self: self.path / "figures")

    def check(self, finished: bool = True) -> None:
        """Raises BadDirectory unless this is a run, and (by default) one that was measured to its end."""
        if not self.config.is_file():
            inside = runs_in(self.path)
            such = f", such as {inside[-1]}" if inside else ""
            found = f"has no {self.config.name}" if self.path.is_dir() else "does not exist"
            raise BadDirectory(
                f"{self.path} is not a run: it {found}.\n"
                f"  do now: give a directory that `sessionrl train` printed{such}"
            )
        if finished and not self.metrics.is_file():
            raise BadDirectory(
                f"{self.path} is an unfinished run: it has no {self.metrics.name}.\n"
                f"  do now: finish it with `sessionrl train --resume {self.path}`, or leave it out"
            )

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Within the block no other process works on this run; the claim ends with the process, however it ends.

        Raises:
            BadDirectory: another process works on it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BadDirectory(
                f"Another process is training or measuring {self.path}.\n"
                "  do now: wait for it, or stop it, and call this again"
            ) from None
        try:
            yield
        finally:
            lock.release()
            if self.metrics.is_file():  # of a finished run nothing is left to claim, so the file has done its work
                Path(lock.lock_file).unlink(missing_ok=True)

    def append_log(self, entry: Mapping[str, object]) -> None:
        """One line to ``log.jsonl``."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")

    def rewrite_log(self, entries: Sequence[Mapping[str, object]]) -> None:
        """``log.jsonl`` with these lines only."""
        with replacing(self.log) as temporary:
            temporary.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")

    def read_log(self) -> list[dict[str, Any]]:
        """All lines of ``log.jsonl``; a last line cut off by a crash is left out."""
        if not self.log.is_file():
            return []
        lines = self.log.read_text(encoding="utf-8").splitlines()
        entries = []
        for number, line in enumerate(lines, 1):
            try:
                entries.append(json.loads(line))
            except json.JSONDecodeError:
                if number < len(lines):
                    raise BadDirectory(f"{self.log}, line {number} is not JSON.\n  do now: train again") from None
        return entries
