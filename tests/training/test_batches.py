"""Every transition once an epoch, the newest included; roughly in the order of time; the same for the same seed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionrl.data.sessions import Sessions
from sessionrl.nn.prefixes import Reads
from sessionrl.training.batches import BUCKET, Batches

REWARDS = np.ones(1, np.float32)


def numbered(lengths: list[int]) -> Sessions:
    """Every event has an item number of its own, rising with time."""
    ends = np.cumsum([1, *lengths])
    return Sessions.of([list(range(a, b)) for a, b in pairwise(ends)])


def of(sessions: Sessions, per_batch=8, order="time", max_length=50, start=False, seed=1) -> Batches:
    return Batches(sessions, REWARDS, per_batch, order, max_length, Reads(start), seed)


def random_lengths(n: int, longest: int = 9) -> list[int]:
    return np.random.default_rng(0).integers(1, longest, n).tolist()


@settings(max_examples=60)
@given(
    lengths=st.lists(st.integers(0, 15), min_size=1, max_size=25),
    per_batch=st.integers(1, 40),
    order=st.sampled_from(["time", "shuffled"]),
    max_length=st.integers(2, 20),
    start=st.booleans(),
)
def test_every_transition_comes_once_an_epoch(lengths, per_batch, order, max_length, start):
    """Ports of GRU4Rec ended the epoch when a batch could not be filled, and so never trained on the newest events."""
    sessions = numbered(lengths)
    batches = of(sessions, per_batch, order, max_length, start)
    first = sessions.offsets[:-1][sessions.lengths > 0]
    expected = set(sessions.items.tolist()) - (set() if start else set(sessions.items[first].tolist()))
    for epoch in (0, 1):
        actions = [action for batch in batches.epoch(epoch) for action in batch.action.tolist()]
        assert sorted(actions) == sorted(expected)
    assert batches.transitions == len(expected)


def test_no_batch_is_empty_and_sizes_are_about_what_was_asked():
    sizes = [len(batch) for batch in of(numbered(random_lengths(400)), per_batch=32).epoch(0)]
    assert min(sizes) > 0
    assert np.mean(sizes) == pytest.approx(32, rel=0.1)
    assert max(sizes) <= 32 + 9


def test_in_the_order_of_time_a_bucket_ends_before_the_next_begins():
    batches = list(of(numbered(random_lengths(2000)), per_batch=16).epoch(0))
    bounds = [(batch.action.min().item(), batch.action.max().item()) for batch in batches]
    assert len(batches) > 4 * BUCKET
    later = [(a, b) for a, b in zip(bounds, bounds[2 * BUCKET :], strict=False)]
    assert all(a[1] < b[0] for a, b in later)
    assert max(bounds[-BUCKET:], key=lambda bound: bound[1])[1] == sum(random_lengths(2000))


def test_shuffled_batches_mix_old_and_new():
    batches = list(of(numbered(random_lengths(400)), per_batch=32, order="shuffled").epoch(0))
    middle = [batch.action.float().mean().item() for batch in batches]
    assert abs(np.corrcoef(middle, np.arange(len(middle)))[0, 1]) < 0.5
    assert np.std(middle) < np.std(
        [b.action.float().mean().item() for b in of(numbered(random_lengths(400)), 32).epoch(0)]
    )


@pytest.mark.parametrize("order", ["time", "shuffled"])
def test_the_plan_depends_on_seed_and_epoch_alone(order):
    sessions = numbered(random_lengths(100))

    def plan(seed, epoch):
        return [chosen.tolist() for chosen in of(sessions, order=order, seed=seed).plan(epoch)]

    assert plan(1, 0) == plan(1, 0)
    assert plan(1, 0) != plan(1, 1)
    assert plan(1, 0) != plan(2, 0)


def test_an_epoch_can_be_entered_in_its_middle():
    batches = of(numbered(random_lengths(60)))
    whole = [batch.action.tolist() for batch in batches.epoch(2)]
    assert [batch.action.tolist() for batch in batches.epoch(2, skip=3)] == whole[3:]


def test_sessions_of_like_length_lie_together():
    """Rows of a batch are padded to the longest, so a batch of mixed lengths would be mostly padding."""
    batches = list(of(numbered(random_lengths(500, 30)), per_batch=64).epoch(0))
    real = sum((batch.state.items > 0).sum().item() for batch in batches)
    cells = sum(batch.state.items.numel() for batch in batches)
    assert real / cells > 0.8
