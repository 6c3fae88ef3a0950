"""Cells: a table of shares whose numbers are backed by one colour, the stronger the larger."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.reporting.drawing import COLOURS, bare
from sessionrl.reporting.families import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 20  # points
STRONGEST = 0.55  # of the colour; numbers in the colour of the text are still read on it, light and dark
LONGEST = 14  # letters of the name of a column


class Cells(NamedTuple):
    """A table.

    title:   above it
    rows:    their names
    columns: their names
    shares:  [rows, columns] float64 in [0, 1]; NaN where there is nothing to share
    words:   what the columns are
    counts:  small below the names of the columns; None: nothing
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    shares: npt.NDArray[np.float64]
    words: str
    counts: Sequence[str] | None = None

    def said(self) -> str:
        """In words, for those who do not see it."""
        rows = [
            f"{row} {', '.join('–' if np.isnan(share) else f'{share:.0%}' for share in shares)}"
            for row, shares in zip(self.rows, self.shares, strict=True)
        ]
        return f"{self.title}; columns {', '.join(self.columns)}: {'; '.join(rows)}."


def height_of(cells: Cells) -> int:
    """Points that it takes."""
    return 66 + ROW * len(cells.rows) + (10 if cells.counts else 0) + (36 if _turned(cells) else 0)


def draw_cells(axes: "Axes", cells: Cells) -> None:
    """Numbers are percent; a dash where there is nothing to share."""
    from matplotlib.patches import Rectangle

    for row, shares in enumerate(cells.shares):
        for column, share in enumerate(shares):
            place = (column - 0.48, row - 0.46)
            colour = COLOURS["supervised"]
            known = np.isfinite(share)
            alpha = STRONGEST * share if known else 0
            axes.add_patch(Rectangle(place, 0.96, 0.92, facecolor=colour, edgecolor="none", alpha=alpha))
            axes.text(column, row, f"{share * 100:.0f}" if known else "–", ha="center", va="center", fontsize=8,
                      color=COLOURS["ink" if known else "muted"])  # fmt: skip
    counts = cells.counts or [""] * len(cells.columns)
    names = [f"{short(name, LONGEST)}\n{count}".strip() for name, count in zip(cells.columns, counts, strict=True)]
    axes.set_xticks(range(len(names)), names, fontsize=7.5)
    if _turned(cells):
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(cells.rows)), [short(name, 18) for name in cells.rows])
    axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(cells.rows) - 0.5, -0.5)
    axes.set_title(cells.title)
    axes.set_xlabel(cells.words)
    axes.grid(visible=False)
    bare(axes, "left", "bottom")


def _turned(cells: Cells) -> bool:
    """Whether the names of the columns are too long to stand side by side."""
    return max(map(len, cells.columns)) > 4
