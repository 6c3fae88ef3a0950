"""What a training does with a log in which the next item is certain, and which weights it keeps."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from cycle import hit_at_1, material, network_for, run, same, weights

from sessionrl import registry
from sessionrl.data.sessions import PAD
from sessionrl.errors import BadOption, NotFinite
from sessionrl.objectives.objective import Loss
from sessionrl.training.hooks import Hooks
from sessionrl.training.loop import train
from sessionrl.training.options import Training

ADAGRAD = {"optimizer": "adagrad", "learning_rate": 0.3, "momentum": 0.2}
ADAM = {"optimizer": "adam", "learning_rate": 0.03}
QUICK = {"epochs": 8, "transitions_per_batch": 16, "patience": 0}
SAMPLED = {"negatives": 20, "alpha": 0.5}


@pytest.mark.parametrize("optimizer", [ADAGRAD, ADAM], ids=["adagrad", "adam"])
@pytest.mark.parametrize(
    ("objective", "training"),
    [
        ({"name": "next_item"}, {}),
        ({"name": "next_item", **SAMPLED}, {}),
        ({"name": "next_item", "kind": "bpr_max", "elu": 0.5, **SAMPLED}, {"clip": 1.0}),
        ({"name": "next_item", "kind": "top1_max", **SAMPLED}, {}),
        ({"name": "sqn"}, {"target": "ema", "ema_every": 5}),
        ({"name": "sqn", "supervised": SAMPLED}, {"target": "twins", "epochs": 16}),
        ({"name": "smorl", "supervised": SAMPLED}, {"target": "ema", "ema_every": 5}),
        ({"name": "smorl"}, {"target": "twins", "epochs": 16}),
    ],
)
def test_a_cycle_is_learned(objective, training, optimizer):
    assert hit_at_1(run(objective, QUICK | optimizer | training).network) > 0.9


def test_the_first_event_is_learned_with_a_start_token():
    trained = run({"name": "next_item"}, QUICK | ADAGRAD, start=True)
    assert hit_at_1(trained.network) > 0.7  # the eight first items are equally likely


@pytest.mark.parametrize("objective", [{"name": "sqn"}, {"name": "sqn", "supervised": SAMPLED}])
@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("optimizer", [ADAGRAD, ADAM], ids=["adagrad", "adam"])
def test_pad_is_never_taught_unless_it_is_the_start(objective, start, optimizer):
    training = QUICK | optimizer | {"epochs": 1}
    made = network_for(objective, start=start)
    torch.manual_seed(1)
    before = made().items.id[PAD].detach().clone()
    network = run(objective, training, start=start).network
    assert torch.equal(network.items.id[PAD], before) == (not start)
    assert network.bias[PAD].eq(0).all()
    if not start:
        assert before.eq(0).all()


def test_the_seed_decides_everything():
    training = QUICK | ADAGRAD | {"epochs": 1}
    objective = {"name": "sqn", "supervised": SAMPLED}
    one, again, other = (weights(run(objective, training, seed=seed, dropout=0.2).network) for seed in (1, 1, 2))
    assert same(one, again)
    assert not any(torch.equal(one[name], other[name]) for name in one)


def scripted(values):
    """A validation that answers from a list, and keeps the weights that it was shown."""
    shown = []

    def validate(network):
        assert not network.training
        shown.append(weights(network))
        return values[len(shown) - 1]

    return validate, shown


def test_the_weights_of_the_best_epoch_are_kept_and_training_stops_early():
    validate, shown = scripted([0.1, 0.3, 0.2, 0.29, 0.9])
    trained = run({"name": "next_item"}, QUICK | ADAGRAD | {"patience": 2}, Hooks(validate))
    assert len(shown) == 4
    assert (trained.epoch, trained.value) == (2, 0.3)
    assert same(weights(trained.network), shown[1])
    assert not trained.network.training


def test_without_patience_every_epoch_is_trained():
    validate, shown = scripted([0.5, 0.4, 0.3, 0.2, 0.6, 0.1, 0.1, 0.1])
    trained = run({"name": "next_item"}, QUICK | ADAGRAD, Hooks(validate))
    assert len(shown) == 8
    assert (trained.epoch, trained.value) == (5, 0.6)
    assert same(weights(trained.network), shown[4])


def test_the_last_epoch_is_validated_whatever_the_rhythm():
    validate, shown = scripted([0.1, 0.2, 0.3])
    trained = run({"name": "next_item"}, QUICK | ADAGRAD | {"epochs": 5, "validate_every": 2}, Hooks(validate))
    assert len(shown) == 3
    assert trained.epoch == 5


def test_without_validation_the_last_weights_are_kept():
    trained = run({"name": "next_item"}, QUICK | ADAGRAD | {"epochs": 3})
    assert (trained.epoch, trained.value) == (3, None)
    steps = run({"name": "next_item"}, QUICK | ADAGRAD | {"epochs": 1}).steps
    assert trained.steps == 3 * steps


def test_stopped_after_some_epochs_it_is_where_the_whole_training_was_then():
    """The rate is planned over all epochs, so a refit of the chosen number repeats what was chosen."""
    training = QUICK | ADAGRAD | {"epochs": 5, "decay_to": 0.1}
    validate, shown = scripted([0.1, 0.2, 0.3, 0.4, 0.5])
    run({"name": "next_item"}, training, Hooks(validate))
    trained = run({"name": "next_item"}, training, Hooks(stop_after=2))
    assert trained.epoch == 2
    assert same(weights(trained.network), shown[1])


@pytest.mark.parametrize("better", [0, 1])
def test_the_better_twin_on_validation_is_kept(better):
    values = [0.2, 0.1] if better == 0 else [0.1, 0.2]
    validate, shown = scripted(values)
    trained = run({"name": "sqn"}, QUICK | ADAGRAD | {"epochs": 1, "target": "twins"}, Hooks(validate))
    assert trained.value == 0.2
    assert same(weights(trained.network), shown[better])
    assert not same(shown[0], shown[1])


def test_both_twins_learn():
    validate, shown = scripted([0.1] * 2)
    run({"name": "sqn"}, QUICK | ADAGRAD | {"epochs": 1, "target": "twins"}, Hooks(validate))
    torch.manual_seed(1)
    born = [weights(network_for({"name": "sqn"})()) for _ in range(2)]
    for before, after in zip(born, shown, strict=True):
        assert not any(torch.equal(before[name], after[name]) for name in before)


@dataclass(frozen=True)
class Watching:
    """Pulls all weights to zero, and keeps what it was given."""

    seen: list

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True
    samples: ClassVar[bool] = False

    def loss(self, online, target, batch, context):
        self.seen.append((online.training, target.training, weights(online), weights(target)))
        total = sum(parameter.square().sum() for parameter in online.parameters())
        return Loss(total, {"all": total.detach()})


@pytest.mark.parametrize("target", ["ema", "twins"])
def test_the_online_network_has_dropout_and_the_target_has_none(target):
    watching = Watching([])
    training = Training(epochs=1, transitions_per_batch=16, target=target)
    train(network_for({"name": "sqn"}, dropout=0.5), watching, training, material(), 1)
    assert {(online, other) for online, other, _, _ in watching.seen} == {(True, False)}


def test_the_ema_target_is_gathered_for_a_gpu(monkeypatch):
    """cuDNN wants the weights of a GRU in one block, which a copy does not have; on a CPU only the asking is seen."""
    gathered, targets = [], []
    monkeypatch.setattr(torch.nn.GRU, "flatten_parameters", lambda gru: gathered.append(gru))

    class Keeping(Watching):
        def loss(self, online, target, batch, context):
            targets.append(target.backbone.gru)
            return super().loss(online, target, batch, context)

    training = Training(epochs=1, transitions_per_batch=16)
    train(network_for({"name": "sqn"}), Keeping([]), training, material(), 1)
    assert any(gru is targets[0] for gru in gathered)


def test_the_ema_target_follows_by_its_decay_and_rests_between():
    seen = (watching := Watching([])).seen
    training = Training(epochs=1, transitions_per_batch=16, ema_every=2, ema_decay=0.75)
    train(network_for({"name": "sqn"}), watching, training, material(), 1)
    assert same(seen[0][3], seen[0][2])
    assert same(seen[1][3], seen[0][3])
    torch.testing.assert_close(seen[2][3]["items.id"], seen[0][3]["items.id"] * 0.75 + seen[2][2]["items.id"] * 0.25)
    assert same(seen[3][3], seen[2][3])


@dataclass(frozen=True)
class Exploding:
    """Infinite from a given step on."""

    at: int = 0

    rewards: ClassVar[int] = 0
    bootstraps: ClassVar[bool] = False
    samples: ClassVar[bool] = False

    def loss(self, online, target, batch, context):
        total = online(batch.state).logits.mean() * 0 + (torch.inf if context.step >= self.at else 1.0)
        return Loss(total, {"all": total.detach()})


def test_a_loss_that_explodes_is_said():
    with pytest.raises(NotFinite) as caught:
        train(
            network_for({"name": "next_item"}),
            Exploding(3),
            Training(transitions_per_batch=8, log_every=5),
            material(),
            1,
        )
    assert str(caught.value) == (
        "The loss is inf at step 5 (parts: {'all': inf}).\n"
        "  do now: lower training.learning_rate, or set training.clip=1.0"
    )


def test_an_epoch_shorter_than_the_log_is_looked_at_before_weights_are_chosen():
    validate, shown = scripted([0.5])
    training = Training(transitions_per_batch=16, log_every=10_000)
    with pytest.raises(NotFinite, match=r"The loss is inf at step \d+ \(parts: {'all': inf}\)"):
        train(network_for({"name": "next_item"}), Exploding(), training, material(), 1, Hooks(validate))
    assert shown == []


def test_a_rate_that_is_much_too_high_is_noticed():
    training = QUICK | {"optimizer": "adam", "learning_rate": 1e30}
    with pytest.raises(NotFinite, match=r"The loss is (nan|inf) at step \d+ \(parts: {'bpr_max': (nan|inf)}\)"):
        run({"name": "next_item", "kind": "bpr_max"}, training)


def test_a_validation_without_a_value_is_refused():
    with pytest.raises(NotFinite) as caught:
        run({"name": "next_item"}, QUICK | ADAGRAD, Hooks(lambda network: float("nan")))
    assert str(caught.value) == (
        "The value on validation is [nan] after epoch 1, so that no epoch can be chosen.\n"
        "  do now: choose by a metric that every case has, such as evaluation.select_by=ndcg@20"
    )


def distance_moved(**training) -> float:
    """Of all weights in one epoch, the farthest."""
    torch.manual_seed(1)
    born = weights(network_for({"name": "next_item"})())
    found = weights(run({"name": "next_item"}, QUICK | ADAGRAD | {"epochs": 1} | training).network)
    return max((found[name] - born[name]).abs().max().item() for name in born)


def test_clipping_and_rates_reach_the_optimiser():
    """Adagrad's eps of 1e-6 lets gradients of 1e-9 move weights by about 1e-6 of the rate."""
    assert distance_moved() > 0.1
    assert distance_moved(clip=1e-9) < 1e-4
    assert distance_moved(learning_rate=[(0, 1e-9)]) < 1e-6
    assert distance_moved(learning_rate=[(0, 1e-9), (2, 0.3)]) > 0.1


def test_the_log_and_the_progress():
    lines, progress = [], []
    validate, _ = scripted([0.25, 0.5])
    training = QUICK | ADAGRAD | {"epochs": 2, "log_every": 4, "transitions_per_batch": 20}
    run({"name": "sqn"}, training, Hooks(validate, lines.append, progress.append))
    assert [at.step for at in progress] == list(range(1, progress[0].steps + 1))
    assert [line["step"] for line in lines if "loss" in line] == sorted(
        {line["step"] for line in lines if "loss" in line}
    )
    losses = [line for line in lines if "loss" in line]
    assert losses[0]["step"] == 4
    assert losses[0]["loss"].keys() == {"total", "cross_entropy", "td"}
    assert losses[-1]["loss"]["cross_entropy"] < losses[0]["loss"]["cross_entropy"]
    assert [line["validation"] for line in lines if "validation" in line] == [0.25, 0.5]
    assert progress[-1].loss == losses[-1]["loss"]["total"] or progress[-1].loss == losses[-2]["loss"]["total"]


@dataclass(frozen=True)
class TwoPhases:
    """Cross entropy that notes in which phase it was asked for."""

    seen: list[bool]
    waits: bool = True

    rewards: ClassVar[int] = 0
    bootstraps: ClassVar[bool] = False
    samples: ClassVar[bool] = False

    def loss(self, online, target, batch, context):
        self.seen.append(context.plateaued)
        loss = torch.nn.functional.cross_entropy(online(batch.state, heads="supervised").logits, batch.action - 1)
        return Loss(loss, {"ce": loss.detach()})


def phases(objective: TwoPhases, values: list[float], **hooks) -> tuple[list[bool], object]:
    """The phase of every epoch of a training whose validation gives these values."""
    told = iter(values)
    training = Training(epochs=len(values) or 6, transitions_per_batch=10**6, patience=2)
    validate = (lambda network: next(told)) if values else None
    trained = train(
        network_for({"name": "next_item"}), objective, training, material(), 1, Hooks(validate=validate, **hooks)
    )
    return objective.seen, trained


def test_an_objective_that_waits_begins_its_second_phase_when_validation_stops_improving():
    seen, trained = phases(TwoPhases([]), [0.1, 0.3, 0.2, 0.2, 0.4, 0.3, 0.3, 0.9])
    assert seen == [False] * 4 + [True] * 3  # two validations without gain, a gain, and two without again
    assert (trained.plateau, trained.epoch, trained.value) == (4, 5, 0.4)


def test_an_objective_that_does_not_wait_stops_there():
    seen, trained = phases(TwoPhases([], waits=False), [0.1, 0.3, 0.2, 0.2, 0.4, 0.3])
    assert seen == [False] * 4
    assert (trained.plateau, trained.epoch) == (None, 2)


@dataclass(frozen=True)
class WarmingUp(TwoPhases):
    """Its first phase has a length that is planned."""

    waits: bool = False

    def warming_up(self, context):
        return context.progress < 0.5


def test_within_a_first_phase_of_planned_length_training_does_not_stop():
    objective = WarmingUp([])
    seen, trained = phases(objective, [0.4, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3])
    assert len(seen) == 5  # the fourth epoch of eight ends the first phase: two without gain from there on
    assert (trained.plateau, trained.epoch) == (None, 1)


@pytest.mark.parametrize(
    ("patience", "validate", "message"),
    [
        (
            0,
            lambda network: 0.5,
            "[training], option 'patience' = 0: the objective SA2C waits until validation stops improving, and with 0 "
            "nobody looks.\n  do now: set training.patience=2, or give objective.warm_up as a share, such as 0.5",
        ),
        (
            2,
            None,
            "[data]: the objective SA2C waits until validation stops improving, and the prepared data has no "
            "validation part.\n  do now: prepare it with data.valid_days above 0, or give objective.warm_up as a "
            "share, such as 0.5",
        ),
    ],
)
def test_a_second_phase_that_could_never_begin_is_refused(patience, validate, message):
    with pytest.raises(BadOption) as caught:
        run({"name": "sa2c", "warm_up": "plateau"}, {"patience": patience}, Hooks(validate))
    assert str(caught.value) == message


class Counting(torch.nn.Module):
    """Hands states through and counts how often it was trained on."""

    def __init__(self):
        super().__init__()
        self.register_buffer("times", torch.zeros(()))

    def forward(self, states, step, returns):
        self.times += self.training
        return states


@dataclass(frozen=True)
class Counted:
    """SQN that notes what its two networks have counted."""

    seen: list[tuple[float, float]]

    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True
    samples: ClassVar[bool] = False

    def loss(self, online, target, batch, context):
        self.seen.append((float(online.prompt.times), float(target.prompt.times)))
        return registry.build("objective", {"name": "sqn"}).loss(online, target, batch, context)


def test_a_target_that_follows_has_the_counts_of_the_network_it_follows():
    def make():
        network = network_for({"name": "sqn"})()
        network.prompt = Counting()
        return network

    counted = Counted([])
    options = Training(epochs=1, transitions_per_batch=12, ema_every=3, ema_decay=0.5)
    train(make, counted, options, material(), 1)
    assert counted.seen[:5] == [(0, 0), (2, 0), (4, 0), (6, 6), (8, 6)]  # two passes a step: s and s'


def test_a_refit_begins_the_second_phase_where_the_selection_did():
    seen, trained = phases(TwoPhases([]), [], plateau_after=2, stop_after=5)
    assert seen == [False, False, True, True, True]
    assert trained.plateau == 2
