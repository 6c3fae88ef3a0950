"""Accuracy and speed of the baselines on one core, as a table in Markdown.

python benchmarks/baselines.py --data DIRECTORY [--preset session-knn] [--repeats 3]

DIRECTORY is a prepared data set (training and validation part are fitted, the test part is predicted), or a folder
of published sequences (train_sequences.tsv, test_prefix_target.tsv), which is prepared for the occasion with all its
training sessions and all its items. Every event of the test part but the first of each session is predicted.

A prediction scores the catalogue, it does not yet cut a list; popularity has one list for a whole batch, so its speed
says nothing. "one alone" is the mean of the first thousand events asked for one by one, as a server does.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

from sessionrl import config
from sessionrl.baselines.baseline import Baseline, SparseScores
from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.evaluation.metric import CaseMetric, metric
from sessionrl.evaluation.rankings import rank
from sessionrl.registry import build
from sessionrl.runs import PreparedDirectory

METRICS = ("hit@20", "mrr@20")
CASES_PER_CALL = 2000
SINGLE_CALLS = 1000


@dataclass(frozen=True)
class Row:
    name: str
    hit: float
    mrr: float
    fit_seconds: float
    predictions_per_second: float
    single_microseconds: float


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="prepared directory or folder of published sequences")
    parser.add_argument("--preset", action="append", choices=presets(), help="one of them; default all")
    parser.add_argument("--repeats", type=int, default=3, help="timings, of which the fastest counts")
    options = parser.parse_args(arguments)
    numba.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = load(options.data, Path(scratch) / "prepared")
        train = Sessions.concatenate(prepared.train, prepared.valid)
        cases = prepared.test.cases()
        predicted = int(np.sum(cases.length > 0))
        print(f"command:  python benchmarks/baselines.py {shlex.join(arguments)}")
        print(f"commit:   {commit()}, seed: 1 (only random draws numbers), data fingerprint: {prepared.fingerprint}")
        print(f"fitted:   {len(train):,} sessions, {len(train.items):,} events, {len(prepared.catalogue) - 1:,} items")
        print(
            f"measured: {len(prepared.test):,} sessions, {predicted:,} events, one core, fastest of {options.repeats}"
        )
        print("\n| baseline | hit@20 | MRR@20 | fit, s | predictions/s | one alone, us |\n|---|---|---|---|---|---|")
        for name in options.preset or presets():
            row = benchmark(name, train, prepared, options.repeats)
            print(
                f"| {row.name} | {row.hit:.4f} | {row.mrr:.4f} | {row.fit_seconds:.2f} "
                f"| {row.predictions_per_second:,.0f} | {row.single_microseconds:.0f} |",
                flush=True,
            )


def load(data: Path, scratch: Path) -> Prepared:
    if PreparedDirectory(data).card.is_file():
        return Prepared.load(data)
    everything = Preparation(split="published", valid_share=0.0, min_item_events=1)
    return prepare(build("reader", {"name": "sequences", "path": str(data)}), everything, scratch)


def presets() -> list[str]:
    """Presets that are a baseline."""
    return [name for name in config.preset_names() if "baseline" in config.load(name)]


def benchmark(name: str, train: Sessions, prepared: Prepared, repeats: int) -> Row:
    baseline: Baseline = build("baseline", config.load(name)["baseline"])
    begun = time.perf_counter()
    baseline.fit(train, prepared.catalogue)
    fit_seconds = time.perf_counter() - begun
    test = prepared.test
    # A baseline that compiles does so here.
    rankings = rank(in_chunks(baseline, test, test.cases()), test, prepared.kinds, len(prepared.catalogue) - 1, top=0)
    judged = rankings.rows(rankings.position > 0)
    hit, mrr = (case_metric(name).per_case(judged, prepared.catalogue).mean() for name in METRICS)
    every = test.cases()
    cases = Cases(every.session[every.length > 0], every.length[every.length > 0])
    seconds = min(timed(baseline, test, cases, CASES_PER_CALL) for _ in range(repeats)) / len(cases.session)
    few = Cases(cases.session[:SINGLE_CALLS], cases.length[:SINGLE_CALLS])
    single = min(timed(baseline, test, few, 1) for _ in range(repeats)) / len(few.session)
    return Row(name, hit, mrr, fit_seconds, 1 / seconds, single * 1e6)


def in_chunks(
    baseline: Baseline, sessions: Sessions, cases: Cases, size: int = CASES_PER_CALL
) -> Iterator[tuple[Cases, SparseScores]]:
    for first in range(0, len(cases.session), size):
        chunk = Cases(cases.session[first : first + size], cases.length[first : first + size])
        yield chunk, baseline.scores(sessions, chunk)


def timed(baseline: Baseline, sessions: Sessions, cases: Cases, size: int) -> float:
    begun = time.perf_counter()
    for _ in in_chunks(baseline, sessions, cases, size):
        pass
    return time.perf_counter() - begun


def case_metric(name: str) -> CaseMetric:
    found = metric(name)
    if not isinstance(found, CaseMetric):
        raise TypeError(f"{name} is no metric of single cases")
    return found


def commit() -> str:
    folder = Path(__file__).parent
    asked = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


if __name__ == "__main__":
    main(sys.argv[1:])
