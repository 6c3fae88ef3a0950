"""How much the lists of models have in common, and how much those of two training seeds of one model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from sessionrl.analysis.agreement import SEEDS, Apart, Floats, Rows, apart, overlaps_of_models, overlaps_of_seeds
from sessionrl.evaluation.slices import cases_in
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.families import short
from sessionrl.reporting.models import Model
from sessionrl.reporting.picture import Section
from sessionrl.reporting.results import besides_the_objective, control_of
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLE = 50_000  # events that are compared, drawn by the seed of the subject
CELL = 44  # points
STRONGEST = 0.5  # opacity of a cell that agrees fully: the number on it stays readable
NEAR = 0.02  # difference of overlaps that is not worth a word


class _Overlaps(NamedTuple):
    """Of M models.

    k:    items of a list
    rows: events compared
    of:   events there are
    each: [n] of every event, by two models, or twice the same one for its seeds; the second is not behind the first
    """

    k: int
    rows: Rows
    of: int
    each: dict[tuple[int, int], Floats]

    def mean(self, one: int, other: int) -> float:
        """NaN where there is none."""
        found = self.each.get((max(one, other), min(one, other)))
        return float("nan") if found is None else float(found.mean())


@register("picture", "agreement")
@dataclass(frozen=True)
class Agreement:
    """How much the lists of every two models overlap, and those of two training seeds of one model.

    Options:
        k: items of a list
    """

    k: Annotated[int, Field(ge=1)] = 10

    section: ClassVar[Section] = "predictions"
    place: ClassVar[int] = 2

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        models = subject.models
        if len(models) < 2 and len(models[0].runs) < 2:
            raise CannotDraw(
                "There is one run of one model, so that nothing can agree.\n"
                "  do now: give runs of several models, or of several seeds"
            )
        found = _overlaps(subject, self.k)
        labels = [model.label for model in models]
        rows = [
            [one, other, found.k, found.mean(i, j), len(found.rows)]
            for i, one in enumerate(labels)
            for j, other in enumerate(labels)
            if i <= j and np.isfinite(found.mean(i, j))
        ]
        return [
            Drawing(
                "agreement",
                f"How many of the first {found.k} items two models share",
                _caption(models, found, subject.seed),
                (_panel(labels, found),),
                csv_text(["model", "other", "k", "overlap", "events"], rows),
            )
        ]


def _overlaps(subject: Subject, k: int) -> _Overlaps:
    models = subject.models
    k = min(k, *(run.rankings.top.shape[1] for model in models for run in model.runs[:SEEDS]))
    possible = np.flatnonzero(cases_in("all", models[0].runs[0].rankings, subject.catalogue))
    if not k or not len(possible):
        raise CannotDraw("These runs keep no lists of events after the first of their session.")
    rows = possible
    if len(rows) > SAMPLE:
        rows = np.sort(np.random.default_rng(subject.seed).choice(rows, SAMPLE, replace=False))
    each = {}
    for i, one in enumerate(models):
        own = {run.seed: run.rankings for run in one.runs[:SEEDS]}
        if (same := overlaps_of_seeds(own, rows, k)) is not None:
            each[i, i] = same
        for j, other in enumerate(models[:i]):
            theirs = {run.seed: run.rankings for run in other.runs[:SEEDS]}
            each[i, j] = overlaps_of_models(own, theirs, rows, k)
    return _Overlaps(k, rows, len(possible), each)


def _panel(labels: Sequence[str], found: _Overlaps) -> Panel:
    n = len(labels)

    def draw(figure: "Figure") -> None:
        from matplotlib.patches import Rectangle

        axes = figure.add_subplot()
        for row in range(n):
            for column in range(row + 1):
                value = found.mean(row, column)
                known = bool(np.isfinite(value))
                axes.add_patch(
                    Rectangle(
                        (column - 0.48, row - 0.46), 0.96, 0.92,
                        facecolor=COLOURS["supervised"] if known else "none",
                        alpha=STRONGEST * value if known else None,
                        edgecolor=COLOURS["line"] if not known else "none",
                    )
                )  # fmt: skip
                if row == column:
                    axes.add_patch(
                        Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, facecolor="none", edgecolor=COLOURS["muted"])
                    )
                text = _cell(value) if known else "one\nseed"
                axes.text(
                    column, row, text, ha="center", va="center", fontsize=9.5 if known else 7,
                    color=COLOURS["ink" if known else "muted"],
                )  # fmt: skip
        axes.set_xlim(-0.6, n - 0.4)
        axes.set_ylim(n - 0.4, -0.6)
        axes.grid(visible=False)
        axes.set_xticks(range(n), [short(label, 18) for label in labels], rotation=35, ha="right")
        axes.set_yticks(range(n), [short(label) for label in labels])
        axes.tick_params(labelcolor=COLOURS["ink"])
        bare(axes, "left", "bottom")

    said = "; ".join(f"{labels[i]} and {labels[j]} {_cell(found.mean(i, j))}" for i in range(n) for j in range(i))
    return Panel("agreement", (200 + CELL * n, 110 + CELL * n), f"Items in common: {said}.", draw)


def _cell(value: float) -> str:
    return f"{100 * value:.0f}%"


def _caption(models: Sequence[Model], found: _Overlaps, seed: int) -> str:
    which = (
        f"{found.of:,} events" if len(found.rows) == found.of else f"{len(found.rows):,} of {found.of:,} events, drawn"
    )
    sentences = [
        f"Mean share of the first {found.k} items that both lists hold, over {which}; the order inside a list does not "
        "count. On the framed diagonal: two training seeds of the same model, which is what chance alone changes."
    ]
    pairs = [
        (models.index(model), models.index(control))
        for model in models
        if model.kind == "network" and model.part != "next_item" and (control := control_of(model, models)) is not None
    ]
    sentences += [_about_a_pair(models, found, model, control, seed) for model, control in pairs]
    if any(not any((one, one) in found.each for one in pair) for pair in pairs):
        sentences.append("How much of the rest is chance cannot be said of models with one training seed each.")
    if any(len(model.runs) > SEEDS for model in models):
        sentences.append(f"Of every model the first {SEEDS} seeds are compared.")
    return " ".join(sentences)


def _about_a_pair(models: Sequence[Model], found: _Overlaps, model: int, control: int, seed: int) -> str:
    """What their overlap means: next to that of two seeds of each, where there are any."""
    said = f"{models[model].label} and its control {models[control].label} share {_cell(found.mean(model, control))}"
    seeds = [one for one in (model, control) if (one, one) in found.each]
    if not seeds:
        return f"{said} of their items."
    own = " and ".join(f"two seeds of {models[one].label} {_cell(found.mean(one, one))}" for one in seeds)
    least = min(seeds, key=lambda one: found.mean(one, one))
    between = found.each[max(model, control), min(model, control)]
    session = models[0].runs[0].rankings.session[found.rows]
    than = apart(found.each[least, least], between, session, seed)
    other = besides_the_objective(models[model], models[control])
    what = f"the other objective and other options ({', '.join(other)}) together change" if other else (
        "the other objective changes"
    )  # fmt: skip
    return f"{said} of their items, {own}: {_verdict(what, than)}."


def _verdict(what: str, than: Apart) -> str:
    points = f"{100 * than.value:.1f} points less in common [{100 * than.low:.1f}, {100 * than.high:.1f}]"
    if than.high <= NEAR:
        return f"{what} the lists no more than another seed does"
    if than.low > 0 and than.value > NEAR:
        return f"{what} the lists more than another seed does ({points})".replace("-", "−")
    return f"whether {what} the lists more than another seed does cannot be told"
