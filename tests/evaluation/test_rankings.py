import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.baselines.baseline import SparseScores
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadDirectory, BadOption, NotFinite
from sessionrl.evaluation.counting import count, count_on_device, not_finite, not_finite_on_device
from sessionrl.evaluation.rankings import Rankings, rank

SESSIONS = Sessions.of([[1, 2, 1], [3]], [[0, 0, 1], [0]])
KINDS = ("view", "purchase")
SCORES = torch.tensor([[4.0, 3, 2, 1], [1, 2, 2, 4], [0, 0, 0, 0], [1, 1, 5, 5]])
ARRAYS = ("session", "position", "target", "event_type", "repeat", "greater", "equal", "top")


def ranked(scores: torch.Tensor = SCORES, top: int = 2) -> Rankings:
    return rank([(SESSIONS.cases(), scores)], SESSIONS, KINDS, 4, top)


def same(one: Rankings, other: Rankings) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in ARRAYS]
    arrays = all(a.dtype == b.dtype and a.shape == b.shape and (a == b).all() for a, b in pairs)
    return arrays and (one.n_items, one.kinds) == (other.n_items, other.kinds)


def sparse_of(dense: np.ndarray, base: np.ndarray) -> SparseScores:
    """The cells of `dense` that differ from `base` become the lists, in an order of their own."""
    listed = [np.flatnonzero(row != base)[::-1] for row in dense]
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in listed])]).astype(np.int64)
    items = np.concatenate(listed).astype(np.int32) + 1
    scores = np.concatenate([row[items] for row, items in zip(dense, listed, strict=True)])
    return SparseScores(np.concatenate([[-np.inf], base]), offsets, items, scores.astype(np.float64))


def test_counts_by_hand():
    rankings = ranked()
    assert rankings.greater.tolist() == [0, 1, 0, 0]
    assert rankings.equal.tolist() == [1, 2, 4, 2]
    assert rankings.top.tolist() == [[1, 2], [4, 2], [1, 2], [3, 4]]
    assert rankings.session.tolist() == [0, 0, 0, 1]
    assert rankings.position.tolist() == [0, 1, 2, 0]
    assert rankings.repeat.tolist() == [False, False, True, False]
    assert rankings.offsets.tolist() == [0, 3, 4]


def test_ties_read_by_three_rules():
    rankings = ranked()
    assert rankings.with_ties("expected") is rankings
    assert rankings.with_ties("standard").greater.tolist() == [0, 1, 0, 0]
    assert rankings.with_ties("conservative").greater.tolist() == [0, 2, 3, 1]
    assert rankings.with_ties("conservative").equal.tolist() == [1, 1, 1, 1]


def test_cases_may_come_in_any_order_and_in_pieces():
    order = torch.tensor([3, 1, 0, 2])
    cases = SESSIONS.cases()
    chunks = [
        (Cases(cases.session[i], cases.length[i]), SCORES[torch.tensor(i)]) for i in np.array_split(order.numpy(), 2)
    ]
    assert same(rank(chunks, SESSIONS, KINDS, 4, 2), ranked())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.integers(1, 6), top=st.integers(0, 9))
def test_dense_sparse_and_device_counts_agree(seed: int, levels: int, top: int):
    random = np.random.default_rng(seed)
    n_items = 9
    base = random.integers(0, levels, n_items).astype(np.float32)
    dense = np.where(random.random((4, n_items)) < 0.4, random.integers(0, levels, (4, n_items)), base)
    dense = dense.astype(np.float32)
    targets = random.integers(1, n_items + 1, 4)
    one = count(torch.from_numpy(dense), targets, top)
    other = count(sparse_of(dense, base), targets, top)
    device = count_on_device(torch.from_numpy(dense), targets, top)
    for a, b in zip(one, other, strict=True):
        assert (a == b).all()
    assert (one.greater == device.greater).all()
    assert (one.equal == device.equal).all()
    # With ties the device chooses among equals, so its scores agree and its items need not.
    rows = np.arange(4)[:, None]
    assert (dense[rows, one.top - 1] == dense[rows, device.top - 1]).all()
    own = dense[np.arange(4), targets - 1][:, None]
    assert (one.greater == (dense > own).sum(1)).all()
    assert (one.equal == (dense == own).sum(1)).all()
    for row, items in zip(dense, one.top, strict=True):
        assert items.tolist() == sorted(range(1, n_items + 1), key=lambda item: (-row[item - 1], item))[:top]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_scores_that_are_not_finite_are_refused(value: float):
    scores = SCORES.clone()
    scores[1, 3] = scores[2, 0] = value
    with pytest.raises(NotFinite) as error:
        ranked(scores)
    assert str(error.value) == (
        "2 of 4 cases have a score that is NaN or infinite, the first after 1 events of session 0.\n"
        "  do now: nothing measured on such scores means anything; train again with a smaller learning rate or "
        "with gradient clipping"
    )


def test_scores_that_are_not_finite_are_seen_on_every_device():
    scores = SCORES.clone()
    scores[0, 1], scores[2, 0], scores[2, 1] = float("nan"), float("inf"), float("-inf")
    for seen in (not_finite(scores), not_finite_on_device(scores)):
        assert seen.tolist() == [True, False, True, False]


def test_sparse_scores_that_are_not_finite_are_refused():
    base = np.array([-np.inf, 0, 0, 0, 0])
    listed = SparseScores(base, np.array([0, 0, 0, 1, 1]), np.array([2], np.int32), np.array([np.nan]))
    with pytest.raises(NotFinite, match=r"^1 of 4 cases .* the first after 2 events of session 0\."):
        rank([(SESSIONS.cases(), listed)], SESSIONS, KINDS, 4, 2)
    base[3] = np.inf
    with pytest.raises(NotFinite, match=r"^4 of 4 cases "):
        rank([(SESSIONS.cases(), listed._replace(scores=np.zeros(1)))], SESSIONS, KINDS, 4, 2)


def test_sparse_scores_that_break_their_contract_are_refused():
    base, offsets = np.array([-np.inf, 0, 0, 0, 0]), np.array([0, 0, 2, 2, 2])
    twice = SparseScores(base, offsets, np.array([2, 2], np.int32), np.zeros(2))
    with pytest.raises(ValueError, match="sparse scores list an item twice in case 1"):
        count(twice, np.ones(4, np.int64), 2)
    with pytest.raises(ValueError, match="sparse scores list item numbers outside 1 … 4"):
        count(twice._replace(items=np.array([0, 2], np.int32)), np.ones(4, np.int64), 2)


def test_every_event_is_scored_exactly_once():
    cases = SESSIONS.cases()
    some = Cases(cases.session[:2], cases.length[:2])
    with pytest.raises(ValueError, match="2 of 4 events were never scored, the first at position 2 of session 0"):
        rank([(some, SCORES[:2])], SESSIONS, KINDS, 4)
    with pytest.raises(ValueError, match="a case was scored twice"):
        rank([(cases, SCORES), (some, SCORES[:2])], SESSIONS, KINDS, 4)
    with pytest.raises(ValueError, match="a case lies outside the sessions that are ranked"):
        rank([(Cases(np.array([1]), np.array([1])), SCORES[:1])], SESSIONS, KINDS, 4)
    with pytest.raises(ValueError, match="scores of 4 cases and 4 items for 4 cases and 5 items"):
        rank([(cases, SCORES)], SESSIONS, KINDS, 5)


@pytest.mark.parametrize("top", [0, 1, 50])
def test_rankings_survive_the_file(tmp_path, top: int):
    path = tmp_path / "rankings.parquet"
    ranked(top=top).save(path)
    assert same(Rankings.load(path), ranked(top=top))
    assert pl.read_parquet(path)["event_type"].to_list() == ["view", "view", "purchase", "view"]


def test_a_file_that_holds_no_rankings_is_refused(tmp_path):
    path = tmp_path / "rankings.parquet"
    pl.DataFrame({"target": [1]}).write_parquet(path)
    with pytest.raises(BadDirectory) as error:
        Rankings.load(path)
    assert str(error.value) == f"{path} holds no rankings.\n  do now: rank again with `sessionrl evaluate`"
    path.write_text("no parquet at all")
    with pytest.raises(BadDirectory, match=r"rankings.parquet cannot be read"):
        Rankings.load(path)
    with pytest.raises(BadDirectory, match=r"missing.parquet cannot be read"):
        Rankings.load(tmp_path / "missing.parquet")


def test_lists_longer_than_kept_are_refused():
    with pytest.raises(BadOption) as error:
        ranked(top=2).lists(3)
    assert str(error.value) == (
        "A metric needs lists of 3 items, but the rankings keep 2.\n"
        "  do now: measure at 2 or less, or rank again with at least 3 items per list"
    )
    assert ranked(top=4).lists(20).shape == (4, 4)  # nothing longer exists


def test_only_what_may_be_recommended_competes():
    part = Sessions.of([[1, 4]])
    shown = np.array([False, True, False, True, True])
    dense = torch.tensor([[1.0, -torch.inf, 3.0, 2.0], [0.0, -torch.inf, 0.0, 0.0]])
    base = np.array([-np.inf, 1.0, -np.inf, 3.0, 2.0])
    sparse = [SparseScores(base, np.array([0, 0, 3]), np.array([1, 3, 4], np.int32), np.zeros(3))]
    for chunks in ([(part.cases(), dense)], [(part.cases(), *sparse)]):
        ranked = rank(chunks, part, ("view",), 4, top=9, recommendable=shown)
        assert (ranked.n_items, ranked.n_shown) == (4, 3)
        assert ranked.greater.tolist() == [2, 0]
        assert ranked.equal.tolist() == [1, 3]
        assert ranked.top.tolist() == [[3, 4, 1], [1, 3, 4]]
        assert ranked.lists(5).shape == (2, 3), "nothing more can be listed"


def test_rankings_of_some_items_are_saved_and_loaded(tmp_path):
    part = Sessions.of([[1, 2]])
    scores = torch.tensor([[1.0, 2.0, -torch.inf]]).expand(2, 3)
    shown = np.array([False, True, True, False])
    ranked = rank([(part.cases(), scores)], part, ("view",), 3, recommendable=shown)
    ranked.save(tmp_path / "r.parquet")
    assert Rankings.load(tmp_path / "r.parquet").n_shown == 2


@pytest.mark.parametrize("sparse", [False, True])
def test_a_score_of_an_item_that_may_not_be_recommended_is_refused(sparse):
    part = Sessions.of([[1]])
    shown = np.array([False, True, False])
    scores = torch.tensor([[1.0, 2.0]])
    if sparse:
        base = np.array([-np.inf, 1.0, -np.inf])
        scores = SparseScores(base, np.array([0, 1]), np.array([2], np.int32), np.ones(1))
    with pytest.raises(ValueError, match="an item that may not be recommended has a score"):
        rank([(part.cases(), scores)], part, ("view",), 2, recommendable=shown)


def test_nan_among_what_may_be_recommended_is_refused():
    part = Sessions.of([[1]])
    scores = torch.tensor([[torch.nan, -torch.inf]])
    with pytest.raises(NotFinite):
        rank([(part.cases(), scores)], part, ("view",), 2, recommendable=np.array([False, True, False]))
