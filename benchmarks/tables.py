"""Accuracy of all models on real logs, as tables with intervals. Interrupted, it goes on where it stopped.

    python benchmarks/tables.py published --data LOGS    RetailRocket's published sequences (views only)
    python benchmarks/tables.py events --data LOGS       RetailRocket's events: views, carts, purchases; split by time
    python benchmarks/tables.py yoochoose --data LOGS    a week of Yoochoose's clicks
    python benchmarks/tables.py globo --data LOGS        two weeks of a news portal, 3 million clicks

LOGS is the folder that SESSIONRL_DATA names. There are three stages, all of them if none is named:

    search   the same number of trials for every model that has options: its preset as it is, then settings drawn from
             its space in studies.py, each trained on the training part and measured on the validation part
    final    the best setting of each model, its epoch chosen on the validation part, trained that long on training and
             validation part (`refit`), once per seed; baselines are fitted on both, once
    table    what was chosen and what came of it on the test part, as Markdown on standard output

Several processes can work on one study, each on models of its own, once the first has prepared the log:

    python benchmarks/tables.py globo --stage search --models stan,vstan &
    python benchmarks/tables.py globo --stage search --models gru4rec-ce,gru4rec-knn &

Trials and runs are kept in --out. section.key=value overrides an option of all models, for a quick look.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from search import Search, assignments, configured, is_baseline, preset_hash, shown
from studies import STUDIES, TUNED_AS, Study

from sessionrl import registry
from sessionrl.data.prepare import prepare
from sessionrl.data.prepared import Prepared
from sessionrl.evaluation.measure import Measurement, measure
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Reporter
from sessionrl.finding_runs import run_once
from sessionrl.runs import PreparedDirectory, RunDirectory, read_json


@dataclass(frozen=True)
class Finals:
    """The final runs of a study, one line of JSON each in `finals.jsonl`."""

    search: Search
    seeds: Sequence[int]

    def run(self, model: str) -> None:
        """Train and measure what is missing, or say why it cannot be done yet."""
        setting = self.search.best(model)
        if setting is None:
            print(f"{model}: skipped, not all of its trials are made", file=sys.stderr, flush=True)
            return
        configuration = configured(model, setting, ["refit=true", *self.search.options])
        reporter = Reporter(say=lambda sentence: print(f"{model}: {sentence}", file=sys.stderr, flush=True))
        for seed in self.wanted(model):
            run = run_once({**configuration, "seed": seed}, self.search.prepared, self.search.out, reporter)
            if self.of(model).get(seed) != run.path.name:
                line = {**self._key(model, seed), "run": run.path.name}
                with (self.search.out / "finals.jsonl").open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(line) + "\n")

    def wanted(self, model: str) -> Sequence[int]:
        """Seeds; a baseline has one run."""
        return [1] if is_baseline(model) else self.seeds

    def of(self, model: str) -> dict[int, str]:
        """The name of the finished run of each seed, with the setting that is the best now."""
        file = self.search.out / "finals.jsonl"
        if self.search.best(model) is None or not file.is_file():
            return {}
        keys = {seed: self._key(model, seed) for seed in self.wanted(model)}
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        return {
            seed: line["run"]
            for seed, key in keys.items()
            for line in lines
            if line.items() >= key.items() and RunDirectory(self.search.out / line["run"]).metrics.is_file()
        }

    def _key(self, model: str, seed: int) -> dict[str, object]:
        """What makes a final run this one."""
        overrides = [*self.search.options, *assignments(self.search.best(model) or {})]
        return {
            "model": model,
            "seed": seed,
            "preset": preset_hash(model),
            "overrides": overrides,
            "fingerprint": self.search.prepared.fingerprint,
        }


def main(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("assignments", nargs="*", metavar="section.key=value")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SESSIONRL_DATA"), required="SESSIONRL_DATA" not in os.environ
    )
    parser.add_argument("--out", type=Path, default=Path("runs/tables"))
    parser.add_argument("--stage", choices=["search", "final", "table"], help="default: one after the other")
    parser.add_argument("--models", help="only these presets, with commas between")
    parser.add_argument("--trials", type=int, help="settings per model, the preset among them; 1 is no search")
    parser.add_argument("--seeds", default="1,2,3", help="of the networks' final runs; a baseline has one")
    arguments = parser.parse_intermixed_args(given)
    study, out = STUDIES[arguments.study], arguments.out / arguments.study
    models = arguments.models.split(",") if arguments.models else study.models
    prepared = prepared_log(study, arguments.data, out)
    search = Search(study, prepared, out, [*study.options, *arguments.assignments], arguments.trials or study.trials)
    finals = Finals(search, [int(seed) for seed in arguments.seeds.split(",")])
    stages = [arguments.stage] if arguments.stage else ["search", "final", "table"]
    for model in models if "search" in stages else ():
        search.run(model)
    for model in models if "final" in stages else ():
        finals.run(model)
    if "table" in stages:
        extra = "".join(f" {one}" for one in arguments.assignments)
        command = f"{arguments.study}{extra} --trials {search.trials} --seeds {arguments.seeds}"
        _print_study(study, f"python benchmarks/tables.py {command}", finals, models)


def prepared_log(study: Study, logs: Path, out: Path) -> Prepared:
    directory = out / "prepared"
    if directory.is_dir():
        kept = tomllib.loads(PreparedDirectory(directory).settings.read_text(encoding="utf-8"))["data"]
        if kept != json.loads(json.dumps(asdict(study.preparation))):
            sys.exit(f"{directory} was prepared in another way than the study asks for now. Delete it, or give --out.")
        return Prepared.load(directory)
    reader = registry.build("reader", {**study.reader, "path": str(logs / study.path)})
    return prepare(reader, study.preparation, directory)


def _print_study(study: Study, command: str, finals: Finals, models: Sequence[str]) -> None:
    search = finals.search
    runs = {
        model: [RunDirectory(search.out / name) for _, name in sorted(finals.of(model).items())] for model in models
    }
    # Of the runs: those of an earlier call are used again, and may have been made by another version.
    commits = sorted({read_json(run.environment)["commit"] for its_runs in runs.values() for run in its_runs})
    print(f"`{command}`, commit {', '.join(commits) or 'none'}, data {search.prepared.fingerprint}\n")
    for model, its_runs in runs.items():
        if len(its_runs) < len(finals.wanted(model)):
            why = "its trials are not all made" if search.best(model) is None else "see --stage final"
            print(f"**Missing**: {model} has {len(its_runs)} of {len(finals.wanted(model))} finished runs, {why}\n")
    if search.trials > 1:
        _print_settings(search, models)
    _print_measurements(study, search.prepared, {model: its_runs for model, its_runs in runs.items() if its_runs})


def _print_settings(search: Search, models: Sequence[str]) -> None:
    part = search.small
    print(
        f"Settings, up to {search.trials} trials a model; a trial learned from the newest {len(part.train):,} of "
        f"{len(search.prepared.train):,} training sessions and was measured on {len(part.valid):,} of "
        f"{len(search.prepared.valid):,} validation sessions.\n"
    )
    print("| model | trials | metric | preset | best | CPU s a trial | setting |\n|---|---|---|---|---|---|---|")
    for model in models:
        searched = TUNED_AS.get(model, model)
        trials, setting = search.of(searched), search.best(model)
        if len(search.settings(searched)) == 1:
            print(f"| {model} | 0 | – | – | – | – | no options |")
        elif not trials or setting is None:
            print(f"| {model} | {len(trials)} of {len(search.settings(searched))} | – | – | – | – | unfinished |")
        else:
            best = max(trial.value for trial in trials)
            seconds = sum(trial.cpu_seconds for trial in trials) / len(trials)
            metric = f"{trials[0].by} on {trials[0].where}"
            source = "" if searched == model else f" (as {searched})"
            print(
                f"| {model} | {len(trials)} | {metric} | {trials[0].value:.4f} | {best:.4f} | {seconds:.0f} "
                f"| {shown(setting)}{source} |"
            )
    print()


def _print_measurements(study: Study, prepared: Prepared, runs: dict[str, list[RunDirectory]]) -> None:
    for where in study.slices:
        metrics = study.metrics if where == "all" else study.metrics[:2]  # elsewhere only accuracy says something new
        table: dict[str, dict[str, Measurement]] = {}
        for model, its_runs in runs.items():
            rankings = [Rankings.load(run.rankings) for run in its_runs]
            found = measure(rankings, prepared.catalogue, metrics, [where])
            table[model] = {one.metric: one for one in found if one.average != "session"}
        shown_metrics = [name for name in metrics if any(name in row for row in table.values())]
        cases = max((one.cases for row in table.values() for one in row.values()), default=0)
        print(f"**{where}** ({cases:,} events)\n\n| model | seeds | {' | '.join(shown_metrics)} |")
        print(f"|---|---|{'---|' * len(shown_metrics)}")
        for model, row in table.items():
            print(f"| {model} | {len(runs[model])} | {' | '.join(_cell(row.get(name)) for name in shown_metrics)} |")
        print()


def _cell(one: Measurement | None) -> str:
    if one is None:
        return "–"
    digits = 3 if abs(one.value) < 10 else 2
    interval = "" if one.low is None else f" [{one.low:.{digits}f}, {one.high:.{digits}f}]"
    return f"{one.value:.{digits}f}{interval}"


if __name__ == "__main__":
    main(sys.argv[1:])
