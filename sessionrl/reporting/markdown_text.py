"""Markdown: text, tables and rows of products as GitHub shows them and as they can be read in a terminal."""

import re
from collections.abc import Mapping, Sequence

from sessionrl.reporting.drawing import ProductCell, ProductPanel, ProductRow
from sessionrl.reporting.page_tables import Cell, Column, TableView

WIDTH = 72  # pixels of a product's picture
BOLD = ("hit", "target")  # frames of the names that are bold


def plain(text: str) -> str:
    """A text that Markdown shows as it is, on one line.

    >>> print(plain("5 * 3 | <b>*a*</b> tail_coverage@20 [0.1, 0.2] p < 0.001"))
    5 \\* 3 \\| \\<b>\\*a\\*\\</b> tail_coverage@20 [0.1, 0.2] p < 0.001
    """
    text = re.sub(r"[\\`*|~$]|<(?=[A-Za-z/!?])", r"\\\g<0>", " ".join(text.split()))
    text = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)  # within a word it is no emphasis
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text).replace("](", r"]\(")
    return re.sub(r"^([-+#>]|\d+[.)])(?=\s|$)", r"\\\1", text)


def code(text: str) -> str:
    """A block that is shown as it is; its fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def span(text: str) -> str:
    """Code within a line; as `code`, its fence is longer than any in the text.

    >>> span("a `b`"), span("a")
    ('`` a `b` ``', '`a`')
    """
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{' '.join(text.split())}{space}{fence}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[bool]) -> str:
    """Columns of one width, so that it is a table without being rendered too.

    Args:
        header: Markdown
        rows: Markdown, as many cells as the header has
        words: of every column, whether it holds words and not numbers
    """
    widths = [max(3, *(len(row[n]) for row in (header, *rows))) for n in range(len(header))]
    rule = ["-" * width if word else f"{'-' * (width - 1)}:" for width, word in zip(widths, words, strict=True)]
    lines = [
        [cell.ljust(width) if word else cell.rjust(width) for cell, width, word in zip(row, widths, words, strict=True)]
        for row in (header, *rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def table_of(view: TableView) -> str:
    """A table of the report under its caption; the reference is bold."""
    rows = []
    for row in view.rows:
        cells = [plain(row.label), *(_cell_text(cell) for cell in row.cells)]
        rows.append([f"**{cell}**" if row.strong and cell else cell for cell in cells])
    header = [plain(view.first), *(_heading(column) for column in view.columns)]
    words = [True, *(column.text for column in view.columns)]
    return f"**{plain(view.caption)}**\n\n{table(header, rows, words)}"


def _heading(column: Column) -> str:
    words = f"{column.group}: {column.name}" if column.group else column.name
    arrow = column.note if len(column.note) < 2 else f"({column.note})"
    return plain(f"{words} {arrow}")


def _cell_text(cell: Cell) -> str:
    return plain(" ".join(filter(None, [cell.text, cell.note, cell.symbol])))


def products_of(panel: ProductPanel, files: Mapping[int, str]) -> str:
    """Rows of products: their pictures, and below them names and notes; what was chosen is bold.

    files: of the pictures by item number, as the Markdown names them
    """
    most = max((len(row.cells) for row in panel.rows), default=0)
    header = ["", *(str(n) for n in range(1, most + 1))]
    lines = []
    for row in panel.rows:
        space = [""] * (most - len(row.cells))
        lines.append(["", *(_picture(files[cell.item]) for cell in row.cells), *space])
        lines.append([_row_text(row), *(_product_text(panel, cell) for cell in row.cells), *space])
    note = f"\n\n{plain(panel.note)}" if panel.note else ""
    return f"**{plain(panel.title)}**{note}\n\n{table(header, lines, [True] * len(header))}"


def _picture(file: str) -> str:
    return f'<img src="{file}" width="{WIDTH}" alt="">'  # the words stand below it


def _row_text(row: ProductRow) -> str:
    return "<br>".join(plain(text) for text in (row.label, row.note) if text)


def _product_text(panel: ProductPanel, cell: ProductCell) -> str:
    card = panel.products[cell.item]
    name = plain(card.name or card.item_id)
    said = "other category" if cell.frame == "differs" else ""
    bold = f"**{name}**" if cell.frame in BOLD else name
    return "<br>".join(filter(None, [bold, plain(cell.note), said]))
