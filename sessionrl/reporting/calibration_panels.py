"""Panels of rewards and of Q: what kinds of event earn, and predicted against realised returns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sessionrl.analysis.calibration import Calibration, Earned
from sessionrl.reporting.drawing import COLOURS, Panel, bare
from sessionrl.reporting.families import short
from sessionrl.reporting.numbers import difference, joined, number, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 24  # points between two kinds of event


def reward_panel(names: Sequence[str], found: Sequence[Earned], name: str) -> Panel:
    """A bar for what each kind of event earns; names: of the heads that are paid so."""

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        axes.set_title(short(names[0], 40) if len(names) == 1 else f"{short(names[0], 30)} and {len(names) - 1} more")
        rows = range(len(found))
        axes.barh(rows, [one.mean for one in found], 0.5, color=COLOURS["reinforced"])
        for row, one in enumerate(found):
            axes.annotate(
                shares(one), (max(one.mean, 0), row), (4, 0),
                textcoords="offset points", va="center", fontsize=8, color=COLOURS["muted"],
            )  # fmt: skip
        axes.set_yticks(rows, [f"{short(one.kind, 14)} {paid(one.mean)}" for one in found])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(found) - 0.5, -0.5)
        most = max([*(one.mean for one in found), 1e-9])
        axes.set_xlim(min(0, *(one.mean for one in found)), most * 2.1)  # room for the words
        axes.locator_params("x", nbins=5)
        axes.set_xlabel("mean reward of one event")
        axes.grid(axis="y", visible=False)
        bare(axes, "left")

    said = "; ".join(f"{one.kind} {paid(one.mean)}, {shares(one)}" for one in found)
    return Panel(name, (360, 76 + ROW * len(found)), f"What {joined(list(names))} pays: {said}.", draw)


def paid(reward: float) -> str:
    """A reward as one writes it.

    >>> paid(0.2000000003), paid(-5.8e-8), paid(1.0), paid(0.48199)
    ('0.2', '0', '1', '0.482')
    """
    return f"{round(reward, 3) + 0.0:g}".replace("-", "−")


def shares(one: Earned) -> str:
    """Of a kind of event among events and rewards."""
    return f"{one.of_events:z.1%} of events, {one.of_reward:z.0%} of reward"


def calibration_panel(model: str, head: Calibration, name: str) -> Panel:
    """Tenths of the predictions above, kinds of event below."""
    below = 46 + ROW * len(head.kinds)

    def draw(figure: "Figure") -> None:
        above, kinds = figure.subplots(2, 1, height_ratios=[250, below])
        above.set_title(f"{short(model, 28)}: {short(head.head, 16)}")
        _draw_tenths(above, head)
        _draw_kinds(kinds, head)

    said = "; ".join(f"{number(one.predicted)} → {number(one.realised.value)}" for one in head.bins)
    label = (
        f"Predicted and realised return by tenth of the predictions of {head.head} of {model}: {said}. "
        f"Bias {difference(*head.bias)}, rank correlation {number(head.correlation.value)}, "
        f"slope {number(head.slope.value)}."
    )
    return Panel(name, (360, 270 + below), label, draw)


def _draw_tenths(axes: "Axes", head: Calibration) -> None:
    across = np.array([one.predicted for one in head.bins])
    up, low, high = (np.array([getattr(one.realised, part) for one in head.bins]) for part in ("value", "low", "high"))
    ends = np.nanmin([across.min(), np.nanmin(low), head.realised]), np.nanmax([across.max(), np.nanmax(high)])
    room = 0.06 * ((ends[1] - ends[0]) or 1)
    # The same scale on both sides: only so is the diagonal one, and a flat row of dots flat.
    axes.set_xlim(ends[0] - room, ends[1] + room)
    axes.set_ylim(ends[0] - room, ends[1] + room)
    axes.axline((ends[0], ends[0]), slope=1, color=COLOURS["muted"], linewidth=1)
    axes.axhline(head.realised, color=COLOURS["muted"], linewidth=1, linestyle=":")
    axes.annotate(
        f"mean {number(head.realised)}", (1, head.realised), (-2, 2), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="right", fontsize=8, color=COLOURS["muted"],
    )  # fmt: skip
    axes.vlines(across, low, high, color=COLOURS["reinforced"], linewidth=1.4)
    axes.plot(across, up, "o-", color=COLOURS["reinforced"], markersize=5.5, linewidth=0.8)
    words = f"bias {signed(head.bias.value)}\nrank correlation {number(head.correlation.value)}"
    axes.annotate(
        f"{words}\nslope {number(head.slope.value)}".replace("-", "−"), (0, 1), (6, -4), xycoords="axes fraction",
        textcoords="offset points", va="top", fontsize=8.5,
    )  # fmt: skip
    axes.locator_params(nbins=6)
    axes.set_xlabel("predicted: Q")
    axes.set_ylabel("realised return")
    bare(axes)


def _draw_kinds(axes: "Axes", head: Calibration) -> None:
    for row, one in enumerate(head.kinds):
        colour = COLOURS["reinforced"]
        axes.plot([one.predicted, one.realised.value], [row, row], color=COLOURS["line"], linewidth=2, zorder=1)
        axes.plot([one.realised.low, one.realised.high], [row, row], color=colour, linewidth=1.6)
        axes.plot(one.realised.value, row, "o", color=colour, markersize=6)
        axes.plot(one.predicted, row, "o", color=colour, markerfacecolor=COLOURS["surface"], markersize=6)
    axes.set_yticks(range(len(head.kinds)), [f"{short(one.name, 14)} ({one.events:,})" for one in head.kinds])
    axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
    axes.set_ylim(len(head.kinds) - 0.5, -0.5)
    axes.margins(x=0.06)
    axes.locator_params("x", nbins=6)
    axes.set_xlabel("○ predicted   ● realised")
    axes.grid(axis="y", visible=False)
    bare(axes, "left")
