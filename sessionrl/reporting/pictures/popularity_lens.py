"""Popularity lens: which tenth of the items by popularity the places go to, beside what visitors looked at next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from sessionrl.analysis.exposure import TENTHS, lens
from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text
from sessionrl.reporting.families import short
from sessionrl.reporting.line_names import looks, name_lines
from sessionrl.reporting.lists import GROUPS, Array, Shelves, sentences
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 25  # points between two models
LABELLED = 0.065  # the narrowest share that its number fits into
NEAR = 0.06  # to the dashed line: a number would stand on it
LEAST = 1 / 16  # of the visitors' share: what lies below is drawn at the edge
ALIKE = 0.01


@register("picture", "popularity_lens")
@dataclass(frozen=True)
class PopularityLens:
    """Places by tenths of the items by training popularity, each model beside what visitors looked at next.

    k: places of a list that count
    """

    section: ClassVar[Section] = "lists"
    place: ClassVar[int] = 1

    k: Annotated[int, Field(ge=1)] = 10

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        shelves = Shelves.of(subject, self.k)
        catalogue = subject.catalogue
        shares = [one.mean(lambda shown: lens(shown.times, catalogue)) for one in shelves.lists]
        visitors = lens(shelves.visitors.chosen, catalogue)
        return [_lens(shelves, shares, visitors)]


def _lens(shelves: Shelves, shares: Sequence[Array], visitors: Array) -> Drawing:
    named = [("visitors", visitors), *((one.label, share) for one, share in zip(shelves.lists, shares, strict=True))]
    rows = [[label, group, value] for label, share in named for group, value in zip(GROUPS, share, strict=True)]
    caption = sentences(
        f"The most popular tenth of the items takes {visitors[0]:.0%} of what visitors really looked at next; "
        f"{_range(shelves, shares)} of the places in lists of {shelves.k}.",
        _unchanged(shelves, shares),
        shelves.left_out,
    )
    reading = sentences(
        "Items are cut into tenths by their events in training: 1 holds the 10% with the most, 10 those with the "
        'fewest, "new" those without any; items with equally many share evenly. The visitors\' bar is the yardstick: '
        "neither all places to the top nor equal shares are right. A model with far more than they have at the left "
        "shows bestsellers to people who look for something else; with far less at the right, it hides the rest of "
        f"the range. Second panel: a model's share divided by the visitors', at least 1/{1 / LEAST:g}; on the dashed "
        "line a tenth is shown as often as it is looked at.",
        shelves.seeds,
    )
    return Drawing(
        "popularity-lens",
        "Places by popularity of the items",
        caption,
        (_bars(named), *_against_visitors(shelves, shares, visitors)),
        csv_text(["who", "tenth", "share of places"], rows),
        reading,
    )


def _range(shelves: Shelves, shares: Sequence[Array]) -> str:
    top = [share[0] for share in shares]
    least, largest = int(np.argmin(top)), int(np.argmax(top))
    if least == largest:
        return f"{shelves.lists[0].label} gives it {top[0]:.0%}"
    return (
        f"the models give it between {top[least]:.0%} ({shelves.lists[least].label}) and {top[largest]:.0%} "
        f"({shelves.lists[largest].label})"
    )


def _unchanged(shelves: Shelves, shares: Sequence[Array]) -> str:
    """Says which objectives share the places like `next_item` on the same encoder."""
    of = {one.label: share for one, share in zip(shelves.lists, shares, strict=True)}
    apart = {one.label: (other.label, np.abs(of[one.label] - of[other.label]).max()) for one, other in shelves.pairs()}
    alike = [f"{label} (against {other})" for label, (other, largest) in apart.items() if largest < ALIKE]
    if not alike:
        return ""
    return (
        f"No tenth differs by as much as {ALIKE:.0%} of the places from the same encoder without reinforcement "
        f"learning: {', '.join(alike)}. There it changed next to nothing about how popular what is shown is."
    )


def _bars(named: Sequence[tuple[str, Array]]) -> Panel:
    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for row, (_, share) in enumerate(named):
            colour = COLOURS["ink" if row == 0 else "supervised"]
            left = 0.0
            for group, value in enumerate(share):
                alpha = (0.3 if row == 0 else 0.45) * (1 - group / TENTHS) ** 1.4 + 0.05
                axes.barh(row, value, 0.74, left, color=colour, alpha=alpha, edgecolor="none")
                axes.plot([left + value] * 2, [row - 0.37, row + 0.37], color=COLOURS["surface"], linewidth=0.8)
                near = abs(left + value / 2 - named[0][1][0]) < NEAR
                if value >= LABELLED * (2 if near else 1):
                    axes.text(
                        left + value * (0.25 if near else 0.5),
                        row,
                        f"{value:.0%}",
                        ha="center",
                        va="center",
                        fontsize=8,
                    )
                left += value
        axes.axvline(named[0][1][0], color=COLOURS["ink"], linewidth=0.9, dashes=(3, 3), zorder=0)
        axes.set_yticks(range(len(named)), [short(label, 18) for label, _ in named])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(named) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
        axes.set_xlabel("share of places; tenths 1, 2, … from left to right")
        axes.grid(visible=False)
        bare(axes, "left", "bottom")

    said = "; ".join(f"{label} {share[0]:.0%}" for label, share in named)
    label = f"Share of places by tenths of the items by popularity. The most popular tenth takes: {said}."
    return Panel("popularity-lens", (360, 62 + ROW * len(named)), label, draw)


def _against_visitors(shelves: Shelves, shares: Sequence[Array], visitors: Array) -> list[Panel]:
    """How many times as often as visitors looked there; tenths where they never looked are left out."""
    groups = np.flatnonzero(visitors > 0)
    if len(groups) < 2:
        return []
    times = [np.clip(share[groups] / visitors[groups], LEAST, None) for share in shares]

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        axes.set_yscale("log", base=2)
        styles = looks([one.model for one in shelves.lists])
        for line, look in zip(times, styles, strict=True):
            axes.plot(range(len(groups)), line, color=look.colour, linestyle=look.dashes, linewidth=1.6)
        axes.axhline(1, color=COLOURS["ink"], linewidth=1.2, dashes=(3, 3))
        axes.set_xticks(range(len(groups)), [GROUPS[group] for group in groups])
        axes.set_ylim(LEAST / 1.15, max(2.0, *(line.max() for line in times)) * 1.15)
        ticks = [2.0**power for power in range(-4, 8) if LEAST <= 2.0**power <= axes.get_ylim()[1]]
        axes.set_yticks(ticks, [f"{tick:g}×" if tick >= 1 else f"1/{1 / tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_title("Places for each look of a visitor")
        axes.set_xlabel("tenth of the items by popularity")
        bare(axes)
        ends = [(len(groups) - 1, float(line[-1])) for line in times]
        name_lines(axes, [one.label for one in shelves.lists], ends, [look.colour for look in styles])

    said = "; ".join(f"{one.label} {line[0]:.2g} times" for one, line in zip(shelves.lists, times, strict=True))
    label = f"Share of places divided by the visitors' share, by tenth. In the first tenth: {said}."
    return [Panel("popularity-lens-against-visitors", (360, 250), label, draw)]
