"""Objectives whose Q head learns something else, by hand (`by_hand` has the network) and with their part taken away."""

import math
from dataclasses import replace

import pytest
import torch
from by_hand import LN2, ONLINE, SUPERVISED, TARGET, batch, by_hand, context, gru_network, values

from sessionrl.contracts import check_objective
from sessionrl.contracts.trial import made_up_transitions
from sessionrl.errors import BadOption
from sessionrl.nn.prefixes import Prefixes
from sessionrl.objectives.controls import Cat, ExtraHead, Fut, Hist, RandomTarget
from sessionrl.objectives.eval import Eval
from sessionrl.objectives.fixed_draws import fixed_uniform
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.shuffled_order import ShuffledOrder, permuted
from sessionrl.objectives.sqn import SQN

TASKS = [Eval(), Hist(), Fut(), Cat(), RandomTarget(), ExtraHead(), ShuffledOrder()]
SAMPLED = {"supervised": {"negatives": 5}}


def named(objective) -> str:
    return type(objective).__name__


def found(objective, given=None, online=None) -> dict[str, float]:
    online = by_hand(ONLINE[:1]) if online is None else online
    target = by_hand(TARGET[:1]) if objective.bootstraps else None
    return values(objective.loss(online, target, given or batch(), context()))


def test_eval_by_hand():
    # Q(s0, 2) = 2; the session goes on with 3, worth 4 to the target: 1/2 (.2 + 2 - 2)^2 = .02; the end as in SQN, 2
    loss = Eval(gamma=0.5, td_weight=0.25).loss(by_hand(ONLINE[:1]), by_hand(TARGET[:1]), batch(), context())
    assert values(loss) == pytest.approx({"cross_entropy": LN2, "td": 1.01}, rel=1e-6)
    assert loss.total.item() == pytest.approx(LN2 + 0.25 * 1.01, rel=1e-6)


def test_eval_is_sqn_where_the_logged_action_is_the_best():
    online, same, target = gru_network(1, 1), gru_network(1, 1), gru_network(1, 2)
    greedy = online(batch().next_state, heads="q").q[:, 0].argmax(1) + 1
    best = replace(batch(), next_action=torch.where(batch().done, 0, greedy))
    value = Eval().loss(online, target, best, context()).total
    improved = SQN().loss(same, target, best, context()).total
    assert torch.equal(value, improved)
    value.backward()
    improved.backward()
    assert torch.equal(online.items.id.grad, same.items.id.grad)


@pytest.mark.parametrize(
    ("objective", "part", "expected"),
    [
        # Q = (2, 1); one and two events come before the actions, one and none after them.
        (Hist(longest=4), "history", (1.75**2 + 0.5**2) / 4),
        (Hist(longest=1), "history", 0.25),  # both count as 1
        (Fut(longest=4), "future", (1.75**2 + 1) / 4),
        (Fut(longest=1), "future", 0.5),
    ],
)
def test_lengths_by_hand(objective, part, expected):
    loss = replace(objective, weight=0.5).loss(by_hand(ONLINE[:1]), None, batch(), context())
    assert values(loss) == pytest.approx({"cross_entropy": LN2, part: expected}, rel=1e-6)
    assert loss.total.item() == pytest.approx(LN2 + 0.5 * expected, rel=1e-6)


def test_cat_by_hand():
    # Kinds 1, then 2: label 4 + 2. Kind 2, then the end: label 8 + 3. All heads say 0 but these two, ln 3 and ln 5.
    tables = torch.zeros(12, 4, 2)
    tables[6, 2, 0], tables[11, 3, 1] = math.log(3), math.log(5)
    expected = (math.log(14 / 3) + math.log(16 / 5)) / 2
    assert found(Cat(), online=by_hand(tables.tolist()))["kinds"] == pytest.approx(expected, rel=1e-6)


def test_cat_wants_the_number_of_kinds():
    with pytest.raises(BadOption) as error:
        Cat(kinds=2).loss(gru_network(6, 1), None, batch(), context())
    assert str(error.value) == (
        "objective 'cat', option 'kinds' = 2: the prepared log has 3 kinds of events. Give it as objective.kinds=3."
    )


def test_a_second_head_by_hand():
    # The Q head scores (1, 2, 5) and (4, 3, 1).
    second = [math.log(sum(map(math.exp, scores))) - scores[n] for scores, n in (((1, 2, 5), 1), ((4, 3, 1), 2))]
    assert found(ExtraHead())["second_head"] == pytest.approx(sum(second) / 2, rel=1e-6)
    assert found(ExtraHead(), online=by_hand([SUPERVISED]))["second_head"] == pytest.approx(LN2, rel=1e-6)


def test_the_second_head_scores_at_the_scale_of_the_first():
    """Cosines times 16 of the same vectors, where the map of the second head is 1: the same losses."""
    online = gru_network(1, 1)
    online.items.scale = 16.0
    with torch.no_grad():
        online.heads.copy_(torch.eye(6)[None])
    parts = found(ExtraHead(), online=online)
    assert parts["second_head"] == pytest.approx(parts["cross_entropy"], rel=1e-5)


def test_random_targets_by_hand():
    """Of the definition: vectors of items, their mean over the state times the root of its length, a product."""
    task = RandomTarget(seed=3)
    u, v = (task._vectors(torch.arange(4), which) for which in (0, 1))
    expected = torch.stack([u[1] @ v[2] / 8**0.5, (u[1] + u[2]) @ v[3] / 16**0.5])
    targets = task.targets(batch().state, batch().action)
    torch.testing.assert_close(targets, expected)
    squares = 0.5 * (targets - torch.tensor([2.0, 1.0])).square().mean()
    assert found(task)["random_target"] == pytest.approx(float(squares), rel=1e-6)


def test_random_targets_are_of_mean_0_and_variance_1():
    items = torch.arange(1, 2001).view(1000, 2)
    for at, action in ((2 * torch.arange(1000), items[:, 1]), (2 * torch.arange(1000) + 1, items[:, 0].roll(1))):
        targets = RandomTarget().targets(Prefixes(items, at), action)
        assert abs(targets.mean()) < 0.15
        assert targets.std() == pytest.approx(1, abs=0.1)
        assert not torch.equal(RandomTarget(seed=1).targets(Prefixes(items, at), action), targets)


def test_after_the_empty_history_the_random_target_is_0():
    assert RandomTarget().targets(Prefixes(torch.tensor([[0, 5]]), torch.tensor([0])), torch.tensor([5])) == 0


@pytest.mark.parametrize("objective", TASKS, ids=named)
def test_without_its_task_it_is_next_item(objective):
    weight = "td_weight" if hasattr(objective, "td_weight") else "weight"
    off = replace(objective, **{weight: 0.0})
    networks = [gru_network(objective.rewards, 1) for _ in range(3)]
    target = gru_network(objective.rewards, 2) if objective.bootstraps else None
    losses = [
        off.loss(networks[0], target, batch(), context()).total,
        NextItem().loss(networks[1], None, batch(), context()).total,
        objective.loss(networks[2], target, batch(), context()).total,
    ]
    for loss in losses:
        loss.backward()
    alone, plain, taught = (network.items.id.grad for network in networks)
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(alone, plain)
    assert not torch.allclose(taught, plain)  # and with it, it teaches the encoder


@pytest.mark.parametrize("name", ["eval", "hist", "fut", "cat", "random_target", "extra_head", "shuffled_order"])
def test_control_keeps_its_contract_with_sampled_candidates(name):
    check_objective(name, **SAMPLED)


def test_sqn_with_sessions_out_of_order_by_hand():
    # 1, 3, 2: Q(s0, 3) = 5, then (1, 1), whose best item 3 is worth 4: 1/2 (3 + 2 - 5)^2 = 0
    #          Q((1, 1), 2) = 5, the end: 1/2 (.2 - 5)^2 = 11.52
    in_order, out_of_order = 1.36, 5.76
    seen = [found(ShuffledOrder(seed=seed))["td"] for seed in range(8)]
    assert {round(td, 4) for td in seen} == {in_order, out_of_order}
    assert all(found(ShuffledOrder(seed=seed))["cross_entropy"] == pytest.approx(LN2) for seed in range(8))


def test_where_all_events_are_alike_their_order_says_nothing():
    alike = batch()
    rows = torch.full_like(alike.state.items, 2)
    alike = replace(
        alike,
        state=alike.state._replace(items=rows),
        next_state=alike.next_state._replace(items=rows),
        action=torch.tensor([2, 2]),
        reward=torch.ones(2),
    )
    for seed in range(4):
        assert found(ShuffledOrder(seed=seed), alike)["td"] == pytest.approx(found(SQN(), alike)["td"], rel=1e-6)


def long_batch():
    return made_up_transitions(list(range(20)))


def test_sessions_are_permuted_after_their_first_event_and_rewards_go_along():
    whole = long_batch()
    mixed = permuted(whole, 5)
    width = whole.state.items.size(1)
    rows, changed = mixed.state.items, 0
    assert torch.equal(rows[:, 0], whole.state.items[:, 0])
    assert torch.equal(rows.sort(1).values, whole.state.items.sort(1).values)
    assert torch.equal(mixed.action, rows.flatten()[mixed.state.at + 1])
    assert torch.equal(mixed.next_state.last_items, mixed.action)
    place = {int(event): n for n, event in enumerate(whole.event)}
    for n, event in enumerate(mixed.event.tolist()):
        old = place[event]
        changed += n != old
        assert mixed.state.at[n] // width == whole.state.at[old] // width
        assert (mixed.action[n], mixed.reward[n], mixed.event_type[n]) == (
            whole.action[old],
            whole.reward[old],
            whole.event_type[old],
        )
    assert changed > len(whole) / 2
    assert torch.equal(mixed.done, whole.done)


def test_a_session_is_permuted_alike_in_every_batch():
    whole = long_batch()
    chosen = whole.state.at // whole.state.items.size(1) == 2
    alone, among = permuted(whole.select(chosen), 5), permuted(whole, 5)
    assert torch.equal(alone.action, among.action[chosen])
    assert not torch.equal(alone.action, whole.action[chosen])


def test_what_is_no_action_keeps_its_place():
    whole = long_batch()
    chosen = whole.action != 2
    mixed = permuted(whole.select(chosen), 5)
    before, after = whole.state.items[:, 1:], mixed.state.items[:, 1:]
    assert torch.equal(before == 2, after == 2)


def test_kinds_and_gaps_move_with_their_events():
    whole = long_batch()
    numbered = torch.arange(whole.state.items.numel()).view_as(whole.state.items)
    marked = replace(whole, next_state=whole.next_state._replace(event_types=numbered, gaps=numbered + 1000))
    mixed = permuted(marked, 5)
    old = {int(event): int(at) for event, at in zip(whole.event, whole.next_state.at, strict=True)}
    moved = torch.tensor([old[event] for event in mixed.event.tolist()])
    assert torch.equal(mixed.state.event_types.flatten()[mixed.next_state.at], moved)
    assert torch.equal(mixed.state.gaps.flatten()[mixed.next_state.at], moved + 1000)


def test_fixed_draws_are_uniform_and_told_apart_by_seed():
    numbers = torch.arange(100_000)
    draws = fixed_uniform(numbers, 1)
    assert draws.dtype == torch.float64
    assert 0 <= draws.min() < 1e-3
    assert 0.999 < draws.max() < 1
    shares = torch.histc(draws, 10, 0, 1) / len(draws)
    assert shares.sub(0.1).abs().max() < 0.004  # four standard deviations
    other = fixed_uniform(numbers, 2)
    for one in (draws[1:], other[1:]):
        assert abs(torch.corrcoef(torch.stack([draws[:-1], one]))[0, 1]) < 0.015
    assert torch.equal(fixed_uniform(numbers[500:600], 1), draws[500:600])
