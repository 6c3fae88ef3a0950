"""A shop small enough for tests: 300 sessions over 30 items that follow a cycle, with some noise."""

import csv
from pathlib import Path

import numpy as np

from sessionrl import config
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited

ITEMS = [f"sku-{number:02}" for number in range(30)]
DAY = 86_400
FIRST = 1_750_000_000  # seconds; the log ends in July 2025
HEADER = ("Artikel Nr", "Zeitpunkt", "Besuch", "Was")
KINDS = {"look": "view", "basket": "cart", "sold": "purchase"}
COLUMNS = dict(zip(("item_id", "timestamp", "session_id", "event_type"), HEADER, strict=True))

# A network that learns the cycle in a second, however the presets are tuned.
SMALL = (
    "items.dim=8",
    "items.dropout=0.0",
    "items.scale=none",
    "training.epochs=2",
    "training.transitions_per_batch=32",
    "training.optimizer=adagrad",
    "training.learning_rate=0.2",
    "training.momentum=0.0",
    "evaluation.replicates=100",
)


def write_log(path: Path, sessions: int = 300) -> Path:
    """A CSV with the column names and kinds of some other shop; after item i comes i + 1, three times out of four."""
    rng = np.random.default_rng(7)
    with path.open("w", newline="", encoding="utf-8") as file:
        log = csv.writer(file, delimiter=";")
        log.writerow(HEADER)
        for session in range(sessions):
            at, time = int(rng.integers(30)), FIRST + session * 30 * DAY // sessions
            for _ in range(int(rng.integers(3, 9))):
                log.writerow((ITEMS[at], time, f"visit {session}", rng.choice(list(KINDS), p=[0.7, 0.2, 0.1])))
                at = (at + 1) % 30 if rng.random() < 0.75 else int(rng.integers(30))
                time += int(rng.integers(5, 90))
    return path


def prepare_log(folder: Path, name: str = "toy", **options) -> Prepared:
    """The log in `folder`, prepared there; two of thirty days are for the test, two for validation."""
    log = folder / "log.csv"
    if not log.is_file():
        write_log(log)
    reader = Delimited(path=str(log), columns=COLUMNS, kinds=KINDS)
    return prepare(reader, Preparation(**{"test_days": 3.0, "valid_days": 3.0, **options}), folder / name)


def configured(preset: str, *assignments: str, negatives: int = 16) -> config.Config:
    """A preset, made small."""
    loaded = config.load(preset)
    if "baseline" in loaded:
        return config.override(loaded, ["evaluation.replicates=100", *assignments])
    inside = "objective.supervised" if "supervised" in loaded["objective"] else "objective"
    return config.override(loaded, [*SMALL, f"{inside}.negatives={negatives}", *assignments])
