"""Every registered reward keeps its contract, and the contract notices one that does not."""

from dataclasses import dataclass

import pytest
import torch

from sessionrl import registry
from sessionrl.contracts import check_reward


@pytest.mark.parametrize("name", registry.names("reward"))
def test_registered_reward_keeps_its_contract(name):
    check_reward(name)


def test_a_column_keeps_the_contract_with_another_scale():
    check_reward("column", column="price", scale=-0.1)


@dataclass(frozen=True)
class Sound:
    def __call__(self, batch, item, context):
        return context.tail[item].float() + batch.position


class ComparesTransitions(Sound):
    def __call__(self, batch, item, context):
        return item / item.sum()


class IsWhole(Sound):
    def __call__(self, batch, item, context):
        return item


class IsOneNumber(Sound):
    def __call__(self, batch, item, context):
        return batch.reward.mean()


class IsUnknown(Sound):
    def __call__(self, batch, item, context):
        return (item - 3).log()


class IsLearned(Sound):
    def __call__(self, batch, item, context):
        return item * torch.ones((), requires_grad=True)


class DrawsFromTheGlobalState(Sound):
    def __call__(self, batch, item, context):
        torch.rand(())
        return batch.reward


@dataclass
class IsNotFrozen:
    def __call__(self, batch, item, context):
        return batch.reward


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (ComparesTransitions, "transition 0 alone earns otherwise than among others"),
        (IsWhole, r"should be float32, but is torch\.int64"),
        (IsOneNumber, r"gives \[\] numbers for \d+ transitions"),
        (IsUnknown, r"is (nan|-inf) for item \[[123]\]"),
        (IsLearned, "has a gradient, as if it were learned"),
        (DrawsFromTheGlobalState, "draws from torch's global state"),
        (IsNotFrozen, "should be a frozen dataclass, so that its fields are its options"),
    ],
)
def test_a_broken_reward_is_noticed(monkeypatch, cls, sentence):
    registry.names("reward")
    monkeypatch.setitem(registry._parts, ("reward", "mine"), cls)
    with pytest.raises(AssertionError, match=sentence):
        check_reward("mine")


def test_a_sound_reward_passes(monkeypatch):
    registry.names("reward")
    monkeypatch.setitem(registry._parts, ("reward", "mine"), Sound)
    check_reward("mine")
