"""hit@20 of items with few or no training events, with and without features of items, as tables in Markdown.

python benchmarks/features.py [--data shop rees46] [--seeds 1,2,3] [--scratch FOLDER] [section.key=value …]

shop:   the simulated shop of `sessionrl demo`. In the training and validation part, a tenth of its items lose all their
        events, a twentieth keep 3 and a twentieth 12; in the test part they keep all. Features: category, colour,
        style, price.
rees46: three hours of a real shop, $SESSIONRL_DATA/rees46, most of whose events lie in the last forty minutes; the last
        19 minutes are the test, the five before them the validation. Cold items are those that nobody looked at before.
        Features: category, brand, price.
cost:   seconds a step of training at 10,000 items and 2,048 negatives, with no feature and with three.

Only next items that are new in their session count: one that was looked at before is found again without anything being
known of it, because a network that reads a vector of chance can score the same vector.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import torch

from sessionrl import config
from sessionrl.data.item_features import CodedItems
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.readers.rees46 import Rees46
from sessionrl.environment import environment
from sessionrl.evaluation.measure import Measurement, measure
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.slices import BY_EVENTS
from sessionrl.experiment import Experiment
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.items import Described, Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes
from sessionrl.simulator.log import DEMO, DEMO_DAYS, DEMO_POLICY, DEMO_SESSIONS, simulate_log
from sessionrl.training.optimizers import make_optimizers

SLICES = ("all", *BY_EVENTS)
LEFT = {0.10: 0, 0.15: 3, 0.20: 12}  # share of the items up to here: events that stay in training and validation
SETTINGS = ("items.dim=64", "objective.negatives=512", "evaluation.select_on=all", "evaluation.select_by=hit@20")
MINUTE = 1 / (24 * 60)
METRIC = "hit@20"


def variants(columns: Sequence[str]) -> dict[str, list[str]]:
    features = f"items.features={list(columns)}".replace("'", '"')
    return {
        "no features": [],
        "features": [features],
        "features, `id_dropout=0.1`": [features, "items.id_dropout=0.1"],
        "features, `id_least_events=6`": [features, "items.id_least_events=6"],
        "both": [features, "items.id_dropout=0.1", "items.id_least_events=6"],
    }


def shop(folder: Path) -> Prepared:
    log = simulate_log(DEMO, DEMO_SESSIONS, DEMO_DAYS, seed=1, policy=DEMO_POLICY)
    log.save(folder / "shop")
    begin = log.events.group_by("session_id").agg(begin=pl.col("timestamp").min())
    test = int(log.events["timestamp"].max()) - 3 * 86_400_000  # type: ignore[arg-type]
    order = np.random.default_rng(1).permutation(log.items["item_id"].to_list())
    place = (np.arange(len(order)) + 0.5) / len(order)
    most = [next((left for up_to, left in LEFT.items() if one < up_to), None) for one in place]
    table = pl.DataFrame({"item_id": order, "most": most}, schema_overrides={"most": pl.Int64})
    events = log.events.join(begin, on="session_id", maintain_order="left")
    events = events.join(table, on="item_id", maintain_order="left")
    old = pl.col("begin") < test
    shuffled = pl.int_range(pl.len()).shuffle(seed=1).over("item_id", old)
    kept = events.filter(~old | pl.col("most").is_null() | (shuffled < pl.col("most")))
    kept.drop("begin", "most").write_csv(folder / "shop" / "events.csv")
    reader = Delimited(
        str(folder / "shop" / "events.csv"),
        items_path=str(folder / "shop" / "items.csv"),
        item_columns={"colour": "colour", "style": "style"},
    )
    preparation = Preparation(test_days=3, valid_days=3, min_item_events=1, cold_items=True)
    return prepare(reader, preparation, folder / "prepared-shop")


def rees46(folder: Path) -> Prepared:
    reader = Rees46(str(Path(os.environ["SESSIONRL_DATA"]) / "rees46"))
    preparation = Preparation(test_days=19 * MINUTE, valid_days=5 * MINUTE, min_item_events=1, cold_items=True)
    return prepare(reader, preparation, folder / "prepared-rees46")


DATA: dict[str, tuple[Callable[[Path], Prepared], tuple[str, ...]]] = {
    "shop": (shop, ("category", "colour", "style", "price")),
    "rees46": (rees46, ("category", "brand", "price")),
}


def ranked(prepared: Prepared, folder: Path, seed: int, assignments: Sequence[str]) -> Rankings:
    chosen = config.override(config.load("gru4rec-ce"), [*SETTINGS, f"seed={seed}", *assignments])
    experiment = Experiment(chosen, prepared)
    run = experiment.new_run(folder)
    experiment.run(run)
    return Rankings.load(run.rankings)


def print_table(name: str, folder: Path, seeds: Sequence[int], assignments: Sequence[str]) -> None:
    make, columns = DATA[name]
    prepared = make(folder)
    counts = prepared.catalogue.counts
    sizes = [int((counts[1:] == 0).sum()), int(((counts[1:] > 0) & (counts[1:] <= 5)).sum())]
    print(
        f"\n{name}: {len(counts) - 1:,} items, {sizes[0]:,} without training events, {sizes[1]:,} with 1 to 5; ", end=""
    )
    print(f"{len(prepared.train.items):,} training events; features {', '.join(columns)}\n")
    print(f"| model | {' | '.join(f'`{where}`' for where in SLICES)} | seconds a training |")
    print(f"|---|{'---|' * (len(SLICES) + 1)}")
    for called, options in variants(columns).items():
        began = time.perf_counter()
        rankings = [ranked(prepared, folder / "runs", seed, [*options, *assignments]) for seed in seeds]
        seconds = (time.perf_counter() - began) / len(seeds)
        found = measure([one.rows(~one.repeat) for one in rankings], prepared.catalogue, [METRIC], SLICES)
        by_slice = {one.slice: one for one in found if one.average == "event"}
        if not options:
            print(f"| cases | {' | '.join(f'{by_slice[where].cases:,}' for where in SLICES)} | |")
        print(f"| {called} | {' | '.join(cell(by_slice[where]) for where in SLICES)} | {seconds:.0f} |", flush=True)


def cell(one: Measurement) -> str:
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def print_cost() -> None:
    """Forward, backward and update of a step of 512 states in 64 rows."""
    print("\n| features | ms a step |\n|---|---|")
    rng = np.random.default_rng(1)
    codes = CodedItems(np.r_[0, 3 * np.arange(10_001)], rng.integers(0, 400, 30_000), np.zeros((10_001, 0), np.float32))
    for called, features in (("none", ()), ("three", ("a", "b", "c"))):
        torch.manual_seed(1)
        described = Described(codes, 400, np.ones(10_001, np.int64))
        items = Items(10_001, 64, features=features, id_dropout=0.1 if features else 0.0, described=described)
        items.sparse = True
        network = Network(items, GRU(dim=64), 0).train()
        optimizers = make_optimizers(network, network.sparse_parameters(), "adam", 0.001, 0.0)
        times = []
        for _ in range(60):
            state = Prefixes(torch.randint(1, 10_001, (64, 8)), torch.arange(512))
            candidates = torch.randint(1, 10_001, (512 + 2048,))
            began = time.perf_counter()
            items.begin_step()
            loss = torch.nn.functional.cross_entropy(network(state, candidates).logits, torch.arange(512))
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            for optimizer in optimizers:
                optimizer.step()
            times.append(time.perf_counter() - began)
        print(f"| {called} | {1000 * float(np.median(times)):.1f} |")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", choices=[*DATA, "cost"], default=[*DATA, "cost"])
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--scratch", type=Path, help="a folder on the disk to be used; default the system's own")
    options, assignments = parser.parse_known_args(arguments)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    print(f"commit {environment('cpu')['commit']}, seeds {options.seeds}, torch {torch.__version__}")
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        for name in options.data:
            if name == "cost":
                print_cost()
            else:
                print_table(name, Path(scratch), seeds, assignments)


if __name__ == "__main__":
    main(sys.argv[1:])
