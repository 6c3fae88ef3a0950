"""Pages: templates filled into one HTML file that loads nothing."""

import base64
import gzip
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sessionrl import __version__
from sessionrl.errors import MissingExtra
from sessionrl.reporting.drawing import COLOURS, Panel, ProductPanel
from sessionrl.runs import replacing


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

    environment = Environment(
        loader=PackageLoader("sessionrl.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = lambda text: f"data:text/csv;charset=utf-8,{quote(text)}"
    environment.filters["compressed"] = compressed
    environment.tests["of_products"] = lambda panel: isinstance(panel, ProductPanel)
    environment.tests["drawn"] = lambda panel: isinstance(panel, Panel)
    known = {"colours": COLOURS, "version": __version__}
    return environment.get_template(template).render({**known, **content})


def compressed(text: str) -> str:
    """gzip, then base64: a page unpacks it with ``DecompressionStream``."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
