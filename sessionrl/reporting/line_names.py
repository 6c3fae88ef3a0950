"""Names of lines, written at their right ends in place of a legend, so that none lies on another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sessionrl.reporting.drawing import COLOURS, spread
from sessionrl.reporting.families import family, short
from sessionrl.reporting.models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Lines of one colour differ by these: on and off in units of the line's width.
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (4, 1.5),
    (1.2, 1.5),
    (6, 1.5, 1.2, 1.5),
    (2.5, 2.5),
    (8, 2),
    (1, 3),
    (5, 5),
)
HEIGHT = 12  # points that a name takes


class Look(NamedTuple):
    """Of a line: its colour, and its dashes as matplotlib takes them, (0, ()) where it is unbroken."""

    colour: str
    dashes: tuple[float, tuple[float, ...]]


def looks(models: Sequence[Model]) -> list[Look]:
    """The colour of the family; models of one family differ by their dashes."""
    families = [family(model) for model in models]
    nth = [families[:i].count(name) for i, name in enumerate(families)]
    return [Look(COLOURS[name], (0, DASHES[n % len(DASHES)])) for name, n in zip(families, nth, strict=True)]


def name_lines(axes: "Axes", names: Sequence[str], ends: Sequence[tuple[float, float]], colours: Sequence[str]) -> None:
    """Right of the axes, each joined to the end of its line; call it when the limits of the axes are settled.

    ends: x and y of the last point of each line, in the units of the axes
    """
    height = axes.figure.bbox.height * axes.get_position().height or 1
    gap = min(0.09, HEIGHT / (height / axes.figure.dpi * 72) * 1.25)
    wanted = [axes.transAxes.inverted().transform(axes.transData.transform(end))[1] for end in ends]
    leader = {"arrowstyle": "-", "color": COLOURS["muted"], "linewidth": 0.5, "shrinkB": 1, "relpos": (0, 0.5)}
    places = spread(wanted, gap, 0.02, 0.98)
    for name, end, place, colour in zip(names, ends, places, colours, strict=True):
        axes.annotate(
            short(name, 18), end, (1.04, place), textcoords="axes fraction", va="center", fontsize=8.5, color=colour,
            arrowprops=leader,
        )  # fmt: skip
