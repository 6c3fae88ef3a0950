"""Calibration of Q: what a head predicts of the logged actions, the returns that followed, and what events earn."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from sessionrl.analysis.heads import logged, valued
from sessionrl.data.prepared import Prepared
from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.bootstrap import FEW_SESSIONS, Resampling, SessionSums
from sessionrl.nn.network import Network
from sessionrl.objectives.objective import Context, Objective, Valued
from sessionrl.objectives.returns import returns

REPLICATES = 500
BINS = 10
CELLS = 8192  # cells of a padded matrix that are encoded together

Floats = npt.NDArray[np.float64]


class Estimate(NamedTuple):
    """A number with its 95% interval over test sessions; NaN where it has no value."""

    value: float
    low: float
    high: float


class Head(NamedTuple):
    """One Q head at N logged actions.

    name:      of its reward
    reward:    [N] r_t
    predicted: [N] Q(s_t, a_t)
    realised:  [N] sum_k gamma^k r_(t+k) to the end of the session
    """

    name: str
    reward: Floats
    predicted: Floats
    realised: Floats


class Played(NamedTuple):
    """Logged actions of test sessions, session after session.

    heads:   in the order of the network
    session: [N] index
    kind:    [N] kind of the action's event
    meant:   what Q is an estimate of: gamma, who acts afterwards, whether sessions end; its rewards are of some of
             the actions only
    """

    heads: tuple[Head, ...]
    session: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    meant: Valued


class Group(NamedTuple):
    """Actions with like predictions, or of one kind: how many, mean prediction, mean realised return."""

    name: str
    events: int
    predicted: float
    realised: Estimate


class Calibration(NamedTuple):
    """Of one head.

    bins:        tenths of the actions by rising prediction, fewer where many predictions are equal
    kinds:       the same by kind of event
    predicted, realised: means
    bias:        mean of predicted less realised
    correlation: of the ranks of predicted and realised (Spearman); NaN where one of them is constant
    slope:       by how much the return rises where Q is higher by 1 (least squares): 1 is right, below 1 Q spreads too
                 far, 0 says nothing
    explained:   1 - mean (Q - G)^2 / mean (mean G - G)^2: 0 is what a constant reaches, the mean of these returns
    """

    head: str
    bins: tuple[Group, ...]
    kinds: tuple[Group, ...]
    predicted: float
    realised: float
    bias: Estimate
    correlation: Estimate
    slope: Estimate
    explained: Estimate


class Earned(NamedTuple):
    """A kind of event: how many actions, what one earns on average, and its shares of all actions and all reward."""

    kind: str
    events: int
    mean: float
    of_events: float
    of_reward: float


@torch.inference_mode()
def played(
    network: Network, objective: Objective, sessions: Sessions, prepared: Prepared, context: Context
) -> Played | None:
    """Predictions and returns at all actions of sessions that may be recommended; None if Q is no value of rewards.

    Sessions are read whole. An event that may not be recommended takes a step and earns nothing, as in training.
    """
    plain = network.eval().folded()
    shown = torch.from_numpy(prepared.catalogue.recommendable)
    parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[Head]]] = []
    meant = None
    for group in _groups(sessions):
        own = sessions.select(group)
        whole = logged(plain, own, prepared)
        batch = whole.select(shown[whole.action])
        if not len(batch):
            continue
        row = batch.state.at // batch.state.items.size(1)
        # Rewards that are drawn by the number of an event need that of all sessions: in every group it begins anew.
        moved = torch.from_numpy(sessions.offsets[group] - own.offsets[:-1])[row]
        batch = replace(batch, event=batch.event + moved)
        meant = valued(objective, batch, context)
        if meant is None:
            return None
        q = plain(batch.state, heads="q", taken=batch.action).q.squeeze(-1)
        heads = [
            Head(name, *map(_numpy, (reward, q[:, nth], returns(replace(batch, reward=reward), meant.gamma))))
            for nth, (name, reward) in enumerate(meant.rewards.items())
        ]
        parts.append((group[row.numpy()], batch.event_type.numpy(), heads))
    if meant is None:
        return None
    session, kind = (np.concatenate([part[nth] for part in parts]) for nth in (0, 1))
    order = np.argsort(session, kind="stable")
    joined = [
        Head(name, *(np.concatenate([part[2][nth][column] for part in parts])[order] for column in (1, 2, 3)))
        for nth, name in enumerate(meant.rewards)
    ]
    return Played(tuple(joined), session[order], kind[order], meant)


def _numpy(values: torch.Tensor) -> Floats:
    return np.asarray(values.numpy(), np.float64)


def _groups(sessions: Sessions) -> Iterator[npt.NDArray[np.int64]]:
    """Sessions of like length together, so many that they fit a matrix; those without a transition are in none."""
    lengths = sessions.lengths
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    start = 0
    while start < len(order):
        cells = (np.arange(1, len(order) - start + 1)) * (lengths[order[start:]] + 1)
        stop = start + max(1, int(np.searchsorted(cells, CELLS, side="right")))
        yield order[start:stop]
        start = stop


def calibration(of: Played, head: Head, kinds: Sequence[str], seed: int = 0) -> Calibration:
    """How good the predictions of a head are; intervals by a bootstrap over sessions.

    kinds: names of the kinds of event
    """
    p, g = head.predicted, head.realised
    sums = _Sums(of.session)
    n = sums.add(np.ones(len(p)))
    bias = sums.add(p - g)
    # About their means, so that float32 sums keep the digits of heads that hardly spread.
    x, y = p - p.mean(), g - g.mean()
    error, first, second = sums.add((p - g) ** 2), sums.add(y), sums.add(y**2)
    a, b = (_ranks(values) for values in (p, g))
    moments = [sums.add(values) for values in (a, b, a * a, b * b, a * b)]
    linear = [sums.add(values) for values in (x, x * x, x * y)]
    masks = [*_tenths(p), *(of.kind == number for number in range(len(kinds)))]
    groups = [(mask, sums.add(mask), sums.add(mask * g)) for mask in masks]
    tenths = len(masks) - len(kinds)
    every = sums.drawn(seed)

    def group(name: str, mask: npt.NDArray[np.bool_], count: int, total: int) -> Group:
        mean = _estimate(_divided(every[:, total], every[:, count]))
        return Group(name, int(mask.sum()), float(p[mask].mean()), mean)

    return Calibration(
        head.name,
        tuple(group(str(nth), *each) for nth, each in enumerate(groups[:tenths], 1)),
        tuple(group(name, *each) for name, each in zip(kinds, groups[tenths:], strict=True) if each[0].any()),
        float(p.mean()),
        float(g.mean()),
        _estimate(every[:, bias] / every[:, n]),
        _estimate(_correlation(every[:, n], *(every[:, column] for column in moments))),
        _estimate(_slope(every[:, n], every[:, first], *(every[:, column] for column in linear))),
        _estimate(1 - _divided(every[:, error], every[:, second] - every[:, first] ** 2 / every[:, n])),
    )


def earned(of: Played, head: Head, kinds: Sequence[str]) -> list[Earned]:
    """What each kind of event is paid by the reward of a head; kinds that do not occur are left out."""
    total = head.reward.sum()
    found = []
    for number, name in enumerate(kinds):
        mask = of.kind == number
        if mask.any():
            own = head.reward[mask]
            share = float(own.sum() / total) if total else float("nan")
            found.append(Earned(name, int(mask.sum()), float(own.mean()), float(mask.mean()), share))
    return found


def above_smallest(reward: Floats) -> float:
    """Share of the actions that earn more than the smallest reward there is: how much there is to learn from."""
    least = reward.min() + 1e-6 * np.ptp(reward)  # what is 0 by arithmetic may be a little beside it
    return float((reward > least).mean())


class _Sums:
    """Sums per session of columns over actions, and the same over resampled sessions."""

    def __init__(self, session: npt.NDArray[np.int64]):
        _, self._row = np.unique(session, return_inverse=True)
        self._sums = SessionSums()

    def add(self, column: npt.NDArray[np.generic]) -> int:
        return self._sums.add(np.bincount(self._row, weights=column.astype(np.float64)).astype(np.float64))

    def drawn(self, seed: int) -> Floats:
        """[1 + B, D], the sessions as they are first; of few sessions nothing is known of others, and B is 0."""
        few = self._row.max(initial=-1) + 1 < FEW_SESSIONS
        return (
            self._sums.totals
            if few
            else np.concatenate([self._sums.totals, Resampling(REPLICATES, seed).sessions(self._sums)])
        )


def _estimate(values: Floats) -> Estimate:
    """Of the value of all sessions, first, and of the replicates."""
    drawn = values[1:][np.isfinite(values[1:])]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return Estimate(float(values[0]), float(low), float(high))


def _divided(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 1e-12), np.float64)


def _ranks(values: Floats) -> Floats:
    """Mean ranks of equals, about their middle and scaled to -1/2 … 1/2, so that float32 sums keep their digits."""
    from scipy.stats import rankdata

    ranks: Floats = rankdata(values)
    return ranks / (len(values) + 1) - 0.5


def _correlation(n: Floats, a: Floats, b: Floats, aa: Floats, bb: Floats, ab: Floats) -> Floats:
    below = (aa - a * a / n).clip(min=0) * (bb - b * b / n).clip(min=0)
    return _divided(ab - a * b / n, np.sqrt(below))


def _slope(n: Floats, g: Floats, p: Floats, pp: Floats, pg: Floats) -> Floats:
    return _divided(pg - p * g / n, pp - p * p / n)


def _tenths(predicted: Floats) -> list[npt.NDArray[np.bool_]]:
    """Masks of about as many actions each; equal predictions stay together."""
    edges = np.unique(np.quantile(predicted, np.arange(1, BINS) / BINS))
    place = np.searchsorted(edges, predicted, side="left")
    return [place == each for each in np.unique(place)]
