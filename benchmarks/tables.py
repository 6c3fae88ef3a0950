"""Accuracy of the presets on real logs, as a table with intervals. Interrupted, it goes on where it stopped.

    python benchmarks/tables.py published --data LOGS    RetailRocket's published sequences (views only)
    python benchmarks/tables.py events --data LOGS       RetailRocket's events: views, carts, purchases; split by time

LOGS is the folder that SESSIONRL_DATA names. Runs are kept in --out; the table goes to standard output as Markdown,
with the command, the seeds and the commit. Every epoch is chosen on the validation part; the final model is trained
that long on training and validation part (`refit`), baselines are fitted on both.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessionrl import config, registry
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.evaluation.measure import Measurement, measure
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Reporter, run_once
from sessionrl.runs import RunDirectory, read_json


@dataclass(frozen=True)
class Study:
    reader: str
    folder: str
    preparation: Preparation
    models: tuple[str, ...]
    options: tuple[str, ...]
    slices: tuple[str, ...]
    metrics: tuple[str, ...]


BASELINES = (
    "random", "popularity", "popularity-recent", "last-items", "session-popularity", "markov", "association-rules",
    "sequential-rules", "item-knn", "sknn", "session-knn", "vmis-knn", "stan", "vstan",
)  # fmt: skip
NETWORKS = ("gru4rec", "gru4rec-ce", "sqn-gru", "smorl-gru")
STUDIES = {
    "published": Study(
        reader="sequences",
        folder="retailrocket_sequences",
        preparation=Preparation(min_item_events=1, vocabulary_from="train+valid"),
        models=(*(name for name in BASELINES if name != "popularity-recent"), *NETWORKS),
        options=("evaluation.select_on=all",),
        slices=("all", "prefix>=2", "new", "repeat"),
        metrics=("hit@20", "mrr@20", "coverage@20", "novelty@20", "diversity@20", "list_repeat@20"),
    ),
    "events": Study(
        reader="retailrocket",
        folder="retailrocket",
        preparation=Preparation(
            min_item_events=3, test_days=28.0, valid_days=14.0, vocabulary_from="train+valid"
        ),
        models=(*BASELINES, *NETWORKS),
        options=("training.epochs=8",),
        slices=("all", "view/new", "view/repeat", "cart/new", "cart/repeat", "purchase/new", "purchase/repeat",
                "first"),
        metrics=("hit@20", "ndcg@20", "future_purchase_hit@20", "coverage@20", "tail_coverage@20", "novelty@20",
                 "diversity@20", "list_repeat@20", "history_repeat@20", "gini@20"),
    ),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SESSIONRL_DATA"), required="SESSIONRL_DATA" not in os.environ
    )
    parser.add_argument("--out", type=Path, default=Path("runs/tables"))
    parser.add_argument("--seeds", default="1,2,3", help="of the networks; a baseline has one run")
    parser.add_argument("--models", help="only these presets, with commas between")
    arguments = parser.parse_args()
    study, seeds = STUDIES[arguments.study], [int(seed) for seed in arguments.seeds.split(",")]
    models = arguments.models.split(",") if arguments.models else study.models
    out = arguments.out / arguments.study
    prepared = _prepared(study, arguments.data, out)
    runs = {model: _runs(model, study, seeds, prepared, out) for model in models}
    print(f"`python benchmarks/tables.py {' '.join(sys.argv[1:2])} --seeds {arguments.seeds}`, ", end="")
    # Of the runs: those of an earlier call are used again, and may have been made by another version.
    commits = sorted({read_json(run.environment)["commit"] for its_runs in runs.values() for run in its_runs})
    print(f"commit {', '.join(commits)}, data {prepared.fingerprint}\n")
    _print_table(study, prepared, runs)


def _prepared(study: Study, logs: Path, out: Path) -> Prepared:
    directory = out / "prepared"
    if directory.is_dir():
        return Prepared.load(directory)
    reader = registry.build("reader", {"name": study.reader, "path": str(logs / study.folder)})
    return prepare(reader, study.preparation, directory)


def _runs(model: str, study: Study, seeds: Sequence[int], prepared: Prepared, out: Path) -> list[RunDirectory]:
    loaded: dict[str, Any] = config.load(model)
    options = [one for one in study.options if "baseline" not in loaded or not one.startswith("training.")]
    loaded = config.override(loaded, ["refit=true", *options])
    wanted = [1] if "baseline" in loaded else seeds
    reporter = Reporter(say=lambda sentence: print(f"{model}: {sentence}", file=sys.stderr, flush=True))
    return [run_once({**loaded, "seed": seed}, prepared, out, reporter) for seed in wanted]


def _print_table(study: Study, prepared: Prepared, runs: dict[str, list[RunDirectory]]) -> None:
    for where in study.slices:
        metrics = study.metrics if where == "all" else study.metrics[:2]  # elsewhere only accuracy says something new
        table: dict[str, dict[str, Measurement]] = {}
        for model, its_runs in runs.items():
            rankings = [Rankings.load(run.rankings) for run in its_runs]
            found = measure(rankings, prepared.catalogue, metrics, [where])
            table[model] = {one.metric: one for one in found if one.average != "session"}
        shown = [name for name in metrics if any(name in row for row in table.values())]
        cases = max((one.cases for row in table.values() for one in row.values()), default=0)
        print(f"**{where}** ({cases:,} events)\n\n| model | seeds | {' | '.join(shown)} |")
        print(f"|---|---|{'---|' * len(shown)}")
        for model, row in table.items():
            print(f"| {model} | {len(runs[model])} | {' | '.join(_cell(row.get(name)) for name in shown)} |")
        print()


def _cell(one: Measurement | None) -> str:
    if one is None:
        return "–"
    digits = 3 if abs(one.value) < 10 else 2
    interval = "" if one.low is None else f" [{one.low:.{digits}f}, {one.high:.{digits}f}]"
    return f"{one.value:.{digits}f}{interval}"


if __name__ == "__main__":
    main()
