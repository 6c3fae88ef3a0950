"""Every preset trains, is measured and recommends on toy data."""

import pytest
import toy_shop

from sessionrl import config
from sessionrl.evaluation.metrics_file import MetricsFile
from sessionrl.experiment import Experiment
from sessionrl.recommender import Recommender


@pytest.mark.parametrize("preset", config.preset_names())
def test_a_preset_trains_and_recommends(preset, furnished, tmp_path):
    from sessionrl.data.prepare import Prepared

    loaded = config.override(config.load(preset), ["evaluation.replicates=100"])
    if "baseline" not in loaded:
        # A few steps of the preset's own optimiser, loss and heads; its width and its batch would only cost time.
        loaded = config.override(loaded, ["items.dim=8", "training.epochs=1", "training.transitions_per_batch=600"])
    experiment = Experiment(loaded, Prepared.load(furnished / "prepared" / "toy"))
    run = experiment.new_run(tmp_path)
    experiment.run(run)
    assert MetricsFile.load(run.metrics).find("ndcg@20").value > 0.05
    if "baseline" not in loaded:
        lanes = experiment.config["training"]["layout"] == "parallel"  # a step of which takes one event of a session
        assert {entry["step"] for entry in run.read_log()} == {7 if lanes else 2}
    (answer,) = Recommender.load(run.path).recommend([toy_shop.ITEMS[:2]], k=5)
    assert len(set(answer.items)) == 5
