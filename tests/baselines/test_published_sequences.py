"""The neighbours reach their published accuracy on the RetailRocket sequence split."""

import pytest

from sessionrl import config
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.evaluation.metric import metric
from sessionrl.evaluation.rankings import rank
from sessionrl.registry import build


@pytest.fixture(scope="module")
def published(shop_data, tmp_path_factory) -> Prepared:
    everything = Preparation(split="published", valid_share=0.0, min_item_events=1)
    reader = build("reader", {"name": "sequences", "path": str(shop_data / "retailrocket_sequences")})
    return prepare(reader, everything, tmp_path_factory.mktemp("published") / "prepared")


@pytest.mark.data
@pytest.mark.parametrize(
    ("preset", "hit", "mrr"),
    [
        ("item-knn", 0.29, 0.115),
        ("sequential-rules", 0.43, 0.21),
        ("sknn", 0.55, 0.28),
        ("session-knn", 0.556, 0.289),
        ("vmis-knn", 0.556, 0.289),
        ("stan", 0.573, 0.294),
        ("vstan", 0.575, 0.295),
    ],
)
def test_accuracy_over_all_next_events(published, preset, hit, mrr):
    baseline = build("baseline", config.load(preset)["baseline"]).fit(published.train, published.catalogue)
    cases = published.test.cases()
    scored = [(cases, baseline.scores(published.test, cases))]
    rankings = rank(scored, published.test, published.kinds, len(published.catalogue) - 1, top=0)
    rankings = rankings.rows(rankings.position > 0)
    assert len(rankings) == 19_867
    assert metric("hit@20").per_case(rankings, published.catalogue).mean() >= hit
    assert metric("mrr@20").per_case(rankings, published.catalogue).mean() >= mrr
