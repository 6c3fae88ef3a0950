"""A training that was interrupted and goes on ends in the same weights, bit for bit, as one that was not."""

import os
import signal
from dataclasses import dataclass
from typing import Any

import pytest
from cycle import checkpoint_in, hit_at_1, material, network_for, run, same, weights

from sessionrl import registry
from sessionrl.errors import BadDirectory
from sessionrl.training.hooks import Hooks, Interrupted
from sessionrl.training.interruption import held_back
from sessionrl.training.loop import train
from sessionrl.training.options import Training

SHORT = {"epochs": 3, "transitions_per_batch": 12, "log_every": 5, "patience": 0, "ema_every": 3}
SAMPLED = {"negatives": 10}
SETTINGS = [
    ({"name": "next_item"}, {"optimizer": "adam", "learning_rate": 0.01}),
    ({"name": "next_item", **SAMPLED}, {"optimizer": "adam", "learning_rate": 0.01}),
    ({"name": "next_item", **SAMPLED}, {"optimizer": "adagrad", "momentum": 0.3}),
    ({"name": "next_item"}, {"optimizer": "adagrad", "decay_to": 0.1, "order": "shuffled"}),
    ({"name": "sqn"}, {"optimizer": "adam", "learning_rate": 0.01, "target": "twins"}),
    ({"name": "sqn", "supervised": SAMPLED}, {"optimizer": "adam", "learning_rate": 0.01, "target": "ema"}),
    (
        {"name": "smorl", "supervised": SAMPLED},
        {"optimizer": "adagrad", "momentum": 0.3, "target": "twins", "clip": 1.0},
    ),
    ({"name": "smorl"}, {"optimizer": "adagrad", "target": "ema"}),
    ({"name": "next_item", **SAMPLED}, {"optimizer": "adagrad", "momentum": 0.3, "layout": "parallel"}),
    ({"name": "prl", "supervised": SAMPLED}, {"optimizer": "adam", "learning_rate": 0.01}),
    ({"name": "random_reward", "of": {"name": "crr", "supervised": SAMPLED}}, {"optimizer": "adam", "target": "twins"}),
]


def stopping_at(step: int):
    def progress(at):
        if at.step == step:
            raise KeyboardInterrupt

    return progress


def trained(objective, training, hooks=None, resume=False):
    """Weights and what chose them; dropout, so that every source of chance takes part."""
    found = run(objective, SHORT | training, hooks, resume, dropout=0.3)
    return weights(found.network), found.epoch, found.value, found.steps


def agree(one, other) -> bool:
    return same(one[0], other[0]) and one[1:] == other[1:]


@pytest.mark.parametrize(("objective", "training"), SETTINGS)
def test_interrupted_in_an_epoch_and_resumed_nothing_is_different(objective, training, tmp_path):
    lines = []
    whole = trained(objective, training, Hooks(hit_at_1, lines.append))
    path, again = checkpoint_in(tmp_path), []
    for stop in (4, 19):
        with pytest.raises(Interrupted) as caught:
            trained(objective, training, Hooks(hit_at_1, again.append, stopping_at(stop), path), resume=stop > 4)
        assert str(caught.value) == (
            f"Interrupted at step {stop}; everything needed to go on from step {stop} is in {path}."
        )
    resumed = trained(objective, training, Hooks(hit_at_1, again.append, checkpoint=path), resume=True)
    assert agree(resumed, whole)
    assert again == lines


@pytest.mark.parametrize("target", ["ema", "twins"])
def test_the_second_phase_of_an_objective_that_waits_outlives_interruptions(target, tmp_path):
    objective = {"name": "sa2c", "warm_up": "plateau", "q_negatives": 3, "smoothing": 0.5, "supervised": SAMPLED}
    training = {"optimizer": "adam", "learning_rate": 0.01, "patience": 1, "target": target}
    path, networks = checkpoint_in(tmp_path), 2 if target == "twins" else 1

    def values():
        told = iter([value for value in (0.5, 0.4, 0.6) for _ in range(networks)])
        return lambda network: next(told)

    lines, again, validate = [], [], values()
    whole = trained(objective, training, Hooks(values(), lines.append))
    for stop in (4, 19, 33):  # in either epoch of the first phase, and in the second
        with pytest.raises(Interrupted):
            trained(objective, training, Hooks(validate, again.append, stopping_at(stop), path), resume=stop > 4)
    resumed = run(objective, SHORT | training, Hooks(validate, again.append, checkpoint=path), True, dropout=0.3)
    assert (resumed.plateau, resumed.epoch) == (2, 3)
    assert agree((weights(resumed.network), resumed.epoch, resumed.value, resumed.steps), whole)
    assert again == lines
    assert {(line["epoch"], "actor" in line["loss"]) for line in lines if "loss" in line} == {
        (0, False),
        (1, False),
        (2, True),
    }


def test_mean_returns_that_a_prompt_keeps_are_those_of_all_steps_before(tmp_path):
    objective, training, path = {"name": "prl"}, {"optimizer": "adam", "learning_rate": 0.01}, checkpoint_in(tmp_path)
    with pytest.raises(Interrupted):
        trained(objective, training, Hooks(progress=stopping_at(19), checkpoint=path))
    resumed = trained(objective, training, Hooks(checkpoint=path), resume=True)
    seen, mean = resumed[0]["prompt.seen"], resumed[0]["prompt.mean"]
    assert seen.tolist()[:6] == [3 * 48, 3 * 48, 3 * 36, 3 * 24, 3 * 12, 0]
    # Every event earns 1: sessions of 3, 4, 5 and 6 events bring 2, 3, 4 and 5 after the first.
    assert mean[:6].tolist() == pytest.approx([3.5, 2.5, 2, 1.5, 1, 0])


def test_interrupted_at_the_end_of_an_epoch_no_line_of_the_log_is_lost(tmp_path):
    objective, training = SETTINGS[0]
    training, path = training | {"log_every": 9}, checkpoint_in(tmp_path)
    lines, again = [], []
    whole = trained(objective, training, Hooks(hit_at_1, lines.append))
    last = whole[3] // 3
    with pytest.raises(Interrupted):
        trained(objective, training, Hooks(hit_at_1, again.append, stopping_at(last), path))
    resumed = trained(objective, training, Hooks(hit_at_1, again.append, checkpoint=path), resume=True)
    assert last % 9
    assert agree(resumed, whole)
    assert again == lines


def test_a_finished_training_is_not_done_again(tmp_path):
    objective, training = SETTINGS[5]
    path, steps = checkpoint_in(tmp_path), []
    first = trained(objective, training, Hooks(hit_at_1, checkpoint=path))
    again = trained(objective, training, Hooks(hit_at_1, progress=steps.append, checkpoint=path), resume=True)
    assert agree(first, again)
    assert steps == []


def test_a_training_that_stopped_early_stays_stopped(tmp_path):
    path, training = checkpoint_in(tmp_path), SHORT | {"patience": 1, "epochs": 5}
    objective = {"name": "next_item"}
    first = run(objective, training, Hooks(lambda network: 0.5, checkpoint=path))
    again = run(objective, training, Hooks(lambda network: 0.5, checkpoint=path), resume=True)
    assert first.epoch == again.epoch == 1
    assert same(weights(first.network), weights(again.network))


def test_the_best_epoch_before_the_interruption_is_remembered(tmp_path):
    path, values = checkpoint_in(tmp_path), iter([0.9, 0.1, 0.2])
    objective, training = SETTINGS[1]
    hooks = Hooks(lambda network: next(values), progress=stopping_at(19), checkpoint=path)
    with pytest.raises(Interrupted):
        trained(objective, training, hooks)
    resumed = trained(objective, training, Hooks(lambda network: next(values), checkpoint=path), resume=True)
    first_epoch = run(objective, SHORT | training | {"epochs": 1}, dropout=0.3)
    assert resumed[1:3] == (1, 0.9)
    assert same(resumed[0], weights(first_epoch.network))


def test_stopped_within_a_validation_it_goes_on_from_the_last_checkpoint(tmp_path):
    """KeyboardInterrupt that is raised at once, as by a second Ctrl-C."""
    objective, training = SETTINGS[4]
    whole = trained(objective, training, Hooks(hit_at_1))
    path, calls = checkpoint_in(tmp_path), []

    def validate(network):
        calls.append(network)
        if len(calls) == 4:  # the second twin after the second epoch
            raise KeyboardInterrupt
        return hit_at_1(network)

    with pytest.raises(Interrupted) as caught:
        trained(objective, training, Hooks(validate, checkpoint=path))
    steps = whole[3] // 3
    assert str(caught.value) == (
        f"Interrupted at step {2 * steps}; everything needed to go on from step {steps} is in {path}."
    )
    assert agree(trained(objective, training, Hooks(hit_at_1, checkpoint=path), resume=True), whole)


@pytest.fixture
def terminal():
    """Ctrl-C as a terminal gives it: a shell that puts a job into the background leaves SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@dataclass(frozen=True)
class PressesCtrlC:
    """In the middle of a step: chance has been drawn, nothing has been learned yet."""

    inner: Any
    step: int
    times: int = 1

    rewards = property(lambda self: self.inner.rewards)
    bootstraps = property(lambda self: self.inner.bootstraps)
    samples = property(lambda self: self.inner.samples)

    def loss(self, online, target, batch, context):
        found = self.inner.loss(online, target, batch, context)
        for _ in range(self.times if context.step == self.step else 0):
            os.kill(os.getpid(), signal.SIGINT)
        return found


def with_ctrl_c(objective, training, path, times=1):
    pressing = PressesCtrlC(registry.build("objective", objective), 10, times)
    options = Training(**SHORT | training)
    return train(
        network_for(objective, dropout=0.3), pressing, options, material(), 1, Hooks(hit_at_1, checkpoint=path)
    )


@pytest.mark.parametrize(("objective", "training"), [SETTINGS[1], SETTINGS[6]])
@pytest.mark.usefixtures("terminal")
def test_ctrl_c_waits_for_the_end_of_the_step(objective, training, tmp_path):
    path = checkpoint_in(tmp_path)
    with pytest.raises(Interrupted, match="Interrupted at step 11; everything needed to go on from step 11 is in"):
        with_ctrl_c(objective, training, path)
    resumed = trained(objective, training, Hooks(hit_at_1, checkpoint=path), resume=True)
    assert agree(resumed, trained(objective, training, Hooks(hit_at_1)))


@pytest.mark.usefixtures("terminal")
def test_a_second_ctrl_c_does_not_wait_and_leaves_the_checkpoint_before(tmp_path):
    objective, training = SETTINGS[6]
    path, often = checkpoint_in(tmp_path), training | {"checkpoint_every": 4}
    with pytest.raises(Interrupted, match="Interrupted at step 10; everything needed to go on from step 8 is in"):
        with_ctrl_c(objective, often, path, times=2)
    resumed = trained(objective, often, Hooks(hit_at_1, checkpoint=path), resume=True)
    assert agree(resumed, trained(objective, often, Hooks(hit_at_1)))


@pytest.mark.usefixtures("terminal")
def test_ctrl_c_without_a_checkpoint_says_that_all_is_lost():
    with pytest.raises(Interrupted) as caught:
        with_ctrl_c(*SETTINGS[0], None)
    assert str(caught.value) == "Interrupted at step 11; nothing was saved, so the training is lost."


@pytest.mark.usefixtures("terminal")
def test_afterwards_ctrl_c_is_what_it_was(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted):
        with_ctrl_c(*SETTINGS[0], None)
    assert signal.getsignal(signal.SIGINT) is before


def test_another_handler_of_ctrl_c_is_left_alone():
    pressed = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        with held_back() as due:
            os.kill(os.getpid(), signal.SIGINT)
            due()
        assert pressed == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_resuming_what_was_never_begun_is_refused(tmp_path):
    path = checkpoint_in(tmp_path)
    with pytest.raises(BadDirectory) as caught:
        trained(*SETTINGS[0], Hooks(checkpoint=path), resume=True)
    assert str(caught.value) == (
        f"{path} does not exist, so there is nothing to resume.\n"
        "  do now: start the training anew (a finished training keeps no checkpoint)"
    )


def test_a_checkpoint_is_written_every_so_many_steps(tmp_path):
    path, seen = checkpoint_in(tmp_path), []
    hooks = Hooks(progress=lambda at: seen.append(path.is_file()), checkpoint=path)
    trained(*SETTINGS[0][:1], SETTINGS[0][1] | {"checkpoint_every": 3}, hooks)
    assert seen[:4] == [False, False, False, True]
