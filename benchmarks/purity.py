"""How often the nearest items of an item are of its own category, on the simulated shop, as a table in Markdown.

python benchmarks/purity.py [--seeds 1,2,3,4,5] [--scratch FOLDER] [--k 10]

The shop of `sessionrl demo`, whose categories are the truth behind every click, and its networks: GRU4Rec with cross
entropy, SQN and SMORL over the same GRU, none of which is told a category. Beside them the same network before
training, the catalogue's co-occurrence vectors, and chance. Neighbours are by cosine among the items with at least five
training events. The mean over training seeds stands with their range; the interval is a bootstrap over the items of the
first seed. Runs are kept in the scratch folder and used again.
"""

import argparse
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from baselines import commit

from sessionrl.analysis.item_vectors import item_vectors
from sessionrl.analysis.neighbours import Purity, purity
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.demo import settings
from sessionrl.errors import SessionRLError
from sessionrl.evaluation.measure import measure
from sessionrl.evaluation.rankings import Rankings
from sessionrl.experiment import Experiment
from sessionrl.finding_runs import run_once
from sessionrl.recommender import Recommender, make_network
from sessionrl.reporting.pictures.closest import codes_of
from sessionrl.simulator.log import DEMO, DEMO_DAYS, DEMO_POLICY, DEMO_SESSIONS, simulate_log

MODELS = ("gru4rec-ce", "sqn-gru", "smorl-gru")
COLUMNS = ("category", "colour", "style")
LEAST_EVENTS = 5
SHOP_SEED = 1


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3,4,5", help="of the training, with commas between")
    parser.add_argument("--k", type=int, default=10, help="neighbours of each item")
    parser.add_argument("--scratch", type=Path, help="a folder that is kept; default a temporary one")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.scratch or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        prepared = shop(folder)
        print(f"`python benchmarks/purity.py {shlex.join(arguments)}`, commit {commit()}, shop seed {SHOP_SEED}\n")
        print(f"| vectors | seeds |{''.join(f' same {column} |' for column in COLUMNS)} hit@20 | hit@20, new |")
        print(f"|---|---|{'---|' * (len(COLUMNS) + 2)}")
        counted = {column: [of(prepared, prepared.catalogue.vectors, column, options.k)] for column in COLUMNS}
        print(f"| chance | – |{''.join(f' {found[0].chance:.3f} |' for found in counted.values())} – | – |")
        row("co-occurrence, counted", counted, prepared, [])
        row("GRU4Rec before training", known(prepared, untrained(prepared, seeds), options.k), prepared, [])
        for model in MODELS:
            runs = [run_once(settings(model, seed), prepared, folder / "runs") for seed in seeds]
            vectors = [item_vectors(Recommender.load(run.path)) for run in runs]
            row(model, known(prepared, vectors, options.k), prepared, [Rankings.load(run.rankings) for run in runs])


def shop(folder: Path) -> Prepared:
    log, data = folder / "log", folder / "prepared"
    if not log.is_dir():
        simulate_log(DEMO, DEMO_SESSIONS, DEMO_DAYS, SHOP_SEED, DEMO_POLICY).save(log)
    if not data.is_dir():
        further = {column: column for column in COLUMNS if column != "category"}
        reader = Delimited(path=str(log / "events.csv"), items_path=str(log / "items.csv"), item_columns=further)
        prepare(reader, Preparation(), data)
    return Prepared.load(data)


def untrained(prepared: Prepared, seeds: Sequence[int]) -> list[np.ndarray]:
    found = []
    for seed in seeds:
        experiment = Experiment(settings(MODELS[0], seed), prepared)
        torch.manual_seed(seed)
        found.append(make_network(experiment.config, experiment.offer).items.id.detach().numpy())
    return found


def known(prepared: Prepared, vectors: Sequence[np.ndarray], k: int) -> dict[str, list[Purity]]:
    return {column: [of(prepared, one, column, k) for one in vectors] for column in COLUMNS}


def of(prepared: Prepared, vectors: np.ndarray, column: str, k: int) -> Purity:
    catalogue = prepared.catalogue
    among = catalogue.counts >= LEAST_EVENTS
    return purity(vectors, codes_of(catalogue, column), np.flatnonzero(among), k, among)


def row(name: str, found: Mapping[str, Sequence[Purity]], prepared: Prepared, rankings: Sequence[Rankings]) -> None:
    cells = [shown(some) for some in found.values()]
    for where in ("all", "new"):
        one = measure(rankings, prepared.catalogue, ["hit@20"], [where])[0] if rankings else None
        cells.append("–" if one is None else f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]")
    print(f"| {name} | {len(next(iter(found.values())))} | {' | '.join(cells)} |", flush=True)


def shown(some: Sequence[Purity]) -> str:
    """The mean and the range over seeds, or the interval over items where there is one."""
    values = [one.value for one in some]
    if len(some) == 1:
        return f"{values[0]:.3f} [{some[0].low:.3f}, {some[0].high:.3f}]"
    return f"{np.mean(values):.3f} ({min(values):.3f} … {max(values):.3f})"


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SessionRLError as error:
        sys.exit(str(error))
