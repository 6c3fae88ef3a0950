"""Drawing: matplotlib figures as SVG text that takes its colours and its font from the page around it.

The page defines the colours as CSS variables, once for light and once for dark; a file of its own falls back on the
light ones. Nothing here touches pyplot, which keeps figures alive in a global list.
"""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# CSS variable -> the colour that stands for it while matplotlib draws, and that a file of its own keeps.
COLOURS = {
    "ink": "#1b1f24",
    "muted": "#59636e",
    "line": "#d5dae1",
    "surface": "#fefefe",
    "baseline": "#8a5a00",
    "supervised": "#1f5fd0",
    "reinforced": "#a3246b",
    "ensemble": "#0b7a6f",
    "c5": "#6b4fc4",
    "c6": "#b8431c",
}
SERIES = ("supervised", "reinforced", "ensemble", "c5", "c6", "baseline")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a label may hold a dollar sign
    "font.size": 10,
    "text.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["line"],
    "axes.labelcolor": COLOURS["muted"],
    "axes.titlecolor": COLOURS["ink"],
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": COLOURS["line"],
    "grid.linewidth": 0.6,
    "xtick.color": COLOURS["line"],
    "ytick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["muted"],
    "ytick.labelcolor": COLOURS["muted"],
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
}
POINTS = 72  # to the inch, matplotlib's unit; one point becomes one pixel of the page, or a little more


class Panel(NamedTuple):
    """One drawing: SVG text, its width in pixels, and what it shows in words for those who do not see it."""

    svg: str
    width: int
    label: str


class Drawing(NamedTuple):
    """A figure of the page: panels, what to look at, and the numbers behind it as CSV text."""

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    csv: str


def panel(name: str, size: tuple[int, int], label: str, draw: Callable[[Figure], None]) -> Panel:
    """Draw on an empty figure.

    Args:
        name: of this panel alone; the ids in its SVG begin with it.
        size: in points.
        label: the panel in words.
        draw: what is drawn.
    """
    with rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(size[0] / POINTS, size[1] / POINTS), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    return Panel(_for_the_page(buffer.getvalue(), name), size[0], label)


def csv_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """As a spreadsheet reads it; what has no value is empty."""
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([["" if value is None else value for value in row] for row in rows])
    return buffer.getvalue()


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions in low … high near the wanted ones, in their order, `gap` apart (less where that does not fit).

    >>> spread([5.0, 5.0, 9.0], 2, 0, 10)
    [4.0, 6.0, 9.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    gap = min(gap, (high - low) / max(1, len(order) - 1))
    groups: list[list[float]] = []  # [first position, members, sum of what the members want of the first]
    for nth in order:
        groups.append([min(max(wanted[nth], low), high), 1, min(max(wanted[nth], low), high)])
        while len(groups) > 1 and groups[-2][0] + groups[-2][1] * gap > groups[-1][0]:
            _, members, total = groups.pop()
            before = groups[-1]
            before[2] += total - members * before[1] * gap
            before[1] += members
            before[0] = min(max(before[2] / before[1], low), high - (before[1] - 1) * gap)
    places = [first + i * gap for first, members, _ in groups for i in range(int(members))]
    result = [0.0] * len(order)
    for place, nth in zip(places, order, strict=True):
        result[nth] = place
    return result


def bare(axes: Axes, *sides: str) -> None:
    """Without the spines of these sides and without ticks there; their labels stay."""
    for side in sides:
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def _for_the_page(svg: str, name: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'url\(#|(?<=xlink:href=")#', lambda found: f"{found.group()}{name}-", svg)
    # Versions of matplotlib write the font in one property or in several.
    svg = re.sub(r"font: ((?:\w+ )*[\d.]+px) [^;\"]*", rf"font: \1 {FONT}", svg)
    svg = re.sub(r"font-family: [^;\"]*", f"font-family: {FONT}", svg)
    for variable, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{variable}, {colour})")
    return svg.strip()
