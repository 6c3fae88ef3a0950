"""A session encoded once gives the loss of one padded window per transition, the layout of the reference code."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sessionrl import registry
from sessionrl.data.sessions import PAD, Sessions
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes, Reads, Transitions, pieces, transitions
from sessionrl.objectives.objective import Context

V, LONGEST = 30, 10
REWARDS = np.array([0.2, 1.0], np.float32)


def random_sessions() -> Sessions:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, LONGEST, 12)
    items = [rng.integers(1, V, n).tolist() for n in lengths]
    return Sessions.of(items, [rng.integers(0, 2, n).tolist() for n in lengths])


def windows(sessions: Sessions, start: bool, last: int = LONGEST + 1) -> Transitions:
    """One row per transition, which holds the last items of its state; written without any of the package's code."""
    states, nexts, action, reward, done, kinds = [], [], [], [], [], []
    for s in range(len(sessions)):
        stretch = slice(sessions.offsets[s], sessions.offsets[s + 1])
        items, events = sessions.items[stretch].tolist(), sessions.event_types[stretch].tolist()
        lead = [PAD] if start else []
        for t in range(0 if start else 1, len(items)):
            states.append(lead + items[:t])
            nexts.append(lead + items[: t + 1])
            action.append(items[t])
            reward.append(REWARDS[events[t]])
            done.append(t == len(items) - 1)
            kinds.append(events[t])
    whole = transitions(sessions, pieces(sessions, 50), REWARDS, Reads(start))
    return replace(
        whole,
        state=stacked([state[-last:] for state in states]),
        next_state=stacked([state[-last:] for state in nexts]),
        action=torch.tensor(action),
        reward=torch.tensor(np.array(reward)),
        done=torch.tensor(done),
        event_type=torch.tensor(kinds),
    )


def stacked(histories: list[list[int]]) -> Prefixes:
    width = LONGEST + 1
    items = torch.tensor([history + [PAD] * (width - len(history)) for history in histories])
    return Prefixes(items, torch.tensor([row * width + len(history) - 1 for row, history in enumerate(histories)]))


def network(objective, backbone, start: bool, seed: int) -> Network:
    torch.manual_seed(seed)
    return Network(Items(V, 8, start=start), registry.build("backbone", backbone, dim=8), objective.rewards)


def context() -> Context:
    rng = np.random.default_rng(1)
    vectors = torch.from_numpy(rng.normal(size=(V, 3)).astype(np.float32))
    sampler = ItemSampler(np.arange(V))
    return Context(
        0,
        torch.Generator().manual_seed(0),
        sampler,
        torch.arange(V) > V // 2,
        vectors,
        torch.tensor(REWARDS),
        torch.tensor([0.5, 0.5]),
    )


def without_dropout(name: str) -> dict:
    """The backbone as it is registered, but not random."""
    known = registry.complete("backbone", {"name": name}, given=("dim",))
    return {"name": name, **({"dropout": 0.0} if "dropout" in known else {})}


OTHERS = [
    {"name": "gru", "layers": 2, "residual": True},
    {"name": "sasrec", "dropout": 0.0, "max_length": 4},
    {"name": "sasrec", "dropout": 0.0, "block": "ligr", "heads": 2},
    {"name": "caser", "dropout": 0.0, "window": 4, "vertical": 2, "residual": True},
    {"name": "nextitnet", "dilations": [1, 1], "residual": True},
]


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("backbone", [*map(without_dropout, registry.names("backbone")), *OTHERS])
@pytest.mark.parametrize("name", ["next_item", "sqn", "smorl"])
def test_whole_sessions_give_the_loss_and_the_gradient_of_windows(name, backbone, start):
    check_views(name, backbone, start, LONGEST + 1)


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize(
    ("backbone", "last"),
    [
        ({"name": "caser", "dropout": 0.0, "window": 4}, 4),
        ({"name": "caser", "dropout": 0.0, "window": 7, "vertical": 2}, 7),
        ({"name": "nextitnet", "dilations": [1], "kernel": 2}, 4),
        ({"name": "nextitnet", "dilations": [1, 1], "kernel": 2}, 7),
    ],
)
def test_whole_sessions_give_the_loss_and_the_gradient_of_windows_of_the_last_items(backbone, last, start):
    """A backbone that forgets what is older, as in the code of SQN, whose states are the last ten items."""
    check_views("sqn", backbone, start, last)


def check_views(name: str, backbone: dict, start: bool, last: int) -> None:
    objective = registry.build("objective", {"name": name})
    sessions = random_sessions()
    results = []
    for batch in (transitions(sessions, pieces(sessions, 50), REWARDS, Reads(start)), windows(sessions, start, last)):
        online, target = (network(objective, backbone, start, seed) for seed in (1, 2))
        total = objective.loss(online, target, batch, context()).total
        total.backward()
        results.append((total.detach(), {key: p.grad for key, p in online.named_parameters()}))
    (whole, its_gradients), (apart, gradients) = results
    torch.testing.assert_close(whole, apart, rtol=1e-6, atol=1e-6)
    for key, gradient in its_gradients.items():
        torch.testing.assert_close(gradient, gradients[key], rtol=1e-5, atol=1e-6, msg=f"gradient of {key}")
