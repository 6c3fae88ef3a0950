"""The final runs of a study. What its tables need of a run is kept small, so that a later session has it without the
run: a line of JSON, and the rank of every test event.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from search import Search, assignments, hash_of

from sessionrl.data.prepared import Prepared
from sessionrl.evaluation.measure import measure
from sessionrl.evaluation.rankings import Rankings, seen_before
from sessionrl.experiment import Reporter
from sessionrl.finding_runs import run_once
from sessionrl.runs import RunDirectory, read_json, replacing


class Final(NamedTuple):
    """A finished run.

    run:     its directory, which may be lost
    commit:  that made it
    values:  of the study's metrics over all test events; those of the lists cannot be had from the ranks
    seconds: of training and measuring
    """

    run: str
    commit: str
    values: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class Finals:
    """The final runs of a study: `finals.jsonl` and `ranks/` in the folder of its trials.

    search: its trials
    out:    the folder of the runs
    seeds:  of the networks; a baseline has one run
    """

    search: Search
    out: Path
    seeds: Sequence[int]

    def run(self, model: str) -> None:
        """Train and measure what is missing, or say why it cannot be done yet."""
        setting = self.search.best(model)
        if setting is None:
            print(f"{model}: skipped, not all of its trials are made", file=sys.stderr, flush=True)
            return
        configuration = self.search.configured(model, setting, ["refit=true"])
        reporter = Reporter(say=lambda sentence: print(f"{model}: {sentence}", file=sys.stderr, flush=True))
        for seed in self.missing(model):
            begun = time.perf_counter()
            run = run_once({**configuration, "seed": seed}, self.search.prepared, self.out, reporter)
            self._keep(model, seed, run, time.perf_counter() - begun)

    def wanted(self, model: str) -> Sequence[int]:
        """Seeds; a baseline has one run."""
        return [1] if self.search.is_baseline(model) else self.seeds

    def missing(self, model: str) -> list[int]:
        """Seeds without a finished run."""
        return sorted(set(self.wanted(model)) - set(self.of(model)))

    def of(self, model: str) -> dict[int, Final]:
        """The finished run of each seed, with the setting that is the best now."""
        if self.search.best(model) is None:
            return {}
        key, found = self._key(model), {}
        for line in self._lines():
            if line.items() >= key.items() and "values" in line and self._ranks(line["run"]).is_file():
                found[line["seed"]] = Final(line["run"], line["commit"], line["values"], line["seconds"])
        return {seed: found[seed] for seed in self.wanted(model) if seed in found}

    def rankings(self, model: str) -> list[Rankings]:
        """Of each seed: with lists where its directory is still there, else the ranks alone."""
        return [
            Rankings.load(run.rankings) if run.rankings.is_file() else read_ranks(self._ranks(one.run), self.prepared)
            for one in self.of(model).values()
            for run in [RunDirectory(self.out / one.run)]
        ]

    def seconds(self) -> float | None:
        """Of the final run of a network, on average; None before the first."""
        made = [
            line["seconds"]
            for line in self._lines()
            if "seconds" in line and not self.search.is_baseline(line["model"])
        ]
        return sum(made) / len(made) if made else None

    @property
    def prepared(self) -> Prepared:
        """The log."""
        return self.search.prepared

    def _keep(self, model: str, seed: int, run: RunDirectory, seconds: float) -> None:
        rankings = Rankings.load(run.rankings)
        write_ranks(self._ranks(run.path.name), rankings)
        found = measure([rankings], self.prepared.catalogue, self.search.study.metrics, ["all"], replicates=1)
        line = {
            **self._key(model),
            "seed": seed,
            "run": run.path.name,
            "commit": read_json(run.environment)["commit"],
            "values": {one.metric: round(one.value, 6) for one in found if one.average != "session"},
            "seconds": round(seconds, 1),
        }
        with (self.search.folder / "finals.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")

    def _lines(self) -> list[dict[str, Any]]:
        file = self.search.folder / "finals.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []

    def _ranks(self, run: str) -> Path:
        return self.search.folder / "ranks" / f"{run}.parquet"

    def _key(self, model: str) -> dict[str, object]:
        """What makes a final run this one, besides its seed."""
        base = self.search.base(model)
        assert base is not None
        return {
            "model": model,
            "preset": hash_of(base),
            "overrides": [*self.search.options, *assignments(self.search.best(model) or {})],
            "fingerprint": self.prepared.fingerprint,
        }


def write_ranks(path: Path, rankings: Rankings) -> None:
    """What the prepared log does not know: about 10 kB for five thousand events."""
    path.parent.mkdir(parents=True, exist_ok=True)
    smallest = {name: np.min_scalar_type(int(getattr(rankings, name).max(initial=0))) for name in ("greater", "equal")}
    frame = pl.DataFrame({name: getattr(rankings, name).astype(kind) for name, kind in smallest.items()})
    with replacing(path) as temporary:
        frame.write_parquet(temporary, compression_level=19)


def read_ranks(path: Path, prepared: Prepared) -> Rankings:
    """The rankings of the test part that were written, without lists."""
    frame, sessions = pl.read_parquet(path).cast(pl.Int32), prepared.test
    if len(frame) != len(sessions.items):
        sys.exit(f"{path} has {len(frame):,} ranks, and the test part {len(sessions.items):,} events. Delete it.")
    return Rankings(
        session=sessions.session.astype(np.int32),
        position=sessions.position.astype(np.int32),
        target=sessions.items,
        event_type=sessions.event_types,
        repeat=seen_before(sessions),
        greater=frame["greater"].to_numpy(),
        equal=frame["equal"].to_numpy(),
        top=np.zeros((len(sessions.items), 0), np.int32),
        n_items=len(prepared.catalogue) - 1,
        kinds=prepared.kinds,
    )
