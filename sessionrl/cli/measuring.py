"""The verbs that measure finished runs and show what came of them."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from sessionrl import terminal
from sessionrl.errors import BadOption


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
