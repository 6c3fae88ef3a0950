"""Drawing: matplotlib figures as SVG text that takes its colours and its font from the page around it.

The page defines the colours as CSS variables, once for light and once for dark; a file of its own falls back on the
light ones. Nothing here touches pyplot, which keeps figures alive in a global list.
"""

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sessionrl.reporting.products import ProductCard

if TYPE_CHECKING:  # `sessionrl list` names the pictures without the second that matplotlib takes
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

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


@dataclass(frozen=True, eq=False)
class Panel:
    """One drawing of matplotlib.

    name:  of this panel alone; the ids in its SVG begin with it
    size:  width and height in points
    label: what it shows in words, for those who do not see it
    draw:  what is drawn on an empty figure
    """

    name: str
    size: tuple[int, int]
    label: str
    draw: Callable[["Figure"], None]

    @property
    def width(self) -> int:
        """In pixels of the page."""
        return self.size[0]

    @cached_property
    def svg(self) -> str:
        """For the page: its colours are CSS variables, its ids its own."""
        with _style(self.name):
            buffer = io.StringIO()
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            with warnings.catch_warnings():
                # Letters are drawn by the fonts of the reader, not by matplotlib's.
                warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
                self._drawn().savefig(buffer, format="svg", metadata=nothing)
        return _for_the_page(buffer.getvalue(), self.name)

    def figure(self) -> "Figure":
        """Drawn anew as a matplotlib figure, to change and to save."""
        with _style(self.name):
            return self._drawn()

    def _drawn(self) -> "Figure":
        from matplotlib.figure import Figure

        figure = Figure(figsize=(self.size[0] / POINTS, self.size[1] / POINTS), layout="constrained")
        self.draw(figure)
        return figure


NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # of a name that a shop gives

Frame = Literal["", "hit", "target", "agrees", "differs"]


class ProductCell(NamedTuple):
    """An item in a row of products.

    item:  its number
    note:  a line below its name, such as a similarity or a probability
    frame: around its picture: what was recommended and chosen (hit), what was chosen (target), an item of the same
           category as the one that is looked at (agrees) or of another (differs)
    """

    item: int
    note: str = ""
    frame: Frame = ""


class ProductRow(NamedTuple):
    """Products side by side: what stands before them, smaller below that, and the cells."""

    label: str
    note: str
    cells: tuple[ProductCell, ...]


@dataclass(frozen=True, eq=False)
class ProductPanel:
    """Rows of products with their pictures.

    title:    above the rows
    note:     smaller below it
    rows:     from top to bottom
    products: pictures and words of every item that occurs
    """

    title: str
    note: str
    rows: tuple[ProductRow, ...]
    products: Mapping[int, ProductCard]

    def _repr_html_(self) -> str:
        from sessionrl.reporting.drawing_html import products_html

        return products_html(self)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure of the page.

    name:        of the files that are made of it
    title:       what it is
    caption:     what is seen here, in plain words
    panels:      side by side
    csv:         the numbers behind it
    reading:     how to read it and what it cannot say; a page folds it away
    interactive: makes the same as a plotly figure that can be zoomed and hovered over; None where there is none
    """

    name: str
    title: str
    caption: str
    panels: tuple[Panel | ProductPanel, ...]
    csv: str
    reading: str = ""
    interactive: "Callable[[], Interactive] | None" = None

    def __repr__(self) -> str:
        return f"Drawing({self.name!r}, {self.title!r}, {len(self.panels)} panels)"

    def _repr_html_(self) -> str:
        from sessionrl.reporting.drawing_html import drawing_html

        return drawing_html(self)


def _style(salt: str) -> Any:
    from matplotlib import rc_context

    return rc_context({**STYLE, "svg.hashsalt": salt})


def csv_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """As a spreadsheet reads it; what has no value is empty, and a text that it would run as a formula stays text.

    >>> csv_text(["name", "value"], [["=1+1", -0.5], ["-12", None]])
    "name,value\\n'=1+1,-0.5\\n-12,\\n"
    """
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[_inert(value) for value in row] for row in rows])
    return buffer.getvalue()


def _inert(value: Any) -> Any:
    """With an apostrophe before what begins a formula; a number written as text is none."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value if re.fullmatch(r"[-+]?\d+(\.\d+)?", value) else f"'{value}"
    return "" if value is None else value


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


def bare(axes: "Axes", *sides: str) -> None:
    """Without the spines of these sides and without ticks there; their labels stay."""
    for side in sides:
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def _for_the_page(svg: str, name: str) -> str:
    svg = NOT_IN_XML.sub("\ufffd", svg[svg.index("<svg") :])
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'url\(#|(?<=xlink:href=")#', lambda found: f"{found.group()}{name}-", svg)
    # Versions of matplotlib write the font in one property or in several.
    svg = re.sub(r"font: ((?:\w+ )*[\d.]+px) [^;\"]*", rf"font: \1 {FONT}", svg)
    svg = re.sub(r"font-family: [^;\"]*", f"font-family: {FONT}", svg)
    # Neither blanks between elements nor less than a hundredth of a point are seen; numbers in words stay.
    svg = re.sub(r">\s+<", "><", svg)
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\.\d\d)\d+", r"\1", tag.group()), svg)
    for variable, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{variable}, {colour})")
    return svg.strip()
