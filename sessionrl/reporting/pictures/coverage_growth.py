"""Coverage growth: how many different items visitors get to see, against the number of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from sessionrl.analysis.exposure import FIXED, Growth, growth
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.line_names import looks, name_lines
from sessionrl.reporting.lists import Shelves, sentences
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FLAT = 0.01  # of the items that are shown: what the second half of the lists adds where a line is not flat


@register("picture", "coverage_growth")
@dataclass(frozen=True)
class CoverageGrowth:
    """Different items shown against the number of lists, one line for every model, and what visitors looked at.

    k: places of a list that count
    """

    section: ClassVar[Section] = "lists"
    place: ClassVar[int] = 2

    k: Annotated[int, Field(ge=1)] = 10

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        shelves = Shelves.of(subject, self.k)
        lists = shelves.visitors.lists
        visitors = growth(shelves.visitors.chosen, lists)
        models = [
            Growth(visitors.lists, one.mean(lambda shown: growth(shown.times, lists).distinct)) for one in shelves.lists
        ]
        return [_growth(shelves, models, visitors, int(subject.catalogue.recommendable.sum()))]


def _growth(shelves: Shelves, models: Sequence[Growth], visitors: Growth, ceiling: int) -> Drawing:
    named = [("visitors", visitors), *((one.label, line) for one, line in zip(shelves.lists, models, strict=True))]
    lists = int(visitors.lists[-1])
    fixed = [*(number for number in FIXED if number < lists), lists]
    rows = [
        [label, "fixed" if m in fixed else "between", int(m), float(items), float(items) / ceiling]
        for label, line in named
        for m, items in zip(line.lists, line.distinct, strict=True)
    ]
    least, largest = (at(range(len(models)), key=lambda i: models[i].distinct[-1]) for at in (min, max))
    several = [f"{shelves.lists[i].label} show {_of(models[i], ceiling)}" for i in dict.fromkeys((least, largest))]
    caption = sentences(
        f"Of {ceiling:,} items that may be recommended, all {lists:,} lists of {joined(several)}; visitors themselves "
        f"looked at {_of(visitors, ceiling)} as their next item.",
        _flat(shelves, models, ceiling),
        shelves.left_out,
    )
    reading = sentences(
        f"How many different items so many lists of {shelves.k}, drawn by chance, are expected to show (exactly, by "
        "rarefaction). A line that goes flat shows everybody the same. Visitors choose one item where a list has "
        f"{shelves.k}, so that a model below their line surely hides items that people look for. Broad alone is not "
        "good: lists by chance would be broadest. Coverage rises with the number of lists; models of other test parts "
        "compare at the same number, and the CSV has it at 1,000, at 10,000 and at all.",
        shelves.seeds,
    )
    return Drawing(
        "coverage-growth",
        "Different items shown, by the number of lists",
        caption,
        (_panel(shelves, models, visitors, ceiling),),
        csv_text(["who", "point", "lists", "different items", "share of the items"], rows),
        reading,
    )


def _of(line: Growth, ceiling: int) -> str:
    return f"{line.distinct[-1]:,.0f} ({line.distinct[-1] / ceiling:.0%})"


def _flat(shelves: Shelves, models: Sequence[Growth], ceiling: int) -> str:
    """Names models that show next to nothing new in the second half of the lists, though much is left to show."""
    flat = [
        one.label
        for one, line in zip(shelves.lists, models, strict=True)
        if line.distinct[-1] < 0.9 * ceiling
        and np.interp(line.lists[-1] / 2, line.lists, line.distinct) > (1 - FLAT) * line.distinct[-1]
    ]
    return f"In the second half of the lists hardly anything new is shown by {joined(flat)}." if flat else ""


def _panel(shelves: Shelves, models: Sequence[Growth], visitors: Growth, ceiling: int) -> Panel:
    highest = float(np.max([line.distinct[-1] for line in [*models, visitors]]))

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        styles = looks([one.model for one in shelves.lists])
        axes.plot(visitors.lists, visitors.distinct, color=COLOURS["ink"], linewidth=2, linestyle=(0, (3, 2)))
        for line, look in zip(models, styles, strict=True):
            axes.plot(line.lists, line.distinct, color=look.colour, linestyle=look.dashes, linewidth=1.7)
        axes.set_xscale("log")
        axes.set_xlim(1, max(2, visitors.lists[-1]))
        axes.set_ylim(0, ceiling * 1.04 if highest > ceiling / 3 else highest * 1.1)
        words = f"{ceiling:,} items may be recommended"
        if highest > ceiling / 3:
            axes.axhline(ceiling, color=COLOURS["muted"], linewidth=0.9, dashes=(3, 3))
            axes.annotate(words, (0.02, ceiling), (0, -4), xycoords=("axes fraction", "data"),
                          textcoords="offset points", va="top", fontsize=8.5, color=COLOURS["muted"])  # fmt: skip
        else:
            axes.text(0.02, 0.98, f"{words}, far above", transform=axes.transAxes, va="top", fontsize=8.5,
                      color=COLOURS["muted"])  # fmt: skip
        axes.yaxis.set_major_formatter(lambda value, at: f"{value:,.0f}")
        axes.xaxis.set_major_formatter(lambda value, at: f"{value:,.0f}")
        axes.set_xlabel("lists seen")
        axes.set_ylabel("different items")
        bare(axes)
        names = ["visitors", *(one.label for one in shelves.lists)]
        ends = [(float(line.lists[-1]), float(line.distinct[-1])) for line in [visitors, *models]]
        name_lines(axes, names, ends, [COLOURS["ink"], *(look.colour for look in styles)])

    said = "; ".join(f"{one.label} {line.distinct[-1]:,.0f}" for one, line in zip(shelves.lists, models, strict=True))
    label = (
        f"Different items in all {int(visitors.lists[-1]):,} lists: {said}; visitors looked at "
        f"{visitors.distinct[-1]:,.0f}; {ceiling:,} may be recommended."
    )
    return Panel("coverage-growth", (380, 290), label, draw)
