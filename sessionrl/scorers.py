"""Scorers: the whole catalogue scored for any cases, by a network under a policy or by a baseline."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from sessionrl.baselines.baseline import Baseline, SparseScores
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.nn.network import Heads, Network, Scores
from sessionrl.nn.prefixes import Prefixes, prefixes
from sessionrl.policies import Policy

CELLS = 8192  # cells of a padded matrix that are encoded together
ROWS = 256  # states that are scored against the whole catalogue together

Counts = np.ndarray[Any, np.dtype[np.int64]]
Shown = np.ndarray[Any, np.dtype[np.bool_]]
Mix = Callable[[Tensor, Cases], Tensor]


class Scorer(Protocol):
    """Scores of the whole catalogue for any cases: a network, a baseline, or an ensemble of both."""

    def scored(self, sessions: Sessions, cases: Cases) -> Iterator[tuple[Cases, Tensor | SparseScores]]:
        """Chunks of the cases in any order; a Tensor is [N, V - 1] float32, column j being item j + 1.

        Items that may not be recommended have -inf, and sparse scores do not list them.
        """
        ...


class NetworkScorer:
    """A network under a policy.

    A state without events, of a network that has no start token, is scored by popularity: nothing else is known.

    Args:
        network: in evaluation mode; as it is when it first scores, which is when its features are computed
        policy: turns its scores into an order
        counts: [V] events per item in what the network was trained on
        shown: [V] bool, the items that may be recommended; all if not given
    """

    def __init__(self, network: Network, policy: Policy, counts: Counts, shown: Shown | None = None):
        self.network, self.policy, self.counts = network.eval(), policy, counts
        self.shown = np.arange(len(counts)) > 0 if shown is None else shown
        self._hidden = None if self.shown[1:].all() else torch.from_numpy(~self.shown[1:])
        self._prior = self._without(torch.from_numpy(np.log1p(counts[1:].astype(np.float64)).astype(np.float32)))

    @torch.inference_mode()
    def scored(
        self, sessions: Sessions, cases: Cases, mix: Mix | None = None
    ) -> Iterator[tuple[Cases, Tensor | SparseScores]]:
        """Chunks of the cases; `mix` changes the supervised scores [N, V - 1] before the policy reads them.

        The policy reads -inf for items that may not be recommended.
        """
        empty = self._unread(cases)
        for some in _runs(np.flatnonzero(empty), ROWS):
            yield _pick(cases, some), self._prior.to(self.network.bias.device).expand(len(some), -1)
        for chunk, scores, states in self.by_head(sessions, _pick(cases, np.flatnonzero(~empty)), mix):
            yield chunk, self.policy.order_by(scores, states)

    @torch.inference_mode()
    def by_head(
        self, sessions: Sessions, cases: Cases, mix: Mix | None = None, heads: Heads | None = None, rows: int = ROWS
    ) -> Iterator[tuple[Cases, Scores, Prefixes]]:
        """Chunks of the cases whose states the network can read, with their scores before the policy: N rows each.

        heads: those that the policy reads, if not given
        rows:  states in a chunk
        """
        network = self._plain
        known = np.flatnonzero(~self._unread(cases))
        for group in _groups_of_sessions(cases, known, CELLS):
            laid_out = prefixes(sessions, _pick(cases, group), network.reads).to(network.bias.device)
            states = network.states(laid_out)
            for at in range(0, len(group), rows):
                chunk = _pick(cases, group[at : at + rows])
                found = network.score(states[at : at + rows], heads=heads or self.policy.heads)
                scores = Scores(*map(self._without, found))
                if mix is not None:
                    scores = scores._replace(logits=mix(scores.logits, chunk))
                yield chunk, scores, Prefixes(laid_out.items, laid_out.at[at : at + rows])

    def _unread(self, cases: Cases) -> Shown:
        """[N] empty histories, where the network has no start token."""
        return np.asarray((cases.length == 0) & (not self._plain.reads.start))

    @cached_property
    def _plain(self) -> Network:
        # Once and not for every request: at a million items with three words each it takes most of a second.
        return self.network.folded()

    def _without(self, scores: Tensor) -> Tensor:
        """[…, V - 1] with -inf for items that may not be recommended; what is empty stays so."""
        if self._hidden is None or not scores.numel():
            return scores
        return scores.masked_fill(self._hidden.to(scores.device), -torch.inf)


class BaselineScorer:
    """A fitted baseline.

    shown: [V] bool, the items that may be recommended; all if not given
    """

    def __init__(self, baseline: Baseline, shown: Shown | None = None):
        self.baseline, self.shown = baseline, shown

    def scored(self, sessions: Sessions, cases: Cases) -> Iterator[tuple[Cases, Tensor | SparseScores]]:  # noqa: D102
        for some in _runs(np.arange(len(cases.length)), 4096):
            chunk = _pick(cases, some)
            scores = self.baseline.scores(sessions, chunk)
            yield chunk, scores if self.shown is None else scores.only(self.shown)


def _pick(cases: Cases, at: np.ndarray[Any, Any]) -> Cases:
    return Cases(cases.session[at], cases.length[at])


def _runs(at: np.ndarray[Any, Any], size: int) -> Iterator[np.ndarray[Any, Any]]:
    for first in range(0, len(at), size):
        yield at[first : first + size]


def _groups_of_sessions(cases: Cases, at: np.ndarray[Any, Any], cells: int) -> Iterator[np.ndarray[Any, Any]]:
    """Cases in groups: all cases of a session together, sessions of like length together, a matrix of about `cells`."""
    if not len(at):
        return
    longest = np.zeros(int(cases.session[at].max()) + 1, np.int64)
    np.maximum.at(longest, cases.session[at], cases.length[at])
    order = at[np.lexsort((cases.length[at], cases.session[at], longest[cases.session[at]]))]
    session = cases.session[order]
    first = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
    start, rows = 0, 0
    for nth, position in enumerate(first):
        rows += 1
        following = first[nth + 1] if nth + 1 < len(first) else len(order)
        if rows * (longest[session[position]] + 1) >= cells or following == len(order):
            yield order[start:following]
            start, rows = following, 0
