"""Dials: the order of a trained network turned step by step towards a Q head, or without RL away from what is popular.

Every state is encoded once, whatever the number of weights.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from sessionrl.data.sessions import Cases, Sessions
from sessionrl.ensemble import EnsembleScorer
from sessionrl.evaluation.counting import count
from sessionrl.evaluation.rankings import Rankings, seen_before
from sessionrl.nn.network import Scores
from sessionrl.nn.prefixes import Prefixes
from sessionrl.policies import standardised
from sessionrl.scorers import ROWS, NetworkScorer

WEIGHTS = (-1.0, -0.35, -0.1, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
POPULARITY, NOISE, TOGETHER = "popularity penalty", "noise", "all Q heads"
SUPERVISED = "trained without RL"
RANDOM = "random head"
ALONE = 4  # heads that get a dial each; of more there is only the one of all together
QUICK, PATIENT = 8 * 10**9, 25 * 10**9  # scores that are ranked
SESSIONS = 100  # that a sample should have
FEW = 300  # events that a picture needs to say anything
CELLS = 1 << 25  # scores held at once: 128 MiB as float32


class Dial(NamedTuple):
    """What is added to the supervised scores of a state: weight times a direction, both standardised over the items.

    name:    of the head; `TOGETHER`, `POPULARITY` or `NOISE`
    heads:   whose Q are summed; none is a dial that needs no RL
    weights: that are tried, besides 0
    """

    name: str
    heads: tuple[int, ...]
    weights: tuple[float, ...]


class Setting(NamedTuple):
    """A dial and its weight; every dial at 0 is the supervised head, `START`."""

    dial: str
    weight: float


START = Setting("none", 0.0)
TRAINED = Setting("as trained", 0.0)


class Sample(NamedTuple):
    """Sessions and those of their events that count as cases: not the first, and of items that may be shown.

    of:    events of the same kind in all sessions it was drawn from
    whole: whether of every session all such events are there, and not one by chance
    """

    sessions: Sessions
    cases: Cases
    of: int
    whole: bool


def dials_of(heads: Sequence[str]) -> list[Dial]:
    """Those of the Q heads with these names, alone and together, and two that need no RL.

    Those get the weights of the heads, below 0 as well: a head turned backwards may be liking for the popular.
    """
    every = tuple(range(len(heads)))
    positive = tuple(weight for weight in WEIGHTS if weight > 0)
    alone = [Dial(name, (i,), WEIGHTS) for i, name in enumerate(heads)] if len(heads) <= ALONE else []
    together = [Dial(TOGETHER, every, WEIGHTS)] if len(heads) > 1 else []
    return [*alone, *together, Dial(POPULARITY, (), WEIGHTS), Dial(NOISE, (), positive)]


def sampled(sessions: Sessions, recommendable: npt.NDArray[np.bool_], events: int, seed: int) -> Sample:
    """Random sessions with at most so many cases in all, all of them if they fit; in the order of the log.

    Sessions are whole if `SESSIONS` of them fit. Otherwise each gives one case by chance: what is measured on few
    sessions says little of others, however many events they have.
    """
    counts = (sessions.position >= 1) & recommendable[sessions.items]
    ends = np.concatenate([[0], np.cumsum(counts)])[sessions.offsets]
    own, random = np.diff(ends), np.random.default_rng([seed, 0])
    of = int(own.sum())
    whole = of <= events or SESSIONS * of <= events * (own > 0).sum()
    order = random.permutation(np.flatnonzero((own > 0) & (own <= events)))
    chosen = sessions.select(np.sort(order[np.cumsum(own[order]) <= events] if whole else order[:events]))
    kept = (chosen.position >= 1) & recommendable[chosen.items]
    if not whole:
        rows = random.permutation(np.flatnonzero(kept))
        kept = np.zeros(len(kept), np.bool_)
        kept[rows[np.unique(chosen.session[rows], return_index=True)[1]]] = True
    return Sample(chosen, Cases(chosen.session[kept], chosen.position[kept]), of, whole)


def turned(
    scorer: NetworkScorer | EnsembleScorer,
    sample: Sample,
    dials: Sequence[Dial],
    about: Rankings,
    seed: int,
) -> dict[Setting, Rankings]:
    """Rankings of the sample's cases at every setting, `START` first.

    The order is z(o) + weight * z(Q), o the order of the policy, where it reads the supervised head alone, and the
    supervised scores where it does not; then `TRAINED` is there as well. `POPULARITY` has -z(log(1 + count)) in the
    place of z(Q), `NOISE` a standard normal number of each item in each state.

    Args:
        scorer: with a network
        sample: its cases
        dials: of the network's heads
        about: gives the number of items, the kinds, and how long the lists are; see `empty`
        seed: of the noise
    """
    found: dict[Setting, Rankings] = {}
    place = {key: row for row, key in enumerate(zip(*map(np.ndarray.tolist, sample.cases), strict=True))}
    for chunk, orders in _orders(scorer, sample, dials, seed):
        rows = np.array([place[key] for key in zip(*map(np.ndarray.tolist, chunk), strict=True)])
        for setting, order in orders:
            if setting not in found:
                found[setting] = _copied(about)
            one = found[setting]
            counts = count(order, about.target[rows].astype(np.int64), about.top.shape[1])
            one.greater[rows], one.equal[rows], one.top[rows] = counts
    return found


def without_rl(
    scorer: NetworkScorer | EnsembleScorer, sample: Sample, weights: Sequence[float], about: Rankings, seed: int
) -> dict[Setting, Rankings]:
    """The popularity penalty on a network that was trained without RL: settings of the dial `SUPERVISED`, 0 too."""
    found = turned(scorer, sample, [Dial(POPULARITY, (), tuple(weights))], about, seed)
    return {Setting(SUPERVISED, setting.weight): one for setting, one in found.items() if setting != TRAINED}


def random_head(
    scorer: NetworkScorer | EnsembleScorer, sample: Sample, weights: Sequence[float], about: Rankings, seed: int
) -> dict[Setting, Rankings]:
    """The same network with a Q head that learned nothing, drawn as before training: settings of the dial `RANDOM`.

    A direction of chance through the item vectors makes lists more varied as well; a head that has learned something
    has to do better.
    """
    own = scorer.network if isinstance(scorer, EnsembleScorer) else scorer
    network = copy.deepcopy(own.network)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        assert network.heads is not None
        of_q = network.heads if network.items.tied else network.heads[:, network.items.dim :]
        of_q.copy_(nn.init.xavier_uniform_(torch.empty(of_q.shape)))
        network.bias[:, 1:] = 0
    alone = NetworkScorer(network, own.policy, own.counts, own.shown)
    changed = EnsembleScorer(alone, scorer.baseline, scorer.weight) if isinstance(scorer, EnsembleScorer) else alone
    found = turned(changed, sample, [Dial(RANDOM, (0,), tuple(weights))], about, seed)
    return {setting: one for setting, one in found.items() if setting.dial == RANDOM}


def affordable(items: int, settings: int, most: int) -> int:
    """Events that can be ranked at so many settings: a minute of one core at 8 ns each, up to three for 300.

    items: that are scored
    """
    each = max(1, items * settings)
    return max(1, min(most, max(QUICK // each, min(FEW, PATIENT // each))))


def empty(
    sample: Sample, kinds: tuple[str, ...], recommendable: npt.NDArray[np.bool_], k: int, n_items: int
) -> Rankings:
    """The cases of a sample before they are ranked.

    recommendable: [V] of the items that are scored
    k:       length of the lists
    n_items: of the catalogue it is measured on, which may know more than are scored
    """
    at = sample.sessions.offsets[sample.cases.session] + sample.cases.length
    n, shown = len(at), int(recommendable.sum())
    return Rankings(
        session=sample.cases.session.astype(np.int32),
        position=sample.cases.length.astype(np.int32),
        target=sample.sessions.items[at],
        event_type=sample.sessions.event_types[at],
        repeat=seen_before(sample.sessions)[at],
        greater=np.zeros(n, np.int32),
        equal=np.ones(n, np.int32),
        top=np.zeros((n, min(k, shown)), np.int32),
        n_items=n_items,
        kinds=kinds,
        n_shown=shown,
    )


def _copied(rankings: Rankings) -> Rankings:
    """With arrays of its own for what ranking fills in."""
    return replace(rankings, greater=rankings.greater.copy(), equal=rankings.equal.copy(), top=rankings.top.copy())


def _orders(
    scorer: NetworkScorer | EnsembleScorer, sample: Sample, dials: Sequence[Dial], seed: int
) -> Iterator[tuple[Cases, Iterator[tuple[Setting, Tensor]]]]:
    network = scorer.network if isinstance(scorer, EnsembleScorer) else scorer
    mix = scorer.mix(sample.sessions) if isinstance(scorer, EnsembleScorer) else None
    width = len(network.counts) * (3 + network.network.rewards)
    rows = max(1, min(ROWS, CELLS // width))
    popularity = torch.from_numpy(np.log1p(network.counts[1:].astype(np.float32)))
    rng = torch.Generator().manual_seed(seed)
    for chunk, scores, states in network.by_head(sample.sessions, sample.cases, mix, "all", rows):
        yield chunk, _turn(network, scores, states, dials, (popularity.to(scores.logits.device), rng))


def _turn(
    network: NetworkScorer,
    scores: Scores,
    states: Prefixes,
    dials: Sequence[Dial],
    controls: tuple[Tensor, torch.Generator],
) -> Iterator[tuple[Setting, Tensor]]:
    """The orders of one chunk of cases, [N, V - 1] each."""
    policy = network.policy
    plain = policy.order_by(scores, states) if policy.heads == "supervised" else scores.logits
    yield START, plain
    if policy.heads != "supervised":
        yield TRAINED, policy.order_by(scores, states)
    hidden = scores.logits == -torch.inf
    begin = standardised(plain).masked_fill(hidden, -torch.inf)
    q = standardised(scores.q) if scores.q.numel() else scores.q
    popularity, rng = controls
    for dial in dials:
        if dial.heads:
            direction = q[:, list(dial.heads)].sum(1)
        elif dial.name == POPULARITY:
            direction = -standardised(popularity.expand_as(plain).masked_fill(hidden, -torch.inf))
        else:
            direction = torch.randn(plain.shape, generator=rng).to(plain.device)
        for weight in dial.weights:
            yield Setting(dial.name, weight), torch.add(begin, direction, alpha=weight)
