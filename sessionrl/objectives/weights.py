"""Weights of transitions in a supervised loss."""

from torch import Tensor


def mean_one(weights: Tensor) -> Tensor:
    """Weights [N] divided by the mean of their sizes; zeros stay zeros.

    Otherwise their scale, which follows that of rewards and Q values, would silently be another learning rate.
    """
    size = weights.abs().mean()
    return weights / size.where(size > 0, 1.0)
