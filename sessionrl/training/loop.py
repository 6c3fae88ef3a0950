"""The only training loop. It knows about devices, optimisers and checkpoints so that nothing else has to."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sessionrl.errors import NotFinite
from sessionrl.nn.network import Network
from sessionrl.objectives.objective import Context, Loss, Objective
from sessionrl.objectives.warm_up import phase_lasts
from sessionrl.training.batches import Batches
from sessionrl.training.checkpoint import load_checkpoint, optimizer_tensors, restore_optimizer, save_checkpoint
from sessionrl.training.checks import check_parallel, check_positions, check_waiting
from sessionrl.training.device import choose_device
from sessionrl.training.first_step import known_at_start
from sessionrl.training.hooks import Hooks, Interrupted, Material, Progress, Trained
from sessionrl.training.interruption import held_back
from sessionrl.training.lanes import Lanes
from sessionrl.training.optimizers import clip, make_optimizers
from sessionrl.training.options import Training


@dataclass
class _Progression:
    """What changes while training, besides tensors; all of it goes into the checkpoint."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: float | None = None
    best_epoch: int = 0
    without_gain: int = 0
    plateau: int = 0
    stopped: bool = False
    losses: dict[str, float] = field(default_factory=dict)


def train(
    make_network: Callable[[], Network],
    objective: Objective,
    training: Training,
    material: Material,
    seed: int,
    hooks: Hooks | None = None,
    resume: bool = False,
) -> Trained:
    """Train a network and choose it on validation.

    Args:
        make_network: draws a network from torch's global random state, which is seeded here
        objective: what a step minimises
        training: how
        material: what is learned from
        seed: of the weights, the dropout, the sampling and the order
        hooks: validation, log, progress, checkpoint
        resume: go on from ``hooks.checkpoint``; the result is that of a training that was not interrupted

    Raises:
        NotFinite: the loss became NaN or infinite, or the validation has no value.
        Interrupted: Ctrl-C, which is held back to the end of the step or of the validation; a checkpoint was
            written first. A second Ctrl-C stops at once and leaves the checkpoint before.
    """
    loop = _Loop(make_network, objective, training, material, seed, hooks or Hooks())
    if resume:
        loop.restore()
    try:
        with held_back() as interruption:
            return loop.run(interruption)
    except KeyboardInterrupt:
        if loop.whole:
            loop.save()
        raise Interrupted(
            f"Interrupted at step {loop.at.step}; everything needed to go on from step {loop.saved} is in "
            f"{loop.hooks.checkpoint}."
            if loop.saved is not None
            else f"Interrupted at step {loop.at.step}; nothing was saved, so the training is lost."
        ) from None


class _Loop:
    def __init__(
        self,
        make_network: Callable[[], Network],
        objective: Objective,
        training: Training,
        material: Material,
        seed: int,
        hooks: Hooks,
    ):
        self.objective, self.training, self.hooks, self.at = objective, training, hooks, _Progression()
        check_waiting(objective, training, hooks)
        self.device = choose_device(training.device)
        torch.manual_seed(seed)
        self.twins = objective.bootstraps and training.target == "twins"
        self.rng = torch.Generator(self.device).manual_seed(seed + 1)
        self.known = known_at_start(material, self.device, self.rng)
        self.networks = [self._started(make_network()) for _ in range(2 if self.twins else 1)]
        # Like the twin that is target, it is read without dropout. A copy made on a GPU has the weights of its GRU
        # scattered, and cuDNN would gather them, with a warning, at every call; moving it gathers them once.
        ema = objective.bootstraps and not self.twins
        self.target = copy.deepcopy(self.networks[0]).to(self.device).eval() if ema else None
        self.optimizers = [self._optimizers(network) for network in self.networks]
        self.roles = torch.Generator().manual_seed(seed)
        self.batches = self._batches(material, seed)
        self.epochs = min(training.epochs, self.hooks.stop_after or training.epochs)
        self.steps = training.epochs * len(self.batches.plan(0))
        self.best_weights: dict[str, Tensor] = {}
        self.batches_in_epoch = 0
        self.whole = True  # whether `at` and the tensors belong to the same moment, so that they can be saved
        self.saved: int | None = None  # the step of the checkpoint

    def _started(self, network: Network) -> Network:
        network = network.to(self.device)
        if network.items.warm_start:
            network.items.begin_near(self.known.vectors)
        return network

    def _batches(self, material: Material, seed: int) -> Batches | Lanes:
        training, network = self.training, self.networks[0]
        sessions, rewards, size = material.sessions, material.rewards, training.transitions_per_batch
        shown = material.catalogue.recommendable
        if training.layout == "parallel":
            check_parallel(network, self.objective)
            return Lanes(sessions, rewards, size, training.order, seed, network.carry, shown)
        check_positions(network, training)
        return Batches(sessions, rewards, size, training.order, training.max_length, network.reads, seed, shown)

    def run(self, interruption: Callable[[], None]) -> Trained:
        at, planned = self.at, self.epochs * self.steps // self.training.epochs
        while at.epoch < self.epochs and not at.stopped:
            self.batches_in_epoch = len(self.batches.plan(at.epoch))
            for batch in self.batches.epoch(at.epoch, skip=at.batch):
                self.whole = False
                self._step(batch.to(self.device))
                self.whole = True
                self.hooks.progress(Progress(at.epoch, at.step, planned, at.losses.get("total", float("nan"))))
                if at.step % self.training.checkpoint_every == 0:
                    self.save()
                interruption()
            self.whole = False
            self._end_epoch()
            self.whole = True
            self.save()
            interruption()
        network = self.networks[0]
        if self.best_weights:
            network.load_state_dict(self.best_weights)
        epoch = at.best_epoch if self.best_weights else at.epoch
        return Trained(network.eval(), epoch, at.best, at.step, at.plateau or None)

    def _step(self, batch: Any) -> None:
        at, training = self.at, self.training
        if not len(batch):  # every next item of these rows is one that may not be recommended
            self.batches.trained(batch)
            at.step, at.batch = at.step + 1, at.batch + 1
            return
        role = int(torch.randint(2, (), generator=self.roles)) if self.twins else 0
        online = self.networks[role].train()
        # The target is read without dropout: the authors leave it on in both networks, which only adds noise to Q'.
        target = self.networks[1 - role].eval() if self.twins else self.target
        online.items.begin_step()
        loss = self.objective.loss(online, target, batch, self._context())
        for optimizer in self.optimizers[role]:
            optimizer.zero_grad(set_to_none=True)
        (self.batches.weight(batch) * loss.total).backward()  # type: ignore[no-untyped-call]
        if training.clip is not None:
            clip(online.parameters(), training.clip)
        for optimizer in self.optimizers[role]:
            for group in optimizer.param_groups:
                group["lr"] = training.rate(at.step, self.steps)
            optimizer.step()
        self.batches.trained(batch)
        at.step, at.batch = at.step + 1, at.batch + 1
        if self.target is not None and at.step % training.ema_every == 0:
            self._follow(online)
        # The last of an epoch too: NaN must not get as far as a choice of weights.
        if at.step % training.log_every == 0 or at.batch == self.batches_in_epoch:
            self._log(Loss(loss.total.detach(), loss.parts))

    def _context(self) -> Context:
        at = self.at
        return replace(self.known, step=at.step, progress=at.step / self.steps, plateaued=at.plateau > 0)

    @torch.no_grad()
    def _follow(self, online: Network) -> None:
        assert self.target is not None
        for slow, fast in zip(self.target.parameters(), online.parameters(), strict=True):
            slow.lerp_(fast, 1 - self.training.ema_decay)
        for old, new in zip(self.target.buffers(), online.buffers(), strict=True):
            old.copy_(new)  # what is counted and not learned is no mean of old and new

    def _log(self, loss: Loss) -> None:
        parts = {name: float(part) for name, part in loss.parts.items()}
        if not loss.total.isfinite():
            raise NotFinite(
                f"The loss is {float(loss.total)} at step {self.at.step} (parts: {parts}).\n"
                "  do now: lower training.learning_rate, or set training.clip=1.0"
            )
        self.at.losses = {"total": float(loss.total), **parts}
        self.hooks.log({"step": self.at.step, "epoch": self.at.epoch, "loss": self.at.losses})

    def _end_epoch(self) -> None:
        at, training = self.at, self.training
        at.epoch, at.batch = at.epoch + 1, 0
        if at.epoch == self.hooks.plateau_after:
            at.plateau = at.epoch
        if self.hooks.validate is None or (at.epoch % training.validate_every and at.epoch < self.epochs):
            return
        values = [self.hooks.validate(network.eval()) for network in self.networks]
        if np.isnan(values).any():
            raise NotFinite(
                f"The value on validation is {values} after epoch {at.epoch}, so that no epoch can be chosen.\n"
                "  do now: choose by a metric that every case has, such as evaluation.select_by=ndcg@20"
            )
        best = int(np.argmax(values))
        self.hooks.log({"step": at.step, "epoch": at.epoch, "validation": values[best], "of_networks": values})
        if at.best is None or values[best] > at.best:
            at.best, at.best_epoch, at.without_gain = values[best], at.epoch, 0
            self.best_weights = {k: v.detach().clone() for k, v in self.networks[best].state_dict().items()}
        else:
            at.without_gain += 1
            enough = 0 < training.patience <= at.without_gain
            if getattr(self.objective, "waits", False) and not at.plateau:
                if enough:
                    at.plateau, at.without_gain = at.epoch, 0  # the second phase begins
            elif phase_lasts(self.objective, self._context()):
                at.without_gain = 0  # patience counts from its end
            else:
                at.stopped = enough

    def _optimizers(self, network: Network) -> list[torch.optim.Optimizer]:
        training = self.training
        network.items.sparse = self.objective.samples
        sparse = network.sparse_parameters() if self.objective.samples else []
        return make_optimizers(network, sparse, training.optimizer, training.rate(0, 1), training.momentum)

    def save(self) -> None:
        """Write the checkpoint, if one was asked for."""
        if self.hooks.checkpoint is None:
            return
        tensors = {"rng.dropout": torch.get_rng_state(), "rng.roles": self.roles.get_state()}
        tensors["rng.sampling"] = self.rng.get_state()
        if self.device.type == "cuda":
            tensors["rng.cuda"] = torch.cuda.get_rng_state(self.device)
        for number, network in enumerate([*self.networks, *([self.target] if self.target else [])]):
            tensors |= {f"network{number}.{name}": value for name, value in network.state_dict().items()}
        for number, optimizers in enumerate(self.optimizers):
            for nth, optimizer in enumerate(optimizers):
                tensors |= optimizer_tensors(optimizer, f"optimizer{number}_{nth}")
        tensors |= {f"best.{name}": value for name, value in self.best_weights.items()}
        if isinstance(self.batches, Lanes) and self.batches.carried is not None:
            tensors["lanes.carried"] = self.batches.carried
        save_checkpoint(self.hooks.checkpoint, tensors, vars(self.at))
        self.saved = self.at.step

    def restore(self) -> None:
        """Go on from the checkpoint."""
        if self.hooks.checkpoint is None:
            return
        tensors, state = load_checkpoint(self.hooks.checkpoint)
        self.at = _Progression(**state)
        self.saved = self.at.step
        torch.set_rng_state(tensors["rng.dropout"])
        self.roles.set_state(tensors["rng.roles"])
        self.rng.set_state(tensors["rng.sampling"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["rng.cuda"], self.device)
        for number, network in enumerate([*self.networks, *([self.target] if self.target else [])]):
            network.load_state_dict(_under(tensors, f"network{number}."))
        for number, optimizers in enumerate(self.optimizers):
            for nth, optimizer in enumerate(optimizers):
                restore_optimizer(optimizer, f"optimizer{number}_{nth}", tensors)
        self.best_weights = {name: value.to(self.device) for name, value in _under(tensors, "best.").items()}
        if isinstance(self.batches, Lanes) and "lanes.carried" in tensors:
            self.batches.carried = tensors["lanes.carried"].to(self.device)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
