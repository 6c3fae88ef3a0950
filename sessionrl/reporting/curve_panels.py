"""Panels of a training: validation above, every part of the loss below, and small ones of many networks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sessionrl.analysis.training_curves import Ending, ending
from sessionrl.reporting.drawing import COLOURS, Panel, bare
from sessionrl.reporting.families import family, short
from sessionrl.reporting.models import Model, Run
from sessionrl.reporting.numbers import number
from sessionrl.reporting.training_log import Point, losses, validations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ABOVE, PART, ROW = 150, 58, 30  # points
MOST = 6  # parts that are drawn; of `cat` and the like there may be more


def ended(run: Run) -> Ending | None:
    """How the validation of a run ended."""
    points = validations(run)
    return ending(np.array([point.at for point in points]), np.array([point.value for point in points]))


def curves_panel(model: Model, shares: Mapping[str, float], name: str) -> Panel:
    """Of one model; shares: of the parts in the loss, where they are known."""
    parts = list(dict.fromkeys(part for run in model.runs for part in losses(run)))[:MOST]

    def draw(figure: "Figure") -> None:
        heights = [ABOVE, *[PART] * len(parts)]
        axes = np.atleast_1d(figure.subplots(len(heights), 1, height_ratios=heights))
        axes[0].set_title(short(model.label, 44))
        _draw_validation(axes[0], model)
        for nth, part in enumerate(parts, 1):
            _draw_part(axes[nth], model, part, shares.get(part))
            if nth > 1:
                axes[nth].sharex(axes[1])
            axes[nth].tick_params(labelbottom=nth == len(parts))
        if parts:
            axes[-1].set_xlabel("step")

    told = [
        f"seed {run.seed} epoch {one.chosen} of {one.last} with {number(one.value)}"
        for run in model.runs
        if (one := ended(run))
    ]
    of = [f"{part} {share:.1%}" for part, share in shares.items()]
    label = f"Training of {model.label}. Chosen on validation: {'; '.join(told) or 'nothing'}."
    if of:
        label += f" Shares of the loss in the end: {', '.join(of)}."
    return Panel(name, (360, ABOVE + 30 + (PART + 6) * len(parts)), label, draw)


def sparklines(models: Sequence[Model], name: str) -> Panel:
    """Validation of many models, small, one below the other."""

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for row, model in enumerate(models):
            colour = COLOURS[family(model)]
            for run in model.runs:
                points, best = validations(run), ended(run)
                if not points or best is None:
                    continue
                values = np.array([point.value for point in points])
                span = np.ptp(values) or 1.0
                across = np.array([point.at for point in points]) / max(1.0, points[-1].at)
                up = row - 0.7 * (values - values.min()) / span
                axes.plot(across, up, color=colour, linewidth=1.2)
                axes.plot(best.chosen / max(1.0, points[-1].at), up.min(), "o", color=colour, markersize=4)
        axes.set_yticks(range(len(models)), [f"{short(one.label, 22)}\n{_best(one)}" for one in models])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"], labelsize=8)
        axes.set_ylim(len(models) - 0.5, -1)
        axes.set_xticks([0, 1], ["begin", "last epoch"])
        axes.set_title(f"Validation of {len(models)} more")
        axes.grid(visible=False)
        bare(axes, "left")

    said = "; ".join(f"{model.label} {_best(model)}" for model in models)
    return Panel(name, (360, 60 + ROW * len(models)), f"Validation by epoch of further networks: {said}.", draw)


def _best(model: Model) -> str:
    found = [one for one in map(ended, model.runs) if one]
    if not found:
        return "not validated"
    epochs = ", ".join(str(one.chosen) for one in found)
    return f"{number(float(np.mean([one.value for one in found])))} at epoch {epochs}"


def _draw_validation(axes: "Axes", model: Model) -> None:
    _draw_seeds(axes, [validations(run) for run in model.runs], COLOURS["supervised"])
    chosen: dict[int, list[float]] = {}
    for best in filter(None, map(ended, model.runs)):
        chosen.setdefault(best.chosen, []).append(best.value)
    for epoch, values in chosen.items():
        axes.plot([epoch] * len(values), values, "o", color=COLOURS["supervised"], markersize=6)
        words = f"epoch {epoch}" if len(model.runs) == 1 else f"epoch {epoch}: {len(values)} of {len(model.runs)}"
        last = epoch == max(point.at for run in model.runs for point in validations(run))
        axes.annotate(
            words, (epoch, max(values)), (4 if last else 0, 6), textcoords="offset points",
            ha="right" if last else "center", fontsize=8, color=COLOURS["muted"],
        )  # fmt: skip
    if not any(validations(run) for run in model.runs):
        axes.annotate("not validated", (0.5, 0.5), xycoords="axes fraction", ha="center", color=COLOURS["muted"])
    axes.margins(x=0.08, y=0.18)
    axes.set_xlabel("epoch")
    axes.locator_params("x", integer=True)
    axes.set_ylabel(str(model.config["evaluation"]["select_by"]))
    bare(axes)


def _draw_part(axes: "Axes", model: Model, part: str, share: float | None) -> None:
    _draw_seeds(axes, [losses(run).get(part, []) for run in model.runs], COLOURS["c6"])
    words = part if share is None else f"{part}: {share:.1%} of the loss in the end"
    axes.set_title(words, fontsize=8.5, fontweight="normal", pad=2)
    axes.locator_params("y", nbins=3)
    axes.tick_params(labelsize=8)
    bare(axes)


def _draw_seeds(axes: "Axes", lines: Sequence[Sequence[Point]], colour: str) -> None:
    """One thin line for each seed and a thick one for their mean, where all of them have a value."""
    lines = [line for line in lines if line]
    for line in lines:
        at, values = zip(*line, strict=True)
        alone = len(lines) == 1
        axes.plot(at, values, color=colour, linewidth=1.5 if alone else 0.8, alpha=1 if alone else 0.45)
        if len(line) == 1:
            axes.plot(at, values, ".", color=colour)
    if len(lines) > 1:
        common = sorted(set.intersection(*({point.at for point in line} for line in lines)))
        means = [np.mean([dict(line)[at] for line in lines]) for at in common]
        axes.plot(common, means, color=colour, linewidth=1.8)
