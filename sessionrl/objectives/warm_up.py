"""A first phase without the weights of a critic, because those of an untrained Q are noise."""

from typing import Annotated, Literal

from pydantic import Field

from sessionrl.objectives.objective import Context, Objective

# A whole number of steps, a share of all steps that are planned, or until validation stops improving. Strict, because
# 1.0 is no share and would else be one step.
WarmUp = Annotated[int, Field(ge=0, strict=True)] | Annotated[float, Field(ge=0, lt=1)] | Literal["plateau"]


def is_warming_up(warm_up: WarmUp, context: Context) -> bool:
    """Whether the first phase still lasts."""
    if warm_up == "plateau":
        return not context.plateaued
    if isinstance(warm_up, float):
        return context.progress < warm_up
    return context.step < int(warm_up)


def phase_lasts(objective: Objective, context: Context) -> bool:
    """Whether an objective is in a first phase, of those that have one (`Objective.warming_up`)."""
    warming_up = getattr(objective, "warming_up", None)
    return warming_up is not None and bool(warming_up(context))
