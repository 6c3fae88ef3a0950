"""Going on from an older run against training anew, on a simulated log with new items; a table on standard output.

    python benchmarks/going_on.py --out FOLDER [--seeds 1,2,3]

A shop is simulated once. The older log is its first 60% of the events without a fifth of the items, the newer log the
others with all items. Per seed: a model of the older log, one that goes on from it on the newer log, and one that is
trained on the newer log alone, all measured on the last days of the newer log. Runs that are in FOLDER are used again.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from sessionrl import config
from sessionrl.continuing import continuing
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.demo import SMALL
from sessionrl.experiment import Reporter
from sessionrl.finding_runs import run_once
from sessionrl.reporting.models import load_models
from sessionrl.reporting.tables import comparison_table
from sessionrl.runs import RunDirectory
from sessionrl.simulator.log import DEMO, DEMO_DAYS, DEMO_POLICY, simulate_log
from sessionrl.terminal import console

SESSIONS = 12_000
OPTIONS = [option.replace("objective.supervised.", "objective.") for option in SMALL]


def logs(folder: Path) -> tuple[Prepared, Prepared]:
    """The older and the newer log, prepared."""
    if not (folder / "log").is_dir():
        simulate_log(DEMO, SESSIONS, DEMO_DAYS, 1, DEMO_POLICY).save(folder / "log")
    events = pl.read_csv(folder / "log" / "events.csv", infer_schema_length=None).sort("timestamp")
    items = events["item_id"].unique().sort()
    new = np.random.default_rng(0).choice(items.to_list(), len(items) // 5, replace=False).tolist()
    border = events["timestamp"][int(len(events) * 0.6)]
    parts = {
        "older": events.filter((pl.col("timestamp") < border) & ~pl.col("item_id").is_in(new)),
        "newer": events.filter(pl.col("timestamp") >= border),
    }
    for name, part in parts.items():
        if not (folder / name).is_dir():
            part.write_csv(folder / f"{name}.csv")
            prepare(Delimited(str(folder / f"{name}.csv")), Preparation(test_days=2, valid_days=2), folder / name)
    return Prepared.load(folder / "older"), Prepared.load(folder / "newer")


def by_epoch(run: RunDirectory) -> list[float]:
    """Values on the validation part; of a run that goes on the first is that of the older model."""
    return [entry["validation"] for entry in run.read_log() if "validation" in entry]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", default="1,2,3")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    older, newer = logs(given.out)
    runs, report = [], Reporter()
    print(f"{len(older.vocabulary) - 1} items in the older log, {len(newer.vocabulary) - 1} in the newer\n")
    print("| seed | going on: before training, after each epoch | anew: after each epoch |\n|---|---|---|")
    for seed in map(int, given.seeds.split(",")):
        settings = config.override({**config.load("gru4rec-ce"), "seed": seed}, [*OPTIONS, "training.patience=0"])
        old = run_once(settings, older, given.out / "older runs", report)
        on = run_once(continuing(old.path), newer, given.out / "runs", report)
        anew = run_once(settings, newer, given.out / "runs", report)
        runs += [anew.path, on.path]
        columns = (" ".join(f"{value:.3f}" for value in by_epoch(run)) for run in (on, anew))
        print(f"| {seed} | {' | '.join(columns)} |")
    for where in ("all", "new"):
        console().print(comparison_table(load_models(runs), None, "ndcg@20", where, 0))


if __name__ == "__main__":
    main()
