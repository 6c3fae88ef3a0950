"""What a state reads besides items: laid out beside them, added to their vectors, causal."""

import numpy as np
import polars as pl
import pytest
import torch

from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.inputs import Inputs
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import GAPS, Reads, gap_buckets, pieces, prefixes, transitions

ALL = Reads(start=True, event_types=True, gaps=True, features=True)
REWARDS = np.array([0.2, 1.0, 5.0], np.float32)
SECOND, HOUR = 1000, 3_600_000


def sessions() -> Sessions:
    """Two sessions: 4 viewed, 5 carted 3 s later, 6 viewed an hour later; 7 viewed, 8 bought at the same moment."""
    return Sessions(
        np.array([4, 5, 6, 7, 8], np.int32),
        np.array([0, 1, 0, 0, 2], np.uint8),
        np.array([0, 3 * SECOND, 3 * SECOND + HOUR, 9 * HOUR, 9 * HOUR]),
        np.array([0, 3, 5]),
        pl.Series(["a", "b"]),
        features=np.array([[1, 0], [2, 3]], np.int32),
    )


def network(**options) -> Network:
    torch.manual_seed(1)
    made = Network(Items(10, 6, start=True), GRU(6), 0, Inputs(6, 3, (4, 5), **options))
    with torch.no_grad():
        for parameter in made.inputs.parameters():
            parameter.copy_(torch.randn_like(parameter))
    return made.eval()


def test_a_row_carries_kinds_gaps_and_features_beside_its_items():
    batch = transitions(sessions(), pieces(sessions(), 50), REWARDS, ALL)
    assert batch.state.items.tolist() == [[0, 4, 5, 6], [0, 7, 8, 0]]
    assert batch.state.event_types.tolist() == [[0, 1, 2, 1], [0, 1, 3, 0]]
    assert batch.state.gaps.tolist() == [[0, 0, 3, 12], [0, 0, 0, 0]]
    assert batch.state.features.tolist() == [[1, 0], [2, 3]]
    cases = prefixes(sessions(), Cases(np.array([1, 0]), np.array([2, 1])), ALL)
    assert cases.items.tolist() == [[0, 4, 0], [0, 7, 8]]
    assert cases.event_types.tolist() == [[0, 1, 0], [0, 1, 3]]
    assert cases.features.tolist() == [[1, 0], [2, 3]]


def test_what_a_network_does_not_read_is_not_laid_out():
    state = transitions(sessions(), pieces(sessions(), 50), REWARDS).state
    assert (state.event_types, state.gaps, state.features, state.returns) == (None, None, None, None)


def test_later_pieces_of_a_session_carry_its_features_too():
    batch = transitions(sessions(), pieces(sessions(), 2), REWARDS, Reads(features=True))
    assert batch.state.items.tolist() == [[4, 5], [5, 6], [7, 8]]
    assert batch.state.features.tolist() == [[1, 0], [1, 0], [2, 3]]


def test_gaps_grow_by_octaves_and_running_numbers_are_unknown():
    times = np.cumsum([0, 2, 999, 1000, 3000, 7000, 10**12])
    log = Sessions(
        np.ones(7, np.int32), np.zeros(7, np.uint8), times, np.array([0, 7]), pl.Series(["a"])
    )  # 2 ms, 0.999 s, 1 s, 3 s, 7 s, years
    assert gap_buckets(log, np.arange(7)).tolist() == [0, 1, 1, 2, 3, 4, GAPS - 1]
    assert gap_buckets(Sessions.of([[1, 2, 3]]), np.arange(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("reads", ["event_types", "gaps", "session_features"])
def test_every_input_changes_the_states_that_follow_it_and_no_earlier_one(reads):
    made = network(**{reads: True})
    batch = transitions(sessions(), pieces(sessions(), 50), REWARDS, made.reads)
    before = made.states(batch.state)
    field = {"event_types": "event_types", "gaps": "gaps", "session_features": "features"}[reads]
    values = getattr(batch.state, field).clone()
    values[0, -1] += 1  # the newest event of session 0, or its second feature
    after = made.states(batch.state._replace(**{field: values}))
    told = (before != after).any(1)
    # States of session 0: after nothing, 4, 4 5; the newest event is none of theirs. Session 1 never changes.
    assert told.tolist() == ([True] * 3 if reads == "session_features" else [False] * 3) + [False] * 2
    newest = prefixes(sessions(), Cases(np.array([0]), np.array([3])), made.reads)
    values = getattr(newest, field).clone()
    values[0, -1] += 1
    assert not torch.equal(made.states(newest), made.states(newest._replace(**{field: values})))


def test_inputs_are_added_to_the_item_vectors_by_hand():
    inputs = Inputs(2, 2, (3, 2), event_types=True, gaps=True, session_features=True)
    with torch.no_grad():
        inputs.kinds.copy_(torch.tensor([[0.0, 0], [1, 0], [2, 0]]))
        inputs.gaps[3] = torch.tensor([0.0, 10])
        inputs.features.copy_(torch.tensor([[100.0, 0], [200, 0], [300, 0], [1000, 0], [2000, 0]]))
    state = prefixes(sessions(), Cases(np.array([0]), np.array([2])), Reads(False, True, True, True))
    state = state._replace(features=torch.tensor([[2, 1]]))
    assert inputs(torch.zeros(1, 2, 2), state).tolist() == [[[2301.0, 0], [2302, 10]]]


def test_a_network_with_inputs_begins_as_the_network_without():
    torch.manual_seed(1)
    plain = Network(Items(10, 6, start=True), GRU(6), 0)
    torch.manual_seed(1)
    reading = Network(
        Items(10, 6, start=True), GRU(6), 0, Inputs(6, 3, (4, 5), event_types=True, gaps=True, session_features=True)
    )
    batch = transitions(sessions(), pieces(sessions(), 50), REWARDS, ALL)
    assert torch.equal(plain(batch.state).logits, reading(batch.state).logits)


def test_session_features_of_a_log_that_has_none_are_refused():
    with pytest.raises(BadOption) as refused:
        Inputs(6, session_features=True)
    assert str(refused.value) == (
        "[inputs], option 'session_features' = true: the prepared data knows nothing of its sessions.\n"
        "  do now: name columns of the log with data.session_features when preparing, or leave this option out"
    )
