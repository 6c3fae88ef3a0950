"""The log of one phase of a training, and what of it is worth telling."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sessionrl.runs import RunDirectory
from sessionrl.training.checkpoint import checkpoint_state


class News(NamedTuple):
    """A validation: its epoch from 1, the last loss that was logged, the value, and whether it is the best so far."""

    epoch: int
    loss: float | None
    value: float
    best: bool


class Journal:
    """Lines of ``log.jsonl``, each with the name of its phase.

    Args:
        run: has the log
        phase: "selection" or "refit"
        checkpoint: where the training goes on from; what was logged after it will happen again, so it is taken out
            of the log. None if the phase starts anew.
        tell: gets every line that is added
    """

    def __init__(
        self,
        run: RunDirectory,
        phase: str,
        checkpoint: Path | None,
        tell: Callable[[dict[str, Any]], None] = lambda line: None,
    ):
        self._run, self._phase, self._tell = run, phase, tell
        self._loss: float | None = None
        self._best: float | None = None
        state = {"step": -1, "epoch": -1} if checkpoint is None else checkpoint_state(checkpoint)
        entries = run.read_log()
        kept = [entry for entry in entries if entry.get("phase") != phase or _before(entry, state)]
        if len(kept) < len(entries) or run.log.is_file():
            run.rewrite_log(kept)
        for entry in kept:
            if entry.get("phase") == phase:
                self._read(entry)

    def add(self, entry: dict[str, Any]) -> News | None:
        """Write a line; news if it is a validation."""
        line = {"phase": self._phase, **entry}
        self._run.append_log(line)
        self._tell(line)
        return self._read(entry)

    def _read(self, entry: dict[str, Any]) -> News | None:
        if "loss" in entry:
            self._loss = float(entry["loss"]["total"])
        if "validation" not in entry:
            return None
        value = float(entry["validation"])
        best = self._best is None or value > self._best
        self._best = value if best else self._best
        return News(entry["epoch"], self._loss, value, best)


def _before(entry: dict[str, Any], state: dict[str, Any]) -> bool:
    # A validation stands at the step of the checkpoint before it, and in the epoch after.
    return bool(entry["epoch"] <= state["epoch"] if "validation" in entry else entry["step"] <= state["step"])
