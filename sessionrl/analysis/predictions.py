"""Predictions: the best items of a model after chosen events, with what its scores say about them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadDirectory
from sessionrl.evaluation.rankings import Rankings
from sessionrl.scorers import Scorer

# Objectives whose supervised loss counts every event once: weighted by rewards or advantages, the softmax of the scores
# is a policy and no longer estimates what comes next.
UNWEIGHTED = (
    "next_item", "sqn", "snqn", "smorl", "cql", "eval", "hist", "fut", "cat", "random_target", "extra_head",
    "shuffled_order",
)  # fmt: skip
WRAPPERS = ("shuffled_reward", "random_reward", "constant_reward", "endless", "frozen_encoder")

# How far scores computed now may lie from those of the rankings, in standard deviations of the scores of a case: other
# batches and other devices add in another order.
TOLERANCE = 0.01

Meaning = Literal["probability", "share", "score"]
Scores = npt.NDArray[np.float64]


class Prediction(NamedTuple):
    """The list of a model after one event's history, as its rankings have it.

    items:  [k] int32, best first
    scores: [k] float64, what the model ranks by
    shares: [k] float64, softmax of the scores over all items that may be recommended; None for a baseline, whose scores
            are no logits
    """

    items: npt.NDArray[np.int32]
    scores: Scores
    shares: Scores | None


def meaning(config: Mapping[str, Any]) -> Meaning:
    """What the softmax of a model's scores is.

    ``probability``: the network was trained with softmax cross entropy over the whole catalogue, every event counting
    once, and is ranked by these very scores, so that the loss asked for the probability of the next item (whether it
    is calibrated is another question). ``share``: of the softmax, for every other network: sampled or pairwise losses,
    weighted events, scores to which a policy or a baseline adds something. ``score``: a baseline.

    config: complete, of a run
    """
    if "baseline" in config:
        return "score"
    policy = config["policy"]
    plain = policy["name"] in ("greedy", "softmax") and not policy.get("revisit") and "ensemble" not in config
    return "probability" if plain and _whole_softmax(config["objective"]) else "share"


def _whole_softmax(objective: Mapping[str, Any]) -> bool:
    if objective["name"] in WRAPPERS:
        return _whole_softmax(objective["of"])
    if objective["name"] not in UNWEIGHTED or objective.get("one_head"):
        return False
    supervised = objective.get("supervised", objective)
    return bool(supervised.get("kind") == "cross_entropy" and supervised.get("negatives") == 0)


def predicted(scorer: Scorer, sessions: Sessions, rankings: Rankings, rows: Sequence[int], k: int) -> list[Prediction]:
    """The first k items after the history of every chosen event; only these events are scored.

    Args:
        scorer: of the model that made the rankings
        sessions: that were ranked
        rankings: whose lists are shown, and must be those of the scores
        rows: of the rankings
        k: items of a list

    Raises:
        BadDirectory: the scores give other lists, so that weights and rankings are not of the same model.
    """
    wanted = {(int(rankings.session[row]), int(rankings.position[row])): row for row in rows}
    histories = sessions.select(np.array([session for session, _ in wanted], np.int64))
    cases = Cases(np.arange(len(wanted)), np.array([position for _, position in wanted], np.int64))
    order, found = list(wanted.values()), dict[int, Prediction]()
    lists = rankings.lists(k)
    for chunk, scores in scorer.scored(histories, cases):
        for case, one in zip(chunk.session, _dense(scores), strict=True):
            row = order[int(case)]
            _check(one, lists[row])
            shares = None if isinstance(scores, SparseScores) else softmax(one)[lists[row] - 1]
            found[row] = Prediction(lists[row], one[lists[row] - 1], shares)
    return [found[row] for row in rows]


def _dense(scores: Any) -> Iterator[Scores]:
    """[V - 1] case by case; -inf for items that may not be recommended."""
    if not isinstance(scores, SparseScores):
        for row in scores:
            yield row.double().cpu().numpy()
        return
    for row in range(len(scores.offsets) - 1):
        listed = slice(int(scores.offsets[row]), int(scores.offsets[row + 1]))
        dense = scores.base.copy()
        dense[scores.items[listed]] = scores.scores[listed]
        yield dense[1:]


def softmax(scores: Scores) -> Scores:
    """[V - 1] shares that sum to 1; 0 where a score is -inf.

    >>> softmax(np.array([0.0, np.log(3.0), -np.inf])).tolist()
    [0.25, 0.75, 0.0]
    """
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def _check(scores: Scores, listed: npt.NDArray[np.int32]) -> None:
    """The items that the rankings list are the best ones, up to what rounding exchanges."""
    k = len(listed)
    best = np.argsort(-scores, kind="stable")[:k]
    allowed = TOLERANCE * float(scores[np.isfinite(scores)].std())
    if listed.max() > len(scores) or (np.abs(scores[listed - 1] - scores[best]) > allowed).any():
        raise BadDirectory(
            f"the rankings begin with the items number {listed.tolist()}, the weights put {(best + 1).tolist()} first: "
            "they are not of the same model.\n  do now: rank again with `sessionrl evaluate`"
        )
