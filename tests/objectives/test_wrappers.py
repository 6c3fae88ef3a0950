"""Objectives with one thing changed: equal to what they wrap where that is neutral, and by hand where it is not."""

from dataclasses import replace

import pytest
import torch
from by_hand import LN2, ONLINE, REWARDS, TARGET, batch, by_hand, context, gru_network, values

from sessionrl import registry
from sessionrl.contracts import check_objective
from sessionrl.errors import BadOption, UnknownName
from sessionrl.nn.prefixes import Prefixes, Transitions
from sessionrl.objectives.fixed_draws import fixed_uniform
from sessionrl.objectives.smorl import SMORL
from sessionrl.objectives.sqn import SQN
from sessionrl.objectives.warm_up import phase_lasts
from sessionrl.objectives.wrappers import (
    ConstantReward,
    Endless,
    FrozenEncoder,
    RandomReward,
    ShuffledReward,
    _FrozenForQ,
    wrapped,
)

PAID = [ShuffledReward, RandomReward, ConstantReward]
WRAPPERS = ["shuffled_reward", "random_reward", "constant_reward", "endless", "frozen_encoder"]
GREEDY = {"name": "sqn", "gamma": 0.0}
SAMPLED = {"negatives": 5}


def td(objective, given=None, known=None) -> float:
    loss = objective.loss(by_hand(ONLINE[:1]), by_hand(TARGET[:1]), given or batch(), known or context())
    return values(loss)["td"]


@pytest.mark.parametrize("cls", PAID)
def test_where_all_rewards_are_equal_it_is_what_it_wraps(cls):
    known = context(rewards=torch.full((3,), 2.0))
    given = replace(batch(), reward=torch.full((2,), 2.0))
    losses, gradients = [], []
    for objective in (SQN(), cls()):
        online = gru_network(1, 1)
        losses.append(objective.loss(online, gru_network(1, 2), given, known).total)
        losses[-1].backward()
        gradients.append(online.items.id.grad)
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(*gradients)


def test_shuffled_rewards_by_hand():
    # Q = (2, 1), no future. A third of the events each earn 1, .2 and 3; events 1 and 2 of seed 0 get two of them.
    paid = REWARDS[(fixed_uniform(torch.tensor([1, 2]), 0) * 3).long()]
    expected = float(0.5 * ((paid[0] - 2) ** 2 + (paid[1] - 1) ** 2) / 2)
    assert td(ShuffledReward(of=GREEDY)) == pytest.approx(expected, rel=1e-6)
    assert len({td(ShuffledReward(of=GREEDY, seed=seed)) for seed in range(20)}) > 4


def test_shuffled_rewards_stay_with_their_events():
    for seed in range(10):
        objective, known = ShuffledReward(of=GREEDY, seed=seed), context()
        paid = [td(objective, known=replace(known, step=step)) for step in (0, 7, 7)]
        assert paid[0] == paid[1] == paid[2]
    first, second = (td(objective, batch().select(torch.tensor([n == 0, n == 1]))) for n in range(2))
    assert td(objective) == pytest.approx((first + second) / 2, rel=1e-6)


def test_random_rewards_are_drawn_anew():
    known = context()
    assert len({td(RandomReward(of=GREEDY), known=known) for _ in range(20)}) > 4
    assert td(RandomReward(of=GREEDY), known=context()) == td(RandomReward(of=GREEDY), known=context())


@pytest.mark.parametrize("cls", [ShuffledReward, RandomReward])
def test_rewards_are_paid_as_often_as_they_are_earned(cls, monkeypatch):
    paid = []
    monkeypatch.setattr(SQN, "loss", lambda self, online, target, given, known: paid.append(given.reward))
    shares = torch.tensor([0.7, 0.0, 0.3])
    n = 20_000
    zeros = torch.zeros(n, dtype=torch.int64)
    nothing = Prefixes(torch.zeros(1, 1, dtype=torch.int64), zeros)
    events = torch.arange(n)
    given = Transitions(nothing, nothing, zeros, zeros.float(), zeros > 0, zeros, events, zeros, zeros, zeros, zeros)
    cls().loss(None, None, given, context(kind_shares=shares))
    (rewards,) = paid
    assert set(rewards.tolist()) == {1.0, 3.0}  # none of the kind that does not occur
    assert (rewards == 3).float().mean() == pytest.approx(0.3, abs=0.013)  # four standard deviations
    assert rewards.dtype == torch.float32


def test_constant_rewards_by_hand():
    # Q = (2, 1), no future: the mean of 1, .2 and 3 is 1.4
    assert td(ConstantReward(of=GREEDY)) == pytest.approx((0.6**2 + 0.4**2) / 4, rel=1e-5)
    assert td(ConstantReward(of=GREEDY, value=2.0)) == pytest.approx(0.25, rel=1e-6)


def test_without_ends_the_last_state_has_a_future():
    # .72 as in SQN; after the last event (1, 1), whose best item 3 is worth 4: 1/2 (3 + 2 - 1)^2 = 8
    assert td(Endless()) == pytest.approx((0.72 + 8) / 2, rel=1e-6)
    going_on = replace(batch(), done=torch.tensor([False, False]))
    assert td(Endless(), going_on) == td(SQN(), going_on)


def test_eval_has_no_action_after_the_end():
    with pytest.raises(BadOption) as error:
        registry.build("objective", {"name": "endless", "of": {"name": "eval"}})
    with pytest.raises(BadOption, match="cannot wrap 'eval'"):
        registry.build("objective", {"name": "endless", "of": {"name": "shuffled_reward", "of": {"name": "eval"}}})
    assert str(error.value) == (
        "objective 'endless' cannot wrap 'eval', whose next action is the logged one: after the last event of a "
        "session there is none. Give it another objective, as objective.of.name=sqn."
    )


def test_what_would_change_nothing_is_refused():
    with pytest.raises(BadOption) as error:
        registry.build("objective", {"name": "endless", "of": {"name": "prl"}})
    assert str(error.value) == (
        "objective 'endless' would change nothing of 'prl', which does not bootstrap: whether a session is done is "
        "nothing to it. Give it another objective, as objective.of.name=sqn."
    )
    with pytest.raises(BadOption) as error:
        registry.build("objective", {"name": "frozen_encoder", "of": {"name": "next_item"}})
    assert str(error.value) == (
        "objective 'frozen_encoder' would change nothing of 'next_item', which has no Q heads. Give it another "
        "objective, as objective.of.name=sqn."
    )


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("options", [{"name": "sqn"}, {"name": "smorl"}, {"name": "sqn", "supervised": SAMPLED}])
def test_under_a_frozen_encoder_q_learns_the_same_and_teaches_nothing(tied, options):
    parent = registry.build("objective", options)
    networks = [gru_network(parent.rewards, 1, tied) for _ in range(3)]
    target = gru_network(parent.rewards, 2, tied)
    frozen = FrozenEncoder(of=registry.complete("objective", options)).loss(networks[0], target, batch(), context())
    free = parent.loss(networks[1], target, batch(), context())
    alone = parent.supervised.loss(networks[2], None, batch(), context())
    assert torch.equal(frozen.total, free.total)
    assert {name: float(part) for name, part in frozen.parts.items()} == values(free)
    for loss in (frozen, free, alone):
        loss.total.backward()
    for name, parameter in networks[0].named_parameters():
        taught, supervised = (dict(network.named_parameters())[name].grad for network in networks[1:])
        if name in ("heads", "bias"):
            torch.testing.assert_close(parameter.grad, taught)
        else:
            torch.testing.assert_close(parameter.grad, supervised)
            assert not torch.allclose(parameter.grad, taught)


def test_the_frozen_network_scores_states_and_has_all_else():
    network = gru_network(1, 1)
    frozen = _FrozenForQ(network)
    states = frozen.states(batch().state)
    scores = frozen.score(states)
    assert torch.equal(scores.q, network(batch().state).q)
    gradient = torch.autograd.grad(scores.q.sum(), network.items.id, allow_unused=True)
    assert gradient == (None,)
    assert frozen.rewards == 1


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_promises_what_it_wraps_does(name):
    for options in ({"name": "smorl"}, {"name": "cql", "alpha": 2.0}, {"name": "sqn", "supervised": SAMPLED}):
        own = registry.build("objective", options)
        objective = registry.build("objective", {"name": name, "of": options})
        promises = ("rewards", "bootstraps", "samples")
        assert [getattr(objective, one) for one in promises] == [getattr(own, one) for one in promises]
        assert objective.waits is False
        assert objective.prompt(4) is None


def test_a_wrapper_waits_and_prompts_as_it_should(monkeypatch):
    monkeypatch.setattr(SMORL, "waits", True, raising=False)
    monkeypatch.setattr(SMORL, "prompt", lambda self, dim: torch.nn.Linear(dim, dim), raising=False)
    objective = registry.build("objective", {"name": "endless", "of": {"name": "smorl"}})
    assert objective.waits is True
    assert objective.prompt(4).out_features == 4


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_warms_up_as_long_as_what_it_wraps(name):
    objective = registry.build("objective", {"name": name, "of": {"name": "sa2c", "warm_up": 0.5}})
    assert [phase_lasts(objective, context(progress=progress)) for progress in (0.4, 0.5)] == [True, False]
    assert not phase_lasts(registry.build("objective", {"name": name}), context())


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("of", [{"name": "smorl"}, {"name": "sqn", "supervised": SAMPLED}], ids=["smorl", "sampled"])
def test_a_wrapper_keeps_the_contract_of_what_it_wraps(name, of):
    check_objective(name, of=of)


def test_wrappers_nest_and_their_sections_are_written_out():
    section = registry.complete("objective", {"name": "endless", "of": {"name": "shuffled_reward"}})
    assert section["of"]["of"]["supervised"]["kind"] == "cross_entropy"
    assert section["of"]["of"]["gamma"] == SQN().gamma
    objective = registry.build("objective", section)
    assert wrapped(objective.of).seed == 0
    assert registry.complete("objective", {"name": "endless"})["of"]["supervised"]["negatives"] == 0


def test_the_section_of_what_is_wrapped_is_checked():
    with pytest.raises(BadOption, match=r"^objective 'sqn' has no option 'gama'\. Did you mean 'gamma'\?"):
        registry.complete("objective", {"name": "endless", "of": {"name": "sqn", "gama": 0.5}})
    with pytest.raises(UnknownName, match=r"^No objective is called 'sqm'\. Did you mean 'sqn'\?"):
        registry.complete("objective", {"name": "endless", "of": {"name": "sqm"}})
    with pytest.raises(BadOption) as error:
        registry.complete("objective", {"name": "endless", "of": {"gamma": 0.5}})
    assert str(error.value) == (
        "[objective.of] has no 'name'. Give it as objective.of.name=sqn. "
        f"Known: {', '.join(registry.names('objective'))}."
    )


def test_the_loss_of_a_wrapper_is_the_supervised_one_too():
    loss = ShuffledReward().loss(by_hand(ONLINE[:1]), by_hand(TARGET[:1]), batch(), context())
    assert values(loss)["cross_entropy"] == pytest.approx(LN2, rel=1e-6)
