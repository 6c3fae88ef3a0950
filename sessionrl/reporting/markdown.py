"""The report as Markdown, with a folder of its figures: for a repository, a wiki, a merge request, a terminal."""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from sessionrl import __version__
from sessionrl.reporting import page_tables, provenance
from sessionrl.reporting.drawing import Drawing, Panel, ProductPanel
from sessionrl.reporting.figure_files import write_drawing
from sessionrl.reporting.findings import findings_of
from sessionrl.reporting.markdown_text import BOLD, code, plain, products_of, span, table, table_of
from sessionrl.reporting.models import Model, load_models
from sessionrl.reporting.page import need
from sessionrl.reporting.page_tables import SYMBOLS
from sessionrl.reporting.picture import SECTIONS, Asked, Drawn, draw_pictures
from sessionrl.reporting.plain_words import plain_words_of
from sessionrl.reporting.report import title_of
from sessionrl.reporting.results import Results
from sessionrl.reporting.subject import Subject
from sessionrl.runs import check_place, replacing

ENDINGS = {"image/svg+xml": "svg", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


def write_markdown(
    paths: Sequence[Path],
    page: Path,
    title: str | None = None,
    asked: Asked | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Path:
    """Measure, compare, draw and write.

    Args:
        paths: runs on the same data; those that differ only in their seed count as one model.
        page: the Markdown file; written when its figures are, which lie in a folder beside it: ``report_files`` of
            ``report.md``. What that has of an earlier report is replaced.
        title: of the page.
        asked: which pictures; all if not given.
        say: is told what is being done.

    Raises:
        BadDirectory: a path is no finished run, or the runs are of different data.
        MissingExtra: matplotlib is not installed.
    """
    need("matplotlib")
    asked = asked or Asked()
    models = load_models(paths)
    check_place(page)
    say("measuring and comparing")
    subject = Subject.measured(models, asked.data, asked.seed)
    drawn = draw_pictures(subject, asked.names, asked.options, say)
    folder = page.with_name(f"{page.stem}_files")
    results = subject.results
    parts = [
        f"# {plain(title or title_of(results))}",
        *_findings(results),
        *_tables(results),
        *_pictures(drawn, folder.name),
        *_origin(results, models, page),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for drawing in _drawings(drawn):
        write_drawing(drawing, folder)
    for name, content in _product_pictures(drawn).items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(content)
    with replacing(page) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def _findings(results: Results) -> list[str]:
    words, findings = plain_words_of(results), findings_of(results)
    steps = [plain(one.sentence) + (f" {span(one.command)}" if one.command else "") for one in words.next]
    return [
        "## In plain words",
        *map(plain, words.found),
        *_listed("### What was not found", map(plain, words.not_found)),
        *_listed("### What to do now", steps),
        "## Findings",
        *map(plain, findings.sentences),
        *_listed("### Read with care", map(plain, findings.cautions)),
    ]


def _listed(heading: str, lines: Iterable[str]) -> list[str]:
    """A list under its heading, or neither."""
    points = "\n".join(f"- {line}" for line in lines)
    return [heading, points] if points else []


def _tables(results: Results) -> list[str]:
    best = plain(results.best.label)
    marks = ", ".join(f"{symbol} {mark}" for mark, symbol in SYMBOLS.items())
    read = (
        f"Sorted by {plain(results.headline)}. In brackets the 95% interval. Every item of the catalogue was ranked "
        "for every event; items with equal scores count by expectation."
    )
    compared = f" Marks compare with {best}, at the 5% level, corrected for the number of models: {marks}."
    pairs = page_tables.pair_table(results)
    return [
        "## Models",
        read + (compared if len(results.models) > 1 else ""),
        *map(table_of, page_tables.headline_tables(results)),
        *([table_of(pairs)] if pairs else []),
        "## By kind of event, first events, sessions",
        *map(table_of, page_tables.grid_tables(results)),
        *map(table_of, page_tables.events_tables(results)),
    ]


def _pictures(drawn: Drawn, folder: str) -> list[str]:
    parts = []
    for section, drawings in drawn.drawings.items():
        parts.append(f"## {SECTIONS[section]}")
        for drawing in drawings:
            parts += _drawing(drawing, folder)
    missing = [f"{plain(name)}: {plain(why)}" for name, why in drawn.missing.items()]
    return [*parts, *_listed("## Not drawn", missing)]


def _drawing(drawing: Drawing, folder: str) -> list[str]:
    products = [panel for panel in drawing.panels if isinstance(panel, ProductPanel)]
    figures = [panel for panel in drawing.panels if isinstance(panel, Panel)]
    framed = any(cell.frame in BOLD for panel in products for row in panel.rows for cell in row.cells)
    words = " What a page frames is bold here." if framed else ""
    parts = [f"### {plain(drawing.title)}", plain(f"{drawing.caption} {drawing.reading}".strip()) + words]
    if figures:
        parts.append("\n".join(_figure(panel, folder) for panel in figures))  # in one paragraph: side by side
    for panel in products:
        files = {item: _address(folder, _picture_name(panel, item)) for item in panel.products}
        parts.append(products_of(panel, files))
    return [*parts, f"[The numbers]({_address(folder, f'{drawing.name}.csv')})"]


def _figure(panel: Panel, folder: str) -> str:
    words = re.sub(r"[\[\]]", r"\\\g<0>", plain(panel.label))
    return f"![{words}]({_address(folder, f'{panel.name}.svg')})"


def _address(folder: str, name: str) -> str:
    return quote(f"{folder}/{name}")


def _picture_name(panel: ProductPanel, item: int) -> str:
    kind = panel.products[item].picture.removeprefix("data:").partition(",")[0].partition(";")[0]
    return f"item-{item}.{ENDINGS.get(kind, 'bin')}"


def _product_pictures(drawn: Drawn) -> dict[str, bytes]:
    """By file name; an item that stands in several rows has one file."""
    return {
        _picture_name(panel, cell.item): _content(panel.products[cell.item].picture)
        for drawing in _drawings(drawn)
        for panel in drawing.panels
        if isinstance(panel, ProductPanel)
        for row in panel.rows
        for cell in row.cells
    }


def _content(data_uri: str) -> bytes:
    kind, _, text = data_uri.partition(",")
    return base64.b64decode(text) if kind.endswith(";base64") else unquote_to_bytes(text)


def _drawings(drawn: Drawn) -> list[Drawing]:
    return [drawing for drawings in drawn.drawings.values() for drawing in drawings]


def _origin(results: Results, models: Sequence[Model], page: Path) -> list[str]:
    first = models[0].runs[0]
    definitions = [[plain(one.name), plain(one.meaning), one.better] for one in provenance.definitions(results.metrics)]
    options = provenance.option_table(results.models)
    commands = provenance.commands(models, page)
    return [
        "## What was trained on what",
        code("\n".join(provenance.data_lines(first))),
        table_of(provenance.run_table(results.models)),
        *([table_of(options)] if options else []),
        "## Repeat it",
        code("\n".join([*commands[:-1], f"{commands[-1]} --markdown"])),
        "## Metrics",
        table(["metric", "what it is", "better"], definitions, [True] * 3),
        f"Data {span(first.data['prepared'])}, fingerprint `{first.fingerprint}`. Written by sessionrl {__version__}.",
    ]
