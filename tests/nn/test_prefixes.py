"""Sessions as transitions and states: by hand, and for any lengths."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.data.sessions import PAD, Cases, Sessions
from sessionrl.nn.prefixes import Pieces, Prefixes, Reads, Transitions, pieces, prefixes, transitions

REWARDS = np.array([0.2, 1.0, 5.0], np.float32)
SESSIONS = Sessions.of([[4, 5, 6], [7], [8, 9]], [[0, 1, 0], [2], [1, 2]])


def histories(states: Prefixes) -> list[list[int]]:
    """The items of every state, read off by the definition: items[b, :t + 1]."""
    width = states.items.size(1)
    return [states.items[at // width, : at % width + 1].tolist() for at in states.at.tolist()]


def rows(batch: Transitions) -> list[tuple]:
    columns = (histories(batch.state), batch.action.tolist(), batch.reward.tolist(), histories(batch.next_state))
    kept = [round(r, 6) for r in columns[2]]
    return list(
        zip(columns[0], columns[1], kept, columns[3], batch.done.tolist(), batch.event_type.tolist(), strict=True)
    )


def test_transitions_by_hand():
    assert rows(transitions(SESSIONS, pieces(SESSIONS, 50), REWARDS)) == [
        ([4], 5, 1.0, [4, 5], False, 1),
        ([4, 5], 6, 0.2, [4, 5, 6], True, 0),
        ([8], 9, 5.0, [8, 9], True, 2),
    ]


def test_transitions_with_a_start_token_by_hand():
    assert rows(transitions(SESSIONS, pieces(SESSIONS, 50), REWARDS, Reads(start=True))) == [
        ([PAD], 4, 0.2, [PAD, 4], False, 0),
        ([PAD, 4], 5, 1.0, [PAD, 4, 5], False, 1),
        ([PAD, 4, 5], 6, 0.2, [PAD, 4, 5, 6], True, 0),
        ([PAD], 7, 5.0, [PAD, 7], True, 2),
        ([PAD], 8, 1.0, [PAD, 8], False, 1),
        ([PAD, 8], 9, 5.0, [PAD, 8, 9], True, 2),
    ]


def test_a_long_session_is_cut_into_pieces_that_share_an_event():
    session = Sessions.of([[1, 2, 3, 4, 5, 6]])
    assert rows(transitions(session, pieces(session, 3), REWARDS, Reads(start=True))) == [
        ([PAD], 1, 0.2, [PAD, 1], False, 0),
        ([PAD, 1], 2, 0.2, [PAD, 1, 2], False, 0),
        ([PAD, 1, 2], 3, 0.2, [PAD, 1, 2, 3], False, 0),
        ([3], 4, 0.2, [3, 4], False, 0),
        ([3, 4], 5, 0.2, [3, 4, 5], False, 0),
        ([5], 6, 0.2, [5, 6], True, 0),
    ]


def test_rows_are_padded_on_the_right():
    batch = transitions(SESSIONS, pieces(SESSIONS, 50), REWARDS)
    assert batch.state.items.tolist() == [[4, 5, 6], [7, PAD, PAD], [8, 9, PAD]]
    assert batch.state.items is batch.next_state.items


def test_dtypes():
    batch = transitions(SESSIONS, pieces(SESSIONS, 50), REWARDS)
    assert batch.state.items.dtype == batch.state.at.dtype == batch.action.dtype == torch.int64
    assert (batch.reward.dtype, batch.done.dtype, batch.event_type.dtype) == (torch.float32, torch.bool, torch.int64)


lengths = st.lists(st.integers(0, 12), min_size=1, max_size=8)


def numbered(lengths: list[int]) -> Sessions:
    """Every event has an item number of its own, so that a transition is known by its action."""
    ends = np.cumsum([1, *lengths])
    sessions = [list(range(a, b)) for a, b in pairwise(ends)]
    return Sessions.of(sessions, [[item % 3 for item in session] for session in sessions])


@settings(max_examples=60)
@given(lengths=lengths, max_length=st.integers(2, 14), start=st.booleans())
def test_every_transition_lies_in_exactly_one_piece(lengths, max_length, start):
    sessions = numbered(lengths)
    chosen = pieces(sessions, max_length)
    batch = transitions(sessions, chosen, REWARDS, Reads(start))
    first = sessions.offsets[:-1][sessions.lengths > 0]
    expected = set(sessions.items.tolist()) - (set() if start else set(sessions.items[first].tolist()))
    assert sorted(batch.action.tolist()) == sorted(expected)
    assert chosen.transitions(start).sum() == len(batch)
    last = set(sessions.items[sessions.offsets[1:][sessions.lengths > 0] - 1].tolist())
    assert set(batch.action[batch.done].tolist()) == last & expected
    assert batch.event_type.tolist() == [item % 3 for item in batch.action.tolist()]
    assert batch.reward.tolist() == [float(REWARDS[item % 3]) for item in batch.action.tolist()]


@settings(max_examples=60)
@given(lengths=lengths, max_length=st.integers(2, 14), start=st.booleans())
def test_the_next_state_is_the_state_followed_by_the_action(lengths, max_length, start):
    """The reference implementation read s' with the length of s, and so cut the action off."""
    sessions = numbered(lengths)
    batch = transitions(sessions, pieces(sessions, max_length), REWARDS, Reads(start))
    for state, action, later in zip(
        histories(batch.state), batch.action.tolist(), histories(batch.next_state), strict=True
    ):
        assert later == [*state, action]
        real = [item for item in state if item != PAD]
        assert len(real) <= max_length
        assert real == list(range(action - len(real), action)), "the events right before the action"


@settings(max_examples=40)
@given(lengths=lengths, start=st.booleans())
def test_sessions_that_fit_are_not_cut(lengths, start):
    whole = pieces(numbered(lengths), 12)
    assert len(whole.first) == len(lengths)
    assert whole.opens.all()
    assert whole.ends.all()


def test_chosen_pieces_come_in_their_order():
    every = pieces(SESSIONS, 50)
    backwards = Pieces(*(getattr(every, name)[[2, 0]] for name in ("first", "last", "opens", "ends")))
    assert transitions(SESSIONS, backwards, REWARDS).action.tolist() == [9, 5, 6]


@settings(max_examples=40)
@given(lengths=lengths, start=st.booleans(), seed=st.integers(0, 999))
def test_prefixes_are_the_states_of_the_cases_in_their_order(lengths, start, seed):
    sessions = numbered(lengths)
    every = [(s, n) for s, length in enumerate(lengths) for n in range(0 if start else 1, length + 1)]
    if not every:
        return
    order = np.random.default_rng(seed).permutation(len(every))[: 1 + seed % len(every)]
    cases = Cases(*(np.array(column) for column in zip(*(every[n] for n in order), strict=True)))
    expected = [
        ([PAD] if start else []) + sessions.items[sessions.offsets[s] :][:n].tolist()
        for s, n in zip(cases.session, cases.length, strict=True)
    ]
    assert histories(prefixes(sessions, cases, Reads(start))) == expected


def test_the_empty_history_of_a_log_without_events():
    nothing = Cases(np.array([0]), np.array([0]))
    assert histories(prefixes(Sessions.of([[]]), nothing, Reads(start=True))) == [[PAD]]


def test_no_more_is_laid_out_than_the_longest_case_reads():
    cases = Cases(np.array([0, 0, 2]), np.array([2, 1, 1]))
    assert prefixes(SESSIONS, cases).items.tolist() == [[4, 5], [8, PAD]]


@pytest.mark.parametrize("start", [False, True])
def test_moving_to_a_device_keeps_everything(start):
    batch = transitions(SESSIONS, pieces(SESSIONS, 50), REWARDS, Reads(start))
    assert rows(batch.to(torch.device("cpu"))) == rows(batch)


def test_a_transition_knows_where_in_its_session_it_is():
    batch = transitions(SESSIONS, pieces(SESSIONS, 2), REWARDS, Reads(start=True))
    assert batch.action.tolist() == [4, 5, 6, 7, 8, 9]
    assert batch.event.tolist() == [0, 1, 2, 3, 4, 5]
    assert batch.position.tolist() == [0, 1, 2, 0, 0, 1]
    assert batch.remaining.tolist() == [2, 1, 0, 0, 1, 0]
    assert batch.next_action.tolist() == [5, 6, PAD, PAD, 9, PAD]
    assert batch.next_event_type.tolist() == [1, 0, -1, -1, 2, -1]
    assert batch.propensity is None


def test_a_selection_keeps_rows_and_drops_transitions():
    batch = transitions(SESSIONS, pieces(SESSIONS, 50), REWARDS)
    chosen = batch.select(torch.tensor([False, True, True]))
    assert histories(chosen.state) == [[4, 5], [8]]
    assert histories(chosen.next_state) == [[4, 5, 6], [8, 9]]
    assert (chosen.action.tolist(), chosen.event.tolist(), chosen.done.tolist()) == ([6, 9], [2, 5], [True, True])


def test_logged_propensities_come_along():
    logged = replace(SESSIONS, propensities=np.array([0.1, 0.2, np.nan, 0.4, 0.5, 0.6], np.float32))
    batch = transitions(logged, pieces(logged, 50), REWARDS)
    np.testing.assert_array_equal(batch.propensity.numpy(), np.array([0.2, np.nan, 0.6], np.float32))
