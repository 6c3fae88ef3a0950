"""benchmarks/purity.py: a table of what networks know of categories, which a second call does not train again."""

import importlib
import sys
from pathlib import Path

import pytest

from sessionrl.analysis.neighbours import Purity
from sessionrl.simulator.shop import ShopOptions

FOLDER = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="benchmarks are no part of a source distribution")


@pytest.fixture
def table(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "purity", raising=False)
    module = importlib.import_module("purity")
    monkeypatch.setattr(module, "DEMO", ShopOptions(items=60, categories=4))
    monkeypatch.setattr(module, "DEMO_SESSIONS", 600)
    monkeypatch.setattr(module, "MODELS", ("gru4rec-ce",))
    return module


def rows(printed):
    return {line.split(" | ")[0][2:]: line.split(" | ")[1:] for line in printed.splitlines() if line.startswith("| ")}


def test_a_second_call_prints_the_same_table_and_trains_nothing(table, tmp_path, capsys, monkeypatch):
    asked = ["--seeds", "1,2", "--k", "3", "--scratch", str(tmp_path)]
    table.main(asked)
    first = capsys.readouterr().out
    found = rows(first)
    assert list(found) == ["vectors", "chance", "co-occurrence, counted", "GRU4Rec before training", "gru4rec-ce"]
    assert found["gru4rec-ce"][0] == "2"
    chance, counted = (float(found[name][1].split()[0]) for name in ("chance", "co-occurrence, counted"))
    assert 0.15 < chance < 0.35
    assert counted > chance
    kept = sorted(tmp_path.glob("runs/*"))
    assert len(kept) == 2
    table.main(asked)
    assert capsys.readouterr().out == first
    assert sorted(tmp_path.glob("runs/*")) == kept


def test_several_seeds_show_their_range_and_one_its_interval(table):
    low, high = (Purity(value, value - 0.1, value + 0.1, 0.2, None) for value in (0.4, 0.6))
    assert table.shown([high]) == "0.600 [0.500, 0.700]"
    assert table.shown([high, low]) == "0.500 (0.400 … 0.600)"
