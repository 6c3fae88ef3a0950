"""What every baseline must do, asked of all that are registered."""

import numpy as np
import polars as pl
import pytest

from sessionrl import config
from sessionrl.baselines.baseline import Baseline, SparseScores
from sessionrl.contracts import check_baseline
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import PAD, Cases, Sessions
from sessionrl.registry import build, names

SIZE = 12  # items 1 … 11


def catalogue_of(train: Sessions, size: int = SIZE) -> Catalogue:
    counts = np.bincount(train.items, minlength=size)
    holding = np.bincount(np.unique(train.session * size + train.items) % size, minlength=size)
    items = pl.DataFrame({"item_id": np.arange(1, size)})
    return Catalogue(counts, holding, np.zeros((size, 0), np.float32), items)


def random_log(seed: int, sessions: int = 40) -> list[list[int]]:
    """Popular items have small numbers; item 11 is in no session."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, SIZE - 1)
    lengths = rng.integers(1, 9, sessions)
    return [rng.choice(np.arange(1, SIZE - 1), n, p=weights / weights.sum()).tolist() for n in lengths]


def fitted(name: str, log: list[list[int]]) -> Baseline:
    train = Sessions.of(log)
    baseline: Baseline = build("baseline", {"name": name})
    return baseline.fit(train, catalogue_of(train))


def every_prefix(sessions: Sessions) -> Cases:
    """All cases, the whole sessions among them."""
    cases = sessions.cases()
    whole = Cases(np.arange(len(sessions)), sessions.lengths)
    return Cases(np.concatenate([cases.session, whole.session]), np.concatenate([cases.length, whole.length]))


def dense(sparse: SparseScores) -> np.ndarray:
    """[N, V]."""
    scores = np.tile(sparse.base, (len(sparse.offsets) - 1, 1))
    scores[np.repeat(np.arange(len(scores)), np.diff(sparse.offsets)), sparse.items] = sparse.scores
    return scores


def after(baseline: Baseline, history: list[int]) -> np.ndarray:
    """[V] scores after one history."""
    return dense(baseline.scores(Sessions.of([history]), Cases(np.array([0]), np.array([len(history)]))))[0]


all_baselines = pytest.mark.parametrize("name", names("baseline"))
counting_baselines = pytest.mark.parametrize("name", sorted({*names("baseline")} - {"random"}))
personal_baselines = pytest.mark.parametrize("name", sorted({*names("baseline")} - {"popularity"}))


@pytest.mark.parametrize("preset", [name for name in config.preset_names() if "baseline" in config.load(name)])
def test_every_preset_of_a_baseline_keeps_the_contract(preset):
    check_baseline(**config.load(preset)["baseline"])


def test_the_baselines_an_honest_table_needs_are_there():
    needed = {"random", "popularity", "session_popularity", "markov", "item_knn", "session_knn", "stan"}
    assert needed <= {*names("baseline")}


@all_baselines
def test_scores_are_finite_except_of_pad_and_items_are_listed_once(name):
    sessions = Sessions.of(random_log(1))
    cases = every_prefix(sessions)
    sparse = fitted(name, random_log(0)).scores(sessions, cases)
    assert sparse.base.shape == (SIZE,)
    assert sparse.base[PAD] == -np.inf
    assert np.isfinite(sparse.base[1:]).all()
    assert np.isfinite(sparse.scores).all()
    assert (sparse.items >= 1).all()
    assert len(sparse.offsets) == len(cases.session) + 1
    assert sparse.offsets[0] == 0
    assert sparse.offsets[-1] == len(sparse.items) == len(sparse.scores)
    case = np.repeat(np.arange(len(cases.session)), np.diff(sparse.offsets))
    assert len({*zip(case.tolist(), sparse.items.tolist(), strict=True)}) == len(case)
    assert [array.dtype for array in sparse] == [np.float64, np.int64, np.int32, np.float64]


@personal_baselines
def test_listed_items_are_above_every_other_and_something_is_listed(name):
    sessions = Sessions.of(random_log(1))
    sparse = fitted(name, random_log(0)).scores(sessions, every_prefix(sessions))
    assert len(sparse.scores) > len(sessions)
    assert sparse.scores.min() > sparse.base.max()


@counting_baselines
def test_an_empty_history_gives_the_order_of_popularity(name):
    log = random_log(0)
    scores = after(fitted(name, log), [])
    counts = np.bincount(np.concatenate(log), minlength=SIZE)
    assert np.array_equal(np.sign(scores[1:, None] - scores[None, 1:]), np.sign(counts[1:, None] - counts[None, 1:]))


@all_baselines
def test_a_batch_gives_what_each_case_gives_alone_in_any_order(name):
    sessions = Sessions.of(random_log(1))
    cases = every_prefix(sessions)
    baseline = fitted(name, random_log(0))
    together = dense(baseline.scores(sessions, cases))
    for case in np.random.default_rng(0).permutation(len(cases.session))[:60]:
        alone = baseline.scores(sessions, Cases(cases.session[[case]], cases.length[[case]]))
        assert np.array_equal(dense(alone)[0], together[case])
    shuffled = np.random.default_rng(1).permutation(len(cases.session))
    mixed = baseline.scores(sessions, Cases(cases.session[shuffled], cases.length[shuffled]))
    assert np.array_equal(dense(mixed), together[shuffled])


@all_baselines
def test_only_the_events_before_the_case_are_read(name):
    baseline = fitted(name, random_log(0))
    told, untold = Sessions.of([[3, 5, 7, 1, 1]]), Sessions.of([[3, 5]])
    case = Cases(np.array([0]), np.array([2]))
    assert np.array_equal(dense(baseline.scores(told, case)), dense(baseline.scores(untold, case)))


@all_baselines
def test_views_of_a_larger_log_score_like_copies(name):
    baseline = fitted(name, random_log(0))
    sessions = Sessions.of(random_log(1))
    view, copy = sessions.slice(5, 15), sessions.select(np.arange(5, 15))
    assert np.array_equal(dense(baseline.scores(view, view.cases())), dense(baseline.scores(copy, copy.cases())))


@all_baselines
def test_what_is_saved_scores_the_same_when_restored(name, tmp_path):
    sessions = Sessions.of(random_log(1))
    baseline = fitted(name, random_log(0))
    np.savez(tmp_path / "arrays.npz", **baseline.arrays())
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as saved:
        restored = build("baseline", {"name": name}).restore(dict(saved))
    before, now = (one.scores(sessions, every_prefix(sessions)) for one in (baseline, restored))
    assert all(np.array_equal(one, other) for one, other in zip(before, now, strict=True))
    assert restored.arrays().keys() == baseline.arrays().keys()


@counting_baselines
def test_renaming_the_items_renames_the_scores(name):
    name_of = np.concatenate([[0], np.random.default_rng(2).permutation(np.arange(1, SIZE))])
    log, histories = random_log(0), random_log(1)
    plain, renamed = Sessions.of(histories), Sessions.of([name_of[history].tolist() for history in histories])
    scores = dense(fitted(name, log).scores(plain, every_prefix(plain)))
    other = dense(fitted(name, [name_of[one].tolist() for one in log]).scores(renamed, every_prefix(renamed)))
    assert np.array_equal(other[:, name_of], scores)


@all_baselines
def test_unknown_items_are_read_as_if_they_had_not_happened(name):
    baseline = fitted(name, random_log(0))
    assert np.array_equal(after(baseline, [0, 3, 0, 5, 0, 0]), after(baseline, [3, 5]))
    assert np.array_equal(after(baseline, [3, SIZE, 5, 10**6, -4]), after(baseline, [3, 5]))
    assert np.array_equal(after(baseline, [0, 0]), after(baseline, []))


@all_baselines
def test_an_item_no_training_session_holds_is_finite_and_last(name):
    scores = after(fitted(name, random_log(0)), [3, 5])
    assert scores[11] < scores[1:11].min()


@all_baselines
def test_a_second_fit_forgets_the_first(name):
    baseline = fitted(name, random_log(0))
    train = Sessions.of(random_log(7))
    baseline.fit(train, catalogue_of(train))
    assert np.array_equal(after(baseline, [3, 5]), after(fitted(name, random_log(7)), [3, 5]))


@all_baselines
def test_an_empty_log_can_be_fitted_and_ties_every_item(name):
    baseline = fitted(name, [])
    assert len({*after(baseline, [])[1:].tolist()}) == 1


@all_baselines
def test_no_cases_give_no_scores(name):
    nothing = Cases(np.array([], np.int64), np.array([], np.int64))
    sparse = fitted(name, random_log(0)).scores(Sessions.of(random_log(1)), nothing)
    assert sparse.offsets.tolist() == [0]
    assert len(sparse.items) == len(sparse.scores) == 0


@pytest.mark.parametrize("name", ["markov", "sequential_rules", "session_knn", "stan", "vmis_knn"])
def test_checkerboard_the_top_new_item_is_the_withheld_one(name):
    """Session u walks round all items of its colour, beginning behind item u, and stops before it.

    The idea of `implicit`'s recommender tests: the right answer is known without a reference.
    """
    items = 10
    board = [[1 + (u + 2 * step) % items for step in range(1, items // 2)] for u in range(items)]
    baseline = fitted(name, board)
    for u, session in enumerate(board):
        scores = after(baseline, session)
        scores[session] = -np.inf  # what the session holds may be recommended too, and often is
        assert np.argmax(scores) == 1 + u
        assert np.sum(scores == scores.max()) == 1
