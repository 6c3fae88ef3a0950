"""Purity: how often the nearest items of an item are of its own category, for every network, beside chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from sessionrl.analysis.item_vectors import Vectors, item_vectors
from sessionrl.analysis.neighbours import Purity, purity
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.families import family, short, told
from sessionrl.reporting.models import Model, items_known
from sessionrl.reporting.picture import Section
from sessionrl.reporting.pictures.closest import codes_of, known_items
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIXED = "seen together, counted"  # the catalogue's co-occurrence vectors, which no model learned
CELLS = 250_000_000  # cosines that are taken at most for one model
MOST = 8  # models
SEEDS = 5  # of each
ROW = 24  # points between two of them
HEADER = ("vectors", "seed", "share", "low", "high", "chance", "items")


class Measured(NamedTuple):
    """Vectors that were measured: their name, their colour, and the purity by training seed (None if none trained)."""

    label: str
    colour: str
    seeds: dict[int | None, Purity]

    @property
    def values(self) -> list[float]:
        """Of every training seed."""
        return [one.value for one in self.seeds.values()]

    @property
    def value(self) -> float:
        """The mean over the seeds."""
        return float(np.mean(self.values))

    @property
    def low(self) -> float:
        """The lowest of the seeds, or the end of the interval over items where there is one."""
        (first, *others) = self.seeds.values()
        return min(self.values) if others else first.low

    @property
    def high(self) -> float:
        """The highest of the seeds, or the end of the interval over items where there is one."""
        (first, *others) = self.seeds.values()
        return max(self.values) if others else first.high


@register("picture", "purity")
@dataclass(frozen=True)
class NeighboursOfOneCategory:
    """How often the nearest items agree with an item's category, for every training seed of every network.

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
        catalogue, codes = subject.catalogue, codes_of(subject.catalogue, self.column)
        if len(np.unique(codes[codes >= 0])) < 2:
            raise CannotDraw(
                f"The table of items has no column {self.column!r} with two values or more.\n"
                "  do now: prepare the data with a table of items that has one "
                f"(reader.item_columns.{self.column}=COLUMN keeps it), or name another with purity.column=NAME"
            )
        models = subject.networks[:MOST]
        smallest = 1 + min(items_known(run.directory) for model in models for run in model.runs[:SEEDS])
        among = known_items(catalogue, smallest, self.least_events).among & (codes >= 0)
        known = np.flatnonzero(among)
        if len(np.unique(codes[known])) < 2:
            raise CannotDraw(
                f"Items with {self.least_events} training events or more do not have two values of {self.column!r} "
                "between them.\n  do now: ask for fewer events with purity.least_events=N, or name another column with "
                "purity.column=NAME"
            )
        most = max(10, min(self.items, CELLS // len(codes)))
        items = np.sort(np.random.default_rng(subject.seed).permutation(known)[:most])

        def of(vectors: Vectors) -> Purity:
            return purity(vectors, codes, items, self.k, among, subject.seed)

        found = [
            Measured(one.label, COLOURS[family(one)], {seed: of(its) for seed, its in _trained(subject, one)})
            for one in models
        ]
        counted = Measured(FIXED, COLOURS["muted"], {None: of(catalogue.vectors)})
        return [self._drawing(subject, found, counted, (len(items), len(known)))]

    def _drawing(
        self, subject: Subject, found: Sequence[Measured], counted: Measured, sizes: tuple[int, int]
    ) -> Drawing:
        chance, left_out = counted.seeds[None].chance, len(subject.networks) - len(found)
        every = [*found, counted]
        said = "; ".join(f"{one.label} {one.value:.0%}" for one in every)
        caption = [
            f"Of the {self.k} nearest items of an item, so many are of its own {self.column}: {_verdict(found)}",
            f"Counting which items are seen together gives {counted.value:.0%}, chance {chance:.1%}.",
            told(subject.networks[: len(found)], self.column),
            f"{left_out} more networks are not drawn." if left_out else "",
        ]
        return Drawing(
            "purity",
            f"How often neighbours are of the same {self.column}",
            " ".join(sentence for sentence in caption if sentence),
            (
                Panel(
                    "purity",
                    (460, 74 + ROW * len(every)),
                    f"Share of the {self.k} nearest items with the same {self.column}: {said}; chance {chance:.1%}.",
                    partial(_draw, every, chance),
                ),
            ),
            csv_text(HEADER, [row for one in every for row in _rows(one)]),
            _reading(self, sizes),
        )


def _trained(subject: Subject, model: Model) -> Iterator[tuple[int, Vectors]]:
    """[V, d] by training seed, `SEEDS` of them at most, one at a time."""
    for nth, seed in enumerate(model.seeds[:SEEDS]):
        yield seed, item_vectors(subject.recommender(model, nth))


def _verdict(found: Sequence[Measured]) -> str:
    """What the trainings allow to say of the networks; intervals over items alone would promise too much."""
    ordered = sorted(found, key=lambda one: one.value)
    worst, best = ordered[0], ordered[-1]
    if len(found) == 1:
        return f"{_range(best)} in {best.label}."
    fewest, most = ("", "") if len(found) == 2 else ("fewest, ", "most, ")
    said = f"{fewest}{_range(worst)} in {worst.label}; {most}{_range(best)} in {best.label}"
    if any(len(one.seeds) == 1 for one in found):
        return (
            f"{said}. Where a network was trained once, another seed can move it further than its bar says: read no "
            "order of the networks into this."
        )
    if min(best.values) > max(worst.values):
        return f"{said}; every training of {best.label} has more than any of {worst.label}."
    return f"{said}; their trainings overlap, so the networks cannot be told apart here."


def _range(one: Measured) -> str:
    """The share, or the lowest and the highest of several trainings."""
    low, high = (f"{value:.0%}" for value in (min(one.values), max(one.values)))
    return low if low == high else f"{low} to {high}"


def _reading(options: NeighboursOfOneCategory, sizes: tuple[int, int]) -> str:
    """sizes: items that are looked at, and those that could have been."""
    looked_at, known = sizes
    return (
        f"Over {f'{looked_at:,} drawn of ' if looked_at < known else ''}{known:,} items with at least "
        f"{options.least_events} training events. A small dot is one training seed, a large one their mean; the "
        "bar goes from the lowest seed to the highest, or, where there is one seed, is a 95% interval over items, "
        f"which says nothing of other seeds. The dashed line is chance. The vectors “{FIXED}” were not learned: a "
        f"network right of them knows more of the {options.column} than counting, one left of them has learned other "
        "things. A higher share is no better recommender: visitors may well look at two kinds of things in one visit."
    )


def _rows(one: Measured) -> list[list[object]]:
    """Of the CSV, one for every seed."""
    return [
        [one.label, seed, *(round(value, 4) for value in (its.value, its.low, its.high, its.chance)), len(its.of_items)]
        for seed, its in one.seeds.items()
    ]


def _draw(found: Sequence[Measured], chance: float, figure: "Figure") -> None:
    axes = figure.add_subplot()
    for row, one in enumerate(found):
        axes.plot([one.low, one.high], [row, row], color=one.colour, linewidth=2.2, solid_capstyle="round")
        if len(one.seeds) > 1:
            axes.plot(one.values, [row] * len(one.values), "o", color=one.colour, markersize=4, alpha=0.6)
        axes.plot(one.value, row, "o", color=one.colour, markersize=7, markeredgecolor=COLOURS["surface"])
        axes.annotate(
            f"{one.value:.0%}", (one.high, row), (6, 0), textcoords="offset points", va="center",
            color=COLOURS["ink"], fontsize=8,
        )  # fmt: skip
    axes.axvline(chance, color=COLOURS["muted"], linewidth=0.9, dashes=(3, 3), zorder=0)
    axes.annotate(
        "chance", (chance, 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center",
        color=COLOURS["muted"], fontsize=8,
    )  # fmt: skip
    axes.set_yticks(range(len(found)), [short(one.label) for one in found])
    axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(0, 1.08)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("neighbours that agree")
    axes.grid(axis="y", visible=False)
    bare(axes, "left")
