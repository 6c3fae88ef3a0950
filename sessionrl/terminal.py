"""What the command line prints: tables, sentences, and a progress bar with the time left."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from sessionrl.evaluation.measure import Measurement
    from sessionrl.experiment import Reporter


def console() -> "Console":
    """Standard output; lines are not broken when it is not a terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 200)


def print_metrics(run: Path) -> None:
    """The measurements of a finished run."""
    from sessionrl.evaluation.metrics_file import MetricsFile
    from sessionrl.runs import RunDirectory

    print_measurements(MetricsFile.load(RunDirectory(run).metrics).measurements)


def print_measurements(measurements: "Sequence[Measurement]") -> None:
    """A table of measurements."""
    from sessionrl.reporting.tables import measurement_table

    console().print(measurement_table(measurements))


@contextmanager
def status(what: str) -> "Iterator[Callable[[str], None]]":
    """A line on standard error that says what is being done; the caller may add to it."""
    from rich.console import Console

    errors = Console(stderr=True)
    with errors.status(what) as line:
        yield lambda sentence: line.update(f"{what}: {sentence}")


@contextmanager
def reporter() -> "Iterator[Reporter]":
    """Sentences and a progress bar with the time left, on standard error."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from sessionrl.experiment import Reporter

    columns = (TextColumn("epoch {task.fields[epoch]}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"))
    tail = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[loss]}"))
    with Progress(*columns, *tail, console=Console(stderr=True), transient=True) as bar:
        tasks: list[Any] = []

        def advance(at: Any) -> None:
            if tasks and (bar.tasks[-1].total != at.steps or at.step <= bar.tasks[-1].completed):
                bar.remove_task(tasks.pop())
            if not tasks:
                tasks.append(bar.add_task("train", total=at.steps, epoch=1, loss=""))
            loss = f"loss {at.loss:.4f}" if at.loss == at.loss else ""
            bar.update(tasks[0], completed=at.step, epoch=at.epoch + 1, loss=loss)

        yield Reporter(say=lambda sentence: bar.console.print(sentence, highlight=False), progress=advance)
