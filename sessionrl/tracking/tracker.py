"""What a tracker is told of a run: every line of its log, its configuration, its measurements; each once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sessionrl import config as configuration
from sessionrl.evaluation.metrics_file import MetricsFile
from sessionrl.runs import RunDirectory

Options = dict[str, str | int | float | bool]


class Point(NamedTuple):
    """A number at a step: of training for parts of the loss, the epoch for validation, 0 for measurements."""

    name: str
    step: int
    value: float


class Tracker(Protocol):
    """One run at a tracker.

    A name has only letters, digits and ``_ - . /``, because MLflow takes no others. A step that a tracker has already
    is not told again.
    """

    def known(self) -> dict[tuple[str, int], float]:
        """The points that it has already, from an earlier call: the newest value by name and step."""
        ...

    def begin(self, options: Options, text: str) -> None:
        """The complete configuration, option by option and as TOML."""
        ...

    def add(self, points: list[Point]) -> None:
        """As they come."""
        ...

    def end(self, options: Options, measured: dict[str, float]) -> None:
        """The last that is told; `measured` is empty if the run is unfinished."""
        ...


@dataclass
class Told:
    """A tracker, and what it has been told."""

    tracker: Tracker
    run: RunDirectory
    points: dict[tuple[str, int], float] = field(default_factory=dict)

    def begin(self) -> None:
        """Tell the configuration, and what the log has already."""
        self.points = self.tracker.known()
        config = configuration.load(str(self.run.config))
        self.tracker.begin(options(config), configuration.text(config))
        self._add([point for entry in self.run.read_log() for point in points_of(entry)])

    def line(self, entry: Mapping[str, Any]) -> None:
        """Tell a line of the log."""
        self._add(list(points_of(entry)))

    def end(self) -> None:
        """Tell the measurements, if there are any."""
        measured = measurements(MetricsFile.load(self.run.metrics)) if self.run.metrics.is_file() else {}
        # A run may have been measured anew, as `evaluate` does.
        self._add([Point(name, 0, value) for name, value in measured.items()], anew=True)
        self.tracker.end(options(configuration.load(str(self.run.config))), measured)

    def _add(self, points: list[Point], anew: bool = False) -> None:
        """anew: whether another value than the known one is told."""
        new = [
            point
            for point in points
            if (known := self.points.get((point.name, point.step))) is None or (anew and known != point.value)
        ]
        self.points |= {(point.name, point.step): point.value for point in new}
        if new:
            self.tracker.add(new)


def points_of(entry: Mapping[str, Any]) -> Iterator[Point]:
    """A line of ``log.jsonl``: the parts of the loss at a step, or the value on validation after an epoch.

    >>> list(points_of({"phase": "selection", "step": 200, "epoch": 0, "loss": {"total": 4.5}}))
    [Point(name='selection/loss/total', step=200, value=4.5)]
    >>> list(points_of({"phase": "selection", "step": 416, "epoch": 1, "validation": 0.25}))
    [Point(name='selection/validation', step=1, value=0.25)]
    """
    for part, value in entry.get("loss", {}).items():
        yield Point(named(f"{entry['phase']}/loss/{part}"), int(entry["step"]), float(value))
    if "validation" in entry:
        yield Point(named(f"{entry['phase']}/validation"), int(entry["epoch"]), float(entry["validation"]))


def measurements(found: MetricsFile) -> dict[str, float]:
    """By name: per event or of all lists; ``test/ndcg/20`` in the slice of the headline, others behind it."""
    return {
        named(f"test/{one.metric.replace('@', '/')}" + ("" if one.slice == "all" else f"/{one.slice}")): one.value
        for one in found.measurements
        if one.average != "session"
    }


def named(name: str) -> str:
    """A name of which MLflow takes every letter, different for the slices that differ.

    >>> named("test/hit/20/prefix>=2"), named("test/hit/20/events>20"), named("test/hit/20/events=0/new")
    ('test/hit/20/prefix-from-2', 'test/hit/20/events-above-20', 'test/hit/20/events-0/new')
    """
    for sign, word in ((">=", "-from-"), (">", "-above-"), ("=", "-")):
        name = name.replace(sign, word)
    return re.sub(r"[^A-Za-z0-9_\-./]", "_", name)


def options(config: Mapping[str, Any], prefix: str = "") -> Options:
    """Every option by its dotted name; lists and tables in them as text.

    >>> options({"seed": 1, "objective": {"name": "smorl", "weights": [1.0, 0.5]}})
    {'seed': 1, 'objective.name': 'smorl', 'objective.weights': '[1.0, 0.5]'}
    """
    flat: Options = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= options(value, f"{prefix}{key}.")
        else:
            flat[named(f"{prefix}{key}")] = value if isinstance(value, str | int | float | bool) else str(value)
    return flat
