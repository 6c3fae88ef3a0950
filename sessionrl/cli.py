"""The command line. Every verb imports what it needs when it runs, so that ``--help`` answers at once."""

import sys
from pathlib import Path
from typing import Any

from cyclopts import App

from sessionrl import __version__, terminal
from sessionrl.errors import BadDirectory, BadOption, SessionRLError

app = App(
    name="sessionrl",
    version=__version__,
    help="Session-based recommendation with reinforcement learning: prepare a log, train, measure, compare, recommend.",
)


def main() -> None:
    """Run the command line; a mistake of the user is a message and exit code 2, never a traceback."""
    try:
        app()
    except SessionRLError as error:
        print(f"sessionrl: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("sessionrl: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # `sessionrl list | head` closes early, which is no mistake
        sys.stderr.close()


@app.command
def prepare(
    reader: str,
    path: Path,
    *assignments: str,
    out: Path = Path("prepared"),
) -> None:
    """Turn a shop's log into a prepared data set.

    Args:
        reader: how the log is laid out: delimited, retailrocket or sequences (`sessionrl list readers`).
        path: a file or a folder, as the reader wants it.
        assignments: options of the reader and of the preparation, as reader.columns.item_id=sku or data.test_days=3.
        out: the folder in which the prepared data set gets a directory of its own.
    """
    import time

    from sessionrl import config, registry
    from sessionrl.data.card import card_lines
    from sessionrl.data.prepare import Preparation, prepare

    sections = config.override({"reader": {"name": reader, "path": str(path)}, "data": {}}, assignments)
    if unknown := set(sections) - {"reader", "data"}:
        raise BadOption(f"There is no section [{unknown.pop()}] in a preparation. Sections: reader, data.")
    source = registry.build("reader", sections["reader"])
    preparation = registry.construct(Preparation, sections["data"], "[data]")
    directory = out / f"{reader}-{_digest(source, preparation)}"
    if directory.is_dir():
        print(f"{directory} is prepared already from these files with these options.")
        return
    with terminal.status(f"Preparing {path}") as say:
        prepared = prepare(source, preparation, directory, now_ms=int(time.time() * 1000), progress=say)
    print("\n".join(card_lines(prepared.card)))
    print(f"\nPrepared: {directory}\nNext:     sessionrl train gru4rec --data {directory}")


@app.command
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
    from sessionrl.data.prepare import Prepared
    from sessionrl.experiment import Experiment, open_run

    if (preset is None) == (resume is None):
        raise BadOption("Give a preset to train (`sessionrl list presets`), or --resume RUN to go on with one.")
    if resume is not None:
        experiment, run = open_run(resume, data)
        with terminal.reporter() as experiment.reporter:
            experiment.run(run)
        terminal.print_metrics(run.path)
        return
    assert preset is not None
    loaded = config.override(config.load(preset), assignments)
    prepared = Prepared.load(data or loaded.get("prepared") or _only_prepared())
    for seed in _numbers(seeds) if seeds else [loaded.get("seed", 1)]:
        with terminal.reporter() as reporter:
            experiment = Experiment({**loaded, "seed": seed}, prepared, reporter)
            run = experiment.new_run(out)
            reporter.say(f"Run: {run.path}")
            try:
                experiment.run(run)
            except SessionRLError as error:
                error.add_note(f"run: {run.path}")
                if type(error).__name__ == "Interrupted":
                    raise SessionRLError(f"{error}\n  do now: sessionrl train --resume {run.path}") from None
                raise
        terminal.print_metrics(run.path)
        print(f"Run:  {run.path}\nNext: sessionrl report {run.path}")


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
    terminal.print_measurements(found.measurements)


@app.command
def compare(
    *runs: Path,
    baseline: str | None = None,
    metric: str = "ndcg@20",
    slice: str = "all",  # noqa: A002 -- the option is called --slice
    seed: int = 0,
) -> None:
    """Compare models, pairing their cases; runs that differ only in their seed count as one model.

    Args:
        runs: two or more runs on the same data.
        baseline: the label of the model that others are compared with; the first run's by default.
        metric: metric@k of the paired comparison.
        slice: all, first, repeat, new, a kind of event, KIND/new, KIND/repeat or "prefix>=2".
        seed: of the bootstrap.
    """
    from sessionrl.reporting.models import load_models
    from sessionrl.reporting.tables import comparison_table

    terminal.console().print(comparison_table(load_models(runs), baseline, metric, slice, seed))


@app.command
def report(*runs: Path, out: Path | None = None, title: str | None = None) -> None:
    """Write one self-contained HTML page about runs on the same data.

    Args:
        runs: one or more runs; those that differ only in their seed count as one model.
        out: the page; report.html in the run when there is one run, else ./report.html.
        title: of the page.
    """
    from sessionrl.reporting.report import write_report

    if not runs:
        raise BadOption("Give at least one run: sessionrl report RUN ...")
    page = out or (runs[0] / "report.html" if len(runs) == 1 else Path("report.html"))
    with terminal.status(f"Writing {page}"):
        write_report(list(runs), page, title)
    print(f"Report: {page}")


@app.command
def recommend(run: Path, *, items: str, k: int = 10, json: bool = False) -> None:
    """Recommend what comes after a session.

    Args:
        run: a trained run.
        items: item ids of the session, oldest first, as a,b,c; an empty text asks for the first item.
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
    session = [item.strip() for item in items.split(",") if item.strip()]
    found = recommender.recommend([session], k)[0]
    if json:
        print(dumps({"items": found.items, "scores": found.scores, "unknown": found.unknown}))
        return
    if found.unknown:
        print(f"Not in the training part, left out: {', '.join(map(str, found.unknown))}", file=sys.stderr)
    if session and len(found.unknown) == len(session):
        print("Nothing of the session is known: these are the most popular items.", file=sys.stderr)
    from sessionrl.reporting.tables import recommendation_table

    terminal.console().print(recommendation_table(found, recommender.catalogue))


@app.command(name="list")
def list_(kind: str | None = None) -> None:
    """List what can be named: presets, readers, backbones, objectives, baselines, policies, metrics, slices.

    Args:
        kind: one of those; all when left out.
    """
    from sessionrl.listing import listing

    print(listing(kind))


@app.command
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

    with terminal.reporter() as reporter:
        page = run_demo(out, seed, reporter)
    print(f"\nReport: {page}\nOpen it in a browser; it needs no network.")


def _digest(source: Any, preparation: Any) -> str:
    """Six hexadecimal digits that change with the options and with the files that are read."""
    from hashlib import sha256

    files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in source.files if file.is_file()]
    return sha256(repr((source, preparation, files)).encode()).hexdigest()[:6]


def _only_prepared() -> Path:
    found = sorted(card.parent for card in Path("prepared").glob("*/card.json"))
    if len(found) == 1:
        return found[0]
    listed = "\n".join(f"    --data {path}" for path in found)
    raise BadDirectory(
        f"There are {len(found)} prepared data sets here; say which one:\n{listed}"
        if found
        else "There is no prepared data set in ./prepared.\n  do now: sessionrl prepare READER PATH, or give --data"
    )


def _numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise BadOption(f"--seeds {text!r}: write whole numbers with commas between, as 1,2,3.") from None


if __name__ == "__main__":
    main()
