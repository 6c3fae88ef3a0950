"""Drawings show themselves in notebooks."""

import re
from html.parser import HTMLParser

from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, ProductCell, ProductPanel, ProductRow
from sessionrl.reporting.drawing_html import FRAMES, SAID, WIDTH
from sessionrl.reporting.products import ProductCard

EVIL = "<script>alert('x')</script>"


class Tags(HTMLParser):
    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def drawing() -> Drawing:
    line = Panel("line", (200, 100), f"a line {EVIL}", lambda figure: figure.add_subplot().plot([1, 2]))
    cards = {
        1: ProductCard("mug-1", EVIL, "mugs", "4.50", "data:image/svg+xml,x"),
        2: ProductCard("mug-2", "", "", "", ""),
    }
    row = ProductRow(EVIL, "2 hits", (ProductCell(1, "0.9", "hit"), ProductCell(2, "0.1")))
    return Drawing("mine", "Lines", EVIL, (line, ProductPanel(EVIL, EVIL, (row,), cards)), "a\n1\n")


def test_a_drawing_shows_its_panels_and_nothing_runs():
    parsed = Tags(drawing()._repr_html_())
    assert not parsed.of("script")
    assert len(parsed.of("svg")) == 1
    (figure,) = [one for one in parsed.of("div") if one.get("role") == "img"]
    assert figure["aria-label"] == f"a line {EVIL}"
    assert [one["src"] for one in parsed.of("img")] == ["data:image/svg+xml,x", ""]
    assert [one["title"] for one in parsed.of("div") if "title" in one] == [
        f"{EVIL}, mug-1, mugs, 4.50, chosen",
        "mug-2, mug-2",
    ]
    assert repr(drawing()) == "Drawing('mine', 'Lines', 2 panels)"


def test_text_and_lines_take_the_colours_of_the_notebook():
    html = drawing()._repr_html_()
    style = Tags(html).tags[0][1]["style"]
    given = {name.removeprefix("--") for name in re.findall(r"--\w+", style)}
    assert given == {"ink", "muted", "line", "surface"} <= set(COLOURS)
    assert "var(--muted, " in html


def test_every_frame_is_said_in_words_too():
    assert set(FRAMES) == set(SAID)
    assert len(set(FRAMES.values())) == len(FRAMES)


def test_rows_of_products_show_themselves_alone():
    _, rows = drawing().panels
    parsed = Tags(rows._repr_html_())
    assert [one["width"] for one in parsed.of("img")] == [str(WIDTH)] * 2
    assert not parsed.of("script")
