"""Training steps of every objective over big catalogues on one core, as a table in Markdown.

python benchmarks/throughput.py [--items 70000,1000000] [--objective sqn] [--steps 40]

Every registered objective is trained with the real loop on made-up sessions: a GRU and item vectors of 64 numbers,
batches of about 160 transitions, 2,048 drawn candidates wherever the objective can draw. Each cell is a process of its
own: transitions per CPU second of the steps after the first few, and the peak of resident memory that the operating
system names at the end. Ends with 1 if an objective cannot be trained, or needs more memory than

    0.5 GB + 3 x its trained networks (weights, two moments of Adam) + its target network, if that is a copy
           + half a matrix of scores of a batch over the catalogue,

so that at a million items no objective can pass which holds such a matrix once.
"""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from baselines import commit
from size import child

from sessionrl import config, registry
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions

PRESET = "gru4rec-ce"
DIM, BATCH, NEGATIVES = 64, 160, 2048
LENGTHS = (2, 9)  # events of a session, from and below
WARM = 5  # steps before the clock runs
REWARDS = {"view": 0.2, "cart": 1.0, "purchase": 5.0}
FIXED_BYTES = 0.5e9  # Python, torch, and what every item has: counts, a vector of two numbers, a price
SEED = 1


class Cell(NamedTuple):
    """What one objective costs over one catalogue; bytes allowed are those of the bound above."""

    transitions: int
    cpu_seconds: float
    allowed_bytes: float
    peak_bytes: float = 0.0

    @property
    def fits(self) -> bool:
        return self.peak_bytes <= self.allowed_bytes

    def __str__(self) -> str:
        verdict = "" if self.fits else " **EXCEEDED**"
        return (
            f"{self.transitions / max(self.cpu_seconds, 1e-9):,.0f} | {self.peak_bytes / 1e6:,.0f} of "
            f"{self.allowed_bytes / 1e6:,.0f}{verdict}"
        )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", default="70000,1000000", help="sizes of the catalogue, with commas between")
    parser.add_argument("--objective", action="append", choices=registry.names("objective"), help="default: all")
    parser.add_argument("--steps", type=int, default=40, help="of the optimiser, that are timed")
    parser.add_argument("--cell", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.items.split(",")]
    if options.cell:
        print(json.dumps(work(options.objective[0], sizes[0], options.steps)))
        return
    print(f"`python benchmarks/throughput.py {shlex.join(arguments)}`, commit {commit()}, seed {SEED}\n")
    print(f"| objective |{''.join(f' {size:,} items, transitions/s | peak, MB |' for size in sizes)}")
    print(f"|---|{'---|---|' * len(sizes)}", flush=True)
    failed = []
    for name in options.objective or registry.names("objective"):
        cells = [measured(name, size, options.steps) for size in sizes]
        print(f"| {name} | {' | '.join('failed | –' if one is None else str(one) for one in cells)} |", flush=True)
        if not all(one is not None and one.fits for one in cells):
            failed.append(name)
    if failed:
        sys.exit(f"Failed, or beyond the memory that is allowed: {', '.join(failed)}")


def measured(name: str, items: int, steps: int) -> Cell | None:
    """In a process of its own; None if it fails, after the message of the error."""
    asked = ["--cell", "--objective", name, "--items", str(items), "--steps", str(steps)]
    try:
        said, _, peak = child([sys.executable, __file__, *asked])
    except SystemExit:
        return None
    return Cell(*json.loads(said))._replace(peak_bytes=peak)


def work(name: str, items: int, steps: int) -> Cell:
    import torch

    from sessionrl.recommender import Offer, make_network
    from sessionrl.training.hooks import Hooks, Material, Progress
    from sessionrl.training.loop import train

    torch.set_num_threads(1)
    configuration = configured(name)
    catalogue, sessions = made_up(items, steps + WARM)
    clock: dict[int, float] = {}

    def progress(now: Progress) -> None:
        clock[now.step] = time.process_time()

    trained = train(
        lambda: make_network(configuration, Offer(catalogue, tuple(REWARDS))),
        objective := registry.build("objective", configuration["objective"]),
        training := config.fixed("training", configuration),
        Material(sessions, np.array(list(REWARDS.values()), np.float32), catalogue),
        SEED,
        Hooks(progress=progress),
    )
    weights = sum(parameter.numel() * parameter.element_size() for parameter in trained.network.parameters())
    twins = objective.bootstraps and training.target == "twins"
    networks = 6 if twins else 4 if objective.bootstraps else 3
    transitions = (len(sessions.items) - len(sessions)) * (trained.steps - WARM) / trained.steps
    allowed = FIXED_BYTES + networks * weights + BATCH * items * 4 / 2
    return Cell(round(transitions), clock[trained.steps] - clock[WARM], allowed)


def configured(name: str) -> config.Config:
    """The network of the preset, made smaller, under an objective that draws its candidates if it can."""
    loaded = config.load(PRESET)
    small = config.override(
        loaded, [f"items.dim={DIM}", f"training.transitions_per_batch={BATCH}", "training.epochs=1"]
    )
    section = registry.complete("objective", {"name": name})
    return config.complete({**small, "objective": drawing(section)})


def drawing(section: Any) -> Any:
    """With candidates drawn wherever the section, or one in it, has that option."""
    if not isinstance(section, dict):
        return section
    return {key: NEGATIVES if key == "negatives" else drawing(value) for key, value in section.items()}


def made_up(items: int, steps: int) -> tuple[Catalogue, Sessions]:
    """A catalogue with few popular items, and the sessions of so many batches."""
    rng = np.random.default_rng(SEED)
    length = rng.integers(*LENGTHS, size=2 * BATCH * steps)
    enough = int(np.searchsorted(np.cumsum(length - 1), BATCH * steps)) + 1
    offsets = np.concatenate([[0], np.cumsum(length[:enough])]).astype(np.int64)
    events = int(offsets[-1])
    number = np.minimum(rng.pareto(0.5, events), items - 1).astype(np.int32) + 1
    sessions = Sessions(
        items=number,
        event_types=rng.integers(0, len(REWARDS), events).astype(np.uint8),
        timestamps=np.arange(events, dtype=np.int64) * 1000,
        offsets=offsets,
        ids=pl.Series(np.arange(enough)),
        propensities=rng.uniform(0.01, 1, events).astype(np.float32),
    )
    counts = sessions.counts(items + 1)
    vectors = rng.normal(size=(items + 1, 2)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[0] = 0
    table = pl.DataFrame({"item_id": np.arange(1, items + 1), "price": rng.uniform(1, 9, items)})
    return Catalogue(counts, np.minimum(counts, enough), vectors, table), sessions


if __name__ == "__main__":
    main(sys.argv[1:])
