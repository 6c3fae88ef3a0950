"""Figures that move in a page: plotly's script once and the figures as data, unpacked when they are near."""

from collections.abc import Iterable
from typing import NamedTuple

from sessionrl.reporting.drawing import Drawing


class Moving(NamedTuple):
    """What a page carries so that figures can be zoomed and hovered over.

    script:  plotly's own, of the installed package; empty if nothing moves
    figures: plotly's JSON by the name of the drawing
    """

    script: str
    figures: dict[str, str]


def moving(drawings: Iterable[Drawing]) -> Moving:
    """The interactive figures among some drawings."""
    figures = {drawing.name: drawing.interactive().to_json() for drawing in drawings if drawing.interactive}
    if not figures:
        return Moving("", {})
    from plotly.offline import get_plotlyjs

    return Moving(get_plotlyjs(), figures)
