"""The command line. Every verb imports what it needs when it runs, so that ``--help`` answers at once."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter, validators

from sessionrl import __version__, arguments, terminal
from sessionrl.errors import BadOption, SessionRLError

if TYPE_CHECKING:
    from sessionrl.experiment import Experiment
    from sessionrl.runs import RunDirectory

app = App(
    name="sessionrl",
    version=__version__,
    suppress_keyboard_interrupt=False,
    help="Session-based recommendation with reinforcement learning: prepare a log, train, measure, compare, recommend.",
)


def main() -> None:
    """Run the command line; a mistake of the user is a message and exit code 2, never a traceback."""
    try:
        try:
            app(sys.argv[1:], exit_on_error=False, print_error=False)
        finally:
            sys.stdout.flush()
    except SessionRLError as error:
        _stop(str(error), 2)
    except CycloptsError as error:
        _stop(f"{error}\n  do now: {' '.join(['sessionrl', *(error.command_chain or ()), '--help'])}", 2)
    except KeyboardInterrupt as error:
        _stop(str(error) or "interrupted", 130)
    except BrokenPipeError:  # `sessionrl list | head` closes early, which is no mistake
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        where = f"{error.filename}: {error.strerror}"
        _stop(f"{where}.\n  do now: check that this path is right, may be written, and that its disk has room", 2)


def _stop(message: str, code: int) -> None:
    print(f"sessionrl: {message}", file=sys.stderr)
    sys.exit(code)


@app.command(usage="Usage: sessionrl prepare READER PATH [SECTION.KEY=VALUE ...] [--out PATH]")
def prepare(reader: str, path: Path, *assignments: str, out: Path = Path("prepared")) -> None:
    """Turn a shop's log into a prepared data set.

    Args:
        reader: how the log is laid out, as delimited; `sessionrl list readers` has them all.
        path: a file or a folder, as the reader wants it.
        assignments: options, as reader.columns.item_id=sku or data.test_days=3; `sessionrl list readers` has them all.
        out: the folder in which the prepared data set gets a directory of its own.
    """
    import time

    from sessionrl import config, registry
    from sessionrl.data.card import card_lines
    from sessionrl.data.prepare import Preparation, prepare

    # The table of rewards is there before, so that data.reward.view=0.1 changes one reward and keeps the others.
    known = {"reader": {"name": reader, "path": str(path)}, "data": {"reward": Preparation().reward}}
    sections = config.override(known, assignments)
    if unknown := set(sections) - {"reader", "data"}:
        raise BadOption(f"There is no section {unknown.pop()!r} here, only reader and data, as in data.test_days=3.")
    source = registry.build("reader", sections["reader"])
    preparation = registry.construct(Preparation, sections["data"], "[data]")
    directory = out / f"{reader}-{arguments.digest(source, preparation)}"
    if directory.is_dir():
        print("Prepared already, from these files with these options.")
    else:
        with terminal.status(f"Preparing {path}") as say:
            prepared = prepare(source, preparation, directory, now_ms=int(time.time() * 1000), progress=say)
        print("\n".join(card_lines(prepared.card)), end="\n\n")
    print(f"Prepared: {directory}\nNext:     {arguments.command('train', 'gru4rec', '--data', directory)}")


@app.command(usage="Usage: sessionrl train (PRESET | FILE) [SECTION.KEY=VALUE ...] [OPTIONS]")
def train(
    preset: str | None = None,
    *assignments: str,
    data: Path | None = None,
    seeds: str | None = None,
    resume: Path | None = None,
    out: Path = Path("runs"),
) -> None:
    """Train a model and measure it on the test part.

    Args:
        preset: a preset (`sessionrl list presets`) or a TOML file such as the config.toml of a run.
        assignments: options to change, as training.epochs=5.
        data: a prepared directory; may be left out when there is only one in ./prepared.
        seeds: several runs, one per seed, as 1,2,3.
        resume: go on with this interrupted run, instead of a preset.
        out: the folder in which every run gets a directory of its own.
    """
    from sessionrl import config
    from sessionrl.experiment import Experiment, open_run

    if (preset is None) == (resume is None):
        raise BadOption("Give either a preset (`sessionrl list presets`), or --resume RUN to go on as it was begun.")
    begun: Iterable[tuple[Experiment, RunDirectory]]
    if resume is not None:
        begun = [open_run(resume, data)]
    else:
        loaded = config.override(config.load(str(preset)), assignments)
        prepared = arguments.prepared_data(data, loaded.get("prepared"))
        numbers = [loaded.get("seed", 1)] if seeds is None else arguments.seed_numbers(seeds)
        experiments = [Experiment({**loaded, "seed": seed}, prepared) for seed in numbers]
        begun = ((experiment, experiment.new_run(out)) for experiment in experiments)
    paths = [_finish(experiment, run) for experiment, run in begun]
    print("\n".join(f"Run:  {path}" for path in paths))
    print(f"Next: {arguments.command('report', *paths)}")


@app.command
def evaluate(run: Path, *, part: str = "test", data: Path | None = None) -> None:
    """Rank and measure a trained run again.

    Args:
        run: a directory that `sessionrl train` printed.
        part: test (written into the run) or valid (printed only).
        data: the prepared directory, if it was moved.
    """
    from sessionrl.experiment import open_run

    if part not in ("test", "valid"):
        raise BadOption(f"--part {part!r}: the parts that can be measured are 'test' and 'valid'.")
    experiment, directory = open_run(run, data)
    with terminal.reporter() as experiment.reporter:
        found = experiment.measure(directory, part)
    terminal.print_measurements(found)
    if part == "test":
        print(f"Written: {directory.metrics}")


@app.command(usage="Usage: sessionrl compare RUN RUN ... [OPTIONS]")
def compare(
    *runs: Path,
    baseline: str | None = None,
    metric: str = "ndcg@20",
    slice: str = "all",  # noqa: A002 -- the option is called --slice
    seed: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 0,
) -> None:
    """Compare models, pairing their cases; runs that differ only in their seed count as one model.

    Args:
        runs: two or more runs on the same data.
        baseline: the label of the model that others are compared with; the first run's by default.
        metric: metric@k of the paired comparison.
        slice: all, first, repeat, new, a kind of event, KIND/new, KIND/repeat or "prefix>=2".
        seed: of the bootstrap.
    """
    if not runs:
        raise BadOption("Give two runs or more: sessionrl compare RUN RUN ...")
    from sessionrl.reporting.models import load_models
    from sessionrl.reporting.tables import comparison_table

    terminal.console().print(comparison_table(load_models(runs), baseline, metric, slice, seed))


@app.command(usage="Usage: sessionrl report RUN ... [OPTIONS]")
def report(*runs: Path, out: Path | None = None, title: str | None = None) -> None:
    """Write one self-contained HTML page about runs on the same data.

    Args:
        runs: one or more runs; those that differ only in their seed count as one model.
        out: the page; report.html in the run when there is one run, else ./report.html.
        title: of the page.
    """
    from sessionrl.reporting.report import write_report
    from sessionrl.runs import RunDirectory

    if not runs:
        raise BadOption("Give at least one run: sessionrl report RUN ...")
    page = out or (RunDirectory(runs[0]).report if len(runs) == 1 else Path("report.html"))
    with terminal.status(f"Writing {page}"):
        write_report(list(runs), page, title)
    print(f"Report: {page}")


@app.command
def recommend(
    run: Path,
    *,
    items: str,
    k: Annotated[int, Parameter(name=["--k", "-k"])] = 10,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Recommend what comes after a session.

    Args:
        run: a trained run.
        items: item ids of the session, oldest first, as a,b,c, or as a JSON list where ids have commas in them; an
            empty text asks for the first item.
        k: how many.
        json: print JSON instead of a table.
    """
    from json import dumps

    from sessionrl.recommender import Recommender

    recommender = Recommender.load(run)
    if not 1 <= k < len(recommender.vocabulary):
        raise BadOption(
            f"-k {k}: this run knows {len(recommender.vocabulary) - 1} items, so k lies between 1 and that."
        )
    session = arguments.item_ids(items)
    found = recommender.recommend([session], k)[0]
    if json:
        print(dumps({"items": found.items, "scores": found.scores, "unknown": found.unknown}))
        return
    terminal.print_recommendations(found, recommender.catalogue, known=len(session) > len(found.unknown))


@app.command(name="list")
def list_(kind: str | None = None) -> None:
    """List what can be named: presets, readers, backbones, objectives, baselines, policies, metrics, slices.

    Args:
        kind: one of those; all when left out.
    """
    from sessionrl.listing import listing

    print(listing(kind))


@app.command(usage="Usage: sessionrl show (PRESET | FILE) [SECTION.KEY=VALUE ...]")
def show(preset: str, *assignments: str) -> None:
    """Print a configuration with every option written out, and where the code of each section is.

    Args:
        preset: a preset or a TOML file.
        assignments: options to change, as training.epochs=5.
    """
    from sessionrl import config
    from sessionrl.listing import annotated

    print(annotated(config.complete(config.override(config.load(preset), assignments))))


@app.command
def doctor() -> None:
    """Print versions, devices and what is missing, for a report of a problem."""
    from sessionrl.listing import diagnosis

    print(diagnosis())


@app.command
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


def _finish(experiment: "Experiment", run: "RunDirectory") -> Path:
    """Train and measure what is not yet, print the measurements, and return where they are."""
    from sessionrl.training.hooks import Interrupted

    print(f"Run: {run.path}", file=sys.stderr)
    resume = arguments.command("train", "--resume", run.path)
    try:
        with terminal.reporter() as experiment.reporter:
            experiment.run(run)
    except Interrupted as error:
        raise KeyboardInterrupt(f"{error}\n  do now: {resume}") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"Interrupted.\n  do now: {resume}") from None
    except SessionRLError as error:
        raise SessionRLError(f"{error}\n  run:    {run.path}") from error
    terminal.print_metrics(run.path)
    return run.path


if __name__ == "__main__":
    main()
