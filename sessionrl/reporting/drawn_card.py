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
TITLE, ALONE, SMALL = 10.5, 14.0, 9.5  # pixels: a name, an id that stands in its place, what is below
EM = 0.64  # width of a bold letter in a wide font; wider letters count twice
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
MOST_READ = 500  # characters; no card shows more
JOINER = "\u200d"  # between the parts of one emoji
NO_WIDTH = ("Mn", "Me", "Cf", "Cc", "Sk")  # of Unicode: marks, formatting, control


def drawn_card(item_id: str, name: str, category: str, price: str) -> str:
    """SVG text; where there is no name the id stands in its place. Equal words give equal text.

    The tint says the category: one category, one tint (but two categories may happen to share theirs).
    """
    named = bool(name.strip())
    below = [(words, weight) for words, weight in ((category, 400), (price, 700)) if words.strip()]
    below += [(item_id, 400)] if named else []
    size = TITLE if named else ALONE
    title = wrapped(name if named else item_id, _letters_across(size), 6 - len(below) if named else 3)
    top = MARGIN if below else (SIDE - size * 1.15 * len(title)) / 2
    texts = [_text(line, size * (1.15 * nth + 1) + top, size, 600) for nth, line in enumerate(title)]
    for nth, (words, weight) in enumerate(reversed(below)):
        texts.append(_text(wrapped(words, _letters_across(SMALL), 1)[0], SIDE - 9 - nth * SMALL * 1.25, SMALL, weight))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" '
        f'font-family="{FONT}"><rect width="{SIDE}" height="{SIDE}" rx="8" fill="{tint(category)}"/>'
        f"{''.join(texts)}</svg>"
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
    for word in text[:MOST_READ].split():
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
        if len(found) > lines:
            break  # the rest is not shown anyway
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
        0 if unicodedata.category(one) in NO_WIDTH else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text
    )


def _letters_across(size: float) -> float:
    return (SIDE - 2 * MARGIN) / (size * EM)


def _text(words: str, y: float, size: float, weight: int) -> str:
    plain = "".join(one for one in words if one >= " " and one not in "\ufffe\uffff")  # XML knows no others
    direction = next((kind for one in plain if (kind := unicodedata.bidirectional(one)) in ("L", "R", "AL")), "L")
    start = f'x="{MARGIN}"' if direction == "L" else f'x="{SIDE - MARGIN}" direction="rtl"'
    colour = INK if weight > 400 else MUTED
    return f'<text {start} y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(plain)}</text>'
