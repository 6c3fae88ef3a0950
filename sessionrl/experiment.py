"""Experiment: the sections of a configuration composed into one run, from a prepared data set to its measurements."""

import os
import platform
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from sessionrl import __version__, registry
from sessionrl import config as configuration
from sessionrl.data.prepare import Prepared
from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadDirectory, BadOption
from sessionrl.evaluation.metric import CaseMetric, metric
from sessionrl.evaluation.metrics_file import MetricsFile, measured
from sessionrl.evaluation.options import Evaluation
from sessionrl.evaluation.rankings import Rankings, rank
from sessionrl.evaluation.slices import cases_in, slice_names
from sessionrl.nn.network import Network
from sessionrl.recommender import BaselineScorer, NetworkScorer, Recommender, Scorer, make_network, save_model
from sessionrl.runs import PreparedDirectory, RunDirectory, read_json, replacing, write_json
from sessionrl.training.loop import Hooks, Material, Progress, Trained, train

Say = Callable[[str], None]


@dataclass(frozen=True)
class Reporter:
    """How a long run speaks: `say` gets a sentence, `progress` every step."""

    say: Say = lambda sentence: None
    progress: Callable[[Progress], None] = lambda progress: None


class Experiment:
    """One complete configuration on one prepared data set.

    Args:
        config: as `sessionrl.config.load` or `complete` give it
        prepared: what is learned from and measured on
        reporter: who is told
    """

    def __init__(self, config: Mapping[str, Any], prepared: Prepared, reporter: Reporter | None = None):
        self.config = configuration.complete(config)
        self.prepared, self.reporter = prepared, reporter or Reporter()
        self.evaluation: Evaluation = configuration.fixed("evaluation", self.config)
        for name in (*self.evaluation.metrics, self.evaluation.select_by):
            metric(name)  # a name that does not exist is found out before hours of training
        cases_slices = slice_names(prepared.kinds)
        if self.evaluation.select_on not in cases_slices and self.evaluation.select_on != "view/new":
            raise BadOption(
                f"[evaluation], option 'select_on' = {self.evaluation.select_on!r}: "
                f"the slices are {', '.join(cases_slices)}."
            )

    def new_run(self, parent: Path) -> RunDirectory:
        """A directory for this run, with all that is known before it starts."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        name = f"{configuration.label(self.config)}-{self.prepared.path.name}-{stamp}-{secrets.token_hex(2)}"
        run = RunDirectory(parent / name)
        run.path.mkdir(parents=True)
        shutil.copyfile(PreparedDirectory(self.prepared.path).vocabulary, run.vocabulary)
        self.prepared.catalogue.save(run.items, run.vectors)
        card = {"prepared": str(self.prepared.path), "fingerprint": self.prepared.fingerprint}
        write_json(run.data, card | {"card": self.prepared.card})
        write_json(run.environment, environment())
        complete = {**self.config, "prepared": str(self.prepared.path), "sessionrl_version": __version__}
        with replacing(run.config) as temporary:
            temporary.write_text(configuration.text(complete), encoding="utf-8")
        return run

    def run(self, run: RunDirectory) -> None:
        """Train and measure; what an interrupted run has done already is not done again."""
        run.path.mkdir(parents=True, exist_ok=True)
        if not run.weights.is_file():
            scorer = self._fit_baseline() if "baseline" in self.config else self._train(run)
            save_model(run, scorer)
            shutil.rmtree(run.checkpoint, ignore_errors=True)
        if not run.metrics.is_file():
            self.measure(run)

    def measure(self, run: RunDirectory, part: str = "test") -> MetricsFile:
        """Rank every event of a part with the saved model, and measure; of the test part both are kept in the run."""
        recommender = Recommender.load(run.path, self._device())
        sessions = self.prepared.part(part)
        self.reporter.say(
            f"Ranking {len(sessions.items):,} events of {part} over {len(recommender.vocabulary) - 1:,} items"
        )
        rankings = self._rank(recommender.scorer, sessions, self.evaluation.top)
        found = measured([rankings], self.prepared.catalogue, self.evaluation.metrics, self.evaluation.replicates)
        if part == "test":
            rankings.save(run.rankings)
            found.save(run.metrics)
        return found

    def _rank(self, scorer: Scorer, sessions: Sessions, top: int) -> Rankings:
        chunks = scorer.scored(sessions, sessions.cases())
        return rank(chunks, sessions, self.prepared.kinds, len(self.prepared.vocabulary) - 1, top)

    def _fit_baseline(self) -> BaselineScorer:
        prepared = self.prepared
        sessions = prepared.train
        if self.config["refit"]:
            sessions = Sessions.concatenate(prepared.train, prepared.valid)
        self.reporter.say(f"Fitting {configuration.label(self.config)} on {len(sessions):,} sessions")
        baseline = registry.build("baseline", self.config["baseline"])
        return BaselineScorer(baseline.fit(sessions, prepared.catalogue))

    def _train(self, run: RunDirectory) -> NetworkScorer:
        """Choose the epoch on validation; with `refit` train that many epochs on training and validation part."""
        chosen = self._phase(run, "selection", self.prepared.train, None)
        value = "" if chosen.value is None else f", {self.evaluation.select_by} {chosen.value:.4f} on validation"
        self.reporter.say(f"Chose epoch {chosen.epoch}{value}")
        if self.config["refit"]:
            sessions = Sessions.concatenate(self.prepared.train, self.prepared.valid)
            chosen = self._phase(run, "refit", sessions, chosen.epoch)
        policy = registry.build("policy", self.config["policy"])
        return NetworkScorer(chosen.network, policy, self.prepared.catalogue.counts)

    def _phase(self, run: RunDirectory, name: str, sessions: Sessions, epochs: int | None) -> Trained:
        training = configuration.fixed("training", self.config)
        objective = registry.build("objective", self.config["objective"])
        if epochs is not None:
            training = replace(training, epochs=epochs)
        counts = np.bincount(sessions.items, minlength=len(self.prepared.catalogue))
        catalogue = replace(self.prepared.catalogue, counts=counts.astype(np.int64))
        run.checkpoint.mkdir(exist_ok=True)
        checkpoint = run.checkpoint / f"{name}.safetensors"
        if checkpoint.is_file():
            self.reporter.say(f"Going on from {checkpoint}")
        else:
            self.reporter.say(f"Training {configuration.label(self.config)} ({name}) on {len(sessions):,} sessions")
        hooks = Hooks(
            validate=self._validate if epochs is None and len(self.prepared.valid) else None,
            log=lambda entry: run.append_log({"phase": name, **entry}),
            progress=self.reporter.progress,
            checkpoint=checkpoint,
        )
        material = Material(sessions, self.prepared.rewards, catalogue)
        return train(
            lambda: make_network(self.config, len(catalogue)),
            objective,
            training,
            material,
            self.config["seed"],
            hooks,
            resume=checkpoint.is_file(),
        )

    def _validate(self, network: Network) -> float:
        """The selecting metric on the validation part."""
        policy = registry.build("policy", self.config["policy"])
        scorer = NetworkScorer(network, policy, self.prepared.catalogue.counts)
        rankings = self._rank(scorer, self.prepared.valid, top=0)
        chosen = self.evaluation.select_on
        cases = cases_in(chosen, rankings) if chosen in slice_names(self.prepared.kinds) else cases_in("all", rankings)
        if not cases.any():
            cases = cases_in("all", rankings)
        by = metric(self.evaluation.select_by)
        if not isinstance(by, CaseMetric):
            raise BadOption(
                f"[evaluation], option 'select_by' = {self.evaluation.select_by!r} is a metric of all lists together.\n"
                "  do now: choose by a metric that every case has, such as 'ndcg@20'"
            )
        return float(by.per_case(rankings, self.prepared.catalogue)[cases].mean())

    def _device(self) -> str:
        from sessionrl.training.device import choose_device

        return str(choose_device(self.config["training"]["device"])) if "training" in self.config else "cpu"


def run_once(
    config: Mapping[str, Any], prepared: Prepared, parent: Path, reporter: Reporter | None = None
) -> RunDirectory:
    """A finished run of this configuration on this data in `parent`: an old one, an unfinished one that is finished
    now, or a new one. Studies of many runs are resumed by calling this again.
    """
    experiment = Experiment(config, prepared, reporter)
    for path in sorted(parent.glob(f"{configuration.label(experiment.config)}-*")):
        run = RunDirectory(path)
        if not (run.config.is_file() and run.data.is_file()):
            continue
        old = configuration.load(str(run.config))
        same = all(old.get(key) == value for key, value in experiment.config.items())
        if same and read_json(run.data)["fingerprint"] == prepared.fingerprint:
            experiment.reporter.say(f"Using {path}")
            break
    else:
        run = experiment.new_run(parent)
    experiment.run(run)
    return run


def open_run(path: Path | str, data: Path | str | None = None) -> tuple[Experiment, RunDirectory]:
    """An existing run and its experiment, on the data it was trained on.

    Raises:
        BadDirectory: not a run, the prepared data is gone, or it is not what the run was trained on.
    """
    run = RunDirectory(path)
    run.check(finished=False)
    config = configuration.load(str(run.config))
    about = read_json(run.data)
    prepared = Prepared.load(Path(data or about["prepared"]))
    if prepared.fingerprint != about["fingerprint"]:
        raise BadDirectory(
            f"{run.path} was trained on data with fingerprint {about['fingerprint']}, "
            f"but {prepared.path} has {prepared.fingerprint}.\n"
            f"  do now: give the data it was trained on with --data, or train again on {prepared.path}"
        )
    return Experiment(config, prepared), run


def environment() -> dict[str, Any]:
    """What a run depends on besides its configuration: versions, machine, command line."""
    packages = {}
    for package in ("numpy", "polars", "torch", "numba", "scipy", "pydantic", "safetensors"):
        try:
            packages[package] = version(package)
        except PackageNotFoundError:
            packages[package] = "not installed"
    return {
        "sessionrl": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": packages,
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "command": " ".join(["sessionrl", *sys.argv[1:]]),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _commit() -> str:
    """The commit of the source tree this package runs from; "unknown" for an installed package."""
    import subprocess

    try:
        found = subprocess.run(
            ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()
