"""Purity: how often the nearest items of an item are of its own category, for every network, beside chance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from sessionrl.analysis.item_vectors import item_vectors
from sessionrl.analysis.neighbours import Purity, purity
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.families import family, short
from sessionrl.reporting.models import Model
from sessionrl.reporting.picture import Section
from sessionrl.reporting.pictures.closest import codes_of, known_items
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIXED = "bought or viewed together"  # the catalogue's co-occurrence vectors, which no model learned
CELLS = 250_000_000  # cosines that are taken at most
MOST = 8  # models
ROW = 24  # points between two of them


@register("picture", "purity")
@dataclass(frozen=True)
class NeighboursOfOneCategory:
    """How often the nearest items agree with an item's category, for every network, with intervals.

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
            raise CannotDraw("None of these models has vectors of items: all of them count.")
        codes = codes_of(subject.catalogue, self.column)
        if len(np.unique(codes[codes >= 0])) < 2:
            raise CannotDraw(
                f"The table of items has no column {self.column!r} with two values or more.\n"
                "  do now: prepare the data with a table of items that has one, or name another column with "
                "purity.column=NAME"
            )
        models = subject.networks[:MOST]
        vectors = {model.label: item_vectors(subject.recommender(model)) for model in models}
        of = known_items(subject.catalogue, vectors, self.least_events)
        known = np.flatnonzero(of.among & (codes >= 0))
        most = max(10, min(self.items, CELLS // len(codes)))
        items = np.sort(np.random.default_rng(subject.seed).permutation(known)[:most])
        found = {
            label: purity(its, codes, items, self.k, of.among, subject.seed)
            for label, its in {**vectors, FIXED: subject.catalogue.vectors}.items()
        }
        return [self._drawing(models, found, len(known), len(subject.networks) - len(models))]

    def _drawing(self, models: list[Model], found: Mapping[str, Purity], known: int, left_out: int) -> Drawing:
        first = next(iter(found.values()))
        n = len(first.of_items)
        said = "; ".join(f"{label} {one.value:.0%}" for label, one in found.items())
        rows = [[label, one.value, one.low, one.high, one.chance, len(one.of_items)] for label, one in found.items()]
        return Drawing(
            "purity",
            f"How often neighbours are of the same {self.column}",
            f"Of the {self.k} nearest items of an item, so many are of its own {self.column}. "
            f"{_verdict(models, found)} By chance it would be {first.chance:.1%}."
            + (f" {left_out} more networks are not drawn." if left_out else ""),
            (
                Panel(
                    "purity",
                    (460, 74 + ROW * len(found)),
                    f"Share of the {self.k} nearest items with the same {self.column}: {said}; chance "
                    f"{first.chance:.1%}.",
                    _draw(models, found),
                ),
            ),
            csv_text(["vectors", f"same {self.column}", "low", "high", "chance", "items"], rows),
            f"Over {f'{n:,} drawn of ' if n < known else ''}{known:,} items with at least {self.least_events} training "
            f"events; bars are 95 % intervals over items, the dashed line is chance. The vectors “{FIXED}” are counted "
            f"and not learned: a network right of them knows more of the {self.column} than counting, one left of them "
            "has learned other things. A higher share is no better recommender: visitors may well look at two kinds of "
            "things in one visit. One training seed each.",
        )


def _verdict(models: list[Model], found: Mapping[str, Purity]) -> str:
    """What the intervals allow to say of the networks."""
    values = [(found[model.label].value, model.label) for model in models]
    (high, best), (low, worst) = max(values), min(values)
    if len(values) == 1:
        return f"{best}: {high:.0%}."
    apart = found[best].low > found[worst].high
    return (
        f"{best} has most, {high:.0%}, {worst} least, {low:.0%}."
        if apart
        else f"Between {low:.0%} and {high:.0%}: the networks cannot be told apart here."
    )


def _draw(models: list[Model], found: Mapping[str, Purity]) -> Callable[["Figure"], None]:
    colours = {model.label: COLOURS[family(model)] for model in models}

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for row, (label, one) in enumerate(found.items()):
            colour = colours.get(label, COLOURS["muted"])
            axes.plot([one.low, one.high], [row, row], color=colour, linewidth=2.2, solid_capstyle="round")
            axes.plot(one.value, row, "o", color=colour, markersize=7, markeredgecolor=COLOURS["surface"])
        chance = next(iter(found.values())).chance
        axes.axvline(chance, color=COLOURS["muted"], linewidth=0.9, dashes=(3, 3), zorder=0)
        axes.annotate(
            "chance", (chance, 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center",
            color=COLOURS["muted"], fontsize=8,
        )  # fmt: skip
        axes.set_yticks(range(len(found)), [short(label) for label in found])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlabel("neighbours that agree, 95 % interval")
        axes.grid(axis="y", visible=False)
        bare(axes, "left")

    return draw
