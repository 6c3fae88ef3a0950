import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest
import tomli_w
from shelf import CARD, POPULARITY, SQN, network, rankings

from sessionrl.errors import BadDirectory, MissingExtra
from sessionrl.reporting.report import write_report
from sessionrl.runs import write_json

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "path", "use", "wbr"}


class Page(HTMLParser):
    """Every element, and whether they are balanced."""

    def __init__(self, html: str):
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(text for text in self.texts if text)

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def path(shelves, tmp_path_factory):
    return write_report(shelves, tmp_path_factory.mktemp("page") / "deep" / "report.html")


@pytest.fixture(scope="module")
def html(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_is_one_file_that_loads_nothing(html, page):
    assert page.all("script") == [{}]
    assert page.all("link") == page.all("iframe") == page.all("img") == []
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset", "data", "action")
    ]
    assert [address for address in addresses if not address.startswith(("#", "data:text/csv"))] == []
    assert not re.search(r"@import|url\((?!#|\"data:)", html)
    assert len(html) < 5_000_000


def test_the_page_is_balanced_and_its_ids_are_unique(html, page):
    assert html.startswith("<!doctype html>")
    assert page.wrong == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:url\(#|href="#)([^)"]+)', html)
    assert set(used) <= set(ids)


def test_tables_and_figures_say_what_they_are(page):
    assert len(page.all("caption")) == len(page.all("table")) >= 7
    assert {attributes.get("scope") for attributes in page.all("th")} == {"col", "row", "colgroup"}
    labels = [attributes["aria-label"] for attributes in page.all("div") if attributes.get("role") == "img"]
    assert any(label.startswith("ndcg@5 per model: ") for label in labels)
    assert any("gru4rec" in label and "Chosen on validation: seed 1 epoch 2" in label for label in labels)
    assert next(level for level, _ in page.elements if level in ("h1", "h2", "h3")) == "h1"
    assert page.all("html")[0] == {"lang": "en"}


def test_the_findings_name_who_is_best_and_who_is_not_better_than_popularity(page):
    assert re.search(
        r"(gru4rec|sqn-gru) has the highest ndcg@5, 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\], of 4 models, over 1,151 events "
        r"of 400 sessions\.",
        page.text,
    )
    assert re.search(r"Not distinguishable from it: (sqn-gru|gru4rec)\.", page.text)
    assert re.search(r"(gru4rec and sqn-gru|sqn-gru and gru4rec) beat popularity\.", page.text)
    assert re.search(
        r"smorl-gru does not beat popularity: it is worse, ndcg@5 0\.0\d+ against 0\.1\d+, "
        r"paired difference −0\.\d+ \[−0\.\d+, −0\.\d+\]\.",
        page.text,
    )


def test_the_findings_say_whether_the_objective_helped(page):
    assert re.search(
        r"sqn-gru is not distinguishable from gru4rec, the same encoder trained with next_item only: ndcg@5 0\.\d+ "
        r"against 0\.\d+, paired difference [+−]0\.\d+ \[−0\.\d+, 0\.\d+\], p = 0\.\d+\. "
        r"So sqn gained nothing here that can be shown\.",
        page.text,
    )
    assert "smorl-gru is worse than gru4rec, the same encoder trained with next_item only" in page.text
    assert "differ in more than the objective" not in page.text


def test_the_cautions_and_the_missing_intervals_are_said(page):
    assert re.search(r"Fewer than 5 training seeds of .*\(2\): the intervals are still too narrow\.", page.text)
    titles = [attributes.get("title", "") for attributes in page.all("td")]
    assert "no interval: a number over all lists together needs at least two training seeds for one" in titles
    assert any(title.startswith("worse: difference −0.") for title in titles)
    assert "a baseline has no epochs" in titles


def test_what_was_trained_on_what_and_how_to_repeat_it(page, shelves, path):
    assert "12,345 rows read by the reader delimited from shop.csv" in page.text
    assert "321 of items with too few events" in page.text
    assert "abcdef123456" in page.text
    assert f"sessionrl train {shelves[1]}/config.toml --data prepared/shop" in page.text
    assert f"sessionrl report {' '.join(map(str, shelves[:1]))}" in page.text
    assert f"--out {path}" in page.text
    assert "# prepared/shop is gone or was changed; prepare shop.csv with the reader delimited" in page.text
    assert 'kind = "cross_entropy"' in page.text


def test_metrics_are_defined_with_range_and_direction(page):
    assert "hit@5 The next item is among the first k. Range: [0, 1]. Better: higher." in page.text
    assert "Range: at least 0. Better: higher." in page.text
    assert "Better: lower." in page.text


def test_figures_carry_their_numbers_and_take_their_colours_from_the_page(html, page):
    links = {attributes["download"]: attributes["href"] for attributes in page.all("a") if "download" in attributes}
    assert {"headline.csv", "tradeoffs.csv", "grid.csv", "curves.csv"} <= set(links)
    lines = unquote(links["headline.csv"].partition(",")[2]).splitlines()
    assert lines[0] == "model,family,ndcg@5,low,high"
    assert len(lines) == 5
    assert float(lines[1].split(",")[2]) > float(lines[4].split(",")[2])
    assert "gru4rec,1,validation,2,0.141" in unquote(links["curves.csv"])
    assert "var(--ink, #1b1f24)" in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert "DejaVu" not in html


def test_the_same_runs_give_the_same_page(shelves, html, path, tmp_path):
    again = write_report(shelves, tmp_path / "again.html").read_text(encoding="utf-8")
    assert again.replace(str(tmp_path / "again.html"), str(path)) == html


def small_report(shelf, tmp_path, *paths, title=None) -> str:
    text = write_report(paths, tmp_path / "small.html", title).read_text(encoding="utf-8")
    assert Page(text).wrong == []
    return Page(text).text


def test_one_baseline_alone(shelf, tmp_path):
    run = shelf.run("popularity", POPULARITY, rankings(0, 1, noise=0))
    text = small_report(shelf, tmp_path, run, title="Shelf & <Co>")
    assert "Shelf & <Co>" in text
    assert "It stands alone here: give more runs to compare it." in text
    assert "does not beat" not in text


def test_one_seed_a_random_split_and_an_order_without_times_are_cautioned(shelf, tmp_path):
    split = {"rule": "sessions at random", "leaks_future": True, "test_sessions_before_last_training_event": 0.9}
    card = {"split": split, "order_only": True}
    one = shelf.run("gru4rec", network(), rankings(2, 1), card=card)
    two = shelf.run("popularity", POPULARITY, rankings(0, 1, noise=0), card=card)
    text = small_report(shelf, tmp_path, one, two)
    assert "One training seed of gru4rec: the intervals cover which sessions were tested" in text
    assert "The sessions were split at random, so training knows the future of the test" in text
    assert "The log has an order of events but no times" in text
    assert "gru4rec beats popularity." in text
    assert "Every other model is worse by more than luck." in text


def test_without_popularity_or_a_control_nothing_is_claimed(shelf, tmp_path):
    one = shelf.run("sqn-gru", network(objective=SQN), rankings(2, 1))
    two = shelf.run("markov", {"refit": True, "baseline": {"name": "markov"}}, rankings(1, 2))
    text = small_report(shelf, tmp_path, one, two)
    assert "Popularity is not among the models, so that nothing here is known to beat it." in text
    assert (
        "Whether reinforcement learning helped sqn-gru is not known: the same encoder trained with next_item only is "
        "not among the models."
    ) in text


def test_a_control_that_differs_in_more_is_named(shelf, tmp_path):
    one = shelf.run("sqn-gru", network(objective=SQN, training={"learning_rate": 0.1}), rankings(2, 1))
    two = shelf.run("gru4rec", network(), rankings(1, 2))
    text = small_report(shelf, tmp_path, one, two)
    assert "sqn-gru is better than gru4rec, the same encoder trained with next_item only" in text
    assert (
        "The two differ in more than the objective (training.learning_rate=0.1), "
        "so the objective need not be the cause."
    ) in text


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"inputs": {"event_types": True}}, "inputs.event_types=true"),
        ({"from": "runs/older-20260501-101010-abcd"}, "from=older"),
        ({"refit": not network()["refit"]}, "refit="),
    ],
)
def test_a_network_that_reads_or_began_with_something_else_is_not_the_same(shelf, tmp_path, options, named):
    one = shelf.run("sqn-gru", network(objective=SQN) | options, rankings(2, 1))
    text = small_report(shelf, tmp_path, one, shelf.run("gru4rec", network(), rankings(1, 2)))
    assert f"The two differ in more than the objective ({named}" in text
    assert "the same network without it" not in text


def test_a_metric_that_is_no_accuracy_decides_nothing(shelf, tmp_path, monkeypatch):
    import shelf as module

    monkeypatch.setattr(module, "EVALUATION", {**module.EVALUATION, "select_by": "novelty@5"})
    text = small_report(
        shelf, tmp_path, *(shelf.run(f"gru4rec-s{n}", network(), rankings(n, n), seed=n) for n in (1, 2))
    )
    assert "Sorted by ndcg@20." in text


def repeats_first(skill: float):
    """As of a model that puts what is in the session already first."""
    known = rankings(skill, 2)
    return replace(known, greater=np.where(known.repeat, 0, known.greater).astype(np.int32))


def test_new_items_have_a_sentence_of_their_own(shelf, tmp_path):
    """Repeats decide the headline; where the item is new, another model is first."""
    one = shelf.run("session-popularity", {"baseline": {"name": "session_popularity"}}, repeats_first(0.2))
    two = shelf.run("gru4rec", network(), rankings(0.4, 1))
    text = small_report(shelf, tmp_path, one, two)
    assert "session-popularity has the highest ndcg@5" in text
    number = r"0\.\d+ \[0\.\d+, 0\.\d+\]"
    assert re.search(
        r"Where the next item is new in its session \([\d,]+ events\), gru4rec is first, with ndcg@5 "
        rf"{number}; session-popularity has {number} there\.",
        text,
    )


def test_the_best_model_may_be_first_on_new_items_too(shelf, tmp_path):
    one = shelf.run("session-popularity", {"baseline": {"name": "session_popularity"}}, repeats_first(0.2))
    two = shelf.run("gru4rec", network(), rankings(4, 1))
    text = small_report(shelf, tmp_path, one, two)
    assert re.search(r"new in its session \([\d,]+ events\), gru4rec is first too, with ndcg@5 0\.\d+ \[", text)


def test_items_new_in_their_session_stand_by_their_events_in_training(page):
    caption = "hit@5 where the item is new in its session, by the events that it has in the training part"
    assert caption in page.text
    columns = " model 0 0 events 1-5 0 events 6-20 9 events >20 1,081 events sqn-gru – – 0."
    assert page.text.split(caption)[1].startswith(columns)


def test_equal_scores_are_cautioned(shelf, tmp_path):
    ranked = rankings(2, 1)
    tied = type(ranked)(**{**vars(ranked), "equal": ranked.equal + 15})
    text = small_report(shelf, tmp_path, shelf.run("gru4rec", network(), tied))
    assert re.search(
        r"gru4rec gives many items the same score: \w+@20 is 0\.\d+ if its equals go before the target, 0\.\d+ if "
        r"behind it; reported is the mean over all orders\.",
        text,
    )


def test_cells_without_cases_are_a_dash_with_a_reason(shelf, tmp_path):
    ranked = rankings(2, 1)
    views = type(ranked)(**{**vars(ranked), "event_type": ranked.event_type * 0})
    page = write_report([shelf.run("gru4rec", network(), views)], tmp_path / "views.html").read_text(encoding="utf-8")
    assert '<td title="nothing to measure: the test part has no such case"><span class="value">–</span></td>' in page
    assert "0 events" in Page(page).text


def test_a_test_part_of_first_events_only_has_no_report(shelf, tmp_path):
    ranked = rankings(2, 1)
    first = ranked.rows(ranked.position == 0)
    with pytest.raises(BadDirectory) as caught:
        write_report([shelf.run("gru4rec", network(), first)], tmp_path / "first.html")
    assert str(caught.value) == (
        "ndcg@5 of gru4rec has no value on the test part of prepared/shop: no case of it counts.\n"
        "  do now: prepare more test days, or train with another evaluation.select_by"
    )


def test_published_prefix_rows_stand_apart(shelf, tmp_path):
    split = {"rule": "as published; validation is the last 5.0% of the training sessions", "leaks_future": False}
    card = {"split": split | {"test_sessions_before_last_training_event": 0.1}}
    text = small_report(shelf, tmp_path, shelf.run("gru4rec", network(), rankings(2, 1), card=card))
    assert "published prefix rows: two events read or more" in text
    assert "10.0% of the test sessions start before the last training event: the split leaks some future." in text


def test_the_command_that_prepared_names_what_differs_from_the_defaults(shelf, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = shelf.run("popularity", POPULARITY, rankings(0, 1, noise=0))
    prepared = tmp_path / "prepared" / "shop"
    prepared.mkdir(parents=True)
    write_json(prepared / "card.json", CARD)
    reader = {"name": "delimited", "path": "raw shop.csv", "columns": {"item_id": "sku"}}
    data = {"test_days": 3.0, "min_item_events": 5, "reward": {"view": 0.2, "cart": 1.0, "purchase": 1.0}}
    (prepared / "prepare.toml").write_text(tomli_w.dumps({"reader": reader, "data": data}), encoding="utf-8")
    text = small_report(shelf, tmp_path, run)
    assert "sessionrl prepare delimited 'raw shop.csv' reader.columns.item_id=sku data.test_days=3.0\n" in text
    assert "min_item_events = 5" in text


def test_a_report_on_different_data_is_refused_and_leaves_nothing(shelf, tmp_path):
    one = shelf.run("one", POPULARITY, rankings(0, 1))
    two = shelf.run("two", POPULARITY, rankings(0, 1), card={"fingerprint": "fedcba9876543210"})
    with pytest.raises(BadDirectory, match="are of different data"):
        write_report([one, two], tmp_path / "none" / "report.html")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_a_missing_package_is_named_with_its_remedy(package, shelves, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra) as caught:
        write_report(shelves, tmp_path / "report.html")
    assert str(caught.value) == (
        f"The report needs the package '{package}'. Install it with: pip install 'sessionrl[report]'"
    )
