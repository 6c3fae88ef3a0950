"""A first phase without the weights of a critic, because those of an untrained Q are noise."""

from typing import Annotated, Literal

from pydantic import Field

from sessionrl.objectives.objective import Context

# A whole number of steps, a share of all steps that are planned, or until validation stops improving.
WarmUp = Annotated[int, Field(ge=0)] | Annotated[float, Field(gt=0, lt=1)] | Literal["plateau"]


def is_warming_up(warm_up: WarmUp, context: Context) -> bool:
    """Whether the first phase still lasts."""
    if warm_up == "plateau":
        return not context.plateaued
    if isinstance(warm_up, float):
        return context.progress < warm_up
    return context.step < int(warm_up)
