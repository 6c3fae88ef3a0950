"""How much the lists of models have in common, and how much those of two training seeds of one model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from sessionrl.analysis.agreement import SEEDS, Rows, overlap_of_models, overlap_of_seeds
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
NEAR = 0.01  # difference of overlaps that is not worth a word


class _Overlaps(NamedTuple):
    """k: items of a list; rows: events compared; of: events there are; values: [M, M], NaN where there is none."""

    k: int
    rows: Rows
    of: int
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]]


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
            [one, other, found.k, found.values[i, j], len(found.rows)]
            for i, one in enumerate(labels)
            for j, other in enumerate(labels)
            if i <= j and np.isfinite(found.values[i, j])
        ]
        return [
            Drawing(
                "agreement",
                f"How many of the first {found.k} items two models share",
                _caption(models, found),
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
    values = np.full((len(models), len(models)), np.nan)
    for i, one in enumerate(models):
        own = {run.seed: run.rankings for run in one.runs[:SEEDS]}
        same = overlap_of_seeds(own, rows, k)
        values[i, i] = np.nan if same is None else same
        for j, other in enumerate(models[:i]):
            theirs = {run.seed: run.rankings for run in other.runs[:SEEDS]}
            values[i, j] = values[j, i] = overlap_of_models(own, theirs, rows, k)
    return _Overlaps(k, rows, len(possible), values)


def _panel(labels: Sequence[str], found: _Overlaps) -> Panel:
    n, values = len(labels), found.values

    def draw(figure: "Figure") -> None:
        from matplotlib.patches import Rectangle

        axes = figure.add_subplot()
        for row in range(n):
            for column in range(row + 1):
                value = values[row, column]
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

    said = "; ".join(f"{labels[i]} and {labels[j]} {_cell(values[i, j])}" for i in range(n) for j in range(i))
    return Panel("agreement", (200 + CELL * n, 110 + CELL * n), f"Items in common: {said}.", draw)


def _cell(value: float) -> str:
    return f"{100 * value:.0f}%"


def _caption(models: Sequence[Model], found: _Overlaps) -> str:
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
    sentences += [_about_a_pair(models, found, model, control) for model, control in pairs]
    if any(not _of_seeds(found, *pair) for pair in pairs):
        sentences.append("How much of the rest is chance cannot be said of models with one training seed each.")
    if any(len(model.runs) > SEEDS for model in models):
        sentences.append(f"Of every model the first {SEEDS} seeds are compared.")
    return " ".join(sentences)


def _about_a_pair(models: Sequence[Model], found: _Overlaps, model: int, control: int) -> str:
    """What their overlap means: next to that of two seeds of each, where there are any."""
    value = float(found.values[model, control])
    said = f"{models[model].label} and its control {models[control].label} share {_cell(value)} of their items"
    seeds = _of_seeds(found, model, control)
    if not seeds:
        return f"{said}."
    own = " and ".join(f"two seeds of {models[one].label} {_cell(overlap)}" for one, overlap in seeds.items())
    much = "no more" if value >= min(seeds.values()) - NEAR else "more"
    other = besides_the_objective(models[model], models[control])
    what = f"the other objective and other options ({', '.join(other)}) together change" if other else (
        "the other objective changes"
    )  # fmt: skip
    return f"{said}, {own}: {what} the lists {much} than another seed does."


def _of_seeds(found: _Overlaps, model: int, control: int) -> dict[int, float]:
    """The overlap of two seeds of each of the two that has two."""
    own = {one: float(found.values[one, one]) for one in (model, control)}
    return {one: overlap for one, overlap in own.items() if np.isfinite(overlap)}
