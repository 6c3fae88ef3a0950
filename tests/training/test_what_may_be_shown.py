"""Items that inform and are never shown: read as history, no next item to learn, no candidate, no negative."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from cycle import N_ITEMS, material, network_for
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_batches import REWARDS, numbered

from sessionrl import registry
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.prefixes import Reads
from sessionrl.training.batches import Batches
from sessionrl.training.lanes import Lanes
from sessionrl.training.loop import train
from sessionrl.training.options import Training

EVEN = np.arange(N_ITEMS) % 2 == 0  # PAD is even too, and shown to nobody
EVEN[0] = False


def shop():
    made = material()
    return replace(made, catalogue=replace(made.catalogue, recommendable=EVEN))


def test_only_what_may_be_shown_is_a_candidate():
    sampler = ItemSampler(np.array([0, 9, 1, 5, 0, 7, 2, 1, 1]), recommendable=EVEN)
    whole = sampler.whole(torch.tensor([8, 2]))
    assert whole.items.tolist() == [2, 4, 6, 8]
    assert whole.position.tolist() == [3, 0]
    for alpha in (0.0, 0.5, 1.0):
        drawn = sampler.draw(2_000, alpha, torch.Generator().manual_seed(0))
        assert set(drawn.tolist()) == {2, 4, 6, 8}
        assert sampler.share(torch.arange(1, N_ITEMS), alpha)[[0, 2, 4, 6]].tolist() == [0] * 4
        assert sampler.share(torch.arange(1, N_ITEMS), alpha).sum().item() == pytest.approx(1)
    sampled = sampler.candidates(torch.tensor([2]), torch.tensor([0]), 2, 1.0, torch.Generator().manual_seed(0))
    assert sampled.rate == pytest.approx(2 / 3)  # of the three other items that may be shown


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=20),
    per_batch=st.integers(1, 12),
    max_length=st.integers(2, 6),
    start=st.booleans(),
)
@example(lengths=[1, 0], per_batch=4, max_length=3, start=False)
@example(lengths=[0, 2, 0], per_batch=4, max_length=2, start=True)
def test_every_event_that_may_be_shown_is_learned_once(lengths, per_batch, max_length, start):
    sessions = numbered(lengths)  # every event has an item of its own
    shown = np.arange(len(sessions.items) + 1) % 3 != 1
    shown[0] = False
    opens = set(sessions.items[sessions.offsets[:-1][sessions.lengths > 0]].tolist())
    wanted = [item for item in sessions.items.tolist() if shown[item] and (start or item not in opens)]
    made = Batches(sessions, REWARDS, per_batch, "time", max_length, Reads(start), 1, shown)
    batches = list(made.epoch(0))
    assert sorted(action for batch in batches for action in batch.action.tolist()) == wanted
    assert all(len(batch) for batch in batches)
    assert made.transitions == len(wanted)


def test_lanes_carry_on_over_events_that_may_not_be_shown():
    sessions = numbered([4, 3])
    shown = np.array([False, True, False, True, True, True, True, True])
    lanes = Lanes(sessions, REWARDS, 1, "time", 1, lambda prefixes: prefixes.items, shown)
    steps = []
    for batch in lanes.epoch(0):
        steps.append((batch.state.items.tolist(), batch.action.tolist()))
        lanes.trained(batch)
    assert steps == [([[1]], []), ([[2]], [3]), ([[3]], [4]), ([[5]], [6]), ([[6]], [7])]


@pytest.mark.parametrize("layout", ["sessions", "parallel"])
@pytest.mark.parametrize("negatives", [0, 20])
def test_the_cycle_of_what_may_be_shown_is_learned(layout, negatives):
    objective = {"name": "next_item", "negatives": negatives}
    training = Training(epochs=12, layout=layout, transitions_per_batch=16, learning_rate=0.3, patience=0)
    made = registry.build("objective", objective)
    trained = train(network_for(objective), made, training, shop(), seed=1)
    sessions = shop().sessions
    batch = next(Batches(sessions, np.ones(1, np.float32), 10**6, "time", 50, Reads(), 1, EVEN).epoch(0))
    shown = torch.arange(2, N_ITEMS, 2)
    best = shown[trained.network(batch.state, shown, heads="supervised").logits.argmax(1)]
    assert (best == batch.action).float().mean() > 0.9
    never = trained.network.bias.detach()[1::2]
    assert never.eq(0).all()  # a bias belongs to the output alone: no odd item was ever scored
