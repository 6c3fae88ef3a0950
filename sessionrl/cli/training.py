"""The verbs that train: one model, or those of the demonstration."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sessionrl import arguments, terminal
from sessionrl.errors import BadOption, SessionRLError

if TYPE_CHECKING:
    from sessionrl.experiment import Experiment
    from sessionrl.runs import RunDirectory
    from sessionrl.tracking.addresses import Address


def train(
    preset: str | None = None,
    *assignments: str,
    data: Path | None = None,
    seeds: str | None = None,
    resume: Path | None = None,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    track: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    out: Path = Path("runs"),
) -> None:
    """Train a model and measure it on the test part.

    Args:
        preset: a preset (`sessionrl list presets`) or a TOML file such as the config.toml of a run.
        assignments: options to change, as training.epochs=5.
        data: a prepared directory; may be left out when there is only one in ./prepared.
        seeds: several runs, one per seed, as 1,2,3.
        resume: go on with this interrupted run, instead of a preset.
        from_: go on with the model of this finished run on newer data, as it was configured, instead of a preset.
        track: tell a tracker of the training, as tensorboard=DIR or mlflow=sqlite:///FILE; may be given several times.
        out: the folder in which every run gets a directory of its own.
    """
    from sessionrl import config
    from sessionrl.continuing import continuing
    from sessionrl.finding_runs import experiment_on, open_run
    from sessionrl.tracking.addresses import addresses

    if from_ is not None and preset is not None and "=" in preset:
        assignments, preset = (preset, *assignments), None  # nothing but options follows
    if sum(one is not None for one in (preset, resume, from_)) != 1:
        raise BadOption(
            "Give either a preset (`sessionrl list presets`), or --resume RUN to go on as it was begun, or --from RUN "
            "to go on with its model on newer data."
        )
    trackers = addresses(track, "--track")
    begun: Iterable[tuple[Experiment, RunDirectory]]
    if resume is not None:
        begun = [open_run(resume, data)]
    else:
        loaded = continuing(from_, assignments) if from_ else config.override(config.load(str(preset)), assignments)
        prepared = arguments.prepared_data(data, loaded.get("prepared"))
        numbers = [loaded.get("seed", 1)] if seeds is None else arguments.seed_numbers(seeds)
        experiments = [experiment_on({**loaded, "seed": seed}, prepared) for seed in numbers]
        begun = ((experiment, experiment.new_run(out)) for experiment in experiments)
    paths = [_finish(experiment, run, trackers) for experiment, run in begun]
    print("\n".join(f"Run:  {path}" for path in paths))
    print(f"Next: {arguments.command('report', *paths)}")


def demo(*, out: Path = Path("demo"), seed: int = 1) -> None:
    """Simulate a shop, train five models on its log, and write the report that compares them.

    Args:
        out: a folder; what is in it from an earlier demo with the same options is used again.
        seed: of the shop and of the models.
    """
    from sessionrl.demo import run_demo
    from sessionrl.training.hooks import Interrupted

    try:
        with terminal.reporter() as reporter:
            page = run_demo(out, seed, reporter)
    except (Interrupted, KeyboardInterrupt):
        again = arguments.command("demo", "--out", out, "--seed", seed)
        raise KeyboardInterrupt(f"Interrupted.\n  do now: {again} goes on from here") from None
    print(f"\nReport: {page}\nOpen it in a browser; it needs no network.")


def _finish(experiment: "Experiment", run: "RunDirectory", trackers: "Sequence[Address]") -> Path:
    """Train and measure what is not yet, print the measurements, and return where they are."""
    from sessionrl.tracking.addresses import tracked
    from sessionrl.training.hooks import Interrupted

    print(f"Run: {run.path}", file=sys.stderr)
    resume = arguments.command("train", "--resume", run.path)
    try:
        with terminal.reporter() as reporter, tracked(run, trackers, reporter.say) as line:
            experiment.reporter = replace(reporter, line=line)
            experiment.run(run)
    except Interrupted as error:
        raise KeyboardInterrupt(f"{error}\n  do now: {resume}") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"Interrupted.\n  do now: {resume}") from None
    except SessionRLError as error:
        raise SessionRLError(f"{error}\n  run:    {run.path}") from error
    terminal.print_metrics(run.path)
    return run.path
