"""The pictures that the simulated shop draws of its products: about 1 KB of SVG each, equal for equal products."""

from pathlib import Path
from typing import NamedTuple

import polars as pl

from sessionrl.simulator.product_shapes import MATERIALS, SHAPES, Part, Shape

SIDE = 96
INK = "#1e2126"


class Fill(NamedTuple):
    """A colour, and the one of the marks on it."""

    fill: str
    mark: str


FILLS = {
    "white": Fill("#fdfdfb", "#c9ccd1"),
    "black": Fill("#4d525c", "#878e99"),
    "grey": Fill("#a3a9b1", "#7b828b"),
    "blue": Fill("#4b80cf", "#b4cef2"),
    "green": Fill("#58a46a", "#bfe3c6"),
    "red": Fill("#d4534a", "#f6bdb4"),
    "yellow": Fill("#f3c746", "#b98a13"),
    "natural": Fill("#dbb98c", "#a97f4c"),
}
STEP = 12  # a pattern is a square of this side, again and again
PATTERNS = {
    "plain": "",
    "country": '<path d="M3 0v12M9 0v12" stroke="{mark}" stroke-width="3"/>',
    "classic": "",
    "modern": '<path d="M1 0v1H0z" fill="{mark}"/>',  # half of the box around the body, once
    "nordic": '<circle cx="3" cy="3" r="2" fill="{mark}"/><circle cx="9" cy="9" r="2" fill="{mark}"/>',
    "retro": '<path d="M-3 9q3-9 6 0t6 0t6 0" fill="none" stroke="{mark}" stroke-width="2.4"/>',
    "rustic": '<path d="M0 12L12 0M-3 3l6-6M9 15l6-6M0 6l4 4M7 1l4 4" stroke="{mark}" stroke-width="1.4"/>',
    "playful": '<circle cx="3" cy="3" r="1.8" fill="#ff7eb6"/><path d="M8 1l3 1-1 3z" fill="#33b1ff"/>'
    '<path d="M2 9l3-1v3z" fill="#ffd23f"/><circle cx="9" cy="9" r="1.5" fill="#6fdc8c"/>',
}
GROUNDS = {  # behind the product
    "plain": "#eceae6",
    "country": "#f5e8d7",
    "classic": "#e6e1ee",
    "modern": "#dfe9ef",
    "nordic": "#e0eee7",
    "retro": "#fbe6c8",
    "rustic": "#e9ddcd",
    "playful": "#fce4ee",
}
OUTLINE = 'stroke-width="2"'
OUTLINES = {
    "classic": 'stroke-width="4.5"',
    "modern": 'stroke-width="2.6" stroke-linejoin="miter"',
    "rustic": 'stroke-width="2" stroke-dasharray="5 1.5"',
}


def draw_product(category: str, colour: str, style: str, price: float) -> str:
    """SVG text: the shape of the category in its colour, ornamented as its style, with a price tag.

    Categories of a further round (`mug2`) have the shape of the first, seen from the other side, and their number.
    """
    noun = category.rstrip("0123456789")
    turn = category[len(noun) :]
    mirrored = ' transform="matrix(-1 0 0 1 96 0)"' if turn else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">'
        f'{_pattern(colour, style)}<rect width="{SIDE}" height="{SIDE}" rx="8" fill="{GROUNDS[style]}"/>'
        f'<g stroke-linecap="round" stroke-linejoin="round"{mirrored}>{_product(SHAPES[noun], colour, style)}</g>'
        f"{_tag(price)}{_number(turn)}</svg>"
    )


def save_pictures(items: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Draw a table of products into `folder/pictures`, a file each.

    Returns:
        The table with the column `picture`: where the file is, seen from the folder.
    """
    (folder / "pictures").mkdir()
    names = [f"pictures/{item}.svg" for item in items["item_id"]]
    for name, *product in zip(names, *items.select("category", "colour", "style", "price"), strict=True):
        (folder / name).write_text(draw_product(*product), encoding="utf-8")
    return items.with_columns(pl.Series("picture", names, pl.String))


def _pattern(colour: str, style: str) -> str:
    """The colour with the marks of the style on it; nothing where the style has none."""
    if not PATTERNS[style]:
        return ""
    fill, mark = FILLS[colour]
    step, units = STEP, 'patternUnits="userSpaceOnUse"'
    if style == "modern":
        step, units = 1, 'patternContentUnits="objectBoundingBox"'
    return (
        f'<pattern id="{style}-{colour}" width="{step}" height="{step}" {units}>'
        f'<rect width="{step}" height="{step}" fill="{fill}"/>{PATTERNS[style].format(mark=mark)}</pattern>'
    )


def _product(shape: Shape, colour: str, style: str) -> str:
    fill = FILLS[colour].fill
    inside = f"url(#{style}-{colour})" if PATTERNS[style] else fill
    drawn = [_strokes(shape.tube, fill), _strokes(shape.legs, MATERIALS["wood"]), *map(_part, shape.behind)]
    drawn.append(f'<path d="{shape.body}" fill="{inside}" stroke="{INK}" {OUTLINES.get(style, OUTLINE)}/>')
    if style == "classic":
        drawn.append(f'<path d="{shape.body}" fill="none" stroke="{GROUNDS[style]}" stroke-width="1.4"/>')
    drawn += map(_part, shape.front)
    if shape.lines:
        drawn.append(f'<path d="{shape.lines}" fill="none" stroke="{INK}" stroke-width="1.5"/>')
    return "".join(drawn)


def _strokes(outline: str, fill: str) -> str:
    if not outline:
        return ""
    return (
        f'<path d="{outline}" fill="none" stroke="{INK}" stroke-width="7"/>'
        f'<path d="{outline}" fill="none" stroke="{fill}" stroke-width="3.4"/>'
    )


def _part(part: Part) -> str:
    return f'<path d="{part.outline}" fill="{MATERIALS[part.material]}" stroke="{INK}" stroke-width="1.5"/>'


def _tag(price: float) -> str:
    """At the right below, as wide as its words."""
    words = f"{price:,.2f}"
    left = SIDE - 5 - (16 + 6.8 * len(words))
    return (
        f'<path d="M{left:.1f} 85l6-7H91v14H{left + 6:.1f}z" fill="#fff" stroke="{INK}"/>'
        f'<circle cx="{left + 6:.1f}" cy="85" r="1.5" fill="{INK}"/>'
        f'<text x="88" y="88.8" font-size="10.5" font-weight="600" font-family="system-ui,sans-serif" '
        f'text-anchor="end" fill="{INK}">{words}</text>'
    )


def _number(turn: str) -> str:
    if not turn:
        return ""
    return f'<text x="6" y="14" font-size="11" font-family="system-ui,sans-serif" fill="{INK}">{turn}</text>'
