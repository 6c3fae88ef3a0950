"""Seconds and memory of preparing, training and evaluating on a big log, as a table in Markdown.

python benchmarks/size.py LOGS/globo/clicks.parquet --preset gru4rec-ce \\
    reader.columns.item_id=click_article_id reader.columns.timestamp=click_timestamp \\
    data.test_days=6.5 data.valid_days=0.5 data.vocabulary_from=train+valid

Options are those of `sessionrl prepare` ([reader], [data]) and of `sessionrl train` (every other section). Every stage
has a process of its own, whose peak of resident memory is what the operating system says of it at its end: preparing;
one epoch on the whole training part, without validation (a baseline is fitted instead); the evaluation, which ranks the
catalogue for every event of the test part and takes every metric with its intervals. Seconds of preparing are those of
the whole process, the others leave out starting Python and reading the prepared data. Set OMP_NUM_THREADS,
NUMBA_NUM_THREADS and POLARS_MAX_THREADS to 1 for the numbers of one core.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from baselines import commit
from preparing import KIBIBYTES

STAGES = ("epoch", "evaluation")
OF_PREPARE = ("reader.", "data.")


class Cost(NamedTuple):
    """What a stage took; `what` were worked on: events or predictions."""

    stage: str
    worked: int
    what: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int = 0


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("assignments", nargs="*", metavar="section.key=value")
    parser.add_argument("--reader", default="delimited")
    parser.add_argument("--preset", action="append", help="one of them; default gru4rec-ce")
    parser.add_argument("--scratch", type=Path, help="a folder on the disk to be used; default the system's own")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args(arguments)
    training = [one for one in options.assignments if not one.startswith(OF_PREPARE)]
    if options.stage:
        print(json.dumps(work(options.stage, options.log, options.preset[0], training)))
        return
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        print(f"`python benchmarks/size.py {shlex.join(arguments)}`, commit {commit()}, {os.cpu_count()} cores\n")
        print("| stage | | seconds | CPU seconds | per CPU second | peak, MB |\n|---|---|---|---|---|---|")
        own = [one for one in options.assignments if one.startswith(OF_PREPARE)]
        print_row(prepared(options.reader, options.log, own, Path(scratch)))
        (log,) = Path(scratch).iterdir()
        for preset in options.preset or ["gru4rec-ce"]:
            for stage in STAGES:
                command = [sys.executable, __file__, str(log), "--stage", stage, "--preset", preset, *training]
                said, _, peak = child(command)
                print_row(Cost(*json.loads(said))._replace(peak_bytes=peak))


def print_row(cost: Cost) -> None:
    rate = cost.worked / max(cost.cpu_seconds, 1e-9)
    print(
        f"| {cost.stage} | {cost.worked:,} {cost.what} | {cost.seconds:.0f} | {cost.cpu_seconds:.0f} | {rate:,.0f} "
        f"| {cost.peak_bytes / 1e6:,.0f} |",
        flush=True,
    )


def prepared(reader: str, log: Path, assignments: Sequence[str], scratch: Path) -> Cost:
    program = "from sessionrl.cli import main; main()"
    command = [sys.executable, "-c", program, "prepare", reader, str(log), *assignments, "--out", str(scratch)]
    begun = time.perf_counter()
    said, cpu_seconds, peak = child(command)
    rows = next(line.split()[0] for line in said.splitlines() if " rows read by " in line)
    return Cost("prepare", int(rows.replace(",", "")), "rows", time.perf_counter() - begun, cpu_seconds, peak)


def child(command: Sequence[str]) -> tuple[str, float, int]:
    """What a process said, its CPU seconds, its peak of resident memory in bytes."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(os.waitstatus_to_exitcode(status))
        out.seek(0)
        return out.read(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KIBIBYTES


def work(stage: str, directory: Path, preset: str, assignments: Sequence[str]) -> Cost:
    """In a process of its own: one epoch, which leaves a run beside the data, or the evaluation of that run."""
    from sessionrl import config
    from sessionrl.data.prepared import Prepared
    from sessionrl.experiment import Experiment
    from sessionrl.finding_runs import open_run

    data = Prepared.load(directory)
    runs = directory / "runs" / preset  # in the scratch folder, as the prepared data is
    if stage == "evaluation":
        experiment, run = open_run(next(runs.iterdir()))
        worked, what = len(data.test.items), "predictions"
    else:
        configuration = config.load(preset)
        one_epoch = [] if "baseline" in configuration else ["training.epochs=1"]
        nothing = {"valid": data.valid.slice(0, 0), "test": data.test.slice(0, 1)}
        without = replace(data, parts={"train": data.train, **nothing})
        experiment = Experiment(config.override(configuration, [*one_epoch, *assignments]), without)
        runs.mkdir(parents=True)
        run = experiment.new_run(runs)
        worked, what = len(data.train.items), "events"
    begun, begun_cpu = time.perf_counter(), time.process_time()
    if stage == "evaluation":
        experiment.measure(run)
    else:
        experiment.run(run)
    return Cost(f"{stage}, {preset}", worked, what, time.perf_counter() - begun, time.process_time() - begun_cpu)


if __name__ == "__main__":
    main(sys.argv[1:])
