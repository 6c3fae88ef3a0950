"""A map of items on paper: dots of a few colours, and the names of groups on the map itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sessionrl.reporting.drawing import COLOURS, Panel
from sessionrl.reporting.families import short
from sessionrl.reporting.map_colours import REST, Grades, Groups, anchors, fifths
from sessionrl.reporting.map_data import ItemMap
from sessionrl.reporting.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

Values = npt.NDArray[np.float64]
WIDTH, HEIGHT, EDGE, ABOVE, BELOW = 430, 452, 10, 24, 24  # points
DOT = 4.2  # points across, where a thousand items are drawn
LEAST_NAMED = 3  # items that a group must have to be named
LETTER, LINE = 5.0, 11.0  # points: the width of a letter and the height of a line of a name
BESIDE = (LINE, -LINE, 2 * LINE + 2, -2 * LINE - 2)  # points above an anchor at which a name may stand
OVER = (0.0, LINE + 2, -LINE - 2, 2 * LINE + 4, -2 * LINE - 4)
SHADES = (0.16, 0.32, 0.5, 0.74, 1.0)  # of a fifth of the values, the lowest first

Box = tuple[float, float, float, float]


def map_panel(found: ItemMap, nth: int, colour: str) -> Panel:
    """The map of one of its models, its items coloured by one of its colourings."""
    colouring = found.colourings[colour]
    places = _on_paper(found.places[nth])

    def draw(figure: "Figure") -> None:
        axes = _paper(figure, short(found.labels[nth], 40))
        if isinstance(colouring, Groups):
            _draw_groups(axes, colouring, places)
        else:
            _draw_grades(axes, colouring, places)

    label = f"Map of {len(places):,} items as {found.labels[nth]} sees them, coloured by {colouring.title}."
    if isinstance(colouring, Groups):
        label += f" The largest groups: {', '.join(colouring.names[:8])}."
    return Panel(f"map-{nth + 1}", (WIDTH, HEIGHT), label, draw)


def moved_panel(found: ItemMap, far: npt.NDArray[np.int64]) -> Panel:
    """Some of the drawn items, with their way from one model to the other."""
    before, after = (_on_paper(places) for places in found.places)
    names = [short(found.words[one].called, 24) for one in far]

    def draw(figure: "Figure") -> None:
        axes = _paper(figure, f"From {short(found.labels[0], 20)} to {short(found.labels[1], 20)}")
        axes.add_patch(_dots(before, _dot(len(before)) * 0.8, REST, 0.35))
        for x, y in zip(before[far], after[far], strict=True):
            axes.plot(*zip(x, y, strict=True), color=COLOURS["ink"], linewidth=0.7)
        axes.add_patch(_dots(before[far], 6, "supervised"))
        axes.add_patch(_dots(after[far], 6, "reinforced"))
        _name(axes, names, after[far], BESIDE)
        _key(axes, [(found.labels[0], "supervised", 1), (found.labels[1], "reinforced", 1)])

    label = f"The ways of {len(far)} items that moved far: {', '.join(names)}."
    return Panel("map-moved", (WIDTH, HEIGHT), label, draw)


def _draw_groups(axes: "Axes", groups: Groups, places: Values) -> None:
    size = _dot(len(places))
    axes.add_patch(_dots(places[groups.of < 0], size, REST, 0.5))
    for colour in dict.fromkeys(groups.colours):
        same = [nth for nth, its in enumerate(groups.colours) if its == colour]
        axes.add_patch(_dots(places[np.isin(groups.of, same)], size, colour, 0.8))
    named = [nth for nth in range(len(groups.names)) if (groups.of == nth).sum() >= LEAST_NAMED]
    _name(axes, [short(groups.names[nth], 20) for nth in named], anchors(groups, places)[named])


def _draw_grades(axes: "Axes", grades: Grades, places: Values) -> None:
    """Higher values darker and larger, so that neither is needed to see it."""
    fifth, size = fifths(grades.values), _dot(len(places))
    axes.add_patch(_dots(places[fifth < 0], size, REST, 0.3))
    entries = []
    for nth, shade in enumerate(SHADES):
        own = grades.values[fifth == nth]
        if len(own):
            axes.add_patch(_dots(places[fifth == nth], size * (0.7 + 0.15 * nth), "supervised", shade))
            low, high = _amount(own.min()), _amount(own.max())
            span = low if low == high else f"{low}–{high}"
            entries.append((span, "supervised", shade))
    _key(axes, entries)


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or value >= 100 else number(value, 2)


def _paper(figure: "Figure", title: str) -> "Axes":
    """Axes over the whole figure whose units are points."""
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, HEIGHT)
    axes.text(EDGE - 6, HEIGHT - 15, title, fontweight="bold", fontsize=10.5)
    return axes


def _on_paper(places: Values) -> Values:
    """[n, 2] in points; to a tenth, which nobody sees and which makes the file half as large."""
    room = min(WIDTH - 2 * EDGE, HEIGHT - ABOVE - BELOW - EDGE)
    return np.asarray((places * room + ((WIDTH - room) / 2, BELOW + EDGE / 2)).round(1))


def _dot(n: int) -> float:
    return float(np.clip(DOT * (1000 / n) ** 0.3, 2.2, 7))


def _dots(places: Values, size: float, colour: str, opacity: float = 1.0) -> "Patch":
    """One path of points of no length with round ends: a tenth of what as many circles take."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    codes = np.tile(np.array([Path.MOVETO, Path.CLOSEPOLY], np.uint8), len(places))
    path = Path(np.repeat(places, 2, axis=0) if len(places) else np.zeros((0, 2)), codes)
    path.should_simplify = False
    return PathPatch(
        path, edgecolor=COLOURS[colour], facecolor=COLOURS[colour], linewidth=size, alpha=opacity, capstyle="round",
        joinstyle="round",
    )  # fmt: skip


def _name(axes: "Axes", names: Sequence[str], anchors_: Values, shifts: Sequence[float] = OVER) -> None:
    """Names over or beside their anchors, the first ones first; one that finds no room is left out."""
    taken: list[Box] = []
    behind = {"facecolor": COLOURS["surface"], "edgecolor": "none", "alpha": 0.78, "pad": 1.2}
    for name, (x, y) in zip(names, anchors_, strict=True):
        half = len(name) * LETTER / 2 + 2
        middle = float(np.clip(x, half + 2, WIDTH - half - 2))
        for shift in shifts:
            box = (middle - half, middle + half, y + shift - LINE / 2, y + shift + LINE / 2)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axes.text(middle, y + shift, name, ha="center", va="center", fontsize=8.5, bbox=behind)
                break


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _key(axes: "Axes", entries: Sequence[tuple[str, str, float]]) -> None:
    """Dots with words in a line below the map."""
    x = float(EDGE)
    for words, colour, opacity in entries:
        axes.add_patch(_dots(np.array([[x, 12.0]]), 7, colour, opacity))
        axes.text(x + 7, 12, short(words, 30), va="center", fontsize=8.5, color=COLOURS["muted"])
        x += 20 + len(short(words, 30)) * LETTER
