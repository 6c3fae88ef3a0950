"""A log in which the next item is always known, and trainings on it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import torch
from torch import Tensor

from sessionrl import registry
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import pieces, transitions
from sessionrl.training.hooks import Hooks, Material, Trained
from sessionrl.training.loop import train
from sessionrl.training.options import Training

N_ITEMS = 9  # with PAD: item i is followed by i + 1, and 8 by 1
DIM = 12


def material(n: int = 48) -> Material:
    sessions = Sessions.of([[(s + step) % 8 + 1 for step in range(3 + s % 4)] for s in range(n)])
    counts = np.bincount(sessions.items, minlength=N_ITEMS)
    vectors = np.random.default_rng(0).normal(size=(N_ITEMS, 4)).astype(np.float32)
    catalogue = Catalogue(counts, counts, vectors, pl.DataFrame({"item_id": np.arange(1, N_ITEMS)}))
    return Material(sessions, np.ones(1, np.float32), catalogue)


def network_for(objective: dict, dropout: float = 0.0, start: bool = False) -> Callable[[], Network]:
    def make() -> Network:
        made = registry.build("objective", objective)
        items = Items(N_ITEMS, DIM, dropout=dropout, start=start)
        backbone = registry.build("backbone", {"name": "gru", "dropout": dropout}, dim=DIM)
        prompt = made.prompt(DIM) if hasattr(made, "prompt") else None
        return Network(items, backbone, made.rewards, prompt=prompt)

    return make


@torch.no_grad()
def hit_at_1(network: Network) -> float:
    sessions = material().sessions
    batch = transitions(sessions, pieces(sessions, 50), np.ones(1, np.float32), network.reads)
    best = network.eval()(batch.state, heads="supervised").logits.argmax(1) + 1
    return (best == batch.action).float().mean().item()


def run(
    objective: dict,
    training: dict,
    hooks: Hooks | None = None,
    resume: bool = False,
    seed: int = 1,
    **network,
) -> Trained:
    made = registry.build("objective", objective)
    return train(network_for(objective, **network), made, Training(**training), material(), seed, hooks, resume)


def weights(network: Network) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def checkpoint_in(directory: Path) -> Path:
    return directory / "selection.safetensors"
