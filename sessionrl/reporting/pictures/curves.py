"""Training curves: what validation said after every epoch, and the parts of the loss on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, SERIES, Drawing, Panel, bare, csv_text
from sessionrl.reporting.models import Model, Options
from sessionrl.reporting.numbers import number
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject
from sessionrl.reporting.training_log import choice, losses, validations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@register("picture", "curves")
@dataclass(frozen=True)
class Curves:
    """Validation by epoch, and the parts of the loss by step, one panel for every network."""

    section: ClassVar[Section] = "training"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        return [_training_curves(subject.models)]


def _training_curves(models: Sequence[Model]) -> Drawing:
    drawn = [model for model in models if any(validations(run) or losses(run) for run in model.runs)]
    if not drawn:
        raise CannotDraw("None of these models is a network with a log of its training.")
    rows = [
        [model.label, run.seed, what, point.at, point.value]
        for model in drawn
        for run in model.runs
        for what, points in {"validation": validations(run), **losses(run)}.items()
        for point in points
    ]
    return Drawing(
        "curves",
        "Training",
        "Above: the value on the validation part after every epoch, one line per seed, a dot where the epoch was "
        "chosen. A line that still rises at its end wants more epochs. Below: the loss and its parts by step; a part "
        "that does not fall is not learned.",
        tuple(_curves(model, nth) for nth, model in enumerate(drawn)),
        csv_text(["model", "seed", "curve", "epoch or step", "value"], rows),
    )


def _curves(model: Model, nth: int) -> Panel:
    def draw(figure: "Figure") -> None:
        above, below = figure.subplots(2, 1)
        above.set_title(model.label if len(model.label) <= 44 else f"{model.label[:43]}…")
        _draw_validation(above, model)
        _draw_losses(below, model)

    chosen = [
        f"seed {run.seed} epoch {one.epoch} with {number(one.value)}" for run in model.runs if (one := choice(run))
    ]
    label = f"Training of {model.label}. Chosen on validation: {'; '.join(chosen) or 'nothing'}."
    return Panel(f"curves-{nth}", (360, 340), label, draw)


def _draw_validation(axes: "Axes", model: Model) -> None:
    for run in model.runs:
        points = validations(run)
        if points:
            at, values = zip(*points, strict=True)
            axes.plot(at, values, color=COLOURS["supervised"], linewidth=1.5, alpha=0.75)
            best = choice(run)
            assert best is not None
            axes.plot(best.epoch, best.value, "o", color=COLOURS["supervised"], markersize=6)
    axes.set_xlabel("epoch")
    axes.locator_params("x", integer=True)
    axes.set_ylabel(_selected_by(model.config))
    bare(axes)


def _draw_losses(axes: "Axes", model: Model) -> None:
    names = list(dict.fromkeys(name for run in model.runs for name in losses(run)))
    colours = dict(zip(names, [COLOURS["ink"], *(COLOURS[one] for one in SERIES)], strict=False))
    for run in model.runs:
        for name, points in losses(run).items():
            if points:
                at, values = zip(*points, strict=True)
                known = name in axes.get_legend_handles_labels()[1]
                axes.plot(
                    at, values, color=colours.get(name, COLOURS["muted"]), linewidth=1.2, label=None if known else name
                )
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    bare(axes)
    if names:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1, 0.97),
            fontsize=8,
            ncols=min(4, len(names)),
            labelcolor=COLOURS["muted"],
            borderaxespad=0,
        )


def _selected_by(config: Options) -> str:
    evaluation = config["evaluation"]
    return str(evaluation["select_by"])
