"""The shapes of the simulated shop's products: outlines in a square of 96, between x 8 and 88 and between y 6 and 75.

Every text is the `d` of an SVG path.
"""

from typing import NamedTuple


class Part(NamedTuple):
    """What is not of the colour of the product: of what it is made, and its outline."""

    material: str
    outline: str


class Shape(NamedTuple):
    """A product seen from the front, drawn in this order.

    tube:   strokes of the product's colour: handles, spouts
    legs:   strokes of wood
    behind: parts behind the body
    body:   what has the product's colour and the pattern of its style
    front:  parts before the body
    lines:  thin strokes: seams, rims, steam
    """

    body: str
    lines: str = ""
    tube: str = ""
    legs: str = ""
    behind: tuple[Part, ...] = ()
    front: tuple[Part, ...] = ()


MATERIALS = {
    "wood": "#a8743f",
    "metal": "#aeb6bf",
    "glow": "#ffcf4d",
    "leaf": "#5f9f5a",
    "glass": "#d3e8f0",
    "paper": "#fdfcf8",
}


def _box(x: float, y: float, width: float, height: float, r: float = 0) -> str:
    """A rectangle with rounded corners."""
    if not r:
        return f"M{x} {y}h{width}v{height}h{-width}z"
    across, down, arc = width - 2 * r, height - 2 * r, f"a{r} {r} 0 0 1"
    return f"M{x + r} {y}h{across}{arc} {r} {r}v{down}{arc} {-r} {r}h{-across}{arc} {-r} {-r}v{-down}{arc} {r} {-r}z"


def _disc(x: float, y: float, across: float, down: float = 0) -> str:
    """An ellipse with these radii; a circle where there is only one."""
    arc = f"a{across} {down or across} 0 1 1"
    return f"M{x - across} {y}{arc} {2 * across} 0{arc} {-2 * across} 0z"


_SUN = Part("glow", _disc(61, 32, 5))
_CUTLERY = Part("metal", _box(80, 16, 5, 54, 2) + "M9 16v16l3 3v35h4V35l3-3V16h-2v12h-2V16h-2v12h-2V16z")

SHAPES = {
    "mug": Shape(
        _box(22, 26, 42, 48, 8),
        lines="M34 20q4-5 0-10M44 20q4-5 0-10M54 20q4-5 0-10",
        tube="M63 36h5a11 11 0 0 1 0 24h-5",
    ),
    "lamp": Shape(
        "M34 10h28l13 31H21z", behind=(Part("metal", _box(45, 40, 6, 28)), Part("metal", _box(31, 67, 34, 7, 3)))
    ),
    "rug": Shape(
        _box(16, 20, 64, 50, 1),
        lines=_box(23, 27, 50, 36)
        + "M16 24H9M16 33H9M16 42H9M16 51H9M16 60H9M16 67H9M80 24h7M80 33h7M80 42h7M80 51h7M80 60h7M80 67h7",
    ),
    "vase": Shape(
        "M39 34h18q-2 8 6 15q9 9 4 19q-3 6-9 6H38q-6 0-9-6q-5-10 4-19q8-7 6-15z",
        behind=(
            Part("leaf", "M45 36L38 18h3l7 18zM49 36l7-22h3l-6 22z"),
            Part("glow", _disc(38, 15, 7) + _disc(59, 13, 7)),
        ),
    ),
    "cushion": Shape("M16 16q32 9 64 0q-8 29 0 58q-32-9-64 0q8-29 0-58z", lines=_disc(48, 45, 2)),
    "chair": Shape(_box(31, 8, 34, 32, 5) + _box(26, 45, 44, 9, 3), legs="M36 40v6M60 40v6M31 54v19M65 54v19"),
    "table": Shape(_box(9, 28, 78, 10, 3), lines="M22 45h52", legs="M19 38v35M77 38v35"),
    "sofa": Shape(
        _box(18, 20, 60, 32, 8) + _box(22, 46, 52, 20, 3) + _box(9, 36, 16, 31, 6) + _box(71, 36, 16, 31, 6),
        lines="M48 21v25M48 46v20",
        legs="M18 68v6M78 68v6",
    ),
    "shelf": Shape(
        _box(16, 12, 6, 62) + _box(74, 12, 6, 62) + _box(14, 10, 68, 6) + _box(16, 38, 64, 6) + _box(16, 66, 64, 6),
        behind=(
            Part("glow", _box(26, 20, 7, 18)),
            Part("glass", _box(34, 24, 7, 14) + _disc(64, 57, 9)),
            Part("leaf", _box(42, 18, 7, 20)),
            Part("wood", _box(28, 52, 18, 14)),
        ),
    ),
    "mirror": Shape(
        _disc(48, 41, 27, 33), lines="M38 40l14-18M42 50l18-23", front=(Part("glass", _disc(48, 41, 20, 26)),)
    ),
    "clock": Shape(
        _disc(48, 41, 33),
        lines="M48 41V26M48 41l11 7M48 19v3M48 60v3M26 41h3M67 41h3",
        front=(Part("paper", _disc(48, 41, 25)),),
    ),
    "candle": Shape(
        _box(36, 34, 24, 34, 2),
        lines="M48 34v-6",
        behind=(Part("glow", "M48 8q11 12 0 21q-11-9 0-21z"), Part("metal", _box(24, 67, 48, 7, 3))),
    ),
    "blanket": Shape(
        _box(12, 30, 72, 14, 7) + _box(12, 44, 72, 14, 7) + "M12 58h66a6 6 0 0 1 0 9H12z",
        lines="M16 67v7M24 67v7M32 67v7M40 67v7M48 67v7M56 67v7M64 67v7M72 67v7",
    ),
    "curtain": Shape(
        "M15 14h28q0 30-15 58H15zM81 14H53q0 30 15 58h13z",
        lines="M24 15v56M33 15q0 24-6 40M72 15v56M63 15q0 24 6 40",
        behind=(Part("glass", _box(26, 14, 44, 52)), Part("wood", _box(9, 9, 78, 5, 2))),
    ),
    "towel": Shape(
        _box(27, 14, 42, 60, 2), lines="M27 60h42M27 65h42M27 22h42", behind=(Part("metal", _box(10, 12, 76, 5, 2)),)
    ),
    "plate": Shape(_disc(48, 43, 27), lines=_disc(48, 43, 17), behind=(_CUTLERY,)),
    "bowl": Shape(
        "M12 36h72q-1 28-22 34v4H34v-4Q13 64 12 36z",
        lines="M34 70h28",
        behind=(Part("glow", _disc(36, 30, 11)), Part("leaf", _disc(60, 30, 11)), Part("glow", _disc(48, 25, 11))),
    ),
    "glass": Shape("M30 32h36l-4 39H34z", lines="M60 18l-1 8", behind=(Part("glass", "M27 10h42l-7 64H34z"),)),
    "pan": Shape(_disc(36, 43, 28), lines=_disc(36, 43, 21), behind=(Part("wood", _box(60, 38, 28, 10, 5)),)),
    "kettle": Shape(
        "M22 74q-4-38 26-44q30 6 26 44z",
        lines="M35 36h26",
        tube="M70 52l14-14M30 38q-2-28 18-28t18 28",
        front=(Part("wood", _disc(48, 28, 4)),),
    ),
    "basket": Shape(
        "M14 36h68l-9 38H23z",
        lines="M17 48h62M20 61h56M32 36l4 38M48 36v38M64 36l-4 38",
        tube="M26 36q0-26 22-26t22 26",
    ),
    "stool": Shape(_box(22, 24, 52, 11, 5), legs="M30 35l-6 38M66 35l6 38M27 58h42"),
    "desk": Shape(
        _box(8, 28, 80, 8, 2) + _box(52, 36, 32, 26, 1), lines="M52 49h32M64 43h8M64 55h8", legs="M16 36v37M80 62v11"
    ),
    "bed": Shape(
        _box(14, 44, 72, 17, 4),
        lines="M42 44v17",
        behind=(
            Part("wood", _box(9, 18, 8, 56, 3)),
            Part("wood", _box(14, 58, 72, 8)),
            Part("wood", _box(80, 50, 7, 24, 2)),
        ),
        front=(Part("paper", _box(19, 35, 24, 12, 5)),),
    ),
    "pillow": Shape(
        "M10 30q38-10 76 0q5 18 0 36q-38 9-76 0q-5-18 0-36z",
        lines="M20 38q4 2 8 8M76 38q-4 2-8 8M20 58q4-1 7-5M76 58q-4-1-7-5",
    ),
    "duvet": Shape(_box(14, 16, 68, 58, 12), lines="M14 35h68M14 55h68M36 16v58M60 16v58"),
    "poster": Shape(
        _box(26, 13, 44, 56),
        lines="M30 8l18-3 18 3",
        behind=(Part("wood", _box(22, 8, 52, 6, 1)), Part("wood", _box(22, 68, 52, 6, 1))),
        front=(Part("paper", _disc(48, 34, 12)), Part("glow", "M26 69l18-20 10 11 6-6 10 12v3z")),
    ),
    "frame": Shape(
        _box(13, 12, 70, 60, 2),
        front=(Part("glass", _box(23, 22, 50, 40)), _SUN, Part("leaf", "M23 62l17-26 12 17 7-8 14 17z")),
    ),
    "planter": Shape(
        "M29 50h38l-5 24H34z" + _box(25, 42, 46, 9, 2),
        behind=(Part("leaf", "M48 44Q26 34 26 12q20 6 22 32q0-28 4-38q12 14-4 38q4-26 24-28q0 20-24 28z"),),
    ),
    "tray": Shape(
        _box(12, 22, 72, 46, 9),
        lines=_box(19, 29, 58, 32, 5),
        tube="M13 36H9v18h4M83 36h4v18h-4",
        front=(Part("paper", _disc(37, 45, 10)), Part("wood", _disc(37, 45, 6)), Part("glow", _disc(60, 45, 8))),
    ),
    "teapot": Shape(
        _disc(45, 50, 26, 23) + _box(34, 70, 22, 4, 2),
        lines="M28 34q17 7 34 0",
        tube="M21 42h-4a9 9 0 0 0 0 18h5M68 56q10-2 14-20",
        front=(Part("wood", _disc(45, 24, 5)),),
    ),
    "knife": Shape(
        "M52 44l9-9 24 24a6.5 6.5 0 0 1-9 9z",
        lines=_disc(64, 47, 1) + _disc(74, 57, 1),
        behind=(Part("metal", "M58 39L20 9q-7 9 2 21l26 22z"),),
    ),
    "bench": Shape(_box(9, 45, 78, 9, 3) + _box(12, 18, 72, 7, 2) + _box(12, 30, 72, 7, 2), legs="M19 16v57M77 16v57"),
    "wardrobe": Shape(_box(20, 8, 56, 61, 2), lines="M48 8v61M43 34v9M53 34v9M20 14h56", legs="M26 69v5M70 69v5"),
    "drawer": Shape(
        _box(14, 18, 68, 51, 2), lines="M14 35h68M14 52h68M42 27h12M42 44h12M42 61h12", legs="M22 69v5M74 69v5"
    ),
    "hook": Shape(
        _box(9, 18, 78, 16, 5), tube="M24 34v20a7 7 0 0 0 12 0M46 34v20a7 7 0 0 0 12 0M68 34v20a7 7 0 0 0 12 0"
    ),
    "doormat": Shape("M17 32h62l9 38H8z", lines="M22 37h52l7 28H15zM48 62q-15-10-9-16q5-4 9 3q4-7 9-3q6 6-9 16z"),
    "carafe": Shape(
        "M39 16h18v10q0 7 7 14q11 14 6 29q-2 5-6 5H32q-4 0-6-5q-5-15 6-29q7-7 7-14z",
        lines="M26 56h44M39 26h18",
        front=(Part("wood", _box(41, 7, 14, 11, 2)),),
    ),
    "lantern": Shape(
        "M27 28l9-13h24l9 13z" + _box(26, 66, 44, 8, 2),
        lines="M42 28v38M54 28v38",
        tube="M40 15q0-8 8-8t8 8",
        behind=(
            Part("glass", _box(30, 28, 36, 38)),
            Part("glow", "M48 36q9 11 0 20q-9-9 0-20z"),
            Part("paper", _box(43, 55, 10, 11)),
        ),
    ),
    "apron": Shape(
        "M36 18h24q0 16 14 20v36H22V38q14-4 14-20z",
        lines="M34 50h28v14H34zM48 50v14M22 44l-9 8M74 44l9 8",
        tube="M38 18q10-18 20 0",
    ),
}
