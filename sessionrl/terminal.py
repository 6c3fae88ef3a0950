"""What the command line prints: tables, sentences, and a progress bar with the time left."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from sessionrl.data.catalogue import Catalogue
    from sessionrl.data.recommendations import Recommendations
    from sessionrl.evaluation.metrics_file import MetricsFile
    from sessionrl.experiment import Reporter
    from sessionrl.training.hooks import Progress


WIDTH = 200  # columns of a table that goes to a file or a pipe
EVERY = 60.0  # seconds between two lines about progress in a log


def console(errors: bool = False) -> "Console":
    """Standard output, or standard error; an item id such as ``[b]`` is shown as it is."""
    from rich.console import Console

    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() else WIDTH
    return Console(stderr=errors, width=width, markup=False, emoji=False, highlight=False)


def print_metrics(run: Path) -> None:
    """The measurements of a finished run."""
    from sessionrl.evaluation.metrics_file import MetricsFile
    from sessionrl.runs import RunDirectory

    print_measurements(MetricsFile.load(RunDirectory(run).metrics))


def print_measurements(found: "MetricsFile") -> None:
    """A table of measurements, and what equal scores change."""
    from sessionrl.reporting.tables import measurement_table, tie_lines

    console().print(measurement_table(found.measurements))
    console().print(tie_lines(found.tie_gap))


def print_recommendations(found: "Recommendations", catalogue: "Catalogue", known: bool) -> None:
    """A table of items, after a word on the items of the session that are not known; `known`: whether any is."""
    from sessionrl.reporting.tables import recommendation_table

    if found.unknown:
        _say(f"Not in the training part, left out: {', '.join(map(str, found.unknown))}")
    if found.unknown and not known:
        _say("Nothing of the session is known: this is what is shown before the first event.")
    console().print(recommendation_table(found, catalogue))


@contextmanager
def status(what: str) -> "Iterator[Callable[[str], None]]":
    """Says on standard error what is being done, and what the caller adds; one line that changes, if a terminal."""
    if not sys.stderr.isatty():
        _say(what)
        yield lambda sentence: _say(f"  {sentence}")
        return
    with console(errors=True).status(what) as line:
        yield lambda sentence: line.update(f"{what}: {sentence}")


@contextmanager
def reporter() -> "Iterator[Reporter]":
    """Sentences and progress with the time left, on standard error: a bar, or a line a minute if no terminal."""
    from sessionrl.experiment import Reporter

    if not sys.stderr.isatty():
        yield Reporter(say=_say, progress=_Lines())
        return
    with _bar() as bar:
        yield Reporter(
            say=lambda sentence: bar.console.print(sentence, soft_wrap=True),
            progress=_Bar(bar),
        )


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _bar() -> "Bar":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    narrow = BarColumn(bar_width=16)  # leaves room for the time left on 80 columns
    columns = (TextColumn("epoch {task.fields[epoch]}"), narrow, MofNCompleteColumn(), TextColumn("steps"))
    tail = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[loss]}"))
    return Bar(*columns, *tail, console=console(errors=True), transient=True)


class _Bar:
    """Draws where a training stands; a new phase of it begins a new bar."""

    def __init__(self, bar: "Bar"):
        self._bar = bar
        self._task: TaskID | None = None

    def __call__(self, at: "Progress") -> None:
        drawn = self._bar.tasks[-1] if self._task is not None else None
        if drawn is not None and (drawn.total != at.steps or at.step <= drawn.completed):
            self._bar.remove_task(drawn.id)
            self._task = None
        if self._task is None:
            self._task = self._bar.add_task("train", total=at.steps, completed=at.step - 1, epoch=1, loss="")
        loss = f"loss {at.loss:.4f}" if at.loss == at.loss else ""
        self._bar.update(self._task, completed=at.step, epoch=at.epoch + 1, loss=loss)


class _Lines:
    """Says once a minute where a training stands."""

    def __init__(self) -> None:
        self._began = self._said = monotonic()
        self._first = 0

    def __call__(self, at: "Progress") -> None:
        now = monotonic()
        if at.step <= self._first or not self._first:
            self._began, self._first = now, at.step
        if now - self._said >= EVERY and at.step > self._first:
            left = (now - self._began) / (at.step - self._first) * (at.steps - at.step)
            _say(f"  step {at.step:,} of {at.steps:,}, at most {timedelta(seconds=round(left))} left")
            self._said = now
