"""Made-up runs on which pictures are tried: a small log of a shop, prepared, and small models trained on it."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from sessionrl import config
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.experiment import Experiment

N_ITEMS, N_SESSIONS, DAYS = 24, 240, 28
MONDAY = 1_750_636_800_000  # ms, 23 June 2025
KINDS = ("view", "cart", "purchase")
CATEGORIES = ("chair", "lamp", "rug")
MODELS = ("popularity", "gru4rec-ce", "sqn-gru", "smorl-gru")  # counting, next item, one Q head, several
SMALL = (
    "refit=false",
    "items.dim=8",
    "training.epochs=2",
    "training.transitions_per_batch=64",
    "training.device=cpu",
    "evaluation.replicates=100",
)


@cache
def made_up_runs() -> tuple[Path, ...]:
    """Finished runs of `MODELS` on the same data, made when they are first asked for and gone with the process."""
    folder = Path(tempfile.mkdtemp(prefix="sessionrl-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prepared = _prepared(folder)
    return tuple(_run(model, prepared, folder / "runs") for model in MODELS)


def _prepared(folder: Path) -> Prepared:
    rng = np.random.default_rng(0)
    items = pl.DataFrame(
        {
            "item_id": [f"sku-{n:02}" for n in range(N_ITEMS)],
            "name": [f"{CATEGORIES[n % 3]} no. {n}" for n in range(N_ITEMS)],
            "category": [CATEGORIES[n % 3] for n in range(N_ITEMS)],
            "price": rng.uniform(5, 200, N_ITEMS).round(2),
        }
    )
    items.write_csv(folder / "items.csv")
    lengths = rng.integers(3, 9, N_SESSIONS)
    starts = MONDAY + np.arange(N_SESSIONS) * (DAYS * 86_400_000 // N_SESSIONS)
    chance = 1 / np.arange(1, N_ITEMS + 1)
    first = rng.choice(N_ITEMS, N_SESSIONS, p=chance / chance.sum())
    steps = rng.choice([0, 3, 3, 6, 1], (N_SESSIONS, 8))  # mostly on to an item of the same category
    numbers = (first[:, None] + steps.cumsum(1)) % N_ITEMS
    inside = np.arange(8) < lengths[:, None]
    events = pl.DataFrame(
        {
            "session_id": np.repeat(np.arange(N_SESSIONS), lengths),
            "item_id": items["item_id"].gather(numbers[inside]),
            "timestamp": (starts[:, None] + np.arange(8) * 20_000)[inside],
            "event_type": rng.choice(KINDS, int(lengths.sum()), p=[0.7, 0.2, 0.1]),
        }
    )
    events.write_csv(folder / "events.csv")
    reader = Delimited(path=str(folder / "events.csv"), items_path=str(folder / "items.csv"))
    return prepare(reader, Preparation(vector_dim=8), folder / "made-up")


def _run(model: str, prepared: Prepared, parent: Path) -> Path:
    loaded = config.load(model)
    experiment = Experiment(config.override(loaded, _small(loaded)), prepared)
    run = experiment.new_run(parent)
    experiment.run(run)
    return run.path


def _small(loaded: config.Config) -> list[str]:
    if "baseline" in loaded:
        return [option for option in SMALL if option.startswith(("refit", "evaluation"))]
    within = "objective.supervised" if "supervised" in loaded["objective"] else "objective"
    return [*SMALL, f"{within}.negatives=0"]
