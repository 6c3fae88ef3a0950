"""Random search on the validation part: equally many settings for every model, each kept as a line of JSON."""

import json
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from studies import NEAR_RATES, RATES, SPACES, TUNED_AS, Study
from variants import Setting, Space

from sessionrl import config, registry
from sessionrl.config import Config
from sessionrl.data.prepared import Prepared
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment
from sessionrl.runs import read_json

SEED = 1  # of the draws and of every training
ATTEMPTS = 50  # draws per trial before a space counts as exhausted


@dataclass(frozen=True)
class Trial:
    """A setting of a model and what it is worth.

    number:      from 1, which is the preset as it is
    preset:      a hash of what the settings are drawn around, so that a trial of an older preset does not count
    overrides:   of the preset, as section.key=value: the study's options and the setting
    fingerprint: of the prepared data
    train_sessions, valid_sessions: learned from and measured on
    value:       of the metric `by` on the slice `where` of the validation part, at the best epoch
    epochs:      that were trained; 0 for a baseline
    """

    model: str
    number: int
    preset: str
    overrides: list[str]
    fingerprint: str
    train_sessions: int
    valid_sessions: int
    by: str
    where: str
    value: float
    epochs: int
    best_epoch: int
    cpu_seconds: float
    wall_seconds: float
    commit: str


class Search:
    """The trials of a study, in `trials.jsonl`; those that are there are not made again.

    Args:
        study: which
        prepared: its log
        folder: where the trials are kept
        options: of every configuration, as section.key=value
    """

    def __init__(self, study: Study, prepared: Prepared, folder: Path, options: Sequence[str]):
        self.study, self.prepared, self.options = study, prepared, tuple(options)
        self.folder, self.file = folder, folder / "trials.jsonl"
        self._settings: dict[str, list[Setting]] = {}  # drawing them takes longer than the tables, which ask often
        train, valid = prepared.train, prepared.valid
        if study.tune_train is not None:
            train = train.slice(max(0, len(train) - study.tune_train), len(train))
        if study.tune_valid is not None and study.tune_valid < len(valid):
            valid = valid.select(np.linspace(0, len(valid) - 1, study.tune_valid).astype(np.int64))
        # The part that is measured at the end of a run is the validation part here: no trial sees the test.
        self.small = replace(prepared, parts={"train": train, "valid": valid, "test": valid})

    def base(self, model: str) -> Config | None:
        """What the settings of a model are drawn around: its preset, or what a variant makes of one with the best
        setting of the model it begins with; None while that is not known, and of what cannot be had.
        """
        variant = self.study.variants.get(model)
        if variant is None:
            return config.load(model)
        begin = {} if variant.begins_with is None else self.best(variant.begins_with)
        if begin is None or self.lacks(model):
            return None
        changed = config.override(config.load(variant.preset), [*variant.assignments, *assignments(begin)])
        return {**changed, "preset": model}

    def lacks(self, model: str) -> str | None:
        """Why a model cannot be had, in words; None if it can."""
        variant = self.study.variants.get(model)
        if variant is None:
            return None
        section = config.override(config.load(variant.preset), variant.assignments)["objective"]
        for name in (section["name"], section.get("of", section)["name"]):
            if name not in registry.names("objective"):
                return f"this version has no objective {name!r}"
        return None

    def budget(self, model: str) -> int:
        """Settings that are tried, of what is not shared."""
        variant = self.study.variants.get(model)
        if variant is None:
            return self.study.trials
        return self.study.shared if variant.begins_with is None else self.study.trials - self.study.shared

    def settings(self, model: str) -> list[Setting]:
        """The base as it is, and what is drawn; fewer than the budget where the space has no more, none while the base
        is not known.
        """
        base = self.base(model)
        if base is None:
            return []
        drawn_from = f"{model} {hash_of(base)}"
        if drawn_from not in self._settings:
            self._settings[drawn_from] = self._drawn_around(base, model)
        return self._settings[drawn_from]

    def _drawn_around(self, base: Config, model: str) -> list[Setting]:
        complete = config.complete(base)
        others = {
            option: [value for value in values if value != _value(complete, option)]
            for option, values in self._space(model).items()
        }
        if "training" in complete and others:
            rate, variant = complete["training"]["learning_rate"], self.study.variants.get(model)
            factors = RATES if variant is None or variant.begins_with is None else NEAR_RATES
            others["training.learning_rate"] = [float(f"{rate * factor:.2g}") for factor in factors]
        budget = self.budget(model)
        found: list[Setting] = [{}]
        for attempt in range(ATTEMPTS * budget if others else 0):
            if len(found) >= budget:
                break
            setting = _drawn(others, attempt)
            if setting not in found:
                found.append(setting)
        return found

    def run(self, model: str) -> None:
        """Make the trials of a model that are missing, or say why it cannot be done yet."""
        model = TUNED_AS.get(model, model)
        settings = self.settings(model)
        if not settings:
            begins_with = self.study.variants[model].begins_with
            print(f"{model}: skipped, not all trials of {begins_with} are made", file=sys.stderr, flush=True)
        if len(settings) <= 1:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        made = {trial.number for trial in self.of(model)}
        left = [number for number in range(1, len(settings) + 1) if number not in made]
        for done, number in enumerate(left, 1):
            trial = self._try(model, number, settings[number - 1])
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(trial)) + "\n")
            minutes = trial.wall_seconds * (len(left) - done) / 60
            print(
                f"{model} trial {number}/{len(settings)}: {trial.by} {trial.value:.4f} on {trial.where}, epoch "
                f"{trial.best_epoch} of {trial.epochs}, {trial.cpu_seconds:.0f} CPU s; about {minutes:.0f} min for the "
                f"other {len(left) - done}  {shown(settings[number - 1])}",
                file=sys.stderr,
                flush=True,
            )

    def of(self, model: str) -> list[Trial]:
        """The trials there are, of this data with these options, by number."""
        settings = self.settings(model)
        found: dict[int, Trial] = {}
        for line in self.file.read_text(encoding="utf-8").splitlines() if self.file.is_file() else []:
            trial = Trial(**json.loads(line))
            if trial.model != model or trial.number > len(settings):
                continue
            if asdict(trial).items() >= self._key(model, trial.number, settings[trial.number - 1]).items():
                found[trial.number] = trial
        return [found[number] for number in sorted(found)]

    def best(self, model: str) -> Setting | None:
        """The setting of the best trial, the first of equal ones; None while some are missing."""
        model = TUNED_AS.get(model, model)
        settings = self.settings(model)
        if len(settings) <= 1:
            return {} if settings else None
        trials = self.of(model)
        if len(trials) < len(settings):
            return None
        return settings[max(trials, key=lambda trial: trial.value).number - 1]

    def configured(self, model: str, setting: Setting, further: Sequence[str] = ()) -> Config:
        """The base with the options of the study and a setting.

        Raises:
            ValueError: the base is not known yet.
        """
        base = self.base(model)
        if base is None:
            raise ValueError(f"not all trials of what {model} begins with are made")
        return config.override(base, [*_fitting(base, [*self.options, *further]), *assignments(setting)])

    def is_baseline(self, model: str) -> bool:
        """Whether it is fitted, not trained."""
        return model not in self.study.variants and "baseline" in config.load(model)

    def missing(self, models: Sequence[str]) -> int:
        """Trials still to be made, of models that can be had."""
        searched = dict.fromkeys(TUNED_AS.get(model, model) for model in models if self.lacks(model) is None)
        return sum(self.budget(model) - len(self.of(model)) for model in searched if self._space(model))

    def seconds(self) -> float | None:
        """Wall seconds of a network's trial in this study, on average; None before the first."""
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.is_file() else []
        made = [trial.wall_seconds for trial in (Trial(**json.loads(line)) for line in lines) if trial.epochs]
        return sum(made) / len(made) if made else None

    def _space(self, model: str) -> Space:
        variant = self.study.variants.get(model)
        return SPACES.get(model, {}) if variant is None else variant.space

    def _key(self, model: str, number: int, setting: Setting) -> dict[str, Any]:
        """What makes a trial this one."""
        base = self.base(model)
        assert base is not None
        return {
            "model": model,
            "number": number,
            "preset": hash_of(base),
            "overrides": [*_fitting(base, self.options), *assignments(setting)],
            "fingerprint": self.prepared.fingerprint,
            "train_sessions": len(self.small.train),
            "valid_sessions": len(self.small.valid),
        }

    def _try(self, model: str, number: int, setting: Setting) -> Trial:
        cheap = ["evaluation.metrics=[]", "evaluation.replicates=100"]
        configuration = {**self.configured(model, setting, cheap), "seed": SEED, "refit": False}
        begun, begun_cpu = time.perf_counter(), time.process_time()
        with tempfile.TemporaryDirectory(dir=self.prepared.path.parent, prefix=".trial-") as scratch:
            experiment = Experiment(configuration, self.small)
            run = experiment.new_run(Path(scratch))
            experiment.run(run)
            value = experiment.selection.value(Rankings.load(run.rankings), self.prepared.catalogue)
            validations = [entry for entry in run.read_log() if "validation" in entry]
            commit = read_json(run.environment)["commit"]
        best = max(validations, key=lambda entry: float(entry["validation"]), default={"epoch": 0})
        return Trial(
            **self._key(model, number, setting),
            by=experiment.selection.by,
            where=experiment.selection.where,
            value=value,
            epochs=max((entry["epoch"] for entry in validations), default=0),
            best_epoch=best["epoch"],
            cpu_seconds=round(time.process_time() - begun_cpu, 1),
            wall_seconds=round(time.perf_counter() - begun, 1),
            commit=commit,
        )


def assignments(setting: Setting) -> list[str]:
    """As section.key=value; JSON's numbers, lists and texts are TOML as well."""
    return [f"{option}={'none' if value is None else json.dumps(value)}" for option, value in setting.items()]


def shown(setting: Setting) -> str:
    """For a line of a table."""
    return ", ".join(assignments(setting)) or "the preset"


def hash_of(base: Config) -> str:
    return f"{zlib.crc32(json.dumps(base, sort_keys=True).encode()):08x}"


def _fitting(base: Config, options: Sequence[str]) -> list[str]:
    """Those that this kind of model has."""
    return [one for one in options if not ("baseline" in base and one.split(".")[0] in config.NETWORK)]


def _value(complete: Config, option: str) -> Any:
    """Of an option in a complete configuration, as a space has it."""
    value: Any = complete
    for key in option.split("."):
        value = value[key]
    return None if value == registry.NONE else tuple(value) if isinstance(value, list) else value


def _drawn(others: Mapping[str, Sequence[Any]], attempt: int) -> Setting:
    """Every option keeps the preset's value with a chance of one half, else it gets one of the others: presets are
    tuned somewhere, and a few draws find more near them. An option is drawn like a card, so that no value comes twice
    before all have come; and by its name, so that models which share one mostly try the same.
    """
    setting = {}
    for option, values in others.items():
        turn, place = divmod(attempt, 2 * len(values))
        called = option.replace(".of.", ".")  # what is wrapped is drawn like what it is alone
        cards = np.random.default_rng([SEED, turn, zlib.crc32(called.encode())]).permutation(2 * len(values))
        if cards[place] < len(values):
            setting[option] = values[cards[place]]
    return setting
