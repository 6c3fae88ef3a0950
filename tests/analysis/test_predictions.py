"""Predictions: probabilities by hand, what they may be called, and rankings that are not of these weights."""

import doctest

import numpy as np
import pytest
import torch

from sessionrl.analysis import predictions
from sessionrl.analysis.predictions import meaning, predicted, softmax
from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadDirectory
from sessionrl.evaluation.rankings import rank

SESSIONS = Sessions.of([[1, 2, 3], [2, 4]])
PLAIN = {"kind": "cross_entropy", "negatives": 0}
GREEDY = {"name": "greedy", "revisit": []}


class Fixed:
    """Scores that depend on the number of events read, the longest history first."""

    def __init__(self, sparse=False, hidden=False):
        self.sparse, self.hidden, self.asked = sparse, hidden, 0

    def scored(self, sessions, cases):
        for n in np.argsort(-cases.length, kind="stable"):
            self.asked += 1
            chunk = type(cases)(cases.session[n : n + 1], cases.length[n : n + 1])
            scores = np.log([1.0, 2.0, 3.0, 4.0 + cases.length[n]])
            if self.hidden:
                scores[0] = -np.inf
            if self.sparse:
                base = np.array([-np.inf, *scores[:3], 0.0])
                yield chunk, SparseScores(base, np.array([0, 1]), np.array([4], np.int32), scores[3:])
            else:
                yield chunk, torch.from_numpy(scores[None]).float()


def ranked(scorer):
    shown = np.array([False, not scorer.hidden, True, True, True])
    return rank(scorer.scored(SESSIONS, SESSIONS.cases()), SESSIONS, ("view",), 4, recommendable=shown)


def test_probabilities_by_hand():
    scorer = Fixed()
    rankings = ranked(scorer)
    scorer.asked = 0
    first, second = predicted(scorer, SESSIONS, rankings, [4, 2], 2)  # in the order asked for
    assert scorer.asked == 2  # and no other event is scored
    assert first.items.tolist() == [4, 3]
    np.testing.assert_allclose(first.shares, [5 / 11, 3 / 11], rtol=1e-6)
    np.testing.assert_allclose(second.shares, [6 / 12, 3 / 12], rtol=1e-6)
    np.testing.assert_allclose(first.scores, np.log([5, 3]), rtol=1e-6)


def test_they_sum_to_one_over_the_items_that_may_be_shown():
    scorer = Fixed(hidden=True)
    (one,) = predicted(scorer, SESSIONS, ranked(scorer), [1], 3)
    assert one.items.tolist() == [4, 3, 2]
    assert one.shares.sum() == pytest.approx(1)
    assert softmax(np.array([700.0, -np.inf, 800.0])).sum() == pytest.approx(1)


def test_a_baseline_has_scores_and_no_shares():
    scorer = Fixed(sparse=True)
    (one,) = predicted(scorer, SESSIONS, ranked(scorer), [1], 4)
    assert one.shares is None
    assert one.items.tolist() == [4, 3, 2, 1]
    np.testing.assert_allclose(one.scores, np.log([5, 3, 2, 1]))


def test_rankings_of_another_model_are_refused():
    rankings = ranked(Fixed())
    rankings.top[1] = [1, 2, 3, 4]
    with pytest.raises(BadDirectory) as error:
        predicted(Fixed(), SESSIONS, rankings, [1], 2)
    assert str(error.value) == (
        "the rankings begin with the items number [1, 2], the weights put [4, 3] first: they are not of the same "
        "model.\n  do now: rank again with `sessionrl evaluate`"
    )


def network(objective, policy=GREEDY, **sections):
    return {"objective": objective, "policy": policy, **sections}


@pytest.mark.parametrize(
    ("config", "called"),
    [
        (network({"name": "next_item", **PLAIN}), "probability"),
        (network({"name": "sqn", "supervised": PLAIN}), "probability"),
        (network({"name": "endless", "of": {"name": "sqn", "supervised": PLAIN}}), "probability"),
        (
            network({"name": "next_item", **PLAIN}, {"name": "softmax", "temperature": 2.0, "revisit": []}),
            "probability",
        ),
        (network({"name": "next_item", "kind": "bpr_max", "negatives": 0}), "share"),
        (network({"name": "sqn", "supervised": {"kind": "cross_entropy", "negatives": 512, "log_q": 1.0}}), "share"),
        (network({"name": "endless", "of": {"name": "sa2c", "supervised": PLAIN}}), "share"),
        (network({"name": "reinforce", "supervised": PLAIN}), "share"),
        (network({"name": "cql", "one_head": True, "supervised": PLAIN}), "share"),
        (network({"name": "one_of_a_guest", "supervised": PLAIN}), "share"),
        (network({"name": "next_item", **PLAIN}, {"name": "greedy", "revisit": [4.0]}), "share"),
        (network({"name": "sqn", "supervised": PLAIN}, {"name": "weighted", "weights": [1.0]}), "share"),
        (network({"name": "next_item", **PLAIN}, ensemble={"weight": 0.3}), "share"),
        ({"baseline": {"name": "popularity"}}, "score"),
    ],
)
def test_only_what_the_loss_makes_a_probability_is_called_one(config, called):
    assert meaning(config) == called


def test_examples_of_the_docstrings():
    assert doctest.testmod(predictions, extraglobs={"np": np}).failed == 0
