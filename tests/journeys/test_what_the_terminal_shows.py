"""Progress: a bar in a terminal, plain lines with the time left in a log."""

import io
import sys

import pytest

from sessionrl import terminal
from sessionrl.training.hooks import Progress


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_log_gets_sentences_and_a_line_a_minute(monkeypatch, capsys):
    clock = iter([0.0, 1.0, 31.0, 61.0, 91.0, 121.0, 122.0, 130.0])
    monkeypatch.setattr(terminal, "monotonic", lambda: next(clock))
    with terminal.reporter() as reporter:
        reporter.say("Training [b] on 3 sessions")
        for step in range(1, 6):  # 30 seconds a step, from the 1st second on
            reporter.progress(Progress(0, step, 10, float("nan")))
        reporter.progress(Progress(0, 1, 4, 1.0))  # the next phase
        reporter.progress(Progress(0, 2, 4, 1.0))
    assert capsys.readouterr() == (
        "",
        "Training [b] on 3 sessions\n  step 3 of 10, at most 0:03:30 left\n  step 5 of 10, at most 0:02:30 left\n",
    )


def test_a_terminal_gets_a_bar_of_every_phase_and_whole_sentences(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    long = "Run: " + "very-long-name/" * 20 + "[b]"
    with terminal.reporter() as reporter:
        reporter.say(long)
        for step in (5, 6, 1, 2):
            reporter.progress(Progress(1, step, 6 if step > 4 else 3, 0.25))
    shown = screen.getvalue()
    assert long in shown, "a path that is broken into lines cannot be copied"
    assert "loss 0.2500" in shown
    assert "epoch 2" in shown
    assert "2/3" in shown


@pytest.mark.parametrize("screen", [io.StringIO, Screen])
def test_a_status_says_what_is_done(monkeypatch, screen):
    stream = screen()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with terminal.status("Preparing log.csv") as say:
        say("reading the events")
    shown = stream.getvalue()
    assert "Preparing log.csv" in shown
    if not stream.isatty():
        assert shown == "Preparing log.csv\n  reading the events\n"
