"""Runs that exist already: opened again on their data, finished, or used instead of new ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sessionrl import config as configuration
from sessionrl.continuing import Origin
from sessionrl.data.item_features import ItemFeatures
from sessionrl.data.prepare import Prepared
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.errors import BadDirectory, BadOption, SessionRLError
from sessionrl.experiment import Experiment, Reporter
from sessionrl.recommender import load_catalogue
from sessionrl.runs import RunDirectory, name_of_label, read_json


def experiment_on(config: Mapping[str, Any], prepared: Prepared, reporter: Reporter | None = None) -> Experiment:
    """A new experiment; if it goes on from an older run (`from`), on data with the items of that run as well."""
    if "extends" in config:
        raise BadOption(
            f"{config['extends']} was extended with new items, which is no training that could be repeated.\n"
            f"  do now: train {config['extends']} again, or extend it with `sessionrl extend`"
        )
    if "from" not in config:
        return Experiment(config, prepared, reporter)
    origin = Origin.load(config["from"])
    grown = origin.grown(prepared)
    return Experiment(config, grown, reporter, origin.item_features(grown, configuration.features(config)))


def run_once(
    config: Mapping[str, Any], prepared: Prepared, parent: Path, reporter: Reporter | None = None
) -> RunDirectory:
    """A finished run of this configuration on this data in `parent`: an old one, an unfinished one that is finished
    now, or a new one. Studies of many runs are resumed by calling this again.
    """
    experiment = experiment_on(config, prepared, reporter)
    for path in sorted(parent.glob(f"{name_of_label(configuration.label(experiment.config))}-*")):
        run = RunDirectory(path)
        if not (run.config.is_file() and run.data.is_file()):
            continue
        if _is_of(run, experiment.config) and _is_on(run, experiment):
            experiment.reporter.say(f"Using {path}")
            break
    else:
        run = experiment.new_run(parent)
    experiment.run(run)
    return run


def _is_of(run: RunDirectory, config: Mapping[str, Any]) -> bool:
    try:
        old = configuration.complete(configuration.load(str(run.config)))
    except SessionRLError:
        return False  # of a version with other options
    # The old one's sections too: a network in an ensemble has all that the network alone has.
    return all(old.get(key) == config.get(key) for key in {*config, *configuration.sections(old), "from", "extends"})


def _is_on(run: RunDirectory, experiment: Experiment) -> bool:
    prepared = experiment.prepared
    if read_json(run.data)["fingerprint"] != prepared.fingerprint:
        return False
    # What the table of items tells is no part of the fingerprint: only a network with features reads it.
    reads = configuration.features(experiment.config)
    return not reads or load_catalogue(run).items.equals(prepared.catalogue.items)


def open_run(path: Path | str, data: Path | str | None = None) -> tuple[Experiment, RunDirectory]:
    """An existing run and its experiment, on the data it was trained on.

    Raises:
        BadDirectory: not a run, the prepared data is gone, or it is not what the run was trained on.
    """
    run = RunDirectory(path)
    run.check(finished=False)
    config = configuration.load(str(run.config))
    about = read_json(run.data)
    if not isinstance(about, dict) or not {"prepared", "fingerprint"} <= set(about):
        raise BadDirectory(f"{run.data} does not say what {run.path} was trained on.\n  do now: train it again")
    named = Path(data or about["prepared"])
    if data is None and not named.is_dir():
        raise BadDirectory(
            f"{run.path} was trained on {named}, which is not there (seen from {Path.cwd()}).\n"
            "  do now: say where this prepared data set is now with --data DIRECTORY"
        )
    prepared = Prepared.load(named)
    if prepared.fingerprint != about["fingerprint"]:
        raise BadDirectory(
            f"{run.path} was trained on data with fingerprint {about['fingerprint']}, "
            f"but {prepared.path} has {prepared.fingerprint}.\n"
            f"  do now: give the data it was trained on with --data, or train again on {prepared.path}"
        )
    if "from" in about or "extends" in about:
        prepared = prepared.grown(Vocabulary.load(run.vocabulary), load_catalogue(run))
    return Experiment(config, prepared, item_features=ItemFeatures.load(run.item_features)), run
