"""Whether a loss reaches every parameter."""

from torch import nn

from sessionrl.contracts.made_up import require


def check_gradients(module: nn.Module, who: str) -> None:
    """Every parameter has a finite gradient."""
    for key, parameter in module.named_parameters():
        require(
            parameter.grad is not None,
            f"{who} leaves the parameter {key!r} without a gradient, on which distributed training would hang",
        )
        assert parameter.grad is not None
        grad = parameter.grad.coalesce().values() if parameter.grad.is_sparse else parameter.grad
        require(bool(grad.isfinite().all()), f"{who}: the gradient of {key!r} is not finite")
