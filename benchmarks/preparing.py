"""Seconds and memory of `sessionrl prepare` on logs of growing size, as a table in Markdown.

python benchmarks/preparing.py [--rows 1e6,1e7,3e7] [--format csv] [--scratch FOLDER]
python benchmarks/preparing.py --log FILE [reader.columns.item_id=sku …]

A log is made up: 60 days, 100,000 items by Zipf's law, sessions of five events on average that overlap in time, rows in
the order of time, ids of sessions as text. It is written in pieces and deleted again. Preparing has a process of its
own, whose peak of resident memory is what the operating system says of it at its end.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

DAYS, ITEMS, SESSION_EVENTS = 60, 100_000, 5
PIECES_OF = 500_000  # rows
DAY_MS = 86_400_000
FIRST_MS = 1_500_000_000_000
KINDS, KIND_SHARES = ("view", "cart", "purchase"), (0.9, 0.07, 0.03)
KIBIBYTES = 1 if sys.platform == "darwin" else 1024  # the unit in which the system counts memory


class Cost(NamedTuple):
    seconds: float
    peak_bytes: int
    sessions: str


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", default="1e6,1e7,3e7", help="sizes of the logs that are made up")
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    parser.add_argument("--scratch", type=Path, help="a folder on the disk to be used; default the system's own")
    parser.add_argument("--log", type=Path, help="a log of your own, for the reader delimited")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options, assignments = parser.parse_known_args(arguments)
    sizes = [int(float(rows)) for rows in options.rows.split(",")]
    if options.make:
        write_log(options.make, sizes[0])
        return
    print("| log | rows | sessions | seconds | peak, MB |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        if options.log:
            print_row(options.log.name, prepared(options.log, assignments, Path(scratch)))
            return
        for rows in sizes:
            log = Path(scratch) / f"log.{options.format}"
            # In a process of its own: a process begins with the peak of the one that started it.
            subprocess.run([sys.executable, __file__, "--make", str(log), "--rows", str(rows)], check=True)
            print_row(f"made up, {log.stat().st_size / 1e9:.2f} GB", prepared(log, assignments, Path(scratch)))
            log.unlink()


def print_row(name: str, cost: Cost) -> None:
    print(f"| {name} | {cost.sessions} | {cost.seconds:.0f} | {cost.peak_bytes / 1e6:,.0f} |", flush=True)


def prepared(log: Path, assignments: Sequence[str], scratch: Path) -> Cost:
    """What it costs to prepare the log."""
    program = "from sessionrl.cli import main; main()"
    command = [sys.executable, "-c", program, "prepare", "delimited", str(log), *assignments]
    with tempfile.TemporaryDirectory(dir=scratch) as out, tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen([*command, "--out", out], stdout=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        said.seek(0)
        lines = said.read().splitlines()
    if status:
        sys.exit(os.waitstatus_to_exitcode(status))
    rows = next(line.split()[0] for line in lines if " rows read by " in line)
    sessions = next(line.split()[0] for line in lines if " sessions by " in line)
    return Cost(seconds, usage.ru_maxrss * KIBIBYTES, f"{rows} | {sessions}")


def write_log(path: Path, rows: int) -> None:
    """CSV or Parquet, by the suffix, piece by piece."""
    if path.suffix == ".parquet":
        folder = path.with_suffix(".pieces")
        folder.mkdir()
        for number, piece in enumerate(pieces(rows)):
            piece.write_parquet(folder / f"{number:06}.parquet")
        pl.scan_parquet(folder / "*.parquet").sink_parquet(path)
        for piece_path in folder.iterdir():
            piece_path.unlink()
        folder.rmdir()
        return
    with path.open("wb") as file:
        for number, piece in enumerate(pieces(rows)):
            piece.write_csv(file, include_header=number == 0)


def pieces(rows: int) -> Iterator[pl.DataFrame]:
    """The log in the order of time; what a session does after the end of its piece comes with the next one."""
    rng = np.random.default_rng(1)
    by_rank = 1 / np.arange(1, ITEMS + 1)
    cumulated = np.cumsum(by_rank) / by_rank.sum()
    count = -(-rows // PIECES_OF)
    window = DAYS * DAY_MS / count
    left, written = pl.DataFrame(), 0
    for number in range(count + 1):
        begin = FIRST_MS + number * window
        if number < count:
            left = pl.concat([left, sessions(rng, cumulated, begin, window)], how="diagonal")
        due = left.filter(pl.col("timestamp") < begin + window) if number < count else left
        left = left.filter(pl.col("timestamp") >= begin + window)
        due = due.sort("timestamp").head(rows - written)
        written += len(due)
        yield due


def sessions(
    rng: np.random.Generator, cumulated: np.ndarray[tuple[int], np.dtype[np.float64]], begin: float, window: float
) -> pl.DataFrame:
    """About `PIECES_OF` events of sessions that start within the window; a minute on average between two events."""
    lengths = rng.geometric(1 / SESSION_EVENTS, PIECES_OF // SESSION_EVENTS + 1_000)
    starts = begin + rng.random(len(lengths)) * window
    pauses = rng.exponential(60_000, int(lengths.sum()))
    since = np.cumsum(pauses)
    since -= np.repeat(since[np.cumsum(lengths) - lengths], lengths)
    names = np.char.mod("%016x", rng.integers(0, 2**62, len(lengths)))
    return pl.DataFrame(
        {
            "session_id": np.repeat(names, lengths),
            "item_id": np.searchsorted(cumulated, rng.random(len(since))) + 1,
            "timestamp": (np.repeat(starts, lengths) + since).astype(np.int64),
            "event_type": pl.Series(rng.choice(len(KINDS), len(since), p=KIND_SHARES)).replace_strict(
                list(range(len(KINDS))), list(KINDS), return_dtype=pl.String
            ),
        }
    )


if __name__ == "__main__":
    main(sys.argv[1:])
