"""Training curves: what validation said after every epoch, and each part of the loss on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from sessionrl.analysis.training_curves import shares, trend
from sessionrl.registry import register
from sessionrl.reporting.curve_panels import curves_panel, sparklines
from sessionrl.reporting.drawing import Drawing, csv_text
from sessionrl.reporting.models import Model, Run
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject
from sessionrl.reporting.training_log import ended, losses, validations

SMALL = 0.01  # share of the loss below which a part is said to be small


@register("picture", "curves")
@dataclass(frozen=True)
class Curves:
    """Validation by epoch, and every part of the loss by step on a scale of its own.

    Options:
        networks: how many have a panel of their own; of the others the validation alone is drawn, small
    """

    networks: Annotated[int, Field(ge=1)] = 6

    section: ClassVar[Section] = "training"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        logged = [model for model in subject.models if any(validations(run) or losses(run) for run in model.runs)]
        if not logged:
            raise CannotDraw("None of these models is a network with a log of its training.")
        return [_training_curves(logged, self.networks)]


def _training_curves(models: Sequence[Model], most: int) -> Drawing:
    drawn, rest = models[:most], models[most:]
    panels = [curves_panel(model, _shares(model.runs[0]), f"curves-{nth}") for nth, model in enumerate(drawn)]
    if rest:
        panels.append(sparklines(rest, "curves-rest"))
    rows = [
        [model.label, run.seed, what, point.at, point.value]
        for model in models
        for run in model.runs
        for what, points in {"validation": validations(run), **losses(run)}.items()
        for point in points
    ]
    return Drawing(
        "curves",
        "Training",
        " ".join([*_rising(models), *_not_falling(models), *_small(models)]),
        tuple(panels),
        csv_text(["model", "seed", "curve", "epoch or step", "value"], rows),
        " ".join(_how_to_read(models, bool(rest))),
    )


def _how_to_read(models: Sequence[Model], rest: bool) -> list[str]:
    said = [
        "Above: validation after every epoch, a thin line for each training seed and a thick one for their mean, a "
        "dot where the epoch was chosen. Below: every part of the loss by step, each on its own scale, with the share "
        "of the loss it is in the last third. One batch is logged at a time, so that lines are restless. The loss "
        "of a Q head may rise and be learned all the same, because its target moves.",
    ]
    if rest:
        said.append("The last panel has the validation of all further networks, each on a scale of its own.")
    if any(model.config.get("refit") for model in models):
        said.append("Drawn is the training that chose the epoch; the refit on training and validation part is not.")
    return said


def _rising(models: Sequence[Model]) -> list[str]:
    """Whether more epochs might help."""
    rising = [model.label for model in models if any(one and one.rising for one in map(ended, model.runs))]
    known = [model for model in models if any(map(ended, model.runs))]
    if not known:
        return ["No run was validated, so that no epoch was chosen."]
    if not rising:
        return ["No validation was best in its last epoch: more epochs would hardly help."]
    who = f"all {len(known)} networks" if len(rising) == len(known) > 2 else joined(rising)
    return [f"Validation was best in the last epoch, so that more epochs may help: {who}."]


def _not_falling(models: Sequence[Model]) -> list[str]:
    said = {"rises": "Rising with the steps", "neither": "Not shown to fall"}
    found: dict[str, dict[str, list[str]]] = {judged: {} for judged in said}
    for model in models:
        known = _shares(model.runs[0])
        for name, points in losses(model.runs[0]).items():
            judged = trend(np.array([point.value for point in points]))
            if judged in found and name != "total" and (not known or known.get(name)):
                found[judged].setdefault(name, []).append(model.label)
    return [f"{said[judged]}: {_by_part(parts)}." for judged, parts in found.items() if parts]


def _by_part(parts: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{part} of {joined(labels)}" for part, labels in parts.items())


def _small(models: Sequence[Model]) -> list[str]:
    """Parts that can teach little, because they are little of the loss."""
    found: dict[str, list[str]] = {}
    for model in models:
        for name, share in _shares(model.runs[0]).items():
            if 0 < abs(share) < SMALL:
                found.setdefault(name, []).append(model.label)
    return [f"Less than {SMALL:.0%} of the loss in the end: {_by_part(found)}."] if found else []


def _shares(run: Run) -> dict[str, float]:
    found = losses(run)
    if "total" not in found:
        return {}
    total = found.pop("total")
    by_step = {name: dict(points) for name, points in found.items()}
    parts = {
        name: np.array([points.get(one.at, np.nan) for one in total], np.float64) for name, points in by_step.items()
    }
    return shares(np.array([one.value for one in total], np.float64), parts)
