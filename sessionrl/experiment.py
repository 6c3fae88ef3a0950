"""Experiment: the sections of a configuration composed into one run, from a prepared data set to its measurements."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from sessionrl import __version__, registry
from sessionrl import config as configuration
from sessionrl.baselines.baseline import Baseline
from sessionrl.continuing import Origin
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.item_features import ItemFeatures
from sessionrl.data.prepare import Prepared
from sessionrl.data.sessions import Sessions
from sessionrl.ensemble import GRID, Ensemble, EnsembleScorer
from sessionrl.environment import environment
from sessionrl.errors import BadDirectory, BadOption
from sessionrl.evaluation.metrics_file import MetricsFile, measured
from sessionrl.evaluation.options import Evaluation
from sessionrl.evaluation.rankings import Rankings, rank
from sessionrl.evaluation.selection import Selection, check_metrics
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes
from sessionrl.recommender import Offer, Recommender, make_network, network_scorer, save_model
from sessionrl.runs import RunDirectory, new_directory, read_json, run_name, write_json
from sessionrl.scorers import BaselineScorer, Scorer
from sessionrl.training.device import choose_device, device_name
from sessionrl.training.first_step import try_loss
from sessionrl.training.hooks import Hooks, Material, Progress, Trained
from sessionrl.training.journal import Journal, News
from sessionrl.training.loop import train

Say = Callable[[str], None]


@dataclass(frozen=True)
class Reporter:
    """How a long run speaks: `say` gets a sentence, `progress` every step, `line` every line of the log."""

    say: Say = lambda sentence: None
    progress: Callable[[Progress], None] = lambda progress: None
    line: Callable[[dict[str, Any]], None] = lambda line: None


class Experiment:
    """One complete configuration on one prepared data set.

    Args:
        config: as `sessionrl.config.load` or `complete` give it
        prepared: what is learned from and measured on
        reporter: who is told
        item_features: how networks read the table of items; fitted to it if not given

    Raises:
        BadOption, UnknownName: whatever in the configuration would fail hours later fails here.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        prepared: Prepared,
        reporter: Reporter | None = None,
        item_features: ItemFeatures | None = None,
    ):
        self.config = configuration.complete(config)
        self.prepared, self.reporter = prepared, reporter or Reporter()
        reads = item_features or ItemFeatures.fit(prepared.catalogue.items, configuration.features(self.config))
        self.offer = Offer(prepared.catalogue, prepared.kinds, prepared.session_features, reads)
        self.evaluation: Evaluation = configuration.fixed("evaluation", self.config)
        self.selection = Selection.of(self.evaluation, prepared.valid, prepared.catalogue, prepared.kinds)
        check_metrics(self.evaluation, prepared.catalogue, prepared.kinds)
        if "baseline" in self.config:
            registry.build("baseline", self.config["baseline"])
            self.device = "cpu"
        else:
            self.device = str(choose_device(self.config["training"]["device"]))
            self._check_parts()
            self._try_parts()

    def _try_parts(self) -> None:
        """Build the network, order the items of one state and take one loss, to see that all fits together."""
        policy, prepared = registry.build("policy", self.config["policy"]), self.prepared
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            network = make_network(self.config, self.offer)
            state = Prefixes(torch.ones(1, 1, dtype=torch.long), torch.zeros(1, dtype=torch.long))
            policy.order_by(network.eval()(state, heads=policy.heads), state)
            material = Material(prepared.train, prepared.rewards, prepared.catalogue)
            try_loss(network, registry.build("objective", self.config["objective"]), material)

    def _check_parts(self) -> None:
        """There is something to learn in the training part, and something to choose by in the validation part."""
        prepared = self.prepared
        if not self.config["items"]["start"] and prepared.train.lengths.max() < 2:
            raise BadOption(
                f"None of the {len(prepared.train):,} training sessions has a second event, so there is no next item "
                "to learn.\n  do now: set items.start=true, or prepare longer sessions with data.idle_minutes"
            )
        if len(prepared.valid):
            self.selection.check(prepared.valid, prepared.catalogue, prepared.kinds)
        elif self.config.get("ensemble", {}).get("weight") == registry.NONE:
            raise BadOption(
                "There is no validation part on which ensemble.weight could be chosen.\n"
                "  do now: give it, as in ensemble.weight=0.3, or prepare the data with a validation part"
            )

    def new_run(self, parent: Path) -> RunDirectory:
        """A directory for this run, with all that is known before it starts."""
        run = RunDirectory(parent / run_name(configuration.label(self.config), self.prepared.path.resolve().name))
        with new_directory(run.path) as unfinished:
            self._describe(RunDirectory(unfinished))
        return run

    def _describe(self, run: RunDirectory) -> None:
        self.prepared.vocabulary.save(run.vocabulary)
        self.prepared.catalogue.save(run.items, run.vectors)
        if len(self.offer.session_features):
            self.offer.session_features.save(run.session_features)
        if self.offer.item_features.columns:
            self.offer.item_features.save(run.item_features)
        about: dict[str, Any] = {"prepared": str(self.prepared.path), "fingerprint": self.prepared.fingerprint}
        if "from" in self.config:
            about |= {"from": self._begin(run)}
        write_json(run.data, about | {"card": self.prepared.card})
        write_json(run.environment, environment(device_name(self.device)))
        complete = {**self.config, "prepared": str(self.prepared.path), "sessionrl_version": __version__}
        run.config.write_text(configuration.text(complete), encoding="utf-8")

    def _begin(self, run: RunDirectory) -> dict[str, Any]:
        """Write what training begins with, so that the older run is not needed any more; what is told of that run."""
        origin = Origin.load(self.config["from"])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config["seed"])
            network = make_network(self.config, self.offer)
        origin.begin(network, self.config, self.prepared, self.offer.item_features)
        run.start.parent.mkdir()
        save_file(network.state_dict(), run.start)
        return origin.about(self.prepared)

    def _network(self, run: RunDirectory, catalogue: Catalogue) -> Network:
        """What training begins with; `catalogue` counts the events it is trained on."""
        network = make_network(self.config, self.offer._replace(catalogue=catalogue))
        if "from" in self.config:
            if not run.start.is_file():
                raise BadDirectory(
                    f"{run.start} is missing: the weights of {self.config['from']}, from which this training goes on.\n"
                    f"  do now: begin it again with `sessionrl train {run.config}`"
                )
            network.load_state_dict(load_file(run.start))
            network.items.learned(catalogue.counts >= network.items.id_least_events)
            network.items.warm_start = 0.0  # they are where training left them
        return network

    def run(self, run: RunDirectory) -> None:
        """Train and measure; what an interrupted run has done already is not done again.

        Raises:
            BadDirectory: another process works on this run.
            Interrupted: Ctrl-C.
        """
        with run.claimed():
            if not run.weights.is_file():
                scorer = self._fit_baseline() if "baseline" in self.config else self._train(run)
                save_model(run, scorer)
                shutil.rmtree(run.checkpoint, ignore_errors=True)
            if not run.metrics.is_file():
                self.measure(run)

    def measure(self, run: RunDirectory, part: str = "test") -> MetricsFile:
        """Rank every event of a part with the saved model, and measure; of the test part both are kept in the run."""
        recommender = Recommender.load(run.path, self.device)
        sessions = self.prepared.part(part)
        if part == "valid" and self.config["refit"]:
            self.reporter.say("This model was fitted on the validation part as well: the numbers flatter it")
        self.reporter.say(
            f"Ranking {len(sessions.items):,} events of {part} over {recommender.catalogue.recommendable.sum():,} items"
        )
        if no_case := int((~recommender.catalogue.recommendable[sessions.items]).sum()):
            self.reporter.say(f"{no_case:,} of these events are of items that may not be recommended, and no cases")
        rankings = self._rank(recommender.scorer, sessions, self.evaluation.top)
        found = measured([rankings], self.prepared.catalogue, self.evaluation.metrics, self.evaluation.replicates)
        if part == "test":
            rankings.save(run.rankings)
            found.save(run.metrics)
        return found

    def _rank(self, scorer: Scorer, sessions: Sessions, top: int) -> Rankings:
        chunks = scorer.scored(sessions, sessions.cases())
        catalogue = self.prepared.catalogue
        return rank(chunks, sessions, self.prepared.kinds, len(catalogue) - 1, top, catalogue.recommendable)

    def _fit_baseline(self) -> BaselineScorer:
        sessions = self._train_and_valid() if self.config["refit"] else self.prepared.train
        baseline = self._fitted(self.config["baseline"], configuration.label(self.config), sessions)
        return BaselineScorer(baseline, self.prepared.catalogue.recommendable)

    def _fitted(self, section: Mapping[str, Any], called: str, sessions: Sessions) -> Baseline:
        self.reporter.say(f"Fitting {called} on {len(sessions):,} sessions")
        baseline: Baseline = registry.build("baseline", section)
        return baseline.fit(sessions, self.prepared.catalogue)

    def _train_and_valid(self) -> Sessions:
        """What a refit learns from, oldest session first."""
        both = Sessions.concatenate(self.prepared.train, self.prepared.valid)
        if not self.prepared.card["split"]["leaks_future"]:
            return both
        # Split at random, validation is no newer than training; neighbours and batches go by the order.
        return both.select(np.argsort(both.timestamps[both.offsets[:-1]], kind="stable"))

    def _train(self, run: RunDirectory) -> Scorer:
        """Choose the epoch on validation; with `refit` train that many epochs on training and validation part."""
        sessions = self.prepared.train
        chosen = self._phase(run, "selection", sessions)
        self.reporter.say(
            f"Chose epoch {chosen.epoch}, the last: there is no validation part"
            if chosen.value is None
            else f"Chose epoch {chosen.epoch}, {self.selection.by} {chosen.value:.4f} on {self.selection.where} of the "
            "validation part"
        )
        before = [entry["validation"] for entry in run.read_log() if entry["epoch"] == 0 and "validation" in entry]
        if before and chosen.value is not None and chosen.value <= before[0]:
            self.reporter.say(f"No epoch is better than the model of {self.config['from']}: {before[0]:.4f}")
        weight = self._weight(run, chosen.network)
        if self.config["refit"]:
            sessions = self._train_and_valid()
            chosen = self._phase(run, "refit", sessions, chosen)
        catalogue = self.prepared.catalogue
        scorer = network_scorer(chosen.network, self.config, sessions.counts(len(catalogue)), catalogue.recommendable)
        if weight is None:
            return scorer
        section = self.config["ensemble"]["baseline"]
        return EnsembleScorer(scorer, self._fitted(section, section["name"], sessions), weight)

    def _weight(self, run: RunDirectory, network: Network) -> float | None:
        """Of the baseline in the ensemble, None without one; the best on the validation part if it is not given."""
        if "ensemble" not in self.config:
            return None
        ensemble: Ensemble = configuration.fixed("ensemble", self.config)
        if ensemble.weight is not None:
            return ensemble.weight
        if not run.ensemble.is_file():
            baseline = self._fitted(ensemble.baseline, ensemble.baseline["name"], self.prepared.train)
            values = {weight: self._value(network, baseline, weight) for weight in GRID}
            write_json(run.ensemble, {"weight": max(values, key=values.__getitem__), self.selection.by: values})
        weight = float(read_json(run.ensemble)["weight"])
        self.reporter.say(f"Chose ensemble.weight={weight} on {self.selection.where} of the validation part")
        return weight

    def _phase(self, run: RunDirectory, name: str, sessions: Sessions, chosen: Trained | None = None) -> Trained:
        """Train on these sessions; as long as what was `chosen`, or until validation says enough."""
        training = configuration.fixed("training", self.config)
        objective = registry.build("objective", self.config["objective"])
        catalogue = replace(self.prepared.catalogue, counts=sessions.counts(len(self.prepared.catalogue)))
        run.checkpoint.mkdir(exist_ok=True)
        checkpoint = run.checkpoint / f"{name}.safetensors"
        if resume := checkpoint.is_file():
            self.reporter.say(f"Going on from {checkpoint}")
        else:
            self.reporter.say(f"Training {configuration.label(self.config)} ({name}) on {len(sessions):,} sessions")
        journal = Journal(run, name, checkpoint if resume else None, self.reporter.line)
        if "from" in self.config and chosen is None and len(self.prepared.valid) and not resume:
            value = self._value(self._network(run, catalogue).to(self.device))
            journal.add({"step": 0, "epoch": 0, "validation": value, "of_networks": [value]})
            self.reporter.say(f"Before training: {self.selection.by} {value:.4f}")
        hooks = Hooks(
            validate=self._value if chosen is None and len(self.prepared.valid) else None,
            log=lambda entry: self._tell(journal.add(entry), training.epochs),
            progress=self.reporter.progress,
            checkpoint=checkpoint,
            stop_after=chosen and chosen.epoch,
            plateau_after=chosen and chosen.plateau,
        )
        material = Material(sessions, self.prepared.rewards, catalogue)
        seed = self.config["seed"]
        return train(lambda: self._network(run, catalogue), objective, training, material, seed, hooks, resume)

    def _value(self, network: Network, baseline: Baseline | None = None, weight: float = 0.0) -> float:
        """The selecting metric on the validation part."""
        catalogue = self.prepared.catalogue
        alone = network_scorer(network, self.config, catalogue.counts, catalogue.recommendable)
        scorer = alone if baseline is None else EnsembleScorer(alone, baseline, weight)
        rankings = self._rank(scorer, self.prepared.valid, self.selection.listed)
        return self.selection.value(rankings, self.prepared.catalogue)

    def _tell(self, news: News | None, epochs: int) -> None:
        if news is not None:
            loss = "" if news.loss is None else f"  loss {news.loss:.4f}"
            best = "  (best so far)" if news.best else ""
            self.reporter.say(f"epoch {news.epoch}/{epochs}{loss}  {self.selection.by} {news.value:.4f}{best}")
