"""CPU seconds to a Recall@20: the official GRU4Rec beside our presets, in one run, one after the other, one thread.

    python benchmarks/gru4rec_speed.py --data LOGS --preset gru4rec,gru4rec-ce

LOGS is the folder that SESSIONRL_DATA names; it holds RetailRocket's published sequences. Everybody learns from all
training sessions in the order of the file and is measured after every epoch on every test event but the first of each
session, by our own ranking (the official weights are copied, see gru4rec_parity.py). Seconds are CPU seconds of the
process since training was called, that is with all its preparations, less those of the measuring. The official settings
are those its authors publish for RetailRocket, read from the checkout.

Every epoch is a line of a file in --out. A system that is finished there, with the same settings and seed, is not run
again; one that was interrupted starts anew. This is a measure of speed: all epochs are measured on the test part, so
nothing may be chosen by it.
"""

import argparse
import contextlib
import json
import os
import runpy
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numba
import torch
from baselines import commit
from official_gru4rec import Official, accuracy, copied, machine, official, ranked, table

from sessionrl import config, registry
from sessionrl.data.files import find, text_of
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.nn.network import Network
from sessionrl.policies import Policy
from sessionrl.recommender import Offer, make_network
from sessionrl.training.hooks import Hooks, Material
from sessionrl.training.loop import train

FOLDER, TRAIN, TEST = "retailrocket_sequences", "train_sequences.tsv", "test_prefix_target.tsv"
PUBLISHED = "retailrocket_bprmax_shared_best.py"
OFFICIAL_EPOCHS = 5


@dataclass(frozen=True)
class Epoch:
    """What had been reached after an epoch; seconds are CPU seconds, of this epoch and since the beginning."""

    epoch: int
    seconds: float
    total_seconds: float
    recall: float
    mrr: float
    cases: int


class Stopwatch:
    """CPU seconds of training and the accuracy after every epoch; what happens inside `epoch_ends` does not count."""

    def __init__(self, prepared: Prepared, tell: Callable[[Epoch], None]):
        self._prepared, self._tell = prepared, tell
        self.policy: Policy | None = None  # the supervised head as it is
        self._epoch, self._total, self._begun = 0, 0.0, 0.0

    def start(self) -> None:
        self._begun = time.process_time()

    def epoch_ends(self, network: Network) -> float:
        seconds = time.process_time() - self._begun
        self._epoch, self._total = self._epoch + 1, self._total + seconds
        found = accuracy(ranked(network, self._prepared, self.policy), self._prepared.catalogue)
        self._tell(Epoch(self._epoch, seconds, self._total, *found))
        self.start()
        return found.recall


@dataclass(frozen=True)
class System:
    """Something that is trained; `settings` are all that change its result, the data and the version apart."""

    name: str
    epochs: int
    settings: dict[str, Any]
    train: Callable[[Stopwatch], None]


class Log:
    """The epochs of all systems, a line of JSON each."""

    def __init__(self, path: Path):
        self._path = path
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        self.lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]

    def epochs(self, system: System) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["system"] == system.name and line["settings"] == system.settings]

    def forget(self, system: System) -> None:
        self.lines = [line for line in self.lines if line["system"] != system.name]
        self._path.write_text("".join(json.dumps(line) + "\n" for line in self.lines), encoding="utf-8")

    def add(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def main(arguments: Sequence[str]) -> None:
    options = _options(arguments)
    peer = None if options.without_official else official()
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    prepared = _prepared(options.data / FOLDER, options.out, options.newest)
    systems = [] if peer is None else [_official(peer, options, prepared)]
    systems += [_preset(name, options, prepared) for name in options.preset.split(",") if name]
    log = Log(options.out / f"epochs-{options.newest or 'all'}.jsonl")
    for system in systems:
        if len(log.epochs(system)) == system.epochs:
            print(f"{system.name}: finished before", file=sys.stderr)
            continue
        log.forget(system)
        system.train(Stopwatch(prepared, partial(_note, log, system, prepared)))
    print(f"`python benchmarks/gru4rec_speed.py {shlex.join(arguments)}`\n")
    _print_table({system.name: log.epochs(system) for system in systems}, _learned(prepared), options.target)


def _note(log: Log, system: System, prepared: Prepared, epoch: Epoch) -> None:
    about = {"commit": commit(), "data": prepared.fingerprint, "machine": machine(), "settings": system.settings}
    log.add({"system": system.name, **asdict(epoch), **about})
    reached = f"{epoch.total_seconds:.0f} CPU seconds, Recall@20 {epoch.recall:.4f}, MRR@20 {epoch.mrr:.4f}"
    print(f"{system.name}, epoch {epoch.epoch}: {reached}", file=sys.stderr, flush=True)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    logs = os.environ.get("SESSIONRL_DATA")
    parser.add_argument("--data", type=Path, default=logs, required=logs is None)
    parser.add_argument("--preset", default="", help="ours, with commas between: gru4rec,gru4rec-ce")
    parser.add_argument("--without-official", action="store_true", help="only ours")
    parser.add_argument("--target", type=float, default=0.594, help="the Recall@20 to be reached")
    parser.add_argument("--epochs", type=int, help=f"at most; default {OFFICIAL_EPOCHS}, and what each preset says")
    parser.add_argument("--newest", type=int, help="learn from so many newest training sessions, to try the script")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/gru4rec_speed"))
    return parser.parse_args(arguments)


def _prepared(folder: Path, out: Path, newest: int | None) -> Prepared:
    """All training sessions and all their items; prepared once."""
    directory = out / f"prepared-{newest or 'all'}"
    if directory.is_dir():
        return Prepared.load(directory)
    out.mkdir(parents=True, exist_ok=True)
    if newest:
        folder = _cut(folder, out / f"newest-{newest}", newest)
    reader = registry.build("reader", {"name": "sequences", "path": str(folder)})
    return prepare(reader, Preparation(split="published", valid_share=0.0, min_item_events=1), directory)


def _cut(folder: Path, smaller: Path, newest: int) -> Path:
    smaller.mkdir(exist_ok=True)
    for name, lines in ((TRAIN, newest), (TEST, 0)):
        file = find(folder, [name])
        if file is None:
            raise SystemExit(f"{folder} has no {name}.")
        (smaller / name).write_text("\n".join(text_of(file).decode().splitlines()[-lines:]) + "\n", encoding="utf-8")
    return smaller


def _learned(prepared: Prepared) -> int:
    """Events that are learned in an epoch: all but the first of each session."""
    return len(prepared.train.items) - len(prepared.train)


def _official(peer: Official, options: argparse.Namespace, prepared: Prepared) -> System:
    published = runpy.run_path(str(peer.folder / "paramfiles" / PUBLISHED))["gru4rec_params"]
    epochs = options.epochs or OFFICIAL_EPOCHS
    settings = {**published, "n_epochs": epochs}

    def train_it(watch: Stopwatch) -> None:
        sessions = table(prepared.train)
        torch.manual_seed(options.seed)
        gru = peer.code.GRU4Rec(device=torch.device("cpu"))
        with contextlib.redirect_stdout(sys.stderr):
            gru.set_params(**settings)
            with _told_after_epochs(peer.code, lambda: watch.epoch_ends(copied(gru, prepared.catalogue))):
                watch.start()
                gru.fit(sessions)
        if gru.error_during_train:
            raise SystemExit("The official training ended with NaN.")

    return System("official GRU4Rec", epochs, {**settings, "seed": options.seed, "source": peer.fingerprint}, train_it)


@contextlib.contextmanager
def _told_after_epochs(code: Any, tell: Callable[[], Any]) -> Iterator[None]:
    """Its training asks for an epoch's batches at an iterator; when that has no more, every step has been made."""
    original = code.SessionDataIterator

    def told(self: Any, enable_neg_samples: bool, reset_hook: Any = None) -> Iterator[Any]:
        yield from original.__call__(self, enable_neg_samples, reset_hook)
        tell()

    code.SessionDataIterator = type("SessionDataIterator", (original,), {"__call__": told})
    try:
        yield
    finally:
        code.SessionDataIterator = original


def _preset(name: str, options: argparse.Namespace, prepared: Prepared) -> System:
    loaded = {**config.load(name), "seed": options.seed}
    # Every epoch is wanted, so none may end the training early.
    settings = config.complete(config.override(loaded, ["training.patience=0", "training.validate_every=1"]))
    training = config.fixed("training", settings)
    epochs = min(training.epochs, options.epochs or training.epochs)
    catalogue = prepared.catalogue

    def train_it(watch: Stopwatch) -> None:
        objective = registry.build("objective", settings["objective"])
        material = Material(prepared.train, prepared.rewards, catalogue)
        hooks = Hooks(validate=watch.epoch_ends, stop_after=epochs)
        watch.policy = registry.build("policy", settings["policy"])
        watch.start()
        offer = Offer(catalogue, len(prepared.kinds))
        train(lambda: make_network(settings, offer), objective, training, material, options.seed, hooks)

    return System(name, epochs, json.loads(json.dumps({**settings, "epochs": epochs})), train_it)


def _print_table(systems: dict[str, list[dict[str, Any]]], learned: int, target: float) -> None:
    every = [line for lines in systems.values() for line in lines]
    for key in ("commit", "data", "machine"):
        print(f"{key}: {', '.join(sorted({line[key] for line in every}))}")
    print(f"learned: {learned:,} events an epoch; measured: {every[0]['cases']:,} events\n" if every else "")
    print("| system | epoch | CPU s | CPU s in all | events/s | Recall@20 | MRR@20 |\n|---|---|---|---|---|---|---|")
    for line in every:
        print(
            f"| {line['system']} | {line['epoch']} | {line['seconds']:.0f} | {line['total_seconds']:.0f} "
            f"| {learned / line['seconds']:,.0f} | {line['recall']:.4f} | {line['mrr']:.4f} |"
        )
    print(f"\n| system | CPU s until the end of the first epoch with Recall@20 of {target} or more |\n|---|---|")
    for name, lines in systems.items():
        reached = [line["total_seconds"] for line in lines if line["recall"] >= target]
        print(f"| {name} | {f'{reached[0]:.0f}' if reached else 'not reached'} |")


if __name__ == "__main__":
    main(sys.argv[1:])
