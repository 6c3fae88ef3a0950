"""The demo, made small: from a simulated shop to a report that hides no model which loses to popularity."""

import html
import re

import pytest

from sessionrl import demo
from sessionrl.evaluation.metrics_file import MetricsFile
from sessionrl.runs import RunDirectory, runs_in


@pytest.mark.slow
def test_the_report_of_the_demo_names_every_model_that_does_not_beat_popularity(tmp_path, monkeypatch, sessionrl):
    monkeypatch.setattr(demo, "DEMO_SESSIONS", 3_000)
    # Networks that learn nothing and do not know the last item either, so that they must be named.
    nothing = ("items.dim=8", "items.tied=false", "training.epochs=1", "training.learning_rate=1e-9")
    monkeypatch.setattr(demo, "SMALL", (*demo.SMALL, *nothing))
    first = sessionrl("demo", "--out", tmp_path)
    assert first.code == 0, first.err
    assert first.out.endswith("Open it in a browser; it needs no network.\n")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))

    values = {}
    for path in runs_in(tmp_path / "runs"):
        model = next(name for name in demo.MODELS if path.name.startswith(f"{name}-prepared"))
        values[model] = MetricsFile.load(RunDirectory(path).metrics).find("ndcg@20").value
    assert set(values) == set(demo.MODELS)
    losers = [model for model in demo.MODELS if model != "popularity" and values[model] <= values["popularity"]]
    assert {"gru4rec-ce", "sqn-gru", "smorl-gru"} <= set(losers)
    assert [model for model in losers if f"{model} does not beat popularity" not in text] == []

    again = sessionrl("demo", "--out", tmp_path)
    assert again.err.count("Using ") == len(demo.MODELS)
    assert "Training" not in again.err
    assert len(runs_in(tmp_path / "runs")) == len(demo.MODELS)
