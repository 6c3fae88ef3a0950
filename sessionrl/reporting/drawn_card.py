"""The drawn card of a product that has no picture: its name, category, price and id on a calm tint."""

import colorsys
import unicodedata
import zlib
from collections.abc import Iterator
from html import escape

SIDE = 96  # the card is drawn for this many pixels; it stays sharp at any other size
MARGIN = 7
INK, MUTED = "#1b1f24", "#3d4650"  # on every tint at least 4.5 : 1, a test measures it
LIGHTNESS, SATURATION = 0.89, 0.38
NO_CATEGORY = "#e3e6ea"
TITLE, SMALL = 11, 9.5  # pixels
EM = 0.57  # mean width of a bold letter; wider letters count twice
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
JOINER = "\u200d"  # between the parts of one emoji


def drawn_card(item_id: str, name: str, category: str, price: str) -> str:
    """SVG text; where there is no name the id stands in its place. Equal words give equal text.

    The tint says the category: one category, one tint (but two categories may happen to share theirs).
    """
    below = [(words, weight) for words, weight in ((category, 400), (price, 700)) if words.strip()]
    if name.strip():
        below.append((item_id, 400))
    room = 5 - len(below)
    lines = wrapped(name if name.strip() else item_id, (SIDE - 2 * MARGIN) / (TITLE * EM), room)
    top = [_text(line, MARGIN + TITLE * (1 + 1.15 * nth), TITLE, 600, INK) for nth, line in enumerate(lines)]
    foot = [
        _text(
            wrapped(words, (SIDE - 2 * MARGIN) / (SMALL * EM), 1)[0],
            SIDE - MARGIN - 2 - (len(below) - 1 - nth) * SMALL * 1.25,
            SMALL,
            weight,
            INK if weight > 400 else MUTED,
        )
        for nth, (words, weight) in enumerate(below)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" '
        f'font-family="{FONT}"><rect width="{SIDE}" height="{SIDE}" rx="8" fill="{tint(category)}"/>'
        + "".join([*top, *foot])
        + "</svg>"
    )


def tint(category: str) -> str:
    """The colour behind the words of a category, ``#rrggbb``; grey where there is none."""
    if not category.strip():
        return NO_CATEGORY
    hue = zlib.crc32(category.encode()) % 24 / 24  # 24 hues: more cannot be told apart
    red, green, blue = colorsys.hls_to_rgb(hue, LIGHTNESS, SATURATION)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def wrapped(text: str, width: float, lines: int) -> list[str]:
    """The text in at most so many lines of so many letters; what does not fit ends in ``…``.

    Letters of Chinese, Japanese and Korean and emoji count twice, marks above and below others not at all. Lines break
    between words, and inside those that are wider than a line.

    >>> wrapped("Grey modern sofa", 11, 2)
    ['Grey modern', 'sofa']
    >>> wrapped("Grey modern sofa", 8, 1)
    ['Grey mo…']
    """
    found = [""]
    for word in text.split():
        joined = f"{found[-1]} {word}".strip()
        if _width(joined) <= width:
            found[-1] = joined
            continue
        if found[-1]:
            found.append("")
        for letter in _letters(word):
            if _width(found[-1] + letter) > width and found[-1]:
                found.append("")
            found[-1] += letter
        if len(found) > lines:  # the rest of a very long name is never looked at
            break
    if len(found) <= lines:
        return found
    last = list(_letters(" ".join(found[lines - 1 :])))
    while last and _width("".join(last)) > width - 1:
        last.pop()
    return [*found[: lines - 1], "".join(last).rstrip() + "…"]


def _letters(text: str) -> Iterator[str]:
    """Each with the marks and the joined parts that belong to it."""
    letter = ""
    for one in text:
        if letter and (_width(one) == 0 or letter.endswith(JOINER)):
            letter += one
            continue
        if letter:
            yield letter
        letter = one
    if letter:
        yield letter


def _width(text: str) -> int:
    return sum(
        0
        if unicodedata.category(one) in ("Mn", "Me", "Cf", "Cc", "Sk")
        else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )


def _text(words: str, y: float, size: float, weight: int, colour: str) -> str:
    plain = "".join(one for one in words if one >= " " and one not in "\ufffe\uffff")  # XML knows no others
    return f'<text x="{MARGIN}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(plain)}</text>'
