"""Accuracy of all models on real logs, as tables with intervals. Interrupted, it goes on where it stopped.

    python benchmarks/tables.py published --data LOGS    RetailRocket's published sequences (views only)
    python benchmarks/tables.py events --data LOGS       RetailRocket's events: views, carts, purchases; split by time
    python benchmarks/tables.py rl --data LOGS           the same log: two encoders under every objective, in pairs
    python benchmarks/tables.py yoochoose --data LOGS    a week of Yoochoose's clicks
    python benchmarks/tables.py globo --data LOGS        two weeks of a news portal, 3 million clicks

LOGS is the folder that SESSIONRL_DATA names. There are three stages, all of them if none is named:

    search   the same number of trials for every model that has options: its preset as it is, then settings drawn from
             its space in studies.py, each trained on the training part and measured on the validation part. In study
             rl the models of an encoder share the first of them
    final    the best setting of each model, its epoch chosen on the validation part, trained that long on training and
             validation part (`refit`), once per seed; baselines are fitted on both, once
    table    what was chosen and what came of it on the test part, as Markdown on standard output

Several processes can work on one study, each on models of its own, once the first has prepared the log:

    python benchmarks/tables.py rl --models '*-gru' &
    python benchmarks/tables.py rl --models '*-sasrec' &

Runs are kept in --out; what the tables need of them and the trials, about 10 kB a run, in --results, from which a later
session goes on without the runs. section.key=value overrides an option of all models, for a quick look.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
from pathlib import Path

from finals import Finals
from printing import final, print_study
from search import Search
from studies import STUDIES, Study

from sessionrl import registry
from sessionrl.data.prepare import prepare
from sessionrl.data.prepared import Prepared
from sessionrl.runs import PreparedDirectory


def main(given: Sequence[str]) -> None:
    arguments = _parser().parse_intermixed_args(given)
    study, name = STUDIES[arguments.study], arguments.study
    study = replace(
        study,
        trials=study.trials if arguments.trials is None else arguments.trials,
        shared=study.shared if arguments.shared is None else arguments.shared,
        options=(*study.options, *arguments.assignments),
    )
    if study.shared and study.shared >= study.trials:
        sys.exit(f"--trials {study.trials}: of these {study.shared} are shared. Give more, or a smaller --shared.")
    models = _chosen(arguments.models, study)
    out = arguments.out / name
    folder = arguments.results / name if arguments.results else out
    search = Search(study, prepared_log(study, arguments.data, out), folder, study.options)
    finals = Finals(search, out, [int(seed) for seed in arguments.seeds.split(",")])
    stages = [arguments.stage] if arguments.stage else ["search", "final", "table"]
    if stages != ["table"]:
        _work(search, finals, models, stages)
    if "table" in stages:
        extra = "".join(f" {one}" for one in arguments.assignments)
        shared = f" --shared {study.shared}" if study.shared else ""
        command = f"{name}{extra} --trials {study.trials}{shared} --seeds {arguments.seeds}"
        print_study(f"python benchmarks/tables.py {command}", finals, models)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("assignments", nargs="*", metavar="section.key=value")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SESSIONRL_DATA"), required="SESSIONRL_DATA" not in os.environ
    )
    parser.add_argument("--out", type=Path, default=Path("runs/tables"))
    parser.add_argument("--results", type=Path, help="where the trials and what is kept of runs go; default: as --out")
    parser.add_argument("--stage", choices=["search", "final", "table"], help="default: one after the other")
    parser.add_argument("--models", help="only these, with commas between; * stands for anything")
    parser.add_argument("--trials", type=int, help="settings per model, the preset among them; 1 is no search")
    parser.add_argument("--shared", type=int, help="of these, the settings that the models of an encoder share")
    parser.add_argument("--seeds", default="1,2,3", help="of the networks' final runs; a baseline has one")
    return parser


def _chosen(patterns: str | None, study: Study) -> list[str]:
    """Of the study's models those that are asked for; a preset that the study has not, by its name."""
    if patterns is None:
        return list(study.models)
    chosen = []
    for pattern in patterns.split(","):
        found = [model for model in study.models if fnmatchcase(model, pattern)]
        if not found and "*" in pattern:
            sys.exit(f"--models {pattern}: the study has {', '.join(study.models)}.")
        chosen += found or [pattern]
    return list(dict.fromkeys(chosen))


def _work(search: Search, finals: Finals, models: Sequence[str], stages: Sequence[str]) -> None:
    for model in models:
        if reason := search.lacks(model):
            print(f"{model}: skipped, {reason}", file=sys.stderr, flush=True)
    able = [model for model in models if search.lacks(model) is None]
    for model in able if "search" in stages else ():
        _estimate("trials", search.missing(able), search.seconds())
        search.run(model)
    able = [model for model in able if final(search, model)]
    for model in able if "final" in stages else ():
        left = sum(len(finals.missing(one)) for one in able if not search.is_baseline(one))
        _estimate("final runs", left, finals.seconds())
        finals.run(model)


def _estimate(what: str, left: int, seconds: float | None) -> None:
    time = "" if seconds is None else f", about {left * seconds / 60:.0f} min at {seconds:.0f} s each"
    print(f"-- {left} {what} left{time}", file=sys.stderr, flush=True)


def prepared_log(study: Study, logs: Path, out: Path) -> Prepared:
    directory = out / "prepared"
    if directory.is_dir():
        kept = tomllib.loads(PreparedDirectory(directory).settings.read_text(encoding="utf-8"))["data"]
        if kept != json.loads(json.dumps(asdict(study.preparation))):
            sys.exit(f"{directory} was prepared in another way than the study asks for now. Delete it, or give --out.")
        return Prepared.load(directory)
    reader = registry.build("reader", {**study.reader, "path": str(logs / study.path)})
    return prepare(reader, study.preparation, directory)


if __name__ == "__main__":
    main(sys.argv[1:])
