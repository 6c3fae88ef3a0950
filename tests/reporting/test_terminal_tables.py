from typing import NamedTuple

import numpy as np
import pytest
from rich.console import Console
from shelf import POPULARITY, rankings, shop

from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.measure import Measurement, measure
from sessionrl.evaluation.metrics_file import TieGap
from sessionrl.reporting.models import load_models
from sessionrl.reporting.tables import comparison_table, measurement_table, recommendation_table, tie_lines


def printed(table) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def row(text: str, start: str) -> list[str]:
    """The cells of the first row that starts with a word."""
    lines = [line for line in text.splitlines() if line.lstrip("│┃ ").startswith(start)]
    return [cell.strip() for cell in lines[0].strip("│").split("│")]


def test_measurements_with_intervals():
    measurements = [
        Measurement("hit@20", "all", "event", 0.556, 0.549, 0.563, 1000, 300, 1),
        Measurement("hit@20", "all", "session", 0.601, 0.59, 0.612, 1000, 300, 1),
        Measurement("hit@20", "new", "event", 0.1, float("nan"), float("nan"), 700, 280, 1),
        Measurement("coverage@20", "all", "overall", 0.25, None, None, 1000, 300, 1, "no interval: one seed"),
    ]
    text = printed(measurement_table(measurements))
    assert row(text, "hit@20") == ["hit@20", "higher", "0.556 [0.549, 0.563]", "0.601 [0.590, 0.612]"]
    assert row(text, "coverage@20") == ["coverage@20", "higher", "0.250", "–"]
    assert row(text, "new") == ["new", "700", "0.100"]
    assert "1,000 events of 300 sessions, 1 training seed" in text
    assert "no interval: one seed" in text


def test_what_equal_scores_change_stands_below():
    text = printed(tie_lines({"hit@20": TieGap(0.5, 0.5, 0.4995), "ndcg@20": TieGap(0.3, 0.25, 0.2)}))
    assert text.splitlines() == [
        "Equal scores, standard / expected (reported) / conservative: hit@20 0.5000 / 0.5000 / 0.4995, "
        "ndcg@20 0.3000 / 0.2500 / 0.2000",
        "ndcg@20 depends on the order of equal scores: many items have the same one.",
    ]
    assert printed(tie_lines({})) == ""
    assert printed(tie_lines({"hit@20": TieGap(0.5, 0.50001, 0.50002)})) == ""


def test_measurements_of_real_rankings_have_all_slices():
    catalogue, _ = shop()
    text = printed(measurement_table(measure([rankings(1, 1)], catalogue, ["hit@5", "gini@5"], replicates=100)))
    for where in ("all", "first", "prefix>=2", "repeat", "new", "cart/new", "purchase/repeat"):
        assert row(text, where)[0] == where


def test_a_comparison_says_who_is_better(shelves):
    models = load_models(shelves)
    text = printed(comparison_table(models, "popularity", "ndcg@5", "all", 0))
    assert row(text, "popularity")[3] == "reference"
    assert row(text, "gru4rec")[1] == "2"
    assert row(text, "gru4rec")[3].startswith("+0.")
    assert row(text, "gru4rec")[-1] == "better"
    assert row(text, "smorl-gru")[3].startswith("−0.")
    assert row(text, "smorl-gru")[-1] == "worse"
    assert "p corrected over the 3 models compared" in text
    assert "One training seed of the baseline" in text


def test_a_model_compared_with_its_equal_is_not_distinguishable(shelf):
    ranked = rankings(1, 1)
    one = shelf.run("one", POPULARITY, ranked, preset="one")
    two = shelf.run("two", POPULARITY, ranked, preset="two")
    text = printed(comparison_table(load_models([one, two]), None, "hit@5"))
    assert row(text, "two")[3] == "0.000 [0.000, 0.000]"
    assert row(text, "two")[-1] == "equivalent"


def test_who_cannot_be_compared(shelves):
    models = load_models(shelves)
    with pytest.raises(UnknownName) as caught:
        comparison_table(models, "populrity")
    assert str(caught.value) == (
        "No model is called 'populrity'. Did you mean 'popularity'? Known: gru4rec, popularity, smorl-gru, sqn-gru."
    )
    with pytest.raises(BadOption) as refused:
        comparison_table(models[:1])
    assert str(refused.value) == (
        "There is one model only, popularity: runs that differ only in their seed count as one.\n"
        "  do now: give a run of another model"
    )
    with pytest.raises(BadOption) as empty:
        comparison_table(models, None, "coverage@5", "cart/new")
    assert str(empty.value) == (
        "coverage@5 has no value in the slice 'cart/new'.\n"
        "  do now: choose a slice that has cases (`sessionrl evaluate` lists them), 'all' for metrics of all lists"
    )


class Recommendations(NamedTuple):
    items: list
    scores: list[float]
    unknown: list


def test_recommendations_with_what_the_catalogue_knows():
    catalogue, _ = shop()
    text = printed(recommendation_table(Recommendations(["sku-002", "sku-001"], [1.5, -0.25], []), catalogue))
    assert row(text, "1") == ["1", "sku-002", "1.5", "rug", "2.00"]
    assert row(text, "2") == ["2", "sku-001", "-0.25", "lamp", "–"]


def test_recommendations_of_a_catalogue_that_knows_only_ids():
    catalogue, _ = shop()
    bare = type(catalogue)(catalogue.counts, catalogue.sessions, np.zeros((61, 1)), catalogue.items.select("item_id"))
    text = printed(recommendation_table(Recommendations(["sku-002"], [2.0], []), bare))
    assert row(text, "1") == ["1", "sku-002", "2"]
