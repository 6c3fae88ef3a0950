"""Ctrl-C, a kill and a closed pipe, as the system delivers them: nothing is lost, and what is resumed is exact."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sessionrl.runs import RunDirectory, runs_in

OPTIONS = ("items.dim=8", "objective.supervised.negatives=16", "training.epochs=6", "training.patience=0",
           "training.transitions_per_batch=20", "training.checkpoint_every=10", "training.log_every=5",
           "evaluation.replicates=100")  # fmt: skip


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "sessionrl.cli", *map(str, arguments)]


def interrupt(command: list[str], folder: Path, number: int) -> tuple[int, str]:
    """Start a training and send it a signal in the middle; its exit code and what it said."""
    # A shell that puts a job into the background may leave SIGINT ignored, and children inherit that.
    reset = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **reset) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if any(len(RunDirectory(run).read_log()) > 4 for run in runs_in(folder)):
                break
            time.sleep(0.01)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill"])
def test_an_interrupted_run_is_resumed_exactly(furnished, tmp_path, sessionrl, number):
    words = ("train", "sqn-gru", *OPTIONS, "--data", furnished / "prepared" / "toy", "--out")
    code, errors = interrupt(command(*words, tmp_path / "runs"), tmp_path / "runs", number)
    (path,) = runs_in(tmp_path / "runs")
    run = RunDirectory(path)
    assert not run.weights.exists(), "the signal came too late to test anything"
    assert "Traceback" not in errors
    if number == signal.SIGINT:
        assert code == 130
        assert errors.endswith(f"selection.safetensors.\n  do now: sessionrl train --resume {path}\n")
    assert sessionrl("train", "--resume", path).code == 0
    assert sessionrl(*words, tmp_path / "whole").code == 0
    whole = RunDirectory(runs_in(tmp_path / "whole")[0])
    for file in ("weights", "log", "rankings", "metrics"):
        assert getattr(run, file).read_bytes() == getattr(whole, file).read_bytes(), file


def test_a_reader_that_leaves_early_is_no_mistake():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        answer = subprocess.run(command("list"), stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert answer.stderr == ""
