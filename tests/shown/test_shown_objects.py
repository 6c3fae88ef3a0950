"""Objects show themselves in notebooks, whatever an item is called, and print one line where they hold millions."""

import doctest
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest
import toy_shop
from hypothesis import given
from hypothesis import strategies as st

from sessionrl import shown
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.recommendations import Recommendations
from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.compare import compare
from sessionrl.evaluation.metrics_file import MetricsFile
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment
from sessionrl.recommender import Recommender
from sessionrl.reporting.page_tables import headline_tables
from sessionrl.reporting.subject import Subject
from sessionrl.shown import folded, image, table, words

EVIL = "<script>alert('x')</script>"


class Cells(HTMLParser):
    """The texts of the cells, row by row, and the tags that occur."""

    def __init__(self, html: str):
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A prepared shop and a run of popularity."""
    folder = tmp_path_factory.mktemp("shop")
    prepared = toy_shop.prepare_log(folder)
    experiment = Experiment(toy_shop.configured("popularity"), prepared)
    run = experiment.new_run(folder / "runs")
    experiment.run(run)
    return prepared, run


def catalogue(**columns) -> Catalogue:
    items = pl.DataFrame({"item_id": [EVIL, "mug-2"], **columns})
    return Catalogue(np.array([0, 5, 3]), np.array([0, 4, 3]), np.zeros((3, 2), np.float32), items)


def test_the_examples_are_true():
    result = doctest.testmod(shown)
    assert result.attempted > 0
    assert result.failed == 0


@given(st.text(), st.text(), st.text())
def test_whatever_stands_in_a_cell_is_text(caption, head, cell):
    tags = Cells(table([head], [[cell]], caption) + folded(caption, cell)).tags
    assert tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre"}


def test_a_cell_is_short():
    assert words("x" * 500) == "x" * 119 + "…"
    assert words(b"\0" * 5000) == "5,000 bytes"
    assert words(True) == "yes"


@pytest.mark.parametrize("address", [None, "", "mugs/1.png", "javascript:alert(1)", "file:///etc/passwd"])
def test_what_no_browser_shows_by_itself_is_no_image(address):
    assert image(address) == ""


def test_an_address_cannot_end_its_tag():
    parsed = Cells(image('https://shop.example/1.png"><script>'))
    assert parsed.tags == {"img"}


def test_recommendations_have_names_prices_and_pictures_where_the_shop_gave_them():
    known = catalogue(name=["Mug", "Cup"], price=[4.5, None], picture=["https://shop.example/1.png", "cups/2.png"])
    answer = Recommendations(["mug-2", EVIL], [2.0, 1.0], [EVIL], known)
    html = answer._repr_html_()
    assert Cells(html).rows == [
        ["rank", "", "item", "score", "name", "price"],
        ["1", "", "mug-2", "2", "Cup", "–"],
        ["2", "", EVIL, "1", "Mug", "4.5"],
    ]
    assert html.count("<img ") == 1
    assert "<script" not in html
    assert repr(answer) == f"Recommendations(items={['mug-2', EVIL]!r}, scores=[2.0, 1.0], unknown={[EVIL]!r})"
    assert answer == Recommendations(["mug-2", EVIL], [2.0, 1.0], [EVIL])


def test_recommendations_of_a_recommender_show_its_catalogue(made):
    _, run = made
    recommender = Recommender.load(run.path)
    (answer,) = recommender.recommend([["sku-03"]], k=3)
    assert [row[2] for row in Cells(answer._repr_html_()).rows[1:]] == answer.items
    assert repr(recommender) == "Recommender(BaselineScorer, 30 items)"
    assert ["items known", "30"] in Cells(recommender._repr_html_()).rows


def test_a_catalogue_shows_its_first_items():
    known = catalogue(category=["a", None])
    assert Cells(known._repr_html_()).rows[1:] == [["1", "5", EVIL, "a"], ["2", "3", "mug-2", "–"]]
    assert repr(known) == "Catalogue(2 items with item_id, category)"


def test_sessions_show_what_belongs_to_each():
    sessions = Sessions.of([[3, 4], [5], [6, 7, 8]])
    assert Cells(sessions._repr_html_()).rows[1:] == [["0", "2", "3 4"], ["1", "1", "5"], ["2", "3", "6 7 8"]]
    assert repr(sessions) == "Sessions(3 sessions, 6 events)"
    assert Cells(Sessions.of([])._repr_html_()).rows == [["session", "events", "item numbers"]]


def test_a_million_events_are_one_line_and_ten_rows():
    sessions = Sessions.of([[1, 2]] * 500_000)
    assert repr(sessions) == "Sessions(500,000 sessions, 1,000,000 events)"
    assert len(Cells(sessions._repr_html_()).rows) == 11


def test_prepared_data_shows_its_card(made):
    prepared, _ = made
    html = prepared._repr_html_()
    rows = Cells(html).rows
    assert [row[0] for row in rows] == ["part", "train", "valid", "test"]
    assert rows[1][1] == f"{len(prepared.train):,}"
    assert f"fingerprint: {prepared.fingerprint}" in html
    assert repr(prepared).startswith(f"Prepared({str(prepared.path)!r}, 30 items, sessions: ")


def test_rankings_and_measurements(made):
    prepared, run = made
    rankings, found = Rankings.load(run.rankings), MetricsFile.load(run.metrics)
    assert repr(rankings) == f"Rankings({len(rankings):,} events of {len(prepared.test):,} sessions, 30 items)"
    assert len(Cells(rankings._repr_html_()).rows) == 11
    first = found.measurements[0]
    assert Cells(first._repr_html_()).rows[1][0] == first.metric
    assert {row[1] for row in Cells(found._repr_html_()).rows[1:]} == {"all"}
    assert repr(found) == f"MetricsFile({len(found.measurements):,} measurements of {len(rankings)} events)"
    one = compare([rankings], [rankings], prepared.catalogue, ["hit@5"], replicates=100)[0]
    assert Cells(one._repr_html_()).rows[1][-1] == one.mark


def test_a_subject_its_models_and_tables(made):
    _, run = made
    subject = Subject.of([run.path])
    (model,) = subject.models
    assert repr(subject) == "Subject(popularity)"
    assert repr(model) == "Model('popularity', popularity, seeds 1)"
    assert repr(model.runs[0]) == f"Run({str(run.path)!r})"
    assert Cells(subject._repr_html_()).rows[1] == ["popularity", "baseline", "popularity", "1", str(run.path)]
    assert Cells(model._repr_html_()).rows[1][0] == "popularity"
    assert repr(subject.results).startswith("Results(ndcg@20: popularity 0.")
    assert subject.results._repr_html_().count("<table ") == len(headline_tables(subject.results))
    view = headline_tables(subject.results)[0]
    assert Cells(view._repr_html_()).rows[1][0] == "popularity"


def test_nothing_writes_into_the_page_around_it(made):
    """No colour but grey lines, no font: a table looks as its notebook does, light or dark."""
    html = made[0]._repr_html_()
    assert "color:inherit" in html
    assert "#" not in html.split("<details>")[0]
