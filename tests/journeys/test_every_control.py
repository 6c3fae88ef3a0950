"""Every control trains, is measured and recommends on toy data, sparse steps of sampled candidates included."""

import pytest
import toy_shop

from sessionrl import config
from sessionrl.data.prepare import Prepared
from sessionrl.evaluation.metrics_file import MetricsFile
from sessionrl.experiment import Experiment
from sessionrl.recommender import Recommender

TASKS = ("eval", "hist", "fut", "cat", "random_target", "extra_head", "shuffled_order")
CHANGES = ("shuffled_reward", "random_reward", "constant_reward", "endless", "frozen_encoder")
QUICK = ["evaluation.replicates=100", "items.dim=8", "training.epochs=1", "training.transitions_per_batch=600"]
OF = ["objective.of.name=smorl", "objective.of.supervised.negatives=16"]


@pytest.mark.parametrize("name", [*TASKS, *CHANGES])
def test_a_control_trains_and_recommends(name, furnished, tmp_path):
    options = OF if name in CHANGES else ["objective.supervised.negatives=16"]
    loaded = config.override(config.load("sqn-gru"), [*QUICK, f"objective.name={name}", *options])
    experiment = Experiment(loaded, Prepared.load(furnished / "prepared" / "toy"))
    run = experiment.new_run(tmp_path)
    experiment.run(run)
    assert MetricsFile.load(run.metrics).find("ndcg@20").value > 0.05
    (answer,) = Recommender.load(run.path).recommend([toy_shop.ITEMS[:2]], k=5)
    assert len(set(answer.items)) == 5


def test_a_goal_that_the_table_of_items_lacks_is_said(sessionrl, shop):
    answer = sessionrl(
        "train", "smorl-gru", *QUICK, 'objective.goals=[{name="column", column="margin"}]', "objective.weights=[1.0]"
    )
    assert answer.code == 2
    assert (
        "reward 'column', option 'column' = 'margin': the table of items has no such column of numbers." in answer.err
    )
