"""A network under a policy scores every case once, the same in any company."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl import registry, scorers
from sessionrl.data.sessions import PAD, Cases, Sessions
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes
from sessionrl.policies import Greedy, Weighted
from sessionrl.scorers import NetworkScorer

V = 9
COUNTS = np.array([0, 9, 7, 7, 5, 3, 2, 1, 0])


def scorer(start: bool = False, policy=None, dropout: float = 0.5) -> NetworkScorer:
    torch.manual_seed(0)
    backbone = registry.build("backbone", {"name": "gru", "dropout": dropout}, dim=6)
    return NetworkScorer(Network(Items(V, 6, dropout=dropout, start=start), backbone, 2), policy or Greedy(), COUNTS)


def sessions_of(lengths: list[int]) -> Sessions:
    rng = np.random.default_rng(0)
    return Sessions.of([rng.integers(1, V, n).tolist() for n in lengths])


def scored(made: NetworkScorer, sessions: Sessions, cases: Cases) -> dict[tuple[int, int], torch.Tensor]:
    """By case; a case that comes twice is an error."""
    found: dict[tuple[int, int], torch.Tensor] = {}
    for chunk, scores in made.scored(sessions, cases):
        assert scores.shape == (len(chunk.session), V - 1)
        for case, row in zip(zip(chunk.session.tolist(), chunk.length.tolist(), strict=True), scores, strict=True):
            assert case not in found
            found[case] = row
    return found


@settings(max_examples=25)
@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=12), start=st.booleans(), seed=st.integers(0, 99))
def test_every_case_is_scored_once_as_it_is_alone(lengths, start, seed):
    sessions = sessions_of(lengths)
    every = [(s, n) for s, length in enumerate(lengths) for n in range(length + 1)]
    chosen = [every[n] for n in np.random.default_rng(seed).permutation(len(every))[: 1 + seed % len(every)]]
    made = scorer(start)
    cases = Cases(*(np.array(column) for column in zip(*chosen, strict=True)))
    with pytest.MonkeyPatch.context() as patch:  # so small that groups and chunks are many
        patch.setattr(scorers, "CELLS", 20)
        patch.setattr(scorers, "ROWS", 3)
        found = scored(made, sessions, cases)
    assert found.keys() == set(chosen)
    for (session, length), row in found.items():
        history = ([PAD] if start else []) + sessions.items[sessions.offsets[session] :][:length].tolist()
        if history:
            alone = made.network(
                Prefixes(torch.tensor([history]), torch.tensor([len(history) - 1])), heads="supervised"
            )
            torch.testing.assert_close(row, alone.logits[0])


def test_without_a_start_token_the_empty_history_is_scored_by_popularity():
    empty = scored(scorer(), sessions_of([3]), Cases(np.array([0]), np.array([0])))[0, 0]
    order = np.sign(empty.numpy()[:, None] - empty.numpy()[None])
    assert np.array_equal(order, np.sign(COUNTS[1:, None] - COUNTS[None, 1:]))


def test_with_a_start_token_the_empty_history_is_scored_by_the_network():
    made = scorer(start=True)
    empty = scored(made, sessions_of([3]), Cases(np.array([0]), np.array([0])))[0, 0]
    torch.testing.assert_close(empty, made.network(Prefixes(torch.tensor([[PAD]]), torch.tensor([0]))).logits[0])


def test_a_network_is_scored_without_dropout():
    assert not scorer(dropout=0.9).network.training


def test_the_policy_decides_the_order():
    sessions, case = sessions_of([4]), Cases(np.array([0]), np.array([4]))
    policy = Weighted(weights=(1.0, -2.0))
    made = scorer(policy=policy)
    history = sessions.items.tolist()
    state = Prefixes(torch.tensor([history]), torch.tensor([3]))
    order = policy.order_by(made.network(state), state)
    torch.testing.assert_close(scored(made, sessions, case)[0, 4], order[0])
    assert not torch.equal(scored(made, sessions, case)[0, 4], scored(scorer(), sessions, case)[0, 4])


def test_sessions_without_events_and_no_cases_at_all():
    nothing = np.array([], np.int64)
    assert scored(scorer(), sessions_of([2]), Cases(nothing, nothing)) == {}
    for start in (False, True):
        assert scored(scorer(start), Sessions.of([[], []]), Cases(np.array([0, 1]), np.array([0, 0]))).keys() == {
            (0, 0),
            (1, 0),
        }
