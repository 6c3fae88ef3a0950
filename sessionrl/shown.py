"""How objects show themselves in a notebook: small tables in the colours and the font of the page around them."""

from collections.abc import Iterable, Sequence
from html import escape

ROWS = 10  # of a long table
LONGEST = 120  # letters of a cell

CELL = "padding:2px 8px;border:0;border-bottom:1px solid rgba(128,128,128,.35);background:none;color:inherit"
TABLE = "border-collapse:collapse;border:0;margin:4px 0;font-size:90%;color:inherit;background:none"


class Html(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()


def table(header: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """A table whose cells say what they hold, whatever stands in them.

    >>> "&lt;b&gt;" in table(["item"], [["<b>"]])
    True
    """
    heads = "".join(_cell("th", name, "left") for name in header)
    body = "".join(f"<tr>{''.join(_cell('td', one, _side(one)) for one in row)}</tr>" for row in rows)
    words = f'<caption style="text-align:left;color:inherit;padding:2px 8px">{escape(caption)}</caption>'
    head = f"<thead><tr>{heads}</tr></thead>" if any(header) else ""
    return f'<table style="{TABLE}">{words if caption else ""}{head}<tbody>{body}</tbody></table>'


def folded(summary: str, text: str) -> str:
    """Plain text behind a line that unfolds it."""
    return f"<details><summary>{escape(summary)}</summary><pre>{escape(text)}</pre></details>"


def image(address: object) -> Html:
    """A small picture, if this is an address that a browser can show by itself; nothing otherwise."""
    text = "" if address is None else str(address)
    if not text.startswith(("https://", "http://", "data:image/")):
        return Html("")
    return Html(f'<img src="{escape(text)}" alt="" height="48" loading="lazy" referrerpolicy="no-referrer">')


def words(value: object) -> str:
    """A value as a cell writes it, as text.

    >>> words(None), words(12345), words(0.123456), words("mug")
    ('–', '12,345', '0.1235', 'mug')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _side(value: object) -> str:
    return "right" if isinstance(value, int | float) and not isinstance(value, bool) else "left"


def _cell(tag: str, value: object, side: str) -> str:
    inside = value if isinstance(value, Html) else escape(words(value))
    return f'<{tag} style="{CELL};text-align:{side}">{inside}</{tag}>'
