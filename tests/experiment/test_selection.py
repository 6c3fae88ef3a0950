"""What chooses an epoch, and what is known about metrics before anything is trained."""

from dataclasses import replace

import numpy as np
import pytest
import toy_shop

from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadOption
from sessionrl.evaluation.options import Evaluation
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.selection import Selection, check_metrics
from sessionrl.experiment import Experiment

KINDS = ("view", "cart", "purchase")


def selection(toy, **options):
    return Selection.of(Evaluation(**options), toy.valid, toy.catalogue, toy.kinds)


def test_the_default_is_views_of_new_items(toy):
    assert selection(toy) == Selection("ndcg@20", "view/new", 0)


@pytest.mark.parametrize("kind", ["cart", "purchase"])
def test_a_slice_without_cases_falls_back_to_all(toy, kind):
    where = f"{kind}/repeat"
    event_types = np.full_like(toy.valid.event_types, KINDS.index("view"))
    valid = type(toy.valid)(toy.valid.items, event_types, toy.valid.timestamps, toy.valid.offsets, toy.valid.ids)
    assert Selection.of(Evaluation(select_on=where), valid, toy.catalogue, toy.kinds).where == "all"
    assert Selection.of(Evaluation(select_on="view"), valid, toy.catalogue, toy.kinds).where == "view"


def test_a_log_without_views_has_no_slice_of_the_default(toy):
    assert Selection.of(Evaluation(), toy.valid, toy.catalogue, ("a", "b", "c")).where == "all"


@pytest.mark.parametrize(
    ("by", "listed"), [("hit@7", 0), ("mrr@30", 0), ("recall@7", 7), ("novelty@12", 12), ("diversity@5", 5)]
)
def test_lists_are_kept_only_for_metrics_that_read_them(toy, by, listed):
    assert selection(toy, select_by=by).listed == listed


def two_events(repeat=(False, False)):
    return Rankings(
        session=np.array([0, 0, 0], np.int32),
        position=np.array([0, 1, 2], np.int32),
        target=np.array([1, 2, 3], np.int32),
        event_type=np.array([0, 0, 1], np.uint8),
        repeat=np.array([False, *repeat]),
        greater=np.array([9, 0, 1], np.int32),
        equal=np.ones(3, np.int32),
        top=np.zeros((3, 0), np.int32),
        n_items=30,
        kinds=KINDS,
    )


@pytest.mark.parametrize(("where", "value"), [("all", 0.75), ("view", 1.0), ("cart", 0.5), ("first", 0.1)])
def test_the_value_is_the_mean_over_the_slice(toy, where, value):
    assert Selection("mrr@20", where, 0).value(two_events(), toy.catalogue) == pytest.approx(value)


def test_a_slice_without_a_value_is_explained(toy):
    rankings = two_events()
    with pytest.raises(BadOption) as error:
        Selection("mrr@20", "purchase", 0).value(rankings, toy.catalogue)
    assert str(error.value) == (
        "[evaluation], option 'select_by' = 'mrr@20' has no value on purchase of the validation part.\n"
        "  do now: choose by another metric, such as 'ndcg@20', or set evaluation.select_on=all"
    )


def test_a_validation_part_without_a_value_is_known_before_training(toy):
    views = np.zeros_like(toy.valid.event_types)
    valid = type(toy.valid)(toy.valid.items, views, toy.valid.timestamps, toy.valid.offsets, toy.valid.ids)
    with pytest.raises(BadOption) as error:
        Experiment(
            toy_shop.configured("gru4rec", "evaluation.select_by=future_cart_hit@20"),
            replace(toy, parts={**toy.parts, "valid": valid}),
        )
    assert str(error.value) == (
        "[evaluation], option 'select_by' = 'future_cart_hit@20' has no value on view/new of the validation part.\n"
        "  do now: choose by another metric, such as 'ndcg@20', or set evaluation.select_on=all"
    )
    with pytest.raises(BadOption, match=r"or prepare a longer validation part$"):
        selection(
            replace(toy, parts={**toy.parts, "valid": valid}), select_by="future_cart_hit@20", select_on="all"
        ).check(valid, toy.catalogue, toy.kinds)


def test_training_sessions_of_one_event_are_known_before_training(toy):
    train = Sessions.of([[1], [2], [1]])
    with pytest.raises(BadOption) as error:
        Experiment(toy_shop.configured("gru4rec"), replace(toy, parts={**toy.parts, "train": train}))
    assert str(error.value) == (
        "None of the 3 training sessions has a second event, so there is no next item to learn.\n"
        "  do now: set items.start=true, or prepare longer sessions with data.idle_minutes"
    )
    Experiment(toy_shop.configured("gru4rec", "items.start=true"), replace(toy, parts={**toy.parts, "train": train}))
    Experiment(toy_shop.configured("popularity"), replace(toy, parts={**toy.parts, "train": train}))


def test_cases_without_a_value_do_not_count(toy):
    found = Selection("future_purchase_hit@20", "all", 20)
    experiment = Experiment(toy_shop.configured("popularity"), toy)
    rankings = experiment._rank(experiment._fit_baseline(), toy.valid, 20)
    assert 0 < found.value(rankings, toy.catalogue) < 1


def test_metrics_need_no_longer_lists_than_the_catalogue_has(toy):
    check_metrics(Evaluation(metrics=("coverage@20", "recall@30"), top=30), toy.catalogue, toy.kinds)
    check_metrics(Evaluation(metrics=("coverage@100",), top=30), toy.catalogue, toy.kinds)  # all 30 are listed
    with pytest.raises(BadOption, match="recall@20 needs lists of 20 items, but top = 10"):
        check_metrics(Evaluation(metrics=("hit@20", "recall@20"), top=10), toy.catalogue, toy.kinds)
