"""Purity: how often the nearest items of an item are of its own category, for every network, beside chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from sessionrl.analysis.item_vectors import Vectors, item_vectors
from sessionrl.analysis.neighbours import Purity, over_trainings, purity
from sessionrl.errors import BadDirectory
from sessionrl.recommender import Recommender
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.families import family, short
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.picture import Section
from sessionrl.reporting.pictures.closest import codes_of, known_items
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIXED = "seen together, counted"  # the catalogue's co-occurrence vectors, which no model learned
CELLS = 250_000_000  # cosines that are taken at most for one model
MOST = 8  # models
TRAININGS = 5  # of each
SEEDS = 5  # of each
ROW = 24  # points between two of them
HEADER = ("vectors", "seed", "share", "low", "high", "chance", "items")

Vectors = npt.NDArray[np.float32]


class Measured(NamedTuple):
    """Vectors that were measured: their name, their colour, and the purity of every training seed."""

    label: str
    colour: str
    seeds: tuple[Purity, ...]

    @property
    def value(self) -> float:
        """The mean over the seeds."""
        return float(np.mean([one.value for one in self.seeds]))

    @property
    def low(self) -> float:
        """The lowest of the seeds, or the end of the interval over items where there is one."""
        return self.seeds[0].low if len(self.seeds) == 1 else min(one.value for one in self.seeds)

    @property
    def high(self) -> float:
        """The highest of the seeds, or the end of the interval over items where there is one."""
        return self.seeds[0].high if len(self.seeds) == 1 else max(one.value for one in self.seeds)


@register("picture", "purity")
@dataclass(frozen=True)
class NeighboursOfOneCategory:
    """How often the nearest items agree with an item's category, for every network and every training of it.

    Options:
        column: of the table of items, such as category, colour or brand
        k: nearest items
        items: that are looked at, drawn by lot; fewer in a catalogue of more than 250,000
        least_events: items with fewer training events are left out
    """

    column: str = "category"
    k: Annotated[int, Field(ge=1)] = 10
    items: Annotated[int, Field(ge=10)] = 1000
    least_events: Annotated[int, Field(ge=0)] = 5

    section: ClassVar[Section] = "items"
    place: ClassVar[int] = 2

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        if not subject.networks:
            raise CannotDraw(
                "None of these models has vectors of items: all of them count.\n  do now: add a run of a network"
            )
        codes = codes_of(subject.catalogue, self.column)
        if len(np.unique(codes[codes >= 0])) < 2:
            raise CannotDraw(
                f"The table of items has no column {self.column!r} with two values or more.\n"
                "  do now: prepare the data with a table of items that has one, or name another column with "
                "purity.column=NAME"
            )
        models = subject.networks[:MOST]
        vectors = {model.label: _of_trainings(subject, model) for model in models}
        vectors[FIXED] = [subject.catalogue.vectors]
        firsts = {label: some[0] for label, some in vectors.items()}
        of = known_items(subject.catalogue, firsts, self.least_events)
        known = np.flatnonzero(of.among & (codes >= 0))
        most = max(10, min(self.items, CELLS // len(codes)))
        items = np.sort(np.random.default_rng(subject.seed).permutation(known)[:most])
        found = {
            label: [purity(its, codes, items, self.k, of.among, subject.seed) for its in some]
            for label, some in vectors.items()
        }
        return [self._drawing(models, found, len(known), len(subject.networks) - len(models))]

    def _drawing(self, models: list[Model], found: Mapping[str, list[Purity]], known: int, left_out: int) -> Drawing:
        means = {label: over_trainings(some) for label, some in found.items()}
        chance, n = means[FIXED].chance, len(means[FIXED].of_items)
        said = "; ".join(f"{label} {one.value:.0%}" for label, one in means.items())
        return Drawing(
            "purity",
            f"How often neighbours are of the same {self.column}",
            f"Of the {self.k} nearest items of an item, so many are of its own {self.column}: "
            f"{_verdict(models, found)} Counting which items occur together gives {means[FIXED].value:.0%}, chance "
            f"{chance:.1%}.{_told(models, self.column)}"
            + (f" {left_out} more networks are not drawn." * bool(left_out)),
            (
                Panel(
                    "purity",
                    (460, 74 + ROW * len(found)),
                    f"Share of the {self.k} nearest items with the same {self.column}: {said}; chance {chance:.1%}.",
                    _draw(models, found, means),
                ),
            ),
            csv_text(HEADER, [row for label in found for row in _rows(models, label, found[label], means[label])]),
            f"Over {f'{n:,} drawn of ' if n < known else ''}{known:,} items with at least {self.least_events} training "
            "events; bars are 95 % intervals over items, rings single trainings with another seed where there are "
            f"several, the dashed line is chance. The vectors “{FIXED}” are counted and not learned: a network right "
            f"of them knows more of the {self.column} than counting, one left of them has learned other things. A "
            "higher share is no better recommender: visitors may well look at two kinds of things in one visit.",
        )


def _of_trainings(subject: Subject, model: Model) -> list[Vectors]:
    """The vectors of every training of a model, `TRAININGS` at most."""
    first = item_vectors(subject.recommender(model))
    try:
        return [first, *(item_vectors(Recommender.load(run.path)) for run in model.runs[1:TRAININGS])]
    except BadDirectory:  # a later run that lost its weights is no reason to draw nothing
        return [first]


def _verdict(models: list[Model], found: Mapping[str, list[Purity]]) -> str:
    """What the trainings allow to say of the networks: intervals over items alone would promise too much."""
    values = {model.label: [one.value for one in found[model.label]] for model in models}
    if len(values) == 1:
        ((label, its),) = values.items()
        return f"in {label} {_range(its)}."
    ordered = sorted(values, key=lambda label: float(np.mean(values[label])))
    worst, best = ordered[0], ordered[-1]
    said = f"{_range(values[worst])} in {worst} to {_range(values[best])} in {best}"
    if min(len(its) for its in values.values()) == 1:
        return (
            f"{said}. These are networks of one training each: another seed can move one by more than the bars say, so "
            "read no order into them."
        )
    if min(values[best]) > max(values[worst]):
        return f"{said}, and every training of {best} has more than any of {worst}."
    return f"{said}, and their trainings overlap: the networks cannot be told apart here."


def _range(values: list[float]) -> str:
    """One value, or the least and the largest of several trainings."""
    low, high = min(values), max(values)
    return f"{low:.0%}" if f"{low:.0%}" == f"{high:.0%}" else f"{low:.0%}–{high:.0%}"


def _told(models: list[Model], column: str) -> str:
    """Which models read the column, so that their agreement is no discovery."""
    told = [model.label for model in models if column in model.config["items"].get("features", ())]
    if told:
        return f" {joined(told)} read the {column} in the table of items, so agreeing proves little there."
    return f" No network was told the {column}."


def _rows(models: list[Model], label: str, found: list[Purity], mean: Purity) -> list[list[object]]:
    """The mean with its interval, then every training where there are several."""
    n = len(mean.of_items)
    rows: list[list[object]] = [[label, "", *(round(one, 4) for one in mean[:4]), n]]
    if len(found) > 1:
        seeds = next(model.seeds for model in models if model.label == label)
        rows += [[label, seed, *(round(one, 4) for one in its[:4]), n] for seed, its in zip(seeds, found, strict=False)]
    return rows


def _draw(found: Sequence[Measured], chance: float, figure: "Figure") -> None:
    axes = figure.add_subplot()
    for row, one in enumerate(found):
        axes.plot([one.low, one.high], [row, row], color=one.colour, linewidth=2.2, solid_capstyle="round")
        if len(one.seeds) > 1:
            values = [seed.value for seed in one.seeds]
            axes.plot(values, [row] * len(values), "o", color=one.colour, markersize=4, alpha=0.6)
        axes.plot(one.value, row, "o", color=one.colour, markersize=7, markeredgecolor=COLOURS["surface"])
    axes.axvline(chance, color=COLOURS["muted"], linewidth=0.9, dashes=(3, 3), zorder=0)
    axes.annotate(
        "chance", (chance, 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center",
        color=COLOURS["muted"], fontsize=8,
    )  # fmt: skip
    axes.set_yticks(range(len(found)), [short(one.label) for one in found])
    axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
    axes.set_ylim(len(means) - 0.5, -0.6)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("neighbours that agree")
    axes.grid(axis="y", visible=False)
    bare(axes, "left")
