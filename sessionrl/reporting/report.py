"""One self-contained HTML page about runs on the same data: findings, tables, figures, and how to repeat it all."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sessionrl.reporting import page_tables, provenance
from sessionrl.reporting.findings import findings_of
from sessionrl.reporting.models import Model, load_models
from sessionrl.reporting.page import need, shown, write_page
from sessionrl.reporting.picture import Asked, draw_pictures
from sessionrl.reporting.plain_words import plain_words_of
from sessionrl.reporting.results import Results
from sessionrl.reporting.subject import Subject
from sessionrl.runs import check_place


def write_report(
    paths: Sequence[Path],
    page: Path,
    title: str | None = None,
    asked: Asked | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Path:
    """Measure, compare, draw and write.

    Args:
        paths: runs on the same data; those that differ only in their seed count as one model.
        page: the HTML file; written whole or not at all.
        title: of the page.
        asked: which pictures; all if not given.
        say: is told what is being done.

    Raises:
        BadDirectory: a path is no finished run, or the runs are of different data.
        MissingExtra: matplotlib or jinja2 is not installed.
    """
    need("matplotlib", "jinja2")
    asked = asked or Asked()
    models = load_models(paths)
    check_place(page)
    say("measuring and comparing")
    subject = Subject.measured(models, asked.data, asked.seed)
    drawn = draw_pictures(subject, asked.names, asked.options, say)
    content = _content(subject.results, models, page) | shown(subject, drawn)
    return write_page("report.html", content | {"title": title or title_of(subject.results)}, page)


def _content(results: Results, models: Sequence[Model], page: Path) -> dict[str, Any]:
    """What the template shows; `models` in the order in which they were given, for the commands."""
    first = models[0].runs[0]
    card = first.data["card"]
    return {
        "plain_words": plain_words_of(results),
        "findings": findings_of(results),
        "results": results,
        "headline_tables": page_tables.headline_tables(results),
        "pair_table": page_tables.pair_table(results),
        "grid_tables": page_tables.grid_tables(results),
        "events_tables": page_tables.events_tables(results),
        "apart_table": page_tables.apart_table(results, str(card["split"]["rule"]).startswith("as published")),
        "tie_table": page_tables.tie_table(results),
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
    }


def title_of(results: Results) -> str:
    """What a report is called that was given no title."""
    first = results.best.runs[0]
    name = Path(first.data["prepared"]).name
    if len(results.models) == 1:
        return f"{results.best.label} on {name}"
    return f"{len(results.models)} models on {name}"
