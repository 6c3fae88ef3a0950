"""STAN and VSTAN against numbers known by hand and against a slow, clear reference."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.baselines.stan import STAN
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadOption
from sessionrl.registry import build, complete

SIZE = 9
DAY = 86_400_000


def fall(distance: float, scale: float | None) -> float:
    return 1.0 if scale is None else math.exp(-distance / scale)


def reference(log: list[list[int]], days: list[float], history: list[int], stan: STAN) -> dict[int, float]:
    """Listed items and their scores, by the definition in the docstring of `STAN`; session n ended on days[n]."""
    read = [item for item in history if 0 < item < SIZE][-stan.last_items :]
    place = {item: at for at, item in enumerate(read, 1)}
    newest_first = sorted(place, key=place.get, reverse=True)
    sharing = sorted((n for n, session in enumerate(log) if {*session} & {*read}), reverse=True)[: stan.sample]
    similarity = {}
    for n in sharing:
        shared = [item for item in newest_first if item in log[n]]
        similarity[n] = sum(fall(len(read) - place[item], stan.position) for item in reversed(shared))
        norm = len({*log[n]}) ** -0.5 if stan.similarity == "cosine" else 1.0
        similarity[n] *= norm * fall(max(days) - days[n], stan.recency)
    scores: dict[int, float] = {}
    for n in sorted(sharing, key=lambda n: (-similarity[n], -n))[: stan.neighbours]:
        newest = next(item for item in newest_first if item in log[n])
        in_order = sorted({*log[n]}, key=lambda item: max(at for at, other in enumerate(log[n]) if other == item))
        for item in in_order:
            away = abs(in_order.index(item) - in_order.index(newest))
            idf = math.log(len(log) / sum(item in session for session in log))
            vote = similarity[n] * fall(len(read) - place[newest], stan.match) * fall(away, stan.nearness)
            scores[item] = scores.get(item, 0) + vote * (1 + stan.idf_weighting * idf)
    return scores


def fit(stan: STAN, log: list[list[int]], days: list[float]) -> STAN:
    made = Sessions.of(log)
    times = np.repeat((np.array(days) * DAY).astype(np.int64), made.lengths)
    train = Sessions(made.items, made.event_types, times, made.offsets, made.ids)
    counts = np.bincount(train.items, minlength=SIZE)
    items = pl.DataFrame({"item_id": np.arange(1, SIZE)})
    return stan.fit(train, Catalogue(counts, counts, np.zeros((SIZE, 0), np.float32), items))


def listed(stan: STAN, history: list[int]) -> dict[int, float]:
    sparse = stan.scores(Sessions.of([history]), Cases(np.array([0]), np.array([len(history)])))
    return dict(zip(sparse.items.tolist(), sparse.scores.tolist(), strict=True))


scales = st.sampled_from([None, 0.7, 2.0])


@settings(max_examples=80, deadline=None)
@given(
    log=st.lists(st.lists(st.integers(1, SIZE - 1), min_size=1, max_size=8), min_size=1, max_size=25),
    history=st.lists(st.integers(0, SIZE), max_size=14),
    stan=st.builds(
        STAN,
        neighbours=st.integers(1, 8),
        sample=st.integers(1, 12),
        position=scales,
        recency=scales,
        nearness=scales,
        match=scales,
        similarity=st.sampled_from(["dot", "cosine"]),
        idf_weighting=st.sampled_from([0.0, 5.0]),
        last_items=st.integers(1, 15),
    ),
)
def test_the_kernel_equals_the_definition(log, history, stan):
    days = [n / 4 for n in range(len(log))]
    assert listed(fit(stan, log, days), history) == pytest.approx(reference(log, days, history, stan), rel=1e-9)


LOG, DAYS = [[1, 2, 5], [2, 3], [4, 4, 1]], [0.0, 1.0, 2.0]


def test_stan_by_hand():
    """After 1, 2 with position 1 the sessions are (1 + 1/e) / sqrt(3), 1 / sqrt(2) and (1/e) / sqrt(2) near."""
    e = math.e
    stan = fit(STAN(position=1.0, nearness=1.0), LOG, DAYS)
    first, second, third = (1 + 1 / e) / 3**0.5, 1 / 2**0.5, 1 / e / 2**0.5
    assert listed(stan, [1, 2]) == pytest.approx(
        {1: first / e + third, 2: first + second, 3: second / e, 4: third / e, 5: first / e}
    )
    nearest = fit(STAN(neighbours=1, position=1.0, nearness=1.0), LOG, DAYS)
    assert listed(nearest, [1, 2]) == pytest.approx({1: first / e, 2: first, 5: first / e})


def test_an_older_neighbour_is_less_near_whenever_the_question_comes():
    """The ages are 2, 1 and 0 days; the history itself has running numbers for times."""
    stan = STAN(position=None, recency=2.0, nearness=None, similarity="dot")
    expected = {1: 1 / math.e + 1, 2: 1 / math.e, 5: 1 / math.e, 4: 1.0}
    assert listed(fit(stan, LOG, DAYS), [1]) == pytest.approx(expected)


def test_the_match_of_vstan_is_the_newest_shared_item():
    """After 1, 2 the newest item shared with the third session is one event old."""
    stan = STAN(position=None, recency=None, nearness=None, match=1.0, similarity="dot")
    assert listed(fit(stan, LOG, DAYS), [1, 2]) == pytest.approx({1: 2 + 1 / math.e, 2: 3, 5: 2, 3: 1, 4: 1 / math.e})


def test_a_neighbour_too_old_for_floating_point_has_no_vote():
    stan = fit(STAN(recency=0.001, nearness=0.001), LOG, DAYS)
    assert listed(stan, [2]) == {}
    assert listed(stan, [4]) == pytest.approx({4: 2**-0.5})


def test_a_scale_is_positive_or_none():
    assert complete("baseline", {"name": "stan"})["recency"] == "none"
    with pytest.raises(BadOption) as error:
        build("baseline", {"name": "stan", "nearness": 0})
    assert str(error.value) == "baseline 'stan', option 'nearness' = 0: Input should be greater than 0."
