"""What a baseline must be: scores of every item for any case, that survive being saved."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sessionrl import registry
from sessionrl.baselines.baseline import Baseline, SparseScores
from sessionrl.contracts.made_up import N_ITEMS, made_up, require
from sessionrl.data.sessions import PAD, Cases, Sessions


def check_baseline(name: str, **options: Any) -> None:
    """Finite scores of every item for every case, the same in any company, that survive being saved.

    Args:
        name: as registered
        options: of the baseline, as in a configuration
    """
    train, catalogue = made_up().sessions, made_up().catalogue
    section = {"name": name, **options}
    baseline: Baseline = registry.build("baseline", section)
    require(baseline.fit(train, catalogue) is baseline, f"baseline {name!r}: fit should return the baseline")
    sessions = train.slice(3, 12)
    cases = sessions.cases()
    whole = Cases(np.arange(len(sessions)), sessions.lengths)
    cases = Cases(np.concatenate([cases.session, whole.session]), np.concatenate([cases.length, whole.length]))
    scores = baseline.scores(sessions, cases)
    _check_sparse(scores, len(cases.session), f"baseline {name!r}")
    _check_same_alone(baseline, sessions, cases, f"baseline {name!r}")

    arrays = baseline.arrays()
    plain = all(isinstance(array, np.ndarray) and array.dtype != object for array in arrays.values())
    require(plain, f"baseline {name!r}: arrays should be numpy arrays of numbers, because nothing is pickled")
    restored: Baseline = registry.build("baseline", section).restore(
        {key: array.copy() for key, array in arrays.items()}
    )
    again = restored.scores(sessions, cases)
    same = all(np.array_equal(scores[n], again[n]) for n in range(len(scores)))
    require(same, f"baseline {name!r}: restored from its arrays it gives other scores")


def _check_sparse(scores: SparseScores, n: int, who: str) -> None:
    require(scores.base.shape == (N_ITEMS,), f"{who}: base has the shape {scores.base.shape}, not ({N_ITEMS},)")
    require(scores.base[PAD] == -np.inf, f"{who}: PAD should score -inf, but scores {scores.base[PAD]}")
    finite = bool(np.isfinite(scores.base[1:]).all() and np.isfinite(scores.scores).all())
    require(finite, f"{who} has scores that are not finite")
    bounds = scores.offsets
    whole = len(bounds) == n + 1 and bounds[0] == 0 and bounds[-1] == len(scores.items) == len(scores.scores)
    require(whole and bool((np.diff(bounds) >= 0).all()), f"{who}: the offsets do not cut the lists of {n} cases")
    in_range = not len(scores.items) or (scores.items.min() >= 1 and scores.items.max() < N_ITEMS)
    require(in_range, f"{who} lists item numbers outside 1 … {N_ITEMS - 1}")
    case = np.repeat(np.arange(n), np.diff(bounds))
    pairs = np.unique(case * N_ITEMS + scores.items)
    require(len(pairs) == len(case), f"{who} lists an item twice for one case")


def _check_same_alone(baseline: Baseline, sessions: Sessions, cases: Cases, who: str) -> None:
    together = _dense(baseline.scores(sessions, cases))
    for n, (session, length) in enumerate(zip(cases.session, cases.length, strict=True)):
        read = sessions.items[sessions.offsets[session] :][:length].tolist()
        alone = _dense(baseline.scores(Sessions.of([read]), Cases(np.array([0]), np.array([length]))))[0]
        require(
            np.allclose(alone, together[n], rtol=1e-9),
            f"{who}: the history {read} alone is scored otherwise than among other cases",
        )


def _dense(scores: SparseScores) -> npt.NDArray[np.float64]:
    """[N, V]."""
    dense = np.tile(scores.base, (len(scores.offsets) - 1, 1))
    dense[np.repeat(np.arange(len(dense)), np.diff(scores.offsets)), scores.items] = scores.scores
    return dense
