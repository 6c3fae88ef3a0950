"""What a reward must be: one number for each transition by itself, of nothing that is learned."""

from dataclasses import is_dataclass
from typing import Any

import torch

from sessionrl import registry
from sessionrl.contracts.made_up import N_ITEMS, REWARDS, made_up, require
from sessionrl.contracts.trial import made_up_context
from sessionrl.nn.prefixes import Reads, pieces, transitions
from sessionrl.objectives.rewards.reward import Reward


def check_reward(name: str, **options: Any) -> None:
    """A finite float32 for each transition, the same alone and among others, for the logged action and for any item.

    Args:
        name: as registered
        options: of the reward, as in a configuration
    """
    reward: Reward = registry.build("reward", {"name": name, **options})
    who = f"reward {name!r}"
    frozen = is_dataclass(reward) and type(reward).__dataclass_params__.frozen
    require(frozen, f"{who} should be a frozen dataclass, so that its fields are its options")
    sessions = made_up().sessions
    batch = transitions(sessions, pieces(sessions, 50), REWARDS, Reads(start=True))  # the empty history is a state too
    chance = torch.get_rng_state()
    for item in (batch.action, torch.arange(len(batch)) % (N_ITEMS - 1) + 1):
        paid = reward(batch, item, made_up_context())
        require(paid.shape == item.shape, f"{who} gives {list(paid.shape)} numbers for {len(item)} transitions")
        require(paid.dtype == torch.float32, f"{who} should be float32, but is {paid.dtype}")
        require(not paid.requires_grad, f"{who} has a gradient, as if it were learned")
        finite = paid.isfinite()
        require(bool(finite.all()), f"{who} is {float(paid[~finite][:1].sum())} for item {item[~finite][:1].tolist()}")
        for n in (0, len(batch) - 1):
            one = torch.arange(len(batch)) == n
            alone = reward(batch.select(one), item[one], made_up_context())
            require(torch.allclose(alone, paid[one]), f"{who}: transition {n} alone earns otherwise than among others")
    require(torch.equal(chance, torch.get_rng_state()), f"{who} draws from torch's global state, not from context.rng")
