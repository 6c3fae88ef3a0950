"""What Q heads learn the value of: by hand for each kind of objective, and as many heads as the network has for all."""

from dataclasses import replace

import pytest
import torch
from by_hand import REWARDS, TAIL, batch, context

from sessionrl import registry
from sessionrl.objectives.returns import returns

BY_KIND = ("sqn", "snqn", "sac", "sa2c", "cql", "crr", "eval")
TASKS = (
    *("hist", "fut", "cat", "random_target", "extra_head", "next_item", "prl", "reward_weighted", "reinforce"),
    "shuffled_order",  # its sessions are none that a log could show
)


def objective(name, **options):
    return registry.build("objective", {"name": name, **options})


@pytest.mark.parametrize("name", BY_KIND)
def test_one_head_is_paid_for_the_kind_of_the_event(name):
    found = objective(name, gamma=0.25).valued(batch(), context())
    assert found.gamma == 0.25
    assert {head: reward.tolist() for head, reward in found.rewards.items()} == {"reward": pytest.approx([0.2, 3])}
    assert found.ends


def test_who_acts_afterwards():
    follows = {name: objective(name).valued(batch(), context()).follows for name in ("sqn", "crr", "eval")}
    assert follows == {"sqn": "greedy", "crr": "policy", "eval": "logged"}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_no_value(name):
    assert not hasattr(objective(name), "valued")


def test_cql_on_one_head_has_no_head_beside_its_scores():
    assert objective("cql", one_head=True).valued(batch(), context()) is None


def test_smorl_has_a_reward_for_every_head_unless_another_item_than_the_action_is_paid_for():
    assert objective("smorl", rewards_of="top").valued(batch(), context()) is None
    found = objective("smorl").valued(batch(), context())
    assert list(found.rewards) == ["relevance", "diversity", "novelty"]
    assert found.rewards["relevance"].tolist() == pytest.approx([0.2, 3])
    # From item 1 at (1, 0) to item 2 at (.6, .8), and from there to item 3 at (0, 1).
    assert found.rewards["diversity"].tolist() == pytest.approx([0.4, 0.2])
    assert found.rewards["novelty"].tolist() == [float(TAIL[2]), float(TAIL[3])]


def test_goals_of_one_name_are_told_apart():
    goals = [{"name": "relevance"}, {"name": "relevance"}]
    found = objective("smorl", goals=goals, weights=[1.0, 1.0]).valued(batch(), context())
    assert list(found.rewards) == ["relevance", "relevance_2"]


def test_a_control_says_what_it_pays():
    constant = objective("constant_reward", value=2.0).valued(batch(), context())
    assert constant.rewards["reward"].tolist() == [2, 2]
    one = objective("shuffled_reward", seed=3).valued(batch(), context()).rewards["reward"]
    again = objective("shuffled_reward", seed=3).valued(batch(), context()).rewards["reward"]
    assert torch.equal(one, again)
    assert torch.isin(one, REWARDS).all()
    drawn = objective("random_reward").valued(batch(), context()).rewards["reward"]
    assert torch.isin(drawn, REWARDS).all()
    assert not objective("endless").valued(batch(), context()).ends
    frozen = objective("frozen_encoder").valued(batch(), context())
    assert frozen.rewards["reward"].tolist() == pytest.approx([0.2, 3])


@pytest.mark.parametrize("name", ["shuffled_reward", "random_reward", "constant_reward", "frozen_encoder"])
def test_a_control_of_a_task_has_no_values_either(name):
    assert objective(name, of={"name": "hist"}).valued(batch(), context()) is None


def test_returns_of_a_head_by_hand():
    found = objective("sqn", gamma=0.5).valued(batch(), context())
    assert returns(replace(batch(), reward=found.rewards["reward"]), found.gamma).tolist() == pytest.approx([1.7, 3])
