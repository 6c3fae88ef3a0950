"""The verbs that measure finished runs and show what came of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from sessionrl import terminal
from sessionrl.errors import BadOption

if TYPE_CHECKING:
    from sessionrl.reporting.picture import Asked

Names = Annotated[tuple[str, ...], Parameter(negative="")]


def evaluate(run: Path, *, part: str = "test", data: Path | None = None) -> None:
    """Rank and measure a trained run again.

    Args:
        run: a directory that `sessionrl train` printed.
        part: test (written into the run) or valid (printed only).
        data: the prepared directory, if it was moved.
    """
    from sessionrl.finding_runs import open_run

    if part not in ("test", "valid"):
        raise BadOption(f"--part {part!r}: the parts that can be measured are 'test' and 'valid'.")
    experiment, directory = open_run(run, data)
    with terminal.reporter() as experiment.reporter:
        found = experiment.measure(directory, part)
    terminal.print_measurements(found)
    if part == "test":
        print(f"Written: {directory.metrics}")


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
        slice: all, first, repeat, new, a kind of event, KIND/new, KIND/repeat, "prefix>=2", or by events of
            the item in training: events=0, events=1-5, events=6-20, "events>20", each also with /new.
        seed: of the bootstrap.
    """
    if not runs:
        raise BadOption("Give two runs or more: sessionrl compare RUN RUN ...")
    from sessionrl.reporting.models import load_models
    from sessionrl.reporting.tables import comparison_table

    terminal.console().print(comparison_table(load_models(runs), baseline, metric, slice, seed))


def report(
    *words: str,
    out: Path | None = None,
    title: str | None = None,
    only: Names = (),
    data: Path | None = None,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    notebook: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write one self-contained HTML page about runs on the same data, or the same as Markdown or as a notebook.

    Args:
        words: one or more runs (those that differ only in their seed count as one model), and options of pictures,
            as closest.k=8 (`sessionrl list pictures`).
        out: the page; report.html in the run when there is one run, else ./report.html (.md, .ipynb).
        title: of the page.
        only: a picture; may be given several times, or several with commas between; all of them if not given, none
            with --only none.
        data: the prepared directory, if it was moved.
        markdown: Markdown, with a folder of its figures, instead of the page.
        notebook: a notebook whose cells make every table and picture anew, instead of the page.
    """
    from sessionrl.runs import RunDirectory

    runs, asked = _runs_and_pictures("report", words, only, data)
    write, ending = _report_writer(markdown, notebook)
    page = out or (RunDirectory(runs[0]).report if len(runs) == 1 else Path("report.html")).with_suffix(ending)
    with terminal.status(f"Writing {page}") as say:
        write(runs, page, title, asked, say)
    print(f"Report: {page}")


def _report_writer(markdown: bool, notebook: bool) -> tuple[Callable[..., Path], str]:
    """What writes a report, and how the name of its file ends."""
    if markdown and notebook:
        raise BadOption("Give --markdown or --notebook, one at a time.")
    if markdown:
        from sessionrl.reporting.markdown import write_markdown

        return write_markdown, ".md"
    if notebook:
        from sessionrl.reporting.notebook import write_notebook

        return write_notebook, ".ipynb"
    from sessionrl.reporting.report import write_report

    return write_report, ".html"


def export(*runs: Path, to: Annotated[tuple[str, ...], Parameter(negative="")]) -> None:
    """Tell a tracker of runs that exist: their log, their complete configuration, their measurements.

    Args:
        runs: finished or not.
        to: tensorboard=DIR or mlflow=sqlite:///FILE; may be given several times.
    """
    from sessionrl.runs import RunDirectory
    from sessionrl.tracking.addresses import addresses
    from sessionrl.tracking.addresses import export as export_run

    places = addresses(to, "--to")
    if not runs:
        raise BadOption("Give at least one run: sessionrl export RUN ... --to tensorboard=DIR")
    directories = [RunDirectory(path) for path in runs]
    for run in directories:
        run.check(finished=False)
    for place in places:
        for run in directories:
            export_run(run, place)
        print(f"{len(runs)} run{'s' if len(runs) > 1 else ''} told to {place}")


def pictures(*words: str, out: Path | None = None, only: Names = (), data: Path | None = None) -> None:
    """Draw pictures of runs on the same data: files to use elsewhere, and a page that shows them.

    Args:
        words: one or more runs, and options of pictures, as closest.k=8 (`sessionrl list pictures`).
        out: a folder; figures in the run when there is one run, else ./figures.
        only: a picture; may be given several times, or several with commas between; all of them if not given.
        data: the prepared directory, if it was moved.
    """
    from sessionrl.reporting.figure_files import write_pictures
    from sessionrl.runs import RunDirectory

    runs, asked = _runs_and_pictures("pictures", words, only, data)
    folder = out or (RunDirectory(runs[0]).figures if len(runs) == 1 else Path("figures"))
    with terminal.status(f"Drawing into {folder}") as say:
        files, drawn = write_pictures(runs, folder, asked, say)
    for name, why in drawn.missing.items():
        print(f"Not drawn: {name}. {why}")
    print(f"{len(files) - 1} files in {folder}\nPage:  {files[0]}")


def _runs_and_pictures(
    verb: str, words: Sequence[str], only: Sequence[str], data: Path | None
) -> "tuple[list[Path], Asked]":
    """A word with an equals sign in it is an option of a picture, unless there is a run of that name."""
    from sessionrl import config
    from sessionrl.reporting.picture import Asked

    assignments = [word for word in words if "=" in word and not Path(word).exists()]
    runs = [Path(word) for word in words if word not in assignments]
    if not runs:
        raise BadOption(f"Give at least one run: sessionrl {verb} RUN ...")
    names = tuple(name.strip() for names in only for name in names.split(",") if name.strip())
    which = () if names == ("none",) else names or None
    return runs, Asked(which, config.override({}, assignments), data)
