"""What a policy must be: an order, and probabilities that agree with it."""

from typing import Any, get_args

import torch

from sessionrl import registry
from sessionrl.contracts.made_up import require
from sessionrl.nn.network import Heads, Scores
from sessionrl.nn.prefixes import Prefixes
from sessionrl.policies import Policy


def check_policy(name: str, q_heads: int = 1, **options: Any) -> None:
    """An order of the candidates and probabilities that agree with it, state by state.

    Args:
        name: as registered
        q_heads: Q heads of the network under it
        options: of the policy, as in a configuration
    """
    policy: Policy = registry.build("policy", {"name": name, **options})
    who = f"policy {name!r}"
    require(policy.heads in get_args(Heads), f"{who} reads heads {policy.heads!r}, which a network does not have")
    rng = torch.Generator().manual_seed(0)
    logits, q = torch.randn(6, 9, generator=rng) * 3, torch.randn(6, q_heads, 9, generator=rng)
    nothing = torch.empty(0)
    scores = Scores(nothing if policy.heads == "q" else logits, nothing if policy.heads == "supervised" else q)
    kept = Scores(*(one.clone() for one in scores))
    items = torch.tensor([[1, 2, 3], [4, 4, 9]])
    prefixes = Prefixes(items, torch.arange(6))
    order, chance = policy.order_by(scores, prefixes), policy.probabilities(scores, prefixes)
    for found, what in ((order, "order"), (chance, "probabilities")):
        require(found.shape == (6, 9), f"{who}: {what} of 6 states and 9 items have the shape {list(found.shape)}")
        require(bool(found.isfinite().all()), f"{who}: {what} are not finite")
    require(bool((chance >= 0).all()), f"{who} has a probability below 0")
    require(torch.allclose(chance.sum(1), torch.ones(6), atol=1e-5), f"{who}: the probabilities do not sum to 1")
    falling = chance.gather(1, order.argsort(1, descending=True)).diff(dim=1)
    require(bool((falling <= 1e-6).all()), f"{who} gives an item more probability than one that stands above it")
    for state in range(6):
        alone = Scores(*(one[state : state + 1] for one in scores))
        require(
            torch.allclose(
                policy.order_by(alone, Prefixes(items, prefixes.at[state : state + 1]))[0], order[state], atol=1e-5
            ),
            f"{who}: state {state} alone has another order than within the batch",
        )
    require(all(map(torch.equal, scores, kept)), f"{who} changes the scores it is given")
