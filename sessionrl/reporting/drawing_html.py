"""Drawings in a notebook: the figures and rows of products of the page, in the colours of the notebook."""

from html import escape

from sessionrl.reporting.drawing import Drawing, Panel, ProductCell, ProductPanel
from sessionrl.reporting.products import ProductCard

# The page's variables; text and lines take the colour of what is around them, light or dark.
COLOURS = "--ink:currentColor;--muted:currentColor;--line:rgba(128,128,128,.45);--surface:transparent"
WIDTH = 84  # pixels of a product
FRAMES = {
    "": "2px solid transparent",
    "hit": "2px solid currentColor",
    "target": "2px dashed currentColor",
    "agrees": "2px solid rgba(128,128,128,.6)",
    "differs": "2px dotted rgba(128,128,128,.6)",
}
SAID = {"": "", "hit": "chosen", "target": "chosen", "agrees": "same category", "differs": "other category"}


def drawing_html(drawing: Drawing) -> str:
    """Title, caption and panels side by side; escaped, without a style sheet or a script."""
    panels = "".join(_figure(one) if isinstance(one, Panel) else products_html(one) for one in drawing.panels)
    words = f"<p><strong>{escape(drawing.title)}.</strong> {escape(drawing.caption)}</p>"
    return f'<div style="{COLOURS};max-width:75em">{words}<div style="{_row(16)}">{panels}</div></div>'


def _figure(panel: Panel) -> str:
    style = f"width:{panel.width}px;max-width:100%"
    return f'<div style="{style}" role="img" aria-label="{escape(panel.label)}">{panel.svg}</div>'


def products_html(panel: ProductPanel) -> str:
    """Rows of products: pictures, names, notes; a frame is said in words to those who point at it."""
    rows = "".join(
        f'<div style="{_row(6)};margin:4px 0"><div style="width:9em;font-size:90%">{escape(row.label)}'
        f"<br><small>{escape(row.note)}</small></div>"
        f"{''.join(_product(panel.products[cell.item], cell) for cell in row.cells)}</div>"
        for row in panel.rows
    )
    return f"<div><p><strong>{escape(panel.title)}</strong> <small>{escape(panel.note)}</small></p>{rows}</div>"


def _product(card: ProductCard, cell: ProductCell) -> str:
    name = card.name or card.item_id
    said = ", ".join(filter(None, [name, card.item_id, card.category, card.price, SAID[cell.frame]]))
    image = f'<img src="{escape(card.picture)}" alt="" width="{WIDTH}" height="{WIDTH}" style="object-fit:contain">'
    frame = f"width:{WIDTH}px;padding:2px;border:{FRAMES[cell.frame]};border-radius:6px;font-size:75%"
    words = f"{escape(name)}<br>{escape(cell.note)}"
    return f'<div style="{frame};overflow-wrap:anywhere" title="{escape(said)}">{image}<div>{words}</div></div>'


def _row(gap: int) -> str:
    return f"display:flex;flex-wrap:wrap;gap:{gap}px"
