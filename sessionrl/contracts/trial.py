"""A network that remembers what it scored, and a context, in which an objective is tried."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from sessionrl import registry
from sessionrl.contracts.made_up import DIM, FEATURE_SIZES, KINDS, N_ITEMS, REWARDS, made_up
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.inputs import Inputs
from sessionrl.nn.items import Items
from sessionrl.nn.network import Heads, Network, Scores
from sessionrl.nn.prefixes import ITEMS_ONLY, Reads, Transitions, pieces, transitions
from sessionrl.objectives.objective import Context, Loss, Objective


@dataclass(frozen=True)
class Surroundings:
    """Where an objective is tried.

    tied:   item vectors that are read are also scored
    inputs: the network reads kinds, gaps and session features, and the first event of a session is an action
    shown:  [V] bool, the items that may be recommended
    """

    tied: bool = True
    inputs: bool = False
    shown: npt.NDArray[np.bool_] = field(default_factory=lambda: np.arange(N_ITEMS) > 0)


class Scored(NamedTuple):
    """What one call scored.

    matrix:     whether all states were scored with all `candidates`
    candidates: [C] item numbers; None is the whole catalogue
    taken:      [N] or [N, n] items of each state alone, or None
    """

    matrix: bool
    candidates: Tensor | None
    taken: Tensor | None


class Watched(Network):
    """A network that remembers what it scored; it is a `Network` because objectives may use all that one can do."""

    calls: list[Scored]

    def score(
        self,
        states: Tensor,
        candidates: Tensor | None = None,
        heads: Heads = "all",
        taken: Tensor | None = None,
        frozen: bool = False,
    ) -> Scores:
        """As `Network.score`."""
        matrix = heads != "q" or (taken is None and self.rewards > 0)
        self.calls.append(Scored(matrix, candidates, taken))
        return super().score(states, candidates, heads, taken, frozen)


class Trial:
    """Networks without dropout for an objective, and the context of its step 0."""

    def __init__(self, objective: Objective, around: Surroundings):
        self.objective, self.around = objective, around
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.online = self._network()
            self.target = self._network() if objective.bootstraps else None

    @property
    def networks(self) -> list[Watched]:
        """The one that learns, and the target if there is one."""
        return [self.online] if self.target is None else [self.online, self.target]

    def parameters(self) -> list[nn.Parameter]:
        """Of all networks."""
        return [parameter for network in self.networks for parameter in network.parameters()]

    def batch(self, chosen: list[int]) -> Transitions:
        """The transitions of some of the made-up sessions whose action may be recommended."""
        every = made_up_transitions(chosen, self.online.reads)
        return every.select(torch.from_numpy(self.around.shown)[every.action])

    def loss(self, batch: Transitions) -> Loss:
        """Without gradients or memories of an earlier one."""
        self.online.zero_grad(set_to_none=True)
        for network in self.networks:
            network.calls = []
        context = made_up_context(self.around.shown)
        return self.objective.loss(self.online, self.target, batch, context)

    def _network(self) -> Watched:
        items = Items(len(self.around.shown), DIM, tied=self.around.tied, start=self.around.inputs)
        items.sparse = self.objective.samples
        prompt = self.objective.prompt(DIM) if hasattr(self.objective, "prompt") else None
        for module in () if prompt is None else prompt.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        every = self.around.inputs
        inputs = Inputs(DIM, len(KINDS), FEATURE_SIZES, event_types=every, gaps=every, session_features=every)
        backbone = registry.build("backbone", {"name": "gru"}, dim=DIM)
        return Watched(items, backbone, self.objective.rewards, inputs, prompt)


def made_up_transitions(chosen: list[int], reads: Reads = ITEMS_ONLY) -> Transitions:
    """All transitions of some of the made-up sessions; session 4 has two events."""
    sessions = made_up().sessions.select(np.array(chosen))
    return transitions(sessions, pieces(sessions, 50), REWARDS, reads)


def made_up_context(shown: npt.NDArray[np.bool_] | None = None) -> Context:
    """What is known at step 0 of the made-up sessions.

    shown: [V] bool, the items that may be recommended, those of the made-up catalogue first; by default all of these
    """
    catalogue = made_up().catalogue
    shown = catalogue.recommendable if shown is None else shown
    more = (0, len(shown) - N_ITEMS)
    return Context(
        step=0,
        rng=torch.Generator().manual_seed(0),
        sampler=ItemSampler(np.pad(catalogue.counts, more), recommendable=shown),
        tail=torch.from_numpy(np.pad(catalogue.tail(), more, constant_values=True)),
        vectors=torch.from_numpy(np.pad(catalogue.vectors, (more, (0, 0)))),
        rewards=torch.from_numpy(REWARDS),
        kind_shares=torch.full((len(REWARDS),), 1 / len(REWARDS)),
        attributes={
            name: torch.from_numpy(np.pad(one, more, constant_values=np.nan))
            for name, one in catalogue.numbers().items()
        },
    )
