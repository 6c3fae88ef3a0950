"""GRU4Rec's four losses and gBCE against numbers worked out by hand, in float64.

The row of scores is o = (ln 2, 0, ln 3), so that exp(o) = (2, 1, 3), and column 0 is the positive. Then

    softmax over all                   (2, 1, 3) / 6
    softmax over the negatives     w = (-, 1/4, 3/4)
    sigmoid(o_0 - o_j) = 2 / (2 + e_j)   (-, 2/3, 2/5),      sigmoid(o_j - o_0)   (-, 1/3, 3/5)
    sigmoid(o_j^2)                       (-, 1/2, S)         with S = 1 / (1 + 3^(-ln 3))
    sigmoid(o) = e / (1 + e)          (2/3, 1/2, 3/4)
"""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.objectives.ranking_losses import bpr_max, cross_entropy, gbce, top1, top1_max

SCORES = torch.tensor([[math.log(2), 0.0, math.log(3)]], dtype=torch.float64)
FIRST = torch.tensor([0])
NOT_THE_LAST = torch.tensor([[False, False, True]])
S = 1 / (1 + 3 ** -math.log(3))
LOSSES = [cross_entropy, bpr_max, top1, top1_max, gbce]


def approx(value: float):
    return pytest.approx(value, rel=1e-12)


def test_cross_entropy_by_hand():
    assert cross_entropy(SCORES, FIRST).item() == approx(-math.log(2 / 6))
    assert cross_entropy(SCORES, FIRST, NOT_THE_LAST).item() == approx(-math.log(2 / 3))


def test_bpr_max_by_hand():
    # sum w sigmoid = 1/4 * 2/3 + 3/4 * 2/5 = 7/15;  sum w o^2 = 1/4 * 0 + 3/4 * ln(3)^2
    assert bpr_max(SCORES, FIRST, regularisation=0.0).item() == approx(-math.log(7 / 15))
    assert bpr_max(SCORES, FIRST, regularisation=2.0).item() == approx(-math.log(7 / 15) + 2 * 0.75 * math.log(3) ** 2)


def test_bpr_max_without_the_ignored_column_by_hand():
    # one negative is left, with weight 1 and score 0
    assert bpr_max(SCORES, FIRST, NOT_THE_LAST, regularisation=5.0).item() == approx(-math.log(2 / 3))


def test_bpr_max_with_elu_by_hand():
    # elu 0.5 turns (ln 2, -ln 2, 0) into (ln 2, 0.5 (1/2 - 1), 0) = (ln 2, -1/4, 0)
    scores = torch.tensor([[math.log(2), -math.log(2), 0.0]], dtype=torch.float64)
    e = math.exp(-0.25)
    weight = e / (e + 1), 1 / (e + 1)
    better = weight[0] * 2 / (2 + e) + weight[1] * 2 / 3
    expected = -math.log(better) + 3 * weight[0] * 0.25**2
    assert bpr_max(scores, FIRST, regularisation=3.0, elu=0.5).item() == approx(expected)


def test_top1_by_hand():
    assert top1(SCORES, FIRST).item() == approx((1 / 3 + 1 / 2 + 3 / 5 + S) / 2)
    assert top1(SCORES, FIRST, NOT_THE_LAST).item() == approx(1 / 3 + 1 / 2)


def test_top1_max_by_hand():
    assert top1_max(SCORES, FIRST).item() == approx(1 / 4 * (1 / 3 + 1 / 2) + 3 / 4 * (3 / 5 + S))
    assert top1_max(SCORES, FIRST, NOT_THE_LAST).item() == approx(1 / 3 + 1 / 2)


def test_binary_cross_entropy_by_hand():
    assert gbce(SCORES, FIRST).item() == approx(-(math.log(2 / 3) + math.log(1 / 2) + math.log(1 / 4)) / 3)
    assert gbce(SCORES, FIRST, NOT_THE_LAST).item() == approx(-(math.log(2 / 3) + math.log(1 / 2)) / 2)


def test_generalised_binary_cross_entropy_by_hand():
    # sigmoid(o_0)^beta takes the place of the positive's probability: (2/3)^3 = 8/27
    assert gbce(SCORES, FIRST, beta=3.0).item() == approx(-(math.log(8 / 27) + math.log(1 / 8)) / 3)
    assert gbce(SCORES, FIRST, NOT_THE_LAST, beta=0.5).item() == approx(-(math.log(2 / 3) / 2 + math.log(1 / 2)) / 2)


def test_the_gradient_of_gbce_by_hand():
    # d log sigmoid(o) = 1 - sigmoid(o),  d log(1 - sigmoid(o)) = -sigmoid(o)
    scores = SCORES.clone().requires_grad_()
    gbce(scores, FIRST, beta=0.25).sum().backward()
    assert scores.grad[0].tolist() == [approx(-0.25 / 3 / 3), approx(1 / 2 / 3), approx(3 / 4 / 3)]


def test_scores_far_out_keep_their_gradient_in_gbce():
    """In float32 the sigmoid of -200 is 0, and its logarithm infinite."""
    scores = torch.tensor([[-200.0, 200.0]], requires_grad=True)
    value = gbce(scores, FIRST)
    value.sum().backward()
    assert value.item() == 200
    assert scores.grad.tolist() == [[-0.5, 0.5]]


@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 5), c=st.integers(2, 9))
def test_ignored_columns_are_as_if_they_were_not_there(loss, seed, n, c):
    rng = torch.Generator().manual_seed(seed)
    scores = torch.randn(n, c, generator=rng, dtype=torch.float64)
    more = torch.randn(n, 3, generator=rng, dtype=torch.float64) * 5
    position = torch.randint(c, (n,), generator=rng)
    ignored = torch.cat([torch.zeros(n, c, dtype=torch.bool), torch.ones(n, 3, dtype=torch.bool)], 1)
    torch.testing.assert_close(loss(torch.cat([scores, more], 1), position, ignored), loss(scores, position))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_order_of_the_columns_does_not_matter(loss):
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(4, 6, generator=rng, dtype=torch.float64)
    order = torch.randperm(6, generator=rng)
    position = torch.tensor([0, 2, 2, 5])
    moved = torch.stack([(order == column).nonzero()[0, 0] for column in position])
    torch.testing.assert_close(loss(scores[:, order], moved), loss(scores, position))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_against_the_gradient_raises_the_positive_over_the_negatives(loss):
    scores = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
    loss(scores, torch.tensor([2])).sum().backward()
    assert scores.grad[0, 2] < 0
    assert (scores.grad[0, [0, 1, 3]] > 0).all()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scores", [[[3.0]], [[3.0, 7.0]], [[200.0, -200.0], [-200.0, 200.0]]])
def test_extreme_scores_and_rows_without_a_negative_stay_finite(loss, scores):
    scores = torch.tensor(scores, requires_grad=True)
    ignored = torch.ones_like(scores, dtype=torch.bool) if len(scores) == 1 else torch.zeros(2, 2, dtype=torch.bool)
    ignored[:, 0] = False
    value = loss(scores, torch.zeros(len(scores), dtype=torch.int64), ignored)
    value.sum().backward()
    assert value.isfinite().all()
    assert scores.grad.isfinite().all()
    if len(scores) == 1:
        assert value.item() == 0
        assert (scores.grad == 0).all()
