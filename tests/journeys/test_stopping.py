"""Ctrl-C, a kill and a closed pipe, as the system delivers them: nothing is lost, and what is resumed is exact."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sessionrl.runs import RunDirectory, runs_in

OPTIONS = ("items.dim=8", "training.epochs=6", "training.patience=0",
           "training.transitions_per_batch=20", "training.checkpoint_every=10", "training.log_every=5",
           "evaluation.replicates=100")  # fmt: skip


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "sessionrl.cli", *map(str, arguments)]


def interrupt(command: list[str], folder: Path, number: int, lines: int = 5) -> tuple[int, str]:
    """Start a training and send it a signal after so many lines of its log; its exit code and what it said."""
    # A shell that puts a job into the background may leave SIGINT ignored, and children inherit that.
    reset = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **reset) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if any(len(RunDirectory(run).read_log()) >= lines for run in runs_in(folder)):
                break
            time.sleep(0.01)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def test_ctrl_c_tells_how_to_go_on_and_the_run_is_resumed_exactly(furnished, tmp_path, sessionrl):
    words = (
        "train",
        "sqn-gru",
        "objective.supervised.negatives=16",
        *OPTIONS,
        "--data",
        furnished / "prepared" / "toy",
        "--out",
    )
    code, errors = interrupt(command(*words, tmp_path / "runs"), tmp_path / "runs", signal.SIGINT)
    (path,) = runs_in(tmp_path / "runs")
    run = RunDirectory(path)
    assert not run.weights.exists(), "the signal came too late to test anything"
    assert "Traceback" not in errors
    assert code == 130
    assert errors.endswith(f"selection.safetensors.\n  do now: sessionrl train --resume {path}\n")
    assert sessionrl("train", "--resume", path).code == 0
    assert sessionrl(*words, tmp_path / "whole").code == 0
    assert_equal(run, RunDirectory(runs_in(tmp_path / "whole")[0]))


def assert_equal(run: RunDirectory, whole: RunDirectory) -> None:
    """Byte for byte."""
    for file in ("weights", "log", "rankings", "metrics"):
        assert getattr(run, file).read_bytes() == getattr(whole, file).read_bytes(), file


# What has to be restored: two optimisers, of which one keeps moments of touched rows only; two networks that change
# roles, with accumulators and momentum of rows; the network that follows, which the checkpoint holds beside the other.
TWINS = (
    "objective.supervised.negatives=16",
    "training.target=twins",
    "training.optimizer=adagrad",
    "training.momentum=0.3",
)
EMA = ("objective.supervised.negatives=16", "training.ema_every=3")
KILLED = [
    pytest.param(1, "sqn-gru", TWINS, id="twins, Adagrad with momentum"),
    pytest.param(3, "sqn-gru", TWINS, id="twins, thrice", marks=pytest.mark.slow),
    pytest.param(3, "gru4rec-ce", ("objective.negatives=16",), id="sparse Adam, thrice", marks=pytest.mark.slow),
    pytest.param(3, "smorl-sasrec", EMA, id="moving target, thrice", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("times", "preset", "options"), KILLED)
def test_killed_at_any_step_and_resumed_nothing_is_different(times, preset, options, furnished, tmp_path, sessionrl):
    """Steps before the last checkpoint, between checkpoints, in the choice of epochs and in the refit after it."""
    words = ("train", preset, *OPTIONS, "training.log_every=1", *options, "--data", furnished / "prepared" / "toy")
    assert_killed_and_resumed_nothing_is_different(words, times, preset, tmp_path, sessionrl)


def test_so_does_a_training_that_goes_on_from_another_run(furnished, tmp_path, sessionrl):
    """Also when it is killed before its first checkpoint, after the value of the older model was logged."""
    data = ("--data", furnished / "prepared" / "toy")
    first = ("objective.negatives=16", "items.dim=8", "training.epochs=1", "evaluation.replicates=100")
    assert sessionrl("train", "gru4rec-ce", *first, *data, "--out", tmp_path / "older").code == 0
    (older,) = runs_in(tmp_path / "older")
    words = ("train", "--from", older, *OPTIONS, "training.log_every=1", "training.checkpoint_every=60", *data)
    assert_killed_and_resumed_nothing_is_different(words, 2, "from", tmp_path, sessionrl)


def assert_killed_and_resumed_nothing_is_different(words, times, draw, tmp_path, sessionrl):
    whole, folder = tmp_path / "whole", tmp_path / "runs"
    assert sessionrl(*words, "--out", whole).code == 0
    (path,) = runs_in(whole)
    whole = RunDirectory(path)
    length = len(whole.read_log())
    lines = sorted(random.Random(f"{draw} {times}").sample(range(5, length - 40, 20), times))
    print(f"killed after {lines} of {length} lines of the log")  # pytest shows it when the test fails

    begun = command(*words, "--out", folder)
    for some in lines:
        code, errors = interrupt(begun, folder, signal.SIGKILL, some)
        (path,) = runs_in(folder)
        assert code == -signal.SIGKILL, errors
        assert not RunDirectory(path).weights.exists(), "the signal came too late to test anything"
        begun = command("train", "--resume", path)
    assert subprocess.run(begun, capture_output=True, check=False).returncode == 0
    assert_equal(RunDirectory(path), whole)


def test_a_reader_that_leaves_early_is_no_mistake():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        answer = subprocess.run(command("list"), stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert answer.stderr == ""
