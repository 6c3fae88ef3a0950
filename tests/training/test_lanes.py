"""Session-parallel steps: every transition once, one session a lane, states that are those of whole sessions."""

import numpy as np
import pytest
import torch
from cycle import DIM, N_ITEMS, hit_at_1, material, network_for, run
from hypothesis import given, settings
from hypothesis import strategies as st
from test_batches import REWARDS, numbered, random_lengths

from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import pieces, transitions
from sessionrl.training.lanes import Lanes


def of(sessions: Sessions, lanes=4, order="time", carry=lambda prefixes: prefixes.items, seed=1) -> Lanes:
    return Lanes(sessions, REWARDS, lanes, order, seed, carry)


def walked(lanes: Lanes, epoch=0, skip=0):
    for batch in lanes.epoch(epoch, skip):
        yield batch
        lanes.trained(batch)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 15), min_size=1, max_size=25),
    lanes=st.integers(1, 12),
    order=st.sampled_from(["time", "shuffled"]),
)
def test_every_transition_comes_once_an_epoch_the_tail_included(lengths, lanes, order):
    sessions = numbered(lengths)
    expected = set(sessions.items.tolist()) - set(sessions.items[sessions.offsets[:-1][sessions.lengths > 0]].tolist())
    made = of(sessions, lanes, order)
    for epoch in (0, 1):
        steps = list(walked(made, epoch))
        actions = [action for batch in steps for action in batch.action.tolist()]
        assert sorted(actions) == sorted(expected)
        assert all(0 < len(batch) <= lanes for batch in steps)
        assert [len(batch) for batch in steps] == [len(events) for events in made.plan(epoch)]
        last = {items[-1] for items in np.split(sessions.items, sessions.offsets[1:-1]) if len(items) > 1}
        ended = [batch.action[batch.done].tolist() for batch in steps]
        assert {action for actions in ended for action in actions} == last
    assert made.transitions == len(expected)


def test_lanes_walk_their_sessions_and_pass_to_the_next_one():
    sessions = Sessions.of([[1, 2, 3], [4, 5], [6, 7], [9], [8, 1]])
    steps = [(batch.state.items[:, 0].tolist(), batch.action.tolist()) for batch in walked(of(sessions, lanes=2))]
    # lane 0: 1 2 3, then 8 1; lane 1: 4 5, then 6 7
    assert steps == [([1, 4], [2, 5]), ([2, 6], [3, 7]), ([8], [1])]


def test_a_step_with_few_lanes_left_weighs_less():
    made = of(Sessions.of([[1, 2, 3, 4], [4, 5], [6, 7]]), lanes=2)
    assert [made.weight(batch) for batch in walked(made)] == [1.0, 1.0, 0.5]


def test_shuffled_epochs_differ_and_come_again():
    sessions = numbered(random_lengths(50))
    first, second = (
        [batch.action.tolist() for batch in walked(of(sessions, 8, "shuffled"), epoch)] for epoch in (0, 1)
    )
    assert first != second
    assert first == [batch.action.tolist() for batch in walked(of(sessions, 8, "shuffled"), 0)]


@torch.no_grad()
def told(network: Network, batch) -> set[tuple[int, int, float]]:
    """Last item, action and first number of every state of a batch."""
    last, states = batch.state.items.flatten()[batch.state.at], network.states(batch.state)[:, 0]
    return set(zip(last.tolist(), batch.action.tolist(), states.mul(1e5).round().tolist(), strict=True))


@pytest.mark.parametrize("layers", [1, 2])
def test_states_are_those_of_whole_sessions(layers):
    """What is carried is reset where a session ends, and only there: ports of GRU4Rec got that wrong."""
    torch.manual_seed(0)
    sessions = Sessions.of([[(7 * s + 3 * t) % 8 + 1 for t in range(2 + s % 5)] for s in range(23)])
    network = Network(Items(N_ITEMS, DIM), GRU(DIM, layers=layers), 0).eval()
    expected = told(network, transitions(sessions, pieces(sessions, 50), REWARDS))
    found = set().union(*(told(network, batch) for batch in walked(of(sessions, 3, carry=network.carry))))
    assert len(expected) > 30
    assert found == expected


def test_nothing_is_carried_into_another_epoch():
    sessions = numbered([4, 4])
    made = of(sessions, 2)
    list(walked(made))
    assert made.carried is not None
    assert next(iter(made.epoch(1))).state.carried is None


def test_it_learns():
    found = run(
        {"name": "next_item", "negatives": 10}, {"layout": "parallel", "transitions_per_batch": 8, "epochs": 30}
    )
    assert hit_at_1(found.network) > 0.9


@pytest.mark.parametrize(
    ("objective", "network", "reason"),
    [
        ("sqn", {}, "the objective SQN reads the states of two networks, and one is carried"),
        ("next_item", {"start": True}, "items.start = true: a lane begins with the first event of its session"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(objective, network, reason):
    with pytest.raises(BadOption) as caught:
        run({"name": objective}, {"layout": "parallel"}, **network)
    assert str(caught.value) == (
        f"[training], option 'layout' = 'parallel': {reason}.\n  do now: set training.layout=sessions"
    )


def test_a_backbone_that_carries_nothing_is_refused():
    from sessionrl import registry
    from sessionrl.training.loop import train
    from sessionrl.training.options import Training

    def network() -> Network:
        return Network(Items(N_ITEMS, DIM), registry.build("backbone", {"name": "sasrec", "heads": 1}, dim=DIM), 0)

    objective = registry.build("objective", {"name": "next_item"})
    with pytest.raises(BadOption, match="the backbone SASRec carries no state from event to event, only gru does"):
        train(network, objective, Training(layout="parallel"), material(), 1)
    assert network_for({"name": "next_item"})().backbone.carry


def test_a_window_is_refused():
    from sessionrl import registry
    from sessionrl.training.loop import train
    from sessionrl.training.options import Training

    def network() -> Network:
        return Network(Items(N_ITEMS, DIM), registry.build("backbone", {"name": "gru", "window": 3}, dim=DIM), 0)

    with pytest.raises(BadOption, match="a state that is carried from step to step has no window"):
        train(network, registry.build("objective", {"name": "next_item"}), Training(layout="parallel"), material(), 1)
