"""One self-contained HTML page about runs on the same data: findings, tables, figures, and how to repeat it all."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sessionrl import __version__
from sessionrl.errors import MissingExtra
from sessionrl.reporting import page_tables, provenance
from sessionrl.reporting.findings import findings_of
from sessionrl.reporting.models import Model, load_models
from sessionrl.reporting.results import Results, results_of
from sessionrl.runs import replacing


def write_report(paths: Sequence[Path], page: Path, title: str | None = None) -> Path:
    """Measure, compare, draw and write.

    Args:
        paths: runs on the same data; those that differ only in their seed count as one model.
        page: the HTML file; written whole or not at all.
        title: of the page.

    Raises:
        BadDirectory: a path is no finished run, or the runs are of different data.
        MissingExtra: matplotlib or jinja2 is not installed.
    """
    for package in ("matplotlib", "jinja2"):
        _need(package)
    from sessionrl.reporting.drawing import COLOURS

    models = load_models(paths)
    results = results_of(models)
    html = _render(_content(results, models, page) | {"title": title or _title(results), "colours": COLOURS})
    page.parent.mkdir(parents=True, exist_ok=True)
    with replacing(page) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return page


def _content(results: Results, models: Sequence[Model], page: Path) -> dict[str, Any]:
    """What the template shows; `models` in the order in which they were given, for the commands."""
    from sessionrl.reporting.curves import training_curves
    from sessionrl.reporting.figures import grid_dots, headline_dots, tradeoffs

    first = models[0].runs[0]
    card = first.data["card"]
    drawings = [headline_dots(results), tradeoffs(results), grid_dots(results), training_curves(results.models)]
    return {
        "findings": findings_of(results),
        "results": results,
        "headline_tables": page_tables.headline_tables(results),
        "pair_table": page_tables.pair_table(results),
        "grid_tables": page_tables.grid_tables(results),
        "events_tables": page_tables.events_tables(results),
        "apart_table": page_tables.apart_table(results, str(card["split"]["rule"]).startswith("as published")),
        "tie_table": page_tables.tie_table(results),
        "drawings": [drawing for drawing in drawings if drawing is not None],
        "card": provenance.data_lines(first),
        "run_table": provenance.run_table(results.models),
        "option_table": provenance.option_table(results.models),
        "commands": provenance.commands(models, page),
        "settings": provenance.settings_text(first),
        "configs": provenance.config_texts(results.models),
        "definitions": provenance.definitions(results.metrics),
        "symbols": page_tables.SYMBOLS,
        "fingerprint": first.fingerprint,
        "prepared": first.data["prepared"],
        "version": __version__,
    }


def _render(content: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sessionrl.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = lambda text: f"data:text/csv;charset=utf-8,{quote(text)}"
    return environment.get_template("report.html").render(content)


def _title(results: Results) -> str:
    first = results.best.runs[0]
    name = Path(first.data["prepared"]).name
    if len(results.models) == 1:
        return f"{results.best.label} on {name}"
    return f"{len(results.models)} models on {name}"


def _need(package: str) -> None:
    try:
        import_module(package)
    except ModuleNotFoundError:
        raise MissingExtra(package, "report", "The report") from None
