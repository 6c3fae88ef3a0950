"""What the lists of the models of one picture hold, counted for every training seed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.analysis.exposure import TENTHS, Shown, shown
from sessionrl.reporting.families import family
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.results import besides_the_objective, control_of
from sessionrl.reporting.subject import CannotDraw, Subject

MOST = 8  # models in one picture
BOUGHT = "purchase"
GROUPS = [*(str(tenth) for tenth in range(1, TENTHS + 1)), "new"]  # of items by popularity, as `by_popularity` has them

Array = npt.NDArray[np.float64]


class Compared(NamedTuple):
    """Models of one picture, and a sentence that names those that are left out; empty where none is."""

    models: tuple[Model, ...]
    left_out: str


def compared(subject: Subject) -> Compared:
    """All models where they fit into one picture, else the best of the headline."""
    if len(subject.models) <= MOST:
        return Compared(subject.models, "")
    ranked = subject.results.models
    others = joined([model.label for model in ranked[MOST:]])
    return Compared(
        ranked[:MOST], f"Drawn are the {MOST} models with the best {subject.results.headline}, not {others}."
    )


def length(models: tuple[Model, ...], k: int) -> int:
    """k, or what the rankings keep if that is less.

    Raises:
        CannotDraw: they keep no lists.
    """
    kept: int = min(run.rankings.top.shape[1] for model in models for run in model.runs)
    if not kept:
        raise CannotDraw(
            "The rankings of these runs keep no lists (evaluation.top = 0).\n  do now: train with evaluation.top=50"
        )
    return min(k, kept)


@dataclass(frozen=True, eq=False)
class Lists:
    """The lists of k of a model.

    seeds: one for every training seed
    """

    model: Model
    seeds: tuple[Shown, ...]

    @property
    def label(self) -> str:
        """Of the model."""
        return self.model.label

    @property
    def first(self) -> Shown:
        """Of the first training seed: what items are named by."""
        return self.seeds[0]

    def mean(self, of: Callable[[Shown], Array]) -> Array:
        """Of an array over the training seeds."""
        return np.asarray(np.mean([of(one) for one in self.seeds], axis=0))


@dataclass(frozen=True, eq=False)
class Shelves:
    """The lists of all models of one picture.

    k:        places in a list
    kind:     of the events that count as bought; None where the log has no purchases, and every next event counts
    left_out: see `Compared`
    """

    lists: tuple[Lists, ...]
    k: int
    kind: str | None
    left_out: str

    @classmethod
    def of(cls, subject: Subject, k: int) -> "Shelves":
        """Counted.

        Raises:
            CannotDraw: there are no lists, or no case after the first event of a session.
        """
        models, left_out = compared(subject)
        k = length(models, k)
        kind = BOUGHT if BOUGHT in models[0].rankings[0].kinds else None
        lists = tuple(
            Lists(model, tuple(shown(rankings, subject.catalogue, k, kind) for rankings in model.rankings))
            for model in models
        )
        if not lists[0].first.lists:
            raise CannotDraw("No event of the test part is a case after the first event of its session.")
        return cls(lists, k, kind, left_out)

    @cached_property
    def visitors(self) -> Shown:
        """Of any model: what came next is the same for all."""
        return self.lists[0].first

    @property
    def seeds(self) -> str:
        """A sentence where there are several training seeds."""
        several = any(len(one.seeds) > 1 for one in self.lists)
        return (
            "Numbers are means over the training seeds; items are those of each model's first seed." if several else ""
        )

    def pairs(self) -> list[tuple[Lists, Lists]]:
        """Each network with another objective beside its control, where the two differ in nothing else."""
        of = {one.label: one for one in self.lists}
        models = [one.model for one in self.lists]
        return [
            (one, of[control.label])
            for one in self.lists
            if family(one.model) == "reinforced"
            and (control := control_of(one.model, models)) is not None
            and not besides_the_objective(one.model, control)
        ]


def sentences(*several: str) -> str:
    """A caption of those that say something."""
    return " ".join(one for one in several if one)
