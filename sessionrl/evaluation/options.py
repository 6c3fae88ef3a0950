"""The options of the section [evaluation]."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

METRICS = (
    "hit@20",
    "ndcg@20",
    "mrr@20",
    "precision@20",
    "recall@20",
    "map@20",
    "future_purchase_hit@20",
    "coverage@20",
    "tail_coverage@20",
    "novelty@20",
    "tail_share@20",
    "diversity@20",
    "gini@20",
    "list_repeat@20",
    "history_repeat@20",
)


@dataclass(frozen=True)
class Evaluation:
    """How a run is chosen and measured.

    Options:
        metrics: names as metric@k; `sessionrl list metrics` says what each is
        top: items kept per list in ``rankings.parquet``; metrics of lists need k ≤ top, metrics of ranks do not
        select_by: the metric that chooses the epoch on the validation part
        select_on: the slice it is taken on; the default are views of items that are new in their session, because
            repeats are easy and would decide the choice; a log without such cases falls back to "all"
        replicates: bootstrap samples behind every interval
    """

    metrics: tuple[str, ...] = METRICS
    top: Annotated[int, Field(ge=1, le=1000)] = 50
    select_by: str = "ndcg@20"
    select_on: str = "view/new"
    replicates: Annotated[int, Field(ge=100)] = 2000
