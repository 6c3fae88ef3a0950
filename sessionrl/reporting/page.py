"""Pages: templates filled into one HTML file that loads nothing."""

import base64
import gzip
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sessionrl import __version__
from sessionrl.errors import MissingExtra
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, ProductPanel
from sessionrl.reporting.interactive import moving
from sessionrl.reporting.picture import SECTIONS, Drawn
from sessionrl.reporting.subject import Subject
from sessionrl.runs import replacing

ROOM = 1_600_000  # letters of all pictures of products of a page: with all the rest it stays under 5 MB


def need(*packages: str) -> None:
    """Raises MissingExtra unless these packages are installed."""
    for package in packages:
        try:
            import_module(package)
        except ModuleNotFoundError:
            raise MissingExtra(package, "report", "The report") from None


def write_page(template: str, content: Mapping[str, Any], page: Path) -> Path:
    """Fill a template; the file is written whole or not at all."""
    html = render(template, content)
    page.parent.mkdir(parents=True, exist_ok=True)
    with replacing(page) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return page


def render(template: str, content: Mapping[str, Any]) -> str:
    """A template of this package as text."""
    need("jinja2")
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(
        loader=PackageLoader("sessionrl.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = lambda text: f"data:text/csv;charset=utf-8,{quote(text)}"
    environment.filters["compressed"] = compressed
    environment.filters["breakable"] = lambda name: Markup(re.sub("(_)|(?=[@.])", r"\1<wbr>", str(escape(name))))
    environment.tests["of_products"] = lambda panel: isinstance(panel, ProductPanel)
    environment.tests["drawn"] = lambda panel: isinstance(panel, Panel)
    known = {"colours": COLOURS, "version": __version__}
    return environment.get_template(template).render({**known, **content})


def shown(subject: Subject, drawn: Drawn) -> dict[str, Any]:
    """What every template needs to show drawings."""
    drawings = [drawing for some in drawn.drawings.values() for drawing in some]
    pictures, without_room = pictures_in(drawings)
    problems = " ".join(filter(None, [subject.products.problems if pictures else "", _without_room(without_room)]))
    known = {"drawn": drawn, "sections": SECTIONS, "pictures": pictures, "problems": problems}
    return known | {"moving": moving(drawings)}


def pictures_in(drawings: Iterable[Drawing]) -> tuple[dict[int, str], int]:
    """The picture of every product that is shown, by item number, so that a page holds each of them once.

    Those for which there is no `ROOM` are drawn cards; how many these are stands behind.
    """
    panels = (panel for drawing in drawings for panel in drawing.panels if isinstance(panel, ProductPanel))
    cards = {item: card for panel in panels for item, card in panel.products.items()}
    pictures, left, without = {}, ROOM, 0
    for item, card in cards.items():
        fits = card.drawn or len(card.picture) <= left
        pictures[item] = card.picture if fits else card.in_words
        left -= 0 if card.drawn or not fits else len(card.picture)
        without += not fits
    return pictures, without


def _without_room(pictures: int) -> str:
    if not pictures:
        return ""
    of = "For 1 picture of a product" if pictures == 1 else f"For {pictures:,} pictures of products"
    return f"{of} there was no room, so that the page stays under 5 MB; drawn cards stand in their place."


def compressed(text: str) -> str:
    """gzip, then base64: a page unpacks it with ``DecompressionStream``."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
