"""What a loss may know at step 0, and a loss tried once before anything is begun."""

import numpy as np
import torch

from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import pieces, transitions
from sessionrl.objectives.objective import Context, Objective
from sessionrl.training.hooks import Material

TRIED = 2  # transitions: enough to be refused by, few enough for a catalogue of a million items


def known_at_start(material: Material, device: torch.device, rng: torch.Generator) -> Context:
    """The context of step 0."""
    catalogue, kinds = material.catalogue, len(material.rewards)
    of_kind = np.bincount(material.sessions.event_types, minlength=kinds)
    return Context(
        step=0,
        rng=rng,
        sampler=ItemSampler(catalogue.counts, device, catalogue.recommendable),
        tail=torch.from_numpy(catalogue.tail()).to(device),
        vectors=torch.from_numpy(catalogue.vectors).to(device),
        rewards=torch.from_numpy(material.rewards).to(device),
        kind_shares=torch.from_numpy((of_kind / max(1, of_kind.sum())).astype(np.float32)).to(device),
        attributes={name: torch.from_numpy(one).to(device) for name, one in catalogue.numbers().items()},
    )


@torch.no_grad()
def try_loss(network: Network, objective: Objective, material: Material) -> None:
    """Ask for the loss of the first transitions, so that what an objective refuses is known before a run is made.

    network: untrained and not used afterwards, on the CPU

    Raises:
        SessionRLError: the objective does not fit the data.
    """
    first = np.flatnonzero(material.sessions.lengths > (0 if network.reads.start else 1))[:1]
    few = material.sessions.select(first)
    batch = transitions(few, pieces(few, max_length=TRIED + 1), material.rewards, network.reads)
    batch = batch.select(torch.from_numpy(material.catalogue.recommendable)[batch.action])
    batch = batch.select(torch.arange(len(batch)) < TRIED)
    if len(batch):
        context = known_at_start(material, torch.device("cpu"), torch.Generator().manual_seed(0))
        objective.loss(network, network if objective.bootstraps else None, batch, context)
