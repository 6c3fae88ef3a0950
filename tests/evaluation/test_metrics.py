import itertools
from dataclasses import replace

import numpy as np
import pytest
from hand_made import CATALOGUE, SHOP, catalogue_of, random_rankings, rankings_of
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.metric import CaseMetric, OverallMetric, metric
from sessionrl.evaluation.metrics.coverage import rarefied
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import names, part

NAN = float("nan")
ON_RANKS = ("hit", "ndcg", "mrr")
GROWING = (*ON_RANKS, "recall", "map", "future_purchase_hit", "future_cart_hit", "history_repeat", "list_repeat")
LOG3 = 1 / np.log2(3)


def value(name: str, rankings: Rankings, catalogue: Catalogue = CATALOGUE) -> np.ndarray:
    found = metric(name)
    if isinstance(found, OverallMetric):
        return np.array([found.overall(rankings, catalogue)])
    return found.per_case(rankings, catalogue)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("precision@2", [1, 0.5, 0.5, 0]),
        ("recall@2", [2 / 3, 1 / 3, 1 / 2, 0]),
        ("map@2", [2 / 3, 1 / 3, 1 / 4, 0]),
        ("precision@1", [1, 1, 0, 0]),
        ("future_purchase_hit@2", [0, 1, 0, 0]),
        ("future_cart_hit@2", [1, 0, 1, NAN]),
        ("history_repeat@2", [0, 0, 1, 3]),
        ("list_repeat@2", [NAN, 0, 1, 1]),
        ("novelty@2", [1.5, 3.5, 2.5, 1.5]),
        ("average_popularity@2", [12 / 32, 3 / 32, 9 / 32, 12 / 32]),
        ("tail_share@2", [0.5, 1, 0.5, 0.5]),
        ("diversity@2", [1, 2, 2, 1]),
        ("diversity@1", [NAN, NAN, NAN, NAN]),
        ("category_entropy@2", [1, 0, 0, 1]),
        ("coverage@2", [4 / 5]),
        ("coverage@1", [3 / 5]),
        ("tail_coverage@2", [3 / 4]),
        ("coverage_1k@2", [NAN]),
        ("gini@2", [14 / 40]),
        ("entropy@2", [3 / 8 * np.log2(8 / 3) + 2 / 8 * 2 + 1 / 8 * 3 + 2 / 8 * 2]),
    ],
)
def test_by_hand(name: str, expected: list[float]):
    assert value(name, SHOP) == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_diversity_leaves_out_items_without_a_vector():
    rankings = rankings_of([[1, 1, 1]], [[1, 3, 2], [1, 5, 2], [1, 5, 5]])
    assert value("diversity@3", rankings) == pytest.approx([2 / 3, 1, NAN], nan_ok=True)


def test_category_entropy_without_categories():
    rankings = rankings_of([[1, 1]], [[4, 5], [1, 4]])
    assert value("category_entropy@2", rankings) == pytest.approx([NAN, 0], nan_ok=True)
    bare = replace(CATALOGUE, items=CATALOGUE.items.drop("category"))
    assert np.isnan(value("category_entropy@2", rankings, bare)).all()


def test_a_kind_that_the_log_lacks_is_nowhere_ahead():
    assert np.isnan(value("future_purchase_hit@2", replace(SHOP, kinds=("view", "cart", "sale")))).all()


def test_list_repeat_of_a_session_is_places_less_distinct_items():
    """SMORL's R@k: Σ_t #L_t - #(∪_t L_t), over the lists that follow an event."""
    rankings = rankings_of([[1, 1, 1, 1], [2, 2]], [[5, 4], [1, 2], [2, 3], [3, 1], [1, 2], [1, 2]])
    values = value("list_repeat@2", rankings)
    assert np.nansum(values[:4]) == 6 - 3
    assert values.tolist()[4:] == pytest.approx([NAN, 0], nan_ok=True)  # lists of another session do not count


def test_the_rest_of_a_session_ends_with_it():
    rankings = rankings_of([[1, 2], [3, 4]], [[3, 4], [1, 3], [1, 2], [1, 4]])
    assert value("recall@2", rankings).tolist() == [0, 0, 0, 1]
    assert value("history_repeat@2", rankings).tolist() == [0, 1, 0, 0]


def test_rarefied_coverage():
    # n_i = 3, 2, 1, 2, 0 of 4 lists hold the items; 2 lists drawn miss an item with chance C(4 - n_i, 2) / 6.
    assert rarefied(SHOP, CATALOGUE, 2, 2) == pytest.approx((1 + 5 / 6 + 3 / 6 + 5 / 6 + 0) / 5)
    assert rarefied(SHOP, CATALOGUE, 2, 1) == pytest.approx(2 / 5)
    assert rarefied(SHOP, CATALOGUE, 2, 4) == pytest.approx(4 / 5)
    lists = [{1, 2}, {3, 4}, {4, 1}, {1, 2}]
    every = [len(a | b) / 5 for a, b in itertools.combinations(lists, 2)]
    assert rarefied(SHOP, CATALOGUE, 2, 2) == pytest.approx(np.mean(every))


def test_items_that_may_not_be_recommended_are_neither_missed_nor_counted():
    """Items 2 and 4 only inform: of the session 1, 2, 1, 3 a list can hold 1 and 3."""
    shown = np.array([False, True, False, True, False, True])
    feed = replace(CATALOGUE, recommendable=shown)
    session = rankings_of([[1, 2, 1, 3]], [[1, 5], [3, 5], [5, 1], [1, 3]], [[0, 0, 1, 2]])
    assert value("recall@2", session, feed).tolist() == [1 / 2, 1 / 2, 1 / 2, 1]
    assert value("map@2", session, feed)[[0, 2]].tolist() == [1 / 2, 1 / 4]
    assert value("coverage@1", session, feed).tolist() == [1]
    assert value("tail_coverage@1", session, feed).tolist() == [1], "of 8, 2 and 1 events the tail has at most 6.8"
    assert value("gini@2", session, feed) == pytest.approx((-2 * 2 + 0 * 3 + 2 * 3) / (3 * 8))
    only_2 = rankings_of([[1, 2]], [[1, 5], [3, 5]], [[0, 2]])
    assert np.isnan(value("future_purchase_hit@2", only_2, feed)).all(), "nothing is purchased that a list could hold"


@pytest.mark.parametrize(
    ("name", "standard", "expected", "conservative"),
    [
        ("hit@2", [1, 1, 0], [2 / 5, 1 / 3, 0], [0, 0, 0]),
        ("ndcg@2", [1, LOG3, 0], [(1 + LOG3) / 5, LOG3 / 3, 0], [0, 0, 0]),
        ("mrr@2", [1, 1 / 2, 0], [1.5 / 5, 0.5 / 3, 0], [0, 0, 0]),
        ("hit@5", [1, 1, 1], [1, 1, 1], [1, 1, 1]),
        ("mrr@5", [1, 1 / 2, 1 / 3], [137 / 60 / 5, 13 / 12 / 3, 1 / 3], [1 / 5, 1 / 4, 1 / 3]),
    ],
)
def test_ties_by_hand(name: str, standard: list[float], expected: list[float], conservative: list[float]):
    """All five items scored alike; two to four alike behind one; alone behind two."""
    rankings = rankings_of([[1, 1, 1]], [[]] * 3, greater=[0, 1, 2], equal=[5, 3, 1])
    assert value(name, rankings.with_ties("standard")) == pytest.approx(standard)
    assert value(name, rankings) == pytest.approx(expected)
    assert value(name, rankings.with_ties("conservative")) == pytest.approx(conservative)


@settings(max_examples=30)
@given(greater=st.integers(0, 7), equal=st.integers(1, 6), k=st.integers(1, 16), name=st.sampled_from(ON_RANKS))
def test_expectation_is_the_mean_over_every_possible_rank(greater: int, equal: int, k: int, name: str):
    tied = rankings_of([[1]], [[]], greater=[greater], equal=[equal])
    untied = rankings_of([[1] * equal], [[]] * equal, greater=[greater + i for i in range(equal)])
    assert value(f"{name}@{k}", tied) == pytest.approx([value(f"{name}@{k}", untied).mean()])
    rules = [value(f"{name}@{k}", tied.with_ties(ties))[0] for ties in ("standard", "expected", "conservative")]
    assert rules[0] >= rules[1] - 1e-12 >= rules[2] - 2e-12


def test_every_metric_says_what_it_is():
    for name in names("metric"):
        cls = part("metric", name)
        assert cls.__doc__.splitlines()[0].endswith("."), name
        assert cls.better in ("higher", "lower", "neither"), name
        assert isinstance(cls(k=2), CaseMetric) != isinstance(cls(k=2), OverallMetric), name


@pytest.mark.parametrize("name", names("metric"))
@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_values_are_bounded(name: str, seed: int):
    k = 3
    highest = {
        "list_repeat": k,
        "history_repeat": 5,
        "diversity": 2,
        "novelty": 20,
        "entropy": np.log2(8),
        "category_entropy": np.log2(k),
    }
    values = value(f"{name}@{k}", random_rankings(seed), catalogue_of(8, seed))
    known = values[~np.isnan(values)]
    assert ((known >= -1e-9) & (known <= highest.get(name, 1) + 1e-9)).all()


@pytest.mark.parametrize("name", [*GROWING, "coverage", "tail_coverage"])
@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_longer_lists_hold_no_less(name: str, seed: int):
    rankings = random_rankings(seed)
    by_length = np.array([value(f"{name}@{k}", rankings, catalogue_of(8)) for k in (1, 2, 3, 4)])
    assert (np.diff(np.nan_to_num(by_length), axis=0) >= -1e-12).all()


@pytest.mark.parametrize("name", names("metric"))
@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_names_of_items_do_not_matter(name: str, seed: int):
    rankings, catalogue = random_rankings(seed), catalogue_of(8, seed)
    renamed = np.concatenate([[0], np.random.default_rng(seed).permutation(8) + 1]).astype(np.int32)
    back = np.argsort(renamed)
    other = replace(rankings, target=renamed[rankings.target], top=renamed[rankings.top])
    its = Catalogue(
        catalogue.counts[back], catalogue.sessions[back], catalogue.vectors[back], catalogue.items[back[1:] - 1]
    )
    its_values = value(f"{name}@3", other, its)
    assert its_values == pytest.approx(value(f"{name}@3", rankings, catalogue), nan_ok=True)


def test_names_are_parsed():
    assert metric("ndcg@20") == part("metric", "ndcg")(k=20)
    with pytest.raises(UnknownName, match=r"^No metric is called 'ndgc'. Did you mean 'ndcg'\? Known: "):
        metric("ndgc@20")
    with pytest.raises(BadOption) as error:
        metric("ndcg")
    assert str(error.value) == "Metric 'ndcg' has no list length. Write it behind an @, for example ndcg@20."
    for length in ("0", "-1", "2.5", "", "²", "k"):
        with pytest.raises(BadOption) as error:
            metric(f"ndcg@{length}")
        assert str(error.value) == f"Metric 'ndcg@{length}': the list length {length!r} is no whole number ≥ 1."
