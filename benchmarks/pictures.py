"""Seconds of every picture and the size of the report, over shops of several sizes, as a table in Markdown.

python benchmarks/pictures.py [--items 1200,37000,1000000] [--scratch FOLDER] [PICTURE.OPTION=VALUE …]

A simulated shop of each size, all of whose items are in the catalogue (most of a million have no event); popularity, a
GRU trained with next_item, with SQN and with SMORL, one epoch each of item vectors of 64 numbers; then the report with
every picture, in a process of its own. Seconds are wall clock on one core, and peak memory is what the operating system
names at the end of that process. Shop, data and runs are kept in the scratch folder and used again.
"""

import argparse
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baselines import commit
from size import child

from sessionrl import config
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.errors import SessionRLError
from sessionrl.finding_runs import run_once
from sessionrl.simulator.log import simulate_log
from sessionrl.simulator.shop import ShopOptions

SEED = 1
SESSIONS, DAYS, TEST_DAYS, VALID_DAYS = 20_000, 28, 2.0, 1.0
CATEGORIES = {1200: 24, 37_000: 37}
MODELS = ("popularity", "gru4rec-ce", "sqn-gru", "smorl-gru")
SMALL = ("items.dim=64", "training.epochs=1", "training.transitions_per_batch=256", "evaluation.replicates=200")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", default="1200,37000,1000000", help="sizes of the catalogue, with commas between")
    parser.add_argument("--scratch", type=Path, help="a folder that is kept; default a temporary one")
    parser.add_argument("--stage", choices=("made", "reported"), help=argparse.SUPPRESS)
    parser.add_argument("assignments", nargs="*", metavar="picture.option=value")
    options = parser.parse_intermixed_args(arguments)
    sizes = [int(size) for size in options.items.split(",")]
    if options.stage == "made":
        made(options.scratch, sizes[0])
        return
    if options.stage == "reported":
        print(json.dumps(reported(options.scratch, options.assignments)))
        return
    print(f"`python benchmarks/pictures.py {shlex.join(arguments)}`, commit {commit()}, seed {SEED}\n")
    with tempfile.TemporaryDirectory() as temporary:
        scratch = options.scratch or Path(temporary)
        found = {size: measured(scratch / str(size), size, options.assignments) for size in sizes}
    print(f"| picture |{''.join(f' {size:,} items, s |' for size in sizes)}\n|---|{'---|' * len(sizes)}")
    for name in dict.fromkeys(name for one in found.values() for name in one["seconds"]):
        print(f"| {name} |{''.join(f' {shown(one, name)} |' for one in found.values())}")
    for what, unit in (("all pictures", "s"), ("whole report", "s"), ("peak memory", "MB"), ("page", "MB")):
        print(f"| **{what}**, {unit} |{''.join(f' {one[what]:.1f} |' for one in found.values())}")
    for size, one in found.items():
        for name, why in one["missing"].items():
            print(f"\n{size:,} items, {name} is not drawn: {why}")


def shown(one: dict[str, Any], name: str) -> str:
    return "not drawn" if name in one["missing"] else f"{one['seconds'].get(name, float('nan')):.1f}"


def measured(folder: Path, items: int, assignments: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--items", str(items), "--scratch", str(folder), *assignments, "--stage"]
    child([*command, "made"])  # not in this process, whose own peak its children would begin with
    said, _, peak = child([*command, "reported"])
    return {**json.loads(said), "peak memory": peak / 1e6}


def made(folder: Path, items: int) -> None:
    """The shop, its prepared log and the runs, whatever of them is not there yet."""
    log, data = folder / "log", folder / "prepared"
    if not log.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        shop = ShopOptions(items=items, categories=CATEGORIES.get(items, 40))
        simulate_log(shop, SESSIONS, DAYS, SEED).save(log)
    if not data.is_dir():
        reader = Delimited(path=str(log / "events.csv"), items_path=str(log / "items.csv"))
        rules = Preparation(cold_items=True, test_days=TEST_DAYS, valid_days=VALID_DAYS)
        prepare(reader, rules, data)
    prepared = Prepared.load(data)
    for model in MODELS:
        loaded = config.load(model)
        small = [one for one in SMALL if "baseline" not in loaded or one.startswith("evaluation")]
        begun = time.perf_counter()
        run_once(config.override({**loaded, "seed": SEED}, small), prepared, folder / "runs")
        print(f"{items:,} items: {model} in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)


def reported(folder: Path, assignments: Sequence[str]) -> dict[str, Any]:
    import torch

    from sessionrl.reporting.picture import Asked
    from sessionrl.reporting.report import write_report

    torch.set_num_threads(1)
    heard: list[tuple[float, str]] = []

    def say(sentence: str) -> None:
        heard.append((time.perf_counter(), sentence))

    say("begun")
    asked = Asked(options=config.override({}, assignments))
    page = write_report(sorted((folder / "runs").iterdir()), folder / "report.html", asked=asked, say=say)
    say("written")
    seconds = {
        sentence.removeprefix("drawing "): heard[nth + 1][0] - begun
        for nth, (begun, sentence) in enumerate(heard)
        if sentence.startswith("drawing ")
    }
    left_out = dict(sentence.split(" is left out: ", 1) for _, sentence in heard if " is left out: " in sentence)
    return {
        "seconds": seconds,
        "missing": left_out,
        "all pictures": sum(seconds.values()),
        "whole report": heard[-1][0] - heard[0][0],
        "page": page.stat().st_size / 1e6,
    }


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SessionRLError as error:
        sys.exit(str(error))
