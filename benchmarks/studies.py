"""The studies of benchmarks/tables.py: their logs, their models, and what a model's settings are chosen from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from variants import VARIANTS, Space, Variant

from sessionrl.data.preparation import Preparation


@dataclass(frozen=True)
class Study:
    """A log, how it is prepared, and what is measured on it.

    path:       below the folder of all logs
    reader:     section of the reader, without its path
    options:    of every configuration, as section.key=value; those of a network are left out for a baseline
    trials:     settings that are tried per model; with 1 there is no search, and every preset is taken as it is
    tune_train: sessions of the training part that a trial learns from, the newest; None takes all. Small changes of a
                setting are ordered alike by a part of a big log, and a trial must not take hours
    tune_valid: sessions of the validation part that a trial is measured on, evenly spread over it; None takes all
    variants:   the models that are no presets, by name
    shared:     of the trials of a variant, those it shares with all that begin with the same model
    """

    path: str
    reader: Mapping[str, Any]
    preparation: Preparation
    models: tuple[str, ...]
    options: tuple[str, ...]
    slices: tuple[str, ...]
    metrics: tuple[str, ...]
    trials: int = 6
    tune_train: int | None = None
    tune_valid: int | None = None
    variants: Mapping[str, Variant] = field(default_factory=dict)
    shared: int = 0


BASELINES = (
    "random", "popularity", "popularity-recent", "session-popularity", "last-items", "markov", "item-knn",
    "association-rules", "sequential-rules", "sknn", "session-knn", "vmis-knn", "stan", "vstan",
)  # fmt: skip
NETWORKS = (
    "gru4rec", "gru4rec-ce", "gru4rec-revisit", "gru4rec-knn", "sasrec", "sasrec-revisit", "gsasrec", "sqn-gru",
    "smorl-gru",
)  # fmt: skip
TIMELESS = tuple(name for name in BASELINES if name != "popularity-recent")  # for a log that has an order only

LISTS = ("coverage@20", "novelty@20", "diversity@20", "list_repeat@20")
VIEWS_ONLY = ("all", "prefix>=2", "new", "repeat", "first")
NEXT = ("hit@20", "mrr@20", "ndcg@20", *LISTS)
GRID = (
    "all", "view/new", "view/repeat", "cart/new", "cart/repeat", "purchase/new", "purchase/repeat", "first",
)  # fmt: skip
FOUR_MONTHS = Preparation(min_item_events=3, test_days=28.0, valid_days=14.0, vocabulary_from="train+valid")
STUDIES = {
    "published": Study(
        path="retailrocket_sequences",
        reader={"name": "sequences"},
        preparation=Preparation(min_item_events=1, vocabulary_from="train+valid"),
        models=(*TIMELESS, *NETWORKS),
        options=("evaluation.select_on=all",),
        slices=VIEWS_ONLY[:-1],
        metrics=("hit@20", "mrr@20", *LISTS),
        trials=1,
    ),
    "events": Study(
        path="retailrocket",
        reader={"name": "retailrocket"},
        preparation=FOUR_MONTHS,
        models=(*BASELINES, *NETWORKS),
        options=("training.epochs=8",),
        slices=GRID,
        metrics=("hit@20", "ndcg@20", "future_purchase_hit@20", "coverage@20", "tail_coverage@20", "novelty@20",
                 "diversity@20", "list_repeat@20", "history_repeat@20", "gini@20"),
    ),
    "rl": Study(
        # Of the 672 validation sessions, NDCG@20 has a standard error of 4% of itself over all 4,632 events and of 8%
        # over the 2,819 new views, on which a run selects by itself: so few sessions choose better on all.
        path="retailrocket",
        reader={"name": "retailrocket"},
        preparation=FOUR_MONTHS,
        models=("popularity", "session-knn", "vstan", *VARIANTS),
        options=("evaluation.select_on=all", "training.epochs=6", "training.patience=2"),
        slices=GRID[:-1],  # before a first event there is nothing to read, and all networks rank alike
        metrics=("ndcg@20", "hit@20", "future_purchase_hit@20", "coverage@20", "novelty@20", "diversity@20",
                 "list_repeat@20"),
        trials=10,
        variants=VARIANTS,
        shared=5,
    ),
    "yoochoose": Study(  # a week in April 2014: five days of training, one of validation, one of test
        path="yoochoose",
        reader={"name": "yoochoose"},
        preparation=Preparation(min_item_events=3, test_days=1.0, valid_days=1.0, vocabulary_from="train+valid"),
        models=(*BASELINES, *NETWORKS),
        options=("evaluation.select_on=all", "training.epochs=8"),
        slices=VIEWS_ONLY,
        metrics=NEXT,
    ),
    "globo": Study(
        # A news portal from 1 to 17 October 2017. Five sessions begin days after all others, the last on the 23rd at
        # 04:06 UTC, and the days are counted back from it: the test begins on Monday 16th at 16:06, validation twelve
        # hours before. Articles live for hours: with whole days, three quarters of the test are on articles that
        # nobody had read before, and with these spans two fifths.
        path="globo/clicks.parquet",
        reader={"name": "delimited", "columns": {"item_id": "click_article_id", "timestamp": "click_timestamp"}},
        preparation=Preparation(test_days=6.5, valid_days=0.5, vocabulary_from="train+valid"),
        models=(*BASELINES, *NETWORKS),
        options=("evaluation.select_on=all", "training.epochs=3"),
        slices=VIEWS_ONLY,
        metrics=NEXT,
        tune_train=200_000,
        tune_valid=4_000,
    ),
}  # fmt: skip

NEIGHBOURS: Space = {"baseline.neighbours": (50, 100, 200, 500, 1000, 1500), "baseline.sample": (500, 1000, 2500, 5000)}
STAN: Space = {
    **NEIGHBOURS,
    "baseline.position": (0.5, 1.0, 2.0, 5.0, None),
    "baseline.recency": (0.25, 1.0, 5.0, 20.0, None),
    "baseline.nearness": (0.5, 1.0, 2.0, 5.0),
    "baseline.last_items": (5, 10, 20),
}
NETWORK: Space = {
    "items.dim": (64, 128, 192),
    "items.dropout": (0.1, 0.2, 0.3, 0.4, 0.5),
    "backbone.dropout": (0.0, 0.1, 0.2, 0.3),
    "training.transitions_per_batch": (80, 160, 320),
}
SCALE: Space = {"items.scale": (12.0, 16.0, 20.0)}
REVISIT: Space = {"policy.revisit": ((), (2.0, 4.0, 3.0), (4.0, 7.0, 6.0))}
RATES = (0.3, 0.55, 1.8, 3.2)  # learning rates of a network, by that of its preset: even steps on a log scale
NEAR_RATES = (0.55, 1.8)  # by that of the best setting which a variant begins with
NEGATIVES = (0.0, 0.25, 0.5, 0.75)  # from uniform to nearly as popular as in the log
SUPERVISED: Space = {"objective.supervised.alpha": NEGATIVES, "objective.td_weight": (0.1, 0.3, 1.0)}
GAMMA: Space = {"objective.gamma": (0.0, 0.3, 0.5, 0.9)}


# gru4rec-ce and sasrec have no revisits, so that a row beside them says what these bring; gru4rec and gsasrec stay as
# published.
SPACES: dict[str, Space] = {
    "popularity-recent": {"baseline.last_days": (0.05, 0.25, 1.0, 3.0, 7.0, 14.0)},
    "item-knn": {
        "baseline.damping": (0.0, 5.0, 20.0, 50.0, 100.0),
        "baseline.alpha": (0.5, 0.7, 0.8, 0.9, 1.0),
        "baseline.similar": (50, 100, 300),
    },
    "association-rules": {"baseline.similar": (20, 50, 100, 200, 500)},
    "sequential-rules": {"baseline.steps": (1, 2, 3, 5, 10, 20)},
    "sknn": NEIGHBOURS,
    "session-knn": {
        **NEIGHBOURS,
        "baseline.weighting": ("linear", "div", "log", "quadratic"),
        "baseline.decay": ("same", "linear", "div", "log"),
        "baseline.idf_weighting": (0.0, 1.0, 2.0, 5.0, 10.0),
        "baseline.last_items": (3, 5, 7, 10, 20),
    },
    "vmis-knn": {**NEIGHBOURS, "baseline.last_items": (2, 3, 4, 6, 9)},
    "stan": STAN,
    "vstan": {**STAN, "baseline.match": (0.5, 1.0, 2.0, 5.0, None), "baseline.idf_weighting": (0.0, 1.0, 2.0, 5.0)},
    "gru4rec": {
        **NETWORK,
        "objective.alpha": NEGATIVES,
        "objective.regularisation": (0.5, 1.0, 1.95),
        "training.momentum": (0.0, 0.2, 0.4),
    },
    "gru4rec-ce": {**NETWORK, **SCALE, "objective.alpha": NEGATIVES},
    "gru4rec-revisit": {**NETWORK, **SCALE, **REVISIT, "objective.alpha": NEGATIVES},
    "sasrec": {**NETWORK, **SCALE, "objective.alpha": NEGATIVES, "backbone.layers": (1, 2)},
    "sasrec-revisit": {**NETWORK, **SCALE, **REVISIT, "objective.alpha": NEGATIVES, "backbone.layers": (1, 2)},
    "gsasrec": {
        **NETWORK,
        "objective.calibration": (0.0, 0.5, 0.75, 1.0),
        "objective.negatives": (64, 256, 1024),
        "backbone.layers": (1, 2),
    },
    "sqn-gru": {**NETWORK, **SCALE, **REVISIT, **SUPERVISED, **GAMMA},
    "smorl-gru": {**NETWORK, **SCALE, **REVISIT, **SUPERVISED, **GAMMA},
}
# A model whose network another one has too takes the settings that were found for that one.
TUNED_AS = {"gru4rec-knn": "gru4rec-revisit"}
