"""Q heads: what those of a trained network are called, what they are paid, and for what an objective may know."""

import numpy as np
import torch

from sessionrl.data.prepared import Prepared
from sessionrl.data.sessions import Sessions
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Transitions, pieces, transitions
from sessionrl.objectives.objective import Context, Objective, Valued


def known(prepared: Prepared, seed: int) -> Context:
    """What an objective may know of prepared data; the training part itself is not read.

    seed: of rewards that are drawn by chance
    """
    catalogue = prepared.catalogue
    counted = prepared.card["parts"]["train"]["kinds"]
    of_kind = np.array([counted.get(kind, 0) for kind in prepared.kinds], np.float64)
    return Context(
        step=0,
        rng=torch.Generator().manual_seed(seed),
        sampler=ItemSampler(catalogue.counts, torch.device("cpu"), catalogue.recommendable),
        tail=torch.from_numpy(catalogue.tail()),
        vectors=torch.from_numpy(catalogue.vectors),
        rewards=torch.from_numpy(prepared.rewards),
        kind_shares=torch.from_numpy((of_kind / max(1.0, of_kind.sum())).astype(np.float32)),
        attributes={name: torch.from_numpy(one) for name, one in catalogue.numbers().items()},
    )


def logged(network: Network, sessions: Sessions, prepared: Prepared) -> Transitions:
    """All transitions of sessions, each session whole, as the network reads them."""
    longest = max(2, int(sessions.lengths.max(initial=0)) + 1)
    return transitions(sessions, pieces(sessions, longest), prepared.rewards, network.reads)


def valued(objective: Objective, batch: Transitions, context: Context) -> Valued | None:
    """What the heads are values of; None where they learned something else, or there are none."""
    if not objective.rewards or not hasattr(objective, "valued"):
        return None
    found: Valued | None = objective.valued(batch, context)
    return found


def head_names(objective: Objective, network: Network, prepared: Prepared) -> list[str]:
    """Of every Q head: its reward, or a number where it learned something else."""
    first = np.flatnonzero(prepared.test.lengths > 1)[:1]
    batch = logged(network, prepared.test.select(first), prepared)
    found = valued(objective, batch, known(prepared, 0)) if len(batch) else None
    return [f"head {nth}" for nth in range(1, network.rewards + 1)] if found is None else list(found.rewards)
