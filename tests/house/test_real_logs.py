"""Tests on real logs are skipped on a desk without them, and never in continuous integration."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.data
def test_marked():
    pass

def test_reads(shop_data):
    assert shop_data.is_dir()

def test_other():
    pass
"""
SETTINGS = "[pytest]\nmarkers = data\naddopts = -p no:cacheprovider -rs\n"


def outcome(folder: Path, **variables: str) -> str:
    """What pytest says about three tests under our conftest: two on real logs, one not."""
    (folder / "conftest.py").write_text((Path(__file__).parents[1] / "conftest.py").read_text(encoding="utf-8"))
    (folder / "test_three.py").write_text(TESTS)
    (folder / "pytest.ini").write_text(SETTINGS)
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "SESSIONRL_DATA")}
    command = [sys.executable, "-m", "pytest", "-q"]
    return subprocess.run(
        command, cwd=folder, env=clean | variables, capture_output=True, text=True, check=False
    ).stdout


def test_they_run_where_the_logs_are(tmp_path):
    assert "3 passed" in outcome(tmp_path, SESSIONRL_DATA=str(tmp_path), CI="true")


@pytest.mark.parametrize(
    ("variables", "counts", "reason"),
    [
        ({}, "1 passed, 2 skipped", "SESSIONRL_DATA is not set; this test reads real event logs"),
        ({"SESSIONRL_DATA": "nowhere"}, "1 passed, 2 skipped", "SESSIONRL_DATA = 'nowhere' is no directory"),
        ({"CI": "true"}, "1 passed, 2 errors", "export SESSIONRL_DATA=/path/to/the/logs"),
    ],
    ids=["unset", "wrong", "continuous integration"],
)
def test_they_say_why_they_do_not_run(tmp_path, variables, counts, reason):
    said = outcome(tmp_path, **variables)
    assert counts in said
    assert reason in said
