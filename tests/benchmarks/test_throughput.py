"""benchmarks/throughput.py: every objective can draw its candidates, is trained for real, and memory has a bound."""

import importlib
import sys
from pathlib import Path

import pytest

from sessionrl import registry

FOLDER = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="benchmarks are no part of a source distribution")


@pytest.fixture
def throughput(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "throughput", raising=False)
    return importlib.import_module("throughput")


@pytest.mark.parametrize("name", registry.names("objective"))
def test_every_objective_can_do_without_a_matrix_over_the_catalogue(throughput, name):
    objective = registry.build("objective", throughput.configured(name)["objective"])
    assert objective.samples


def test_a_cell_is_trained_and_counts_the_steps_after_the_first(throughput):
    cell = throughput.work("sqn", 400, 2)
    transitions = throughput.BATCH * 2
    assert 0.5 * transitions < cell.transitions < 1.5 * transitions
    assert cell.cpu_seconds > 0
    weights = 401 * throughput.DIM * 4  # of the item vectors alone
    assert cell.allowed_bytes > throughput.FIXED_BYTES + 4 * weights


def test_too_much_memory_is_marked_and_ends_with_an_error(throughput, monkeypatch, capsys):
    fits, exceeds = throughput.Cell(1000, 0.5, 2e9, 1e9), throughput.Cell(1000, 0.5, 2e9, 3e9)
    cells = {"sqn": fits, "smorl": exceeds, "next_item": None}
    monkeypatch.setattr(throughput, "measured", lambda name, items, steps: cells[name])
    given = [part for name in cells for part in ("--objective", name)]
    with pytest.raises(SystemExit, match=r"^Failed, or beyond the memory that is allowed: smorl, next_item$"):
        throughput.main([*given, "--items", "1000"])
    rows = capsys.readouterr().out.splitlines()[-3:]
    assert rows == [
        "| sqn | 2,000 | 1,000 of 2,000 |",
        "| smorl | 2,000 | 3,000 of 2,000 **EXCEEDED** |",
        "| next_item | failed | – |",
    ]
