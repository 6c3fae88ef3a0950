import csv
import doctest
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.reporting import markdown_text
from sessionrl.reporting.drawing import ProductCell, ProductPanel, ProductRow
from sessionrl.reporting.figure_files import svg_file
from sessionrl.reporting.markdown import write_markdown
from sessionrl.reporting.markdown_text import code, plain, products_of, table, table_of
from sessionrl.reporting.page_tables import Cell, Column, Row, TableView
from sessionrl.reporting.picture import Asked
from sessionrl.reporting.products import ProductCard


@pytest.fixture(scope="module")
def page(shelves, tmp_path_factory):
    asked = Asked(("headline", "grid", "curves"))
    return write_markdown(shelves, tmp_path_factory.mktemp("markdown") / "report.md", "Lamps & rugs", asked)


@pytest.fixture(scope="module")
def text(page):
    return page.read_text(encoding="utf-8")


def test_the_examples_are_true():
    result = doctest.testmod(markdown_text)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_page_has_findings_tables_and_commands(text):
    assert text.startswith("# Lamps & rugs\n\n## In plain words\n\n")
    assert re.search(
        r"^(gru4rec|sqn-gru) has the highest ndcg@5, 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\], of 4 models", text, re.M
    )
    assert re.search(r"^\| \*\*(gru4rec|sqn-gru)\*\* +\| +\*\*0\.\d+ \[", text, re.M)
    for heading in ("### Read with care", "### What was not found", "### What to do now"):
        assert f"{heading}\n\n- " in text
    assert re.search(r"^sessionrl report .*report\.md --markdown$", text, re.M)


def test_every_table_is_one(text):
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 7
    for lines in tables:
        cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
        assert len(set(cells)) == 1, lines[0]
        assert re.fullmatch(r"\|( -+:? \|)+", lines[1])


def test_every_file_that_is_named_is_there_and_no_other(page, text):
    named = re.findall(r"\]\(([^)]+)\)", text)
    assert len(named) >= 6
    assert {Path(name).parent for name in named} == {Path("report_files")}
    assert sorted(page.parent / name for name in named) == sorted((page.parent / "report_files").iterdir())
    for file in page.parent.joinpath("report_files").glob("*.svg"):
        assert "var(" not in file.read_text(encoding="utf-8")
        root = ElementTree.parse(file).getroot()
        assert (root.get("width"), root.get("height")) == tuple(root.get("viewBox").split()[2:])
    for file in page.parent.joinpath("report_files").glob("*.csv"):
        assert len(list(csv.reader(file.read_text(encoding="utf-8").splitlines()))) > 1


def test_what_could_not_be_drawn_is_said(shelf, tmp_path):
    from shelf import POPULARITY, rankings

    run = shelf.run("popularity", POPULARITY, rankings(0, 9, noise=0))
    page = write_markdown([run], tmp_path / "one.md", asked=Asked(("curves",)))
    missing = "## Not drawn\n\n- curves: None of these models is a network with a log of its training."
    assert missing in page.read_text(encoding="utf-8")
    assert (tmp_path / "one_files").is_dir()


def test_nothing_is_written_when_a_picture_fails(shelves, tmp_path, monkeypatch):
    from sessionrl.reporting.pictures.curves import Curves

    def draw(self, subject):
        raise RuntimeError("out of ink")

    monkeypatch.setattr(Curves, "draw", draw)
    with pytest.raises(RuntimeError, match="out of ink"):
        write_markdown(shelves[:1], tmp_path / "report.md", asked=Asked(("curves",)))
    assert list(tmp_path.iterdir()) == []


def test_a_table_reads_without_being_rendered():
    columns = (Column("hit@5", "↑"), Column("verdict", text=True, group="paired"))
    rows = (
        Row("a|b", (Cell("0.5", "[0.4, 0.6]"), Cell("better", mark="better")), strong=True),
        Row("c", (Cell("–"), Cell(""))),
    )
    assert table_of(TableView("Two *models*", "model", columns, rows)) == (
        "**Two \\*models\\***\n\n"
        "| model    |            hit@5 ↑ | paired: verdict |\n"
        "| -------- | -----------------: | --------------- |\n"
        "| **a\\|b** | **0.5 [0.4, 0.6]** | **better ▲**    |\n"
        "| c        |                  – |                 |"
    )


def test_rows_of_products_name_what_was_chosen_in_bold():
    cards = {
        1: ProductCard("mug-1", "Mug <big>", "", "", ""),
        2: ProductCard("mug-2", "", "", "", ""),
    }
    rows = (
        ProductRow("gru4rec", "2 hits", (ProductCell(1, "0.5", "hit"), ProductCell(2, "0.1"))),
        ProductRow("markov", "", (ProductCell(2, "", "differs"),)),
    )
    shown = products_of(ProductPanel("Session 7", "in May", rows, cards), {1: "f/1.svg", 2: "f/2.svg"})
    lines = [re.split(r" +\| ?", line.removeprefix("| ")) for line in shown.split("\n\n")[2].splitlines()]
    assert shown.startswith("**Session 7**\n\nin May\n\n|")
    assert lines[2][1] == '<img src="f/1.svg" width="72" alt="">'
    assert lines[3][:3] == ["gru4rec<br>2 hits", "**Mug \\<big>**<br>0.5", "mug-2<br>0.1"]
    assert lines[5][:3] == ["markov", "mug-2<br>other category", ""]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_a_cell_stays_one_cell(text):
    line = table(["a"], [[plain(text)]], [True]).split("\n", 2)[2]
    assert "\n" not in line
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 2
    assert not re.search(r"(?<!\\)(?:\\\\)*<[A-Za-z/!?]", line)


@given(st.text("`a\n", max_size=12))
def test_a_block_ends_where_it_should(text):
    first, *inside, last = code(text).split("\n")
    assert first == f"{last}text"
    assert last not in inside


def test_a_panel_as_a_file_says_what_it_shows():
    from sessionrl.reporting.drawing import Panel

    panel = Panel("line", (200, 100), "a < b", lambda figure: figure.add_subplot().plot([1, 2], color="#1f5fd0"))
    svg = svg_file(panel)
    root = ElementTree.fromstring(svg)
    assert root[0].text == "a < b"
    assert root[1].get("fill") == "#fefefe"
    assert "stroke: #1f5fd0" in svg
