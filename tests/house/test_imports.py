"""Imports point down one staircase, and a planted violation is seen."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache', '--no-logo'])"


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in `tree`; in a process of its own, whose first import path is that tree."""
    return subprocess.run([sys.executable, "-c", LINT], cwd=tree, capture_output=True, text=True, check=False)


def test_every_import_points_down():
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert " 0 broken" in answer.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("data/sessions.py", "import torch", "data, baselines and everything below them live without torch"),
        ("data/vocabulary.py", "import sessionrl.training.batches", "floors: imports point down one staircase"),
        ("evaluation/__init__.py", "import sessionrl.simulator", "floors: imports point down one staircase"),
        ("evaluation/__init__.py", "import matplotlib", "only the reporting area draws and fills templates"),
        ("annex.py", "", "floors: imports point down one staircase"),
    ],
    ids=["guest", "upward", "neighbour", "drawing", "no floor"],
)
def test_a_planted_violation_is_reported(tmp_path, file, line, broken):
    shutil.copytree(ROOT / "sessionrl", tmp_path / "sessionrl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "sessionrl" / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")

    answer = lint(tmp_path)

    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert f"{broken} BROKEN" in answer.stdout
