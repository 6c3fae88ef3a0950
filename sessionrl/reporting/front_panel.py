"""The panel of a trade-off front: accuracy against one axis, a line for every dial."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sessionrl.analysis.dials import NOISE, POPULARITY, RANDOM, START, SUPERVISED, TRAINED, Sample, Setting
from sessionrl.analysis.front import Point, Verdict, line_of, pareto
from sessionrl.reporting.drawing import COLOURS, SERIES, Panel, bare, spread
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 0.8  # share of the accuracy at weight 0 below which a setting is only in the table
MARKERS = ("o", "s", "^", "v", "P")


class Turned(NamedTuple):
    """A network at all settings, measured.

    points:     on the whole sample
    verdicts:   on the half of it on which no setting was picked
    raised:     the setting with the highest accuracy where settings were picked, measured on the other half
    events:     cases of the sample
    sample:     how they were drawn
    other:      options besides the objective in which the network trained without RL differs, if there is one
    """

    model: Model
    headline: str
    dials: tuple[str, ...]
    points: list[Point]
    verdicts: list[Verdict]
    raised: Point
    events: int
    sample: Sample
    other: tuple[str, ...] = ()


def turning(one: Turned) -> list[str]:
    """The axes on which the settings differ, all of them if none does."""
    known = [verdict.axis for verdict in one.verdicts]
    moved = [axis for axis in known if len({p.axes[axis].model for p in one.points if axis in p.axes}) > 1]
    return moved or known


def front_panel(one: Turned, axis: str, name: str, give_up: float) -> Panel:
    """Of one axis; name: its ids in the page begin with it."""
    start = one.points[0]
    # Lists of nothing but items without a vector have no diversity.
    known = [p for p in one.points if axis in p.axes]
    kept = [p for p in known if p.accuracy.model >= SHOWN * start.accuracy.model]
    best = pareto(*(np.array(v) for v in ([p.axes[axis].model for p in kept], [p.accuracy.model for p in kept])))
    on_front = {p.setting for p, on in zip(kept, best, strict=True) if on}

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        ends = [("weight 0", start.axes[axis].model, start.accuracy.model, COLOURS["ink"])]
        for nth, dial in enumerate(one.dials):
            line, look = line_of(dial, kept), _look(dial, nth)
            if not line:
                continue
            _draw_dial(axes, [(p, p.setting in on_front) for p in line], axis, look)
            last = line[-1]
            if last.setting != START:
                ends.append((dial, last.axes[axis].model, last.accuracy.model, look.colour))
        _draw_start(axes, one, axis, give_up)
        axes.set_xlabel(axis)
        axes.set_ylabel(one.headline)
        bare(axes)
        axes.margins(0.06)
        axes.locator_params("x", nbins=5)
        _name_ends(axes, ends)

    said = "; ".join(
        f"{number(best.value)} by {named(best.setting)}"
        for verdict in one.verdicts
        for best in (verdict.heads, verdict.others)
        if verdict.axis == axis and best.setting
    )
    label = (
        f"{one.headline} against {axis} of {one.model.label} over the weights of its Q heads and of dials without RL. "
        f"At weight 0: {number(start.accuracy.model)} and {number(start.axes[axis].model)}. Best at the price, on "
        f"visits where it was not picked: {said or 'none'}."
    )
    return Panel(f"{name}-{axis.partition('@')[0]}", (360, 290), label, draw)


class _Look(NamedTuple):
    colour: str
    line: str
    marker: str


def _look(dial: str, nth: int) -> _Look:
    if dial == POPULARITY:
        return _Look(COLOURS["ink"], "--", "D")
    if dial == RANDOM:
        return _Look(COLOURS["c6"], ":", "P")
    if dial == SUPERVISED:
        return _Look(COLOURS["baseline"], "-.", "p")
    if dial == NOISE:
        return _Look(COLOURS["muted"], ":", "X")
    return _Look(COLOURS[SERIES[nth % len(SERIES)]], "-", MARKERS[nth % len(MARKERS)])


def _draw_dial(axes: "Axes", line: Sequence[tuple[Point, bool]], axis: str, look: _Look) -> None:
    """One line through weight 0, paler below it; large where no other setting is better on both sides."""
    for below in (True, False):
        side = [p for p, _ in line if (p.setting.weight <= 0 if below else p.setting.weight >= 0)]
        axes.plot(
            [p.axes[axis].model for p in side], [p.accuracy.model for p in side], color=look.colour,
            linestyle=look.line, linewidth=1 if below else 1.6, alpha=0.4 if below else 1,
        )  # fmt: skip
    for point, on in line:
        if point.setting != START:
            axes.plot(
                point.axes[axis].model, point.accuracy.model, look.marker, color=look.colour, markersize=6 if on else 3,
                markeredgewidth=0, alpha=0.5 if point.setting.weight < 0 and not on else 1,
            )  # fmt: skip


def _draw_start(axes: "Axes", one: Turned, axis: str, give_up: float) -> None:
    """Weight 0, the policy as trained if it is another, and the price."""
    start = one.points[0]
    at = start.axes[axis].model, start.accuracy.model
    price = at[1] * (1 - give_up)
    axes.axhline(price, color=COLOURS["muted"], linewidth=0.8, dashes=(1, 2), zorder=0)
    axes.annotate(
        f"−{give_up:.0%}", (0, price), (2, -2), xycoords=("axes fraction", "data"), textcoords="offset points",
        va="top", fontsize=8, color=COLOURS["muted"],
    )  # fmt: skip
    axes.plot(*at, "D", color=COLOURS["ink"], markersize=8, markeredgecolor=COLOURS["surface"], zorder=5)
    for point in one.points:
        if point.setting == TRAINED and axis in point.axes:
            there = point.axes[axis].model, point.accuracy.model
            axes.plot(*there, "o", color=COLOURS["ink"], markersize=9, markerfacecolor="none", zorder=5)
            axes.annotate(TRAINED.dial, there, (6, -10), textcoords="offset points", fontsize=8.5, zorder=6)


def _name_ends(axes: "Axes", ends: Sequence[tuple[str, float, float, str]]) -> None:
    """Names right of the axes, each joined to the last point of its line."""
    low, high = axes.get_ylim()
    wanted = [(y - low) / ((high - low) or 1) for _, _, y, _ in ends]
    for (name, x, y, colour), place in zip(ends, spread(wanted, 0.08, 0.02, 0.98), strict=True):
        leader = {"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkB": 4, "relpos": (0, 0.5)}
        axes.annotate(
            name, (x, y), (1.03, place), textcoords="axes fraction", va="center", fontsize=8.5, color=colour,
            arrowprops=leader,
        )  # fmt: skip


def named(setting: Setting) -> str:
    """In words: the dial and its weight; a penalty below 0 is a bonus."""
    dial, weight = setting
    if dial == SUPERVISED:
        penalty = f" and the popularity {'penalty' if weight > 0 else 'bonus'} at {abs(weight):.2g}" if weight else ""
        return f"the network {dial}{penalty}"
    if dial == POPULARITY and weight < 0:
        dial, weight = "popularity bonus", -weight
    return f"{dial} at {weight:.2g}".replace("-", "−")
