"""New items enter a trained model from what describes them."""

import numpy as np
import polars as pl
import pytest
import torch
import toy_described
import toy_shop
from toy_described import COLD, FEATURES

from sessionrl.data.prepare import Preparation, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.errors import BadData, BadOption
from sessionrl.experiment import Experiment
from sessionrl.extending import extended
from sessionrl.recommender import Recommender

TABLE = pl.DataFrame({"item_id": ["sku-07", "new-1", "new-2"], "room": ["x", "house.hall", "yurt"], "place": "13"})
HALL = toy_shop.ITEMS[10:15]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return toy_described.prepare_described(tmp_path_factory.mktemp("described shop"))


def trained(shop, folder, *assignments, preset="gru4rec-ce") -> Recommender:
    experiment = Experiment(toy_shop.configured(preset, *assignments), shop)
    run = experiment.new_run(folder)
    experiment.run(run)
    return Recommender.load(run.path)


@pytest.fixture(scope="module")
def model(shop, tmp_path_factory):
    return trained(shop, tmp_path_factory.mktemp("runs"), FEATURES, "items.id_dropout=0.3", "training.epochs=6")


def scores(recommender: Recommender, *session: str) -> dict:
    (found,) = recommender.recommend([session], k=len(recommender.vocabulary) - 1)
    return dict(zip(found.items, found.scores, strict=True))


def test_an_item_without_events_is_recommended_beside_what_it_is_like(shop, model):
    assert shop.catalogue.counts[shop.vocabulary.encode([COLD])[0]] == 0
    after = {item: list(scores(model, item)).index(COLD) for item in toy_shop.ITEMS if item != COLD}
    near = np.mean([after[item] for item in toy_shop.ITEMS[24:27]])
    assert near < 8 < np.mean([after[item] for item in toy_shop.ITEMS[2:20]])


def test_what_a_model_knew_it_scores_as_before(model):
    longer = extended(model, TABLE)
    assert (longer.added, longer.known, longer.undescribed) == (2, 1, 0)
    for session in ([], ["sku-07"], ["sku-11", "sku-12"]):
        before, after = scores(model, *session), scores(longer.recommender, *session)
        assert {item: after[item] for item in before} == pytest.approx(before, abs=1e-5)
        assert after.keys() - before.keys() == {"new-1", "new-2"}
    assert len(model.vocabulary) == 31, "the model itself is left as it is"


def test_a_new_item_is_recommended_and_read_as_its_features_say(model):
    longer = extended(model, TABLE).recommender
    order = list(scores(longer, "sku-12"))
    assert order.index("new-1") < 10, "an item of the hall after an item of the hall"
    assert order.index("new-1") < order.index("new-2"), "nobody knows what a yurt is"
    next_items = [list(scores(longer, one))[:8] for one in ("new-1", "sku-29")]
    assert len({*next_items[0], *HALL}) < len({*next_items[1], *HALL}), "read as something of the hall"
    (answer,) = longer.recommend([["new-1", "new-9"]], k=1)
    assert answer.unknown == ["new-9"]


def test_of_new_items_without_known_features_is_told(model):
    longer = extended(model, pl.DataFrame({"item_id": ["new-3", "new-4"], "room": ["yurt", "house"]}))
    assert longer.undescribed == 1
    network = longer.recommender.scorer.network.eval()
    assert not network.items.vectors(torch.tensor([31])).any()


def test_new_items_may_be_such_that_only_inform(model):
    flagged = TABLE.with_columns(recommendable=pl.Series([True, False, False]))
    assert extended(model, flagged).recommender.catalogue.recommendable[-3:].tolist() == [True, False, False]


def test_a_second_extension_goes_on_from_the_first(model):
    once = extended(model, TABLE).recommender
    twice = extended(once, TABLE.with_columns(item_id=pl.lit("x") + pl.col("item_id"))).recommender
    assert len(twice.vocabulary) == 36
    before, after = scores(once, "sku-12"), scores(twice, "sku-12")
    assert {item: after[item] for item in before} == pytest.approx(before, abs=1e-5)


def test_an_ensemble_is_extended_with_its_network(shop, tmp_path):
    options = (FEATURES, "items.id_dropout=0.3", "ensemble.baseline.name=markov", "ensemble.weight=0.4")
    mixed = trained(shop, tmp_path, *options)
    longer = extended(mixed, TABLE).recommender
    before, after = scores(mixed, "sku-07"), scores(longer, "sku-07")
    differences = [after[item] - before[item] for item in before]
    assert np.ptp(differences) < 0.1, "but for the share of what is new"
    assert "new-1" in after


def test_an_ensemble_with_items_that_are_not_shown_is_extended(tmp_path):
    shop = toy_described.prepare_described(tmp_path, shown=True)
    options = (FEATURES, "training.epochs=1", "ensemble.baseline.name=markov", "ensemble.weight=0.4")
    longer = extended(trained(shop, tmp_path, *options), TABLE).recommender
    (answer,) = longer.recommend([["sku-07", "new-1"]], k=17)  # all of them
    assert set(answer.items) == {*toy_shop.ITEMS[1::2], "new-1", "new-2"}


def test_what_cannot_be_extended_is_refused(shop, model, tmp_path):
    plain = trained(shop, tmp_path, "training.epochs=1")
    for other in (plain, trained(shop, tmp_path, preset="markov")):
        with pytest.raises(BadOption) as refused:
            extended(other, TABLE)
        assert str(refused.value) == (
            "This model knows items by their events alone, so that nothing would recommend a new one.\n"
            "  do now: train it with items.features"
        )
    with pytest.raises(BadData) as refused:
        extended(model, TABLE[:1], "new.csv")
    assert str(refused.value) == (
        "new.csv: the model knows all of its 1 items\n  expected: new items\n"
        "  do now:   give the table of the items that were added to the shop"
    )
    with pytest.raises(BadData, match="row 2: an item_id is missing or stands there twice"):
        extended(model, pl.DataFrame({"item_id": ["n", None], "room": ["a", "b"]}))
    with pytest.raises(BadData, match="no column item_id among sku, room"):
        extended(model, pl.DataFrame({"sku": ["n"], "room": ["a"]}))


def test_vectors_come_from_a_column_of_lists(tmp_path):
    toy_described.prepare_described(tmp_path)
    like = np.array([[np.cos(number / 5), np.sin(number / 5)] for number in range(30)], np.float32)
    pl.DataFrame({"item_id": toy_shop.ITEMS, "look": like}).write_parquet(tmp_path / "items.parquet")
    reader = Delimited(
        str(tmp_path / "log.csv"),
        columns=toy_shop.COLUMNS,
        kinds=toy_shop.KINDS,
        items_path=str(tmp_path / "items.parquet"),
        item_columns={"look": "look"},
    )
    shop = prepare(reader, Preparation(test_days=3.0, valid_days=3.0, cold_items=True), tmp_path / "looks")
    seen = trained(shop, tmp_path, 'items.features=["look"]', "training.epochs=1")
    assert seen.offer.item_features.columns[0].length == 2
    new = pl.DataFrame({"item_id": ["new-1"], "look": like[12:13]})
    vectors = extended(seen, new).recommender.scorer.network.items.features(torch.tensor([31, 1]))
    same = int(shop.vocabulary.encode([toy_shop.ITEMS[12]])[0])
    torch.testing.assert_close(vectors[0], seen.scorer.network.items.features(torch.tensor([same]))[0])
