"""Optimisers for networks of which a step touches only some rows of some tables."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


class Adagrad(torch.optim.Optimizer):
    """Adagrad with momentum, as GRU4Rec trains: dense gradients and sparse rows alike.

        acc <- acc + g^2;   v <- momentum v - rate g / sqrt(acc + eps);   w <- w + v

    The accumulator starts at 0. For a sparse gradient only the rows it names are touched, their momentum included.

    Args:
        parameters: what to train
        lr: the rate, > 0
        momentum: 0 … 1
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.0, eps: float = 1e-6):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # noqa: D102
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["accumulator"] = torch.zeros_like(parameter)
                    if group["momentum"]:
                        state["velocity"] = torch.zeros_like(parameter)
                if parameter.grad.is_sparse:
                    self._step_rows(parameter, state, group)
                else:
                    self._step_dense(parameter, state, group)

    @staticmethod
    def _step_dense(parameter: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        grad = parameter.grad
        assert grad is not None
        accumulator = state["accumulator"].addcmul_(grad, grad)
        change = grad * (accumulator + group["eps"]).rsqrt_() * -group["lr"]
        if group["momentum"]:
            change = state["velocity"].mul_(group["momentum"]).add_(change)
        parameter.add_(change)

    @staticmethod
    def _step_rows(parameter: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
        assert parameter.grad is not None
        grad = parameter.grad.coalesce()
        rows, values = grad.indices()[0], grad.values()
        accumulator = state["accumulator"][rows].addcmul_(values, values)
        state["accumulator"][rows] = accumulator
        change = values * accumulator.add_(group["eps"]).rsqrt_() * -group["lr"]
        if group["momentum"]:
            change = state["velocity"][rows].mul_(group["momentum"]).add_(change)
            state["velocity"][rows] = change
        parameter.index_add_(0, rows, change)


class RowAdam(torch.optim.Optimizer):
    """Adam over the rows that a sparse gradient names; the moments of all other rows stay as they are.

        m <- b1 m + (1 - b1) g;   v <- b2 v + (1 - b2) g^2;   w <- w - rate_t m / (sqrt(v) + eps)

    with rate_t = rate sqrt(1 - b2^t) / (1 - b1^t) and t the number of steps, as `torch.optim.SparseAdam` computes it,
    from which it differs by rounding and by taking half of the time.

    Args:
        parameters: what to train; every gradient is sparse
        lr: the rate, > 0
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # noqa: D102
        for group in self.param_groups:
            first, second = group["betas"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state |= {"step": 0, "mean": torch.zeros_like(parameter), "square": torch.zeros_like(parameter)}
                state["step"] += 1
                grad = parameter.grad.coalesce()
                rows, values = grad.indices()[0], grad.values()
                mean = state["mean"].index_select(0, rows).lerp_(values, 1 - first)
                square = state["square"].index_select(0, rows).mul_(second).addcmul_(values, values, value=1 - second)
                state["mean"].index_copy_(0, rows, mean)
                state["square"].index_copy_(0, rows, square)
                rate = group["lr"] * math.sqrt(1 - second ** state["step"]) / (1 - first ** state["step"])
                parameter.index_add_(0, rows, mean.div_(square.sqrt_().add_(group["eps"])), alpha=-rate)


def make_optimizers(
    network: nn.Module, sparse: list[nn.Parameter], name: str, rate: float, momentum: float
) -> list[torch.optim.Optimizer]:
    """The optimisers of one network; `sparse` parameters get row-wise updates.

    Adam needs two: torch's own for dense gradients, and `RowAdam` for the tables of which a step touches some rows.
    """
    if name == "adagrad":
        return [Adagrad(network.parameters(), rate, momentum)]
    rowwise = {id(parameter) for parameter in sparse}
    dense = [parameter for parameter in network.parameters() if id(parameter) not in rowwise]
    optimizers: list[torch.optim.Optimizer] = []
    if dense:
        optimizers.append(torch.optim.Adam(dense, rate))
    if sparse:
        optimizers.append(RowAdam(sparse, rate))
    return optimizers


@torch.no_grad()
def clip(parameters: Iterable[nn.Parameter], longest: float) -> Tensor:
    """Scale all gradients so that their joint Euclidean norm is at most `longest`; returns the norm before."""
    values = []
    for parameter in parameters:
        if parameter.grad is not None:
            if parameter.grad.is_sparse:
                parameter.grad = parameter.grad.coalesce()
                values.append(parameter.grad.values())
            else:
                values.append(parameter.grad)
    norm: Tensor = torch.stack([value.norm() for value in values]).norm()
    scale = (longest / (norm + 1e-6)).clamp(max=1.0)
    for value in values:
        value.mul_(scale)
    return norm
