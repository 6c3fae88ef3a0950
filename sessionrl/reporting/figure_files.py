"""Figures as files of their own: SVG for every panel, CSV for every figure, one page that shows them all."""

import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from sessionrl.reporting.drawing import COLOURS, Drawing, Panel
from sessionrl.reporting.models import load_models
from sessionrl.reporting.page import need, shown, write_page
from sessionrl.reporting.picture import Asked, Drawn, draw_pictures
from sessionrl.reporting.subject import Subject
from sessionrl.runs import check_place, replacing

PAGE = "index.html"  # which shows all figures of a folder


def write_pictures(
    paths: Sequence[Path],
    directory: Path,
    asked: Asked | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> tuple[list[Path], Drawn]:
    """Draw and write, without measuring the models where no picture needs it.

    Args:
        paths: runs on the same data; those that differ only in their seed count as one model.
        directory: gets ``index.html``, and a CSV and the SVGs of every figure; what is there already is replaced.
        asked: which pictures; all if not given.
        say: is told what is being done.

    Returns:
        The files, the page first, and what was drawn.

    Raises:
        BadDirectory: a path is no finished run, or the runs are of different data.
        UnknownName, BadOption: there is no such picture or option.
        MissingExtra: matplotlib or jinja2 is not installed.
    """
    need("matplotlib", "jinja2")
    asked = asked or Asked()
    subject = Subject(tuple(load_models(paths)), asked.data, asked.seed)
    check_place(directory / PAGE)
    drawn = draw_pictures(subject, asked.names, asked.options, say)
    files = [file for some in drawn.drawings.values() for drawing in some for file in write_drawing(drawing, directory)]
    title = f"Pictures of {', '.join(model.label for model in subject.models)}"
    content = {"title": title} | shown(subject, drawn)
    return [write_page("pictures.html", content, directory / PAGE), *files], drawn


def write_drawing(drawing: Drawing, directory: Path) -> list[Path]:
    """The panels as SVG and the numbers as CSV, named after the drawing; rows of products are only in the CSV."""
    texts = {panel.name: svg_file(panel) for panel in drawing.panels if isinstance(panel, Panel)}
    texts = {f"{name}.svg": svg for name, svg in texts.items()} | {f"{drawing.name}.csv": drawing.csv}
    for name, text in texts.items():
        with replacing(directory / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [directory / name for name in texts]


def svg_file(panel: Panel) -> str:
    """A panel as a file of its own: with a size, a ground, words for those who do not see it, and plain colours.

    CSS variables, even with a colour to fall back on, are read by few programs but browsers.
    """
    start, rest = panel.svg.split(">", 1)
    size = "".join(f' {side}="{points}"' for side, points in zip(("width", "height"), panel.size, strict=True))
    ground = f'<rect width="100%" height="100%" fill="{COLOURS["surface"]}"/>'
    svg = f"{start}{size}><title>{escape(panel.label)}</title>{ground}{rest}\n"
    return re.sub(r"var\(--[\w-]+, (#[0-9a-f]{6})\)", r"\1", svg)
