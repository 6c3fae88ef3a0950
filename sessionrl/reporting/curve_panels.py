"""Panels of a training: validation above, every part of the loss below, and small ones of many networks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sessionrl.reporting.drawing import COLOURS, Panel, bare
from sessionrl.reporting.families import family, short
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import number
from sessionrl.reporting.training_log import Point, ended, losses, validations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, ABOVE, PART, ROW = 360, 104, 38, 30  # points
TOP, TITLES, BETWEEN, LEFT, RIGHT = 22, 46, 20, 56, 8  # points that words take
MOST = 6  # parts that are drawn; of `cat` and the like there may be more


def curves_panel(model: Model, shares: Mapping[str, float], name: str) -> Panel:
    """Of one model; shares: of the parts in the loss, where they are known."""
    parts = list(dict.fromkeys(part for run in model.runs for part in losses(run)))[:MOST]

    height = TOP + ABOVE + TITLES + (PART + BETWEEN) * len(parts) + (12 if parts else 0)

    def draw(figure: "Figure") -> None:
        above, *below = _stacked(figure, len(parts), height)
        above.set_title(short(model.label, 44))
        _draw_validation(above, model)
        for axes, part in zip(below, parts, strict=True):
            _draw_part(axes, model, part, shares.get(part))
            axes.set_xlim(*_steps(model))
            axes.tick_params(labelbottom=axes is below[-1])
        if below:
            below[-1].set_xlabel("step")

    told = [
        f"seed {run.seed} epoch {one.chosen} of {one.last} with {number(one.value)}"
        for run in model.runs
        if (one := ended(run))
    ]
    of = [f"{part} {share:.1%}" for part, share in shares.items()]
    label = f"Training of {model.label}. Chosen on validation: {'; '.join(told) or 'nothing'}."
    if of:
        label += f" Shares of the loss in the end: {', '.join(of)}."
    return Panel(name, (WIDTH, height), label, draw)


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
                known = values[np.isfinite(values)]
                span = np.ptp(known) or 1.0
                across = np.array([point.at for point in points]) / max(1.0, points[-1].at)
                up = row - 0.7 * (values - known.min()) / span
                axes.plot(across, up, color=colour, linewidth=1.2)
                axes.plot(best.chosen / max(1.0, points[-1].at), np.nanmin(up), "o", color=colour, markersize=4)
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


def _stacked(figure: "Figure", parts: int, height: int) -> "list[Axes]":
    """One high and then low axes, placed by hand: the solver of a stack this high gives other digits every time."""
    figure.set_layout_engine("none")
    tops = [TOP, *(TOP + ABOVE + TITLES + nth * (PART + BETWEEN) for nth in range(parts))]
    heights = [ABOVE, *[PART] * parts]
    return [
        figure.add_axes((LEFT / WIDTH, 1 - (top + tall) / height, 1 - (LEFT + RIGHT) / WIDTH, tall / height))
        for top, tall in zip(tops, heights, strict=True)
    ]


def _draw_validation(axes: "Axes", model: Model) -> None:
    _draw_seeds(axes, [validations(run) for run in model.runs], COLOURS["supervised"])
    chosen: dict[int, list[float]] = {}
    for best in filter(None, map(ended, model.runs)):
        chosen.setdefault(best.chosen, []).append(best.value)
    for epoch, values in chosen.items():
        axes.plot([epoch] * len(values), values, "o", color=COLOURS["supervised"], markersize=6)
    if chosen:
        times = {
            epoch: f" ({len(chosen[epoch])} of {len(model.runs)})" if len(model.runs) > 1 else "" for epoch in chosen
        }
        words = ", ".join(f"epoch {epoch}{times[epoch]}" for epoch in sorted(chosen))
        low, high = axes.get_ylim()
        top = np.mean([validations(run)[-1].value for run in model.runs if validations(run)]) < (low + high) / 2
        axes.annotate(
            f"chosen: {words}", (1, top), (-2, -3 if top else 3), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="top" if top else "bottom", fontsize=8,
            color=COLOURS["muted"],
        )  # fmt: skip
    if not any(validations(run) for run in model.runs):
        axes.annotate("not validated", (0.5, 0.5), xycoords="axes fraction", ha="center", color=COLOURS["muted"])
    axes.margins(x=0.08, y=0.12)
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


def _steps(model: Model) -> tuple[float, float]:
    """The first and the last that was logged, with room."""
    steps = [point.at for run in model.runs for points in losses(run).values() for point in points]
    room = 0.04 * (max(steps) - min(steps)) or 0.5
    return min(steps) - room, max(steps) + room


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
