"""Session-kNN and VMIS-kNN against numbers known by hand and against a slow, clear reference."""

import math
from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.baselines.neighbours import Curve
from sessionrl.baselines.session_knn import SessionKNN
from sessionrl.baselines.vmis_knn import VMISKNN
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadOption
from sessionrl.registry import build, complete

SIZE = 9
CURVES = get_args(Curve)

WEIGHTING = {
    "same": lambda place, length: 1.0,
    "linear": lambda place, length: max(0.0, 1 - 0.1 * (length - place)),
    "div": lambda place, length: place / length,
    "log": lambda place, length: 1 / math.log10(length - place + 1.7),
    "quadratic": lambda place, length: (place / length) ** 2,
}
DECAY = {
    "same": lambda step: 1.0,
    "linear": lambda step: max(0.0, 1 - 0.1 * step),
    "div": lambda step: 1 / step,
    "log": lambda step: 1 / math.log10(step + 1.7),
    "quadratic": lambda step: 1 / step**2,
}


def reference(log: list[list[int]], history: list[int], knn: SessionKNN, item_weight=None) -> dict[int, float]:
    """Listed items and their scores, by the definition in the docstring of `SessionKNN`."""
    read = [item for item in history if 0 < item < SIZE][-knn.last_items :]
    last_place = {item: place for place, item in enumerate(read, 1)}
    weight = {item: WEIGHTING[knn.weighting](place, len(read)) for item, place in last_place.items()}
    sharing = [n for n, session in enumerate(log) if any(weight.get(item, 0) > 0 for item in session)]
    newest = sorted(sharing, reverse=True)[: knn.sample]
    oldest_item_first = sorted(weight, key=last_place.get)  # one order of adding, so that equal sums are equal
    similarity = {n: sum(weight[item] for item in oldest_item_first if item in log[n]) for n in newest}
    scores: dict[int, float] = {}
    if knn.similarity == "cosine":
        similarity = {n: value * len({*log[n]}) ** -0.5 for n, value in similarity.items()}
    for n in sorted(newest, key=lambda n: (-similarity[n], -n))[: knn.neighbours]:
        step = min(len(read) + 1 - last_place[item] for item in log[n] if item in weight)
        for item in {*log[n]}:
            holding = sum(item in session for session in log)
            idf = math.log(len(log) / holding)
            factor = 1 + knn.idf_weighting * idf if item_weight is None else item_weight(idf)
            scores[item] = scores.get(item, 0) + similarity[n] * DECAY[knn.decay](step) * factor
    return {item: score for item, score in scores.items() if score > 0}


def fit(knn, log: list[list[int]]):
    train = Sessions.of(log)
    counts = np.bincount(train.items, minlength=SIZE)
    items = pl.DataFrame({"item_id": np.arange(1, SIZE)})
    return knn.fit(train, Catalogue(counts, counts, np.zeros((SIZE, 0), np.float32), items))


def listed(knn, history: list[int]) -> dict[int, float]:
    sparse = knn.scores(Sessions.of([history]), Cases(np.array([0]), np.array([len(history)])))
    return dict(zip(sparse.items.tolist(), sparse.scores.tolist(), strict=True))


sessions = st.lists(st.integers(1, SIZE - 1), min_size=1, max_size=8)
logs = st.lists(sessions, min_size=1, max_size=25)
histories = st.lists(st.integers(0, SIZE), max_size=14)


@settings(max_examples=60, deadline=None)
@given(
    log=logs,
    history=histories,
    knn=st.builds(
        SessionKNN,
        neighbours=st.integers(1, 8),
        sample=st.integers(1, 12),
        weighting=st.sampled_from(CURVES),
        decay=st.sampled_from(CURVES),
        idf_weighting=st.sampled_from([0.0, 1.0, 10.0]),
        last_items=st.integers(1, 15),
        similarity=st.sampled_from(["dot", "cosine"]),
    ),
)
def test_the_kernel_equals_the_definition(log, history, knn):
    assert listed(fit(knn, log), history) == pytest.approx(reference(log, history, knn), rel=1e-12)


@pytest.mark.parametrize("weighting", CURVES)
@pytest.mark.parametrize("decay", CURVES)
def test_the_kernel_equals_the_definition_for_every_curve(weighting, decay):
    rng = np.random.default_rng(3)
    log = [rng.integers(1, SIZE, rng.integers(1, 4)).tolist() for _ in range(40)]
    knn = fit(SessionKNN(4, 15, weighting, decay, 2.0, 13), log)
    for length in (1, 3, 14):
        history = rng.integers(1, 6, length).tolist()
        assert listed(knn, history) == pytest.approx(reference(log, history, knn), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(log=logs, history=histories, k=st.integers(1, 8), m=st.integers(1, 12), last=st.integers(1, 15))
def test_vmis_equals_its_definition(log, history, k, m, last):
    same_search = SessionKNN(k, m, "div", "linear", 0.0, last)
    expected = reference(log, history, same_search, item_weight=lambda idf: idf)
    assert listed(fit(VMISKNN(k, m, last), log), history) == pytest.approx(expected, rel=1e-12)


LOG = [[1, 2], [2, 3], [1, 3, 4]]


def test_by_hand():
    """w(1) = 1/2, w(2) = 1, so the sessions are 1.5, 1 and 0.5 near; their newest shared items decay by .9, .9, .8."""
    all_three = fit(SessionKNN(3, 10, "div", "linear", 0.0, 10), LOG)
    assert listed(all_three, [1, 2]) == pytest.approx({1: 1.35 + 0.4, 2: 1.35 + 0.9, 3: 0.9 + 0.4, 4: 0.4})
    nearest_two = fit(SessionKNN(2, 10, "div", "linear", 0.0, 10), LOG)
    assert listed(nearest_two, [1, 2]) == pytest.approx({1: 1.35, 2: 1.35 + 0.9, 3: 0.9})
    newest_two = fit(SessionKNN(3, 2, "div", "linear", 0.0, 10), LOG)
    assert listed(newest_two, [1, 2]) == pytest.approx({1: 0.4, 2: 0.9, 3: 0.9 + 0.4, 4: 0.4})
    last_item = fit(SessionKNN(3, 10, "div", "linear", 0.0, 1), LOG)
    assert listed(last_item, [1, 2]) == pytest.approx({1: 0.9, 2: 1.8, 3: 0.9})
    rare_first = fit(SessionKNN(2, 10, "div", "linear", 10.0, 10), LOG)
    factor = 1 + 10 * math.log(3 / 2)
    assert listed(rare_first, [1, 2]) == pytest.approx({1: 1.35 * factor, 2: 2.25 * factor, 3: 0.9 * factor})


def test_s_knn_by_hand():
    """Cosines of sets, but for the norm of the history: 2 / sqrt(2), 1 / sqrt(2), 1 / sqrt(3)."""
    sknn = fit(SessionKNN(2, 10, "same", "same", 0.0, 10, "cosine"), LOG)
    assert listed(sknn, [1, 2, 1]) == pytest.approx({1: 2**0.5, 2: 2**0.5 + 0.5**0.5, 3: 0.5**0.5})


def test_vmis_by_hand():
    factor = math.log(3 / 2)
    expected = {1: 1.75 * factor, 2: 2.25 * factor, 3: 1.3 * factor, 4: 0.4 * math.log(3)}
    assert listed(fit(VMISKNN(3, 10, 10), LOG), [1, 2]) == pytest.approx(expected)


def test_of_equally_near_sessions_the_newest_votes():
    knn = fit(SessionKNN(1, 10, "same", "same", 0.0, 10), [[1, 2], [1, 3], [4, 5]])
    assert listed(knn, [1]) == {1: 1.0, 3: 1.0}


def test_vmis_leaves_an_item_that_every_session_holds_to_popularity():
    knn = fit(VMISKNN(), [[1, 2], [1, 3]])
    assert listed(knn, [2]) == pytest.approx({2: 0.9 * math.log(2)})


def test_items_beyond_the_reach_of_a_linear_curve_find_no_session():
    knn = fit(SessionKNN(5, 5, "linear", "same", 0.0, 20), LOG)
    assert listed(knn, [1, *[5] * 9]) == pytest.approx({1: 0.2, 2: 0.1, 3: 0.1, 4: 0.1})
    assert listed(knn, [1, *[5] * 10]) == {}


def test_long_lists_outgrow_the_first_buffer():
    """Ten sessions of a hundred items in a batch of forty cases: 4,000 listed items, in order of their cases."""
    size = 1001
    train = Sessions.of([list(range(1 + 100 * s, 101 + 100 * s)) for s in range(10)])
    counts = np.bincount(train.items, minlength=size)
    items = pl.DataFrame({"item_id": np.arange(1, size)})
    knn = SessionKNN().fit(train, Catalogue(counts, counts, np.zeros((size, 0), np.float32), items))
    asked = Sessions.of([[1 + 25 * n] for n in range(40)])
    sparse = knn.scores(asked, Cases(np.arange(40), np.ones(40, np.int64)))
    assert np.array_equal(sparse.offsets, np.arange(41) * 100)
    for n in range(40):
        first = 1 + 100 * (n // 4)
        assert sorted(sparse.items[100 * n : 100 * n + 100].tolist()) == list(range(first, first + 100))


def test_an_unknown_curve_is_refused():
    with pytest.raises(BadOption) as error:
        build("baseline", {"name": "session_knn", "decay": "cubic", "neighbours": 0})
    assert str(error.value) == (
        "baseline 'session_knn', option 'neighbours' = 0: Input should be greater than or equal to 1.\n"
        "baseline 'session_knn', option 'decay' = 'cubic': "
        "Input should be 'same', 'linear', 'div', 'log' or 'quadratic'."
    )


def test_options_are_written_out_whole():
    assert complete("baseline", {"name": "vmis_knn", "last_items": 9}) == {
        "name": "vmis_knn",
        "neighbours": 500,
        "sample": 1000,
        "last_items": 9,
    }
