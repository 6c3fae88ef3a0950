"""The report as a notebook: cells that load the runs and make every table and picture anew, to be changed at will."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sessionrl import registry
from sessionrl.errors import MissingExtra
from sessionrl.reporting.markdown_text import plain
from sessionrl.reporting.models import Model, load_models
from sessionrl.reporting.picture import SECTIONS, Asked, Picture, built
from sessionrl.runs import check_place, replacing

LOAD = """\
from dataclasses import asdict
from pathlib import Path

import polars as pl
from IPython.display import Markdown, display

from sessionrl.reporting.subject import Subject

%matplotlib inline
RUNS = [
{runs}
]
subject = Subject.of(RUNS, data=Path({data!r}), seed={seed})
results = subject.results  # measured and compared; a few seconds for every model
subject"""

FINDINGS = """\
from sessionrl.reporting.findings import findings_of
from sessionrl.reporting.markdown_text import plain
from sessionrl.reporting.plain_words import plain_words_of

for sentence in (*plain_words_of(results).found, *plain_words_of(results).not_found):
    display(Markdown(plain(sentence)))
display(Markdown("### With numbers"))
for sentence in (*findings_of(results).sentences, *findings_of(results).cautions):
    display(Markdown(f"- {plain(sentence)}"))"""

TABLES = """\
from sessionrl.reporting.page_tables import grid_tables, headline_tables, pair_table

for table in (*headline_tables(results), pair_table(results), *grid_tables(results)):
    if table is not None:  # nothing is paired where there is one model
        display(table)"""

MEASUREMENTS = """\
measurements = pl.DataFrame(
    [{"model": label, **asdict(one)} for label, found in results.measurements.items() for one in found.values()],
    infer_schema_length=None,
)
events = measurements.filter(metric=results.headline, average="event")
events.select("model", "slice", "cases", "value", "low", "high")"""

SHOW = '''\
from sessionrl.reporting.drawing import Panel
from sessionrl.reporting.markdown_text import plain
from sessionrl.reporting.subject import CannotDraw


def show(picture):
    """Draw a picture: what can be zoomed as plotly, the rest as matplotlib, rows of products as they are."""
    try:
        drawings = picture.draw(subject)
    except CannotDraw as reason:
        display(Markdown(f"Not drawn. {plain(str(reason))}"))
        return []
    for drawing in drawings:
        display(Markdown(f"**{plain(drawing.title)}.** {plain(f'{drawing.caption} {drawing.reading}')}"))
        if drawing.interactive:
            display(drawing.interactive())
            continue
        for panel in drawing.panels:
            if isinstance(panel, Panel):
                figure = panel.figure()  # change it here: figure.axes[0].set_title("...")
                figure.set_facecolor("white")
                display(figure)
            else:
                display(panel)
    return drawings'''

DATA = """\
from sessionrl.reporting.provenance import data_lines

print("\\n".join(data_lines(subject.models[0].runs[0])))"""

WORDS = {
    "title": "Every cell makes its table or picture anew from the runs. Change an option, or what is done with a "
    "result, and run the cell again.",
    "findings": "## Findings\n\nWhat the numbers say, and what limits them.",
    "tables": "## Models\n\nIn brackets 95% intervals. Marks compare with the first model, event by event.",
    "measurements": "All that was measured, as a table to filter and to join.",
    "pictures": "## Pictures\n\nEvery picture is a class whose options stand in its call. `drawing.csv` has the "
    "numbers behind each, `panel.figure()` its figure.",
    "data": "## The data",
}


class NotebookCell(NamedTuple):
    """A piece of a notebook."""

    kind: Literal["code", "markdown"]
    text: str


def write_notebook(
    paths: Sequence[Path],
    page: Path,
    title: str | None = None,
    asked: Asked | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Path:
    """Write the cells; nothing is measured or drawn before they are run.

    Args:
        paths: runs on the same data; those that differ only in their seed count as one model.
        page: the notebook; written whole or not at all.
        title: of the notebook.
        asked: which pictures; all if not given.
        say: is told what is being done.

    Raises:
        BadDirectory: a path is no finished run, or the runs are of different data.
        UnknownName, BadOption: there is no such picture or option.
        MissingExtra: nbformat is not installed.
    """
    try:
        from nbformat import validate
    except ModuleNotFoundError:
        raise MissingExtra("nbformat", "notebook", "The notebook") from None
    models = load_models(paths)
    check_place(page)
    say(f"{len(models)} models")
    asked = asked or Asked()
    notebook = _document(_cells(models, title, asked))
    validate(notebook)
    with replacing(page) as temporary:
        temporary.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return page


def _cells(models: Sequence[Model], title: str | None, asked: Asked) -> list[NotebookCell]:
    data = (asked.data or Path(models[0].runs[0].data["prepared"])).resolve()
    runs = "\n".join(f"    {str(path.resolve())!r}," for model in models for path in model.paths)
    return [
        NotebookCell("markdown", f"# {plain(title or f'{len(models)} models on {data.name}')}\n\n{WORDS['title']}"),
        NotebookCell("code", LOAD.format(runs=runs, data=str(data), seed=asked.seed)),
        *_described("findings", FINDINGS),
        *_described("tables", TABLES),
        *_described("measurements", MEASUREMENTS),
        *_described("pictures", SHOW),
        *_pictures(asked),
        *_described("data", DATA),
    ]


def _document(cells: Sequence[NotebookCell]) -> dict[str, Any]:
    """As nbformat 4.5 has it."""
    empty: dict[str, dict[str, Any]] = {"code": {"execution_count": None, "outputs": []}, "markdown": {}}
    return {
        "cells": [
            {"cell_type": cell.kind, "id": f"cell-{n}", "metadata": {}, **empty[cell.kind], "source": cell.text}
            for n, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _described(words: str, code: str) -> list[NotebookCell]:
    return [NotebookCell("markdown", WORDS[words]), NotebookCell("code", code)]


def _pictures(asked: Asked) -> Iterator[NotebookCell]:
    """A heading for every section, and a cell for every picture with all its options."""
    pictures = built(registry.names("picture") if asked.names is None else asked.names, asked.options)
    for section, some in groupby(pictures.values(), key=lambda picture: picture.section):
        yield NotebookCell("markdown", f"### {SECTIONS[section]}")
        for picture in some:
            yield NotebookCell("code", _call(picture))


def _call(picture: Picture) -> str:
    cls = type(picture)
    return f"from {cls.__module__} import {cls.__qualname__}\n\nshown = show({picture!r})"
