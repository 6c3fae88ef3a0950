"""What a backbone must be: causal, so that a state depends on nothing but its own prefix."""

from typing import Any

import torch
from torch import Tensor, nn

from sessionrl import registry
from sessionrl.contracts.gradients import check_gradients
from sessionrl.contracts.made_up import DIM, require


def check_backbone(name: str, **options: Any) -> None:
    """A causal map [B, T, d] -> [B, T, d] that reads the past, row by row, the same in any company.

    Args:
        name: as registered
        options: of the backbone, as in a configuration
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone: nn.Module = registry.build("backbone", {"name": name, **options}, dim=DIM)
        x = torch.randn(3, 9, DIM)
        out = backbone.train()(x)
        require(out.shape == x.shape, f"a backbone maps [B, T, d] to [B, T, d], but {name!r} gives {list(out.shape)}")
        require(out.dtype == x.dtype, f"{name!r} maps {x.dtype} to {out.dtype}")
        out.square().sum().backward()
        check_gradients(backbone, f"backbone {name!r}")
        for mode in (True, False):
            _check_causal(backbone.train(mode), x, f"backbone {name!r} ({'training' if mode else 'evaluation'} mode)")
        _check_rows(backbone.eval(), x, f"backbone {name!r}")


def _check_causal(backbone: nn.Module, x: Tensor, who: str) -> None:
    """Also while training: every call draws the same dropout."""
    before = _seeded(backbone, x)
    require(bool(before.isfinite().all()), f"{who} gives values that are not finite")
    for t in range(x.size(1) - 1):
        other = x.clone()
        other[:, t + 1 :] = torch.randn_like(other[:, t + 1 :])
        after = _seeded(backbone, other)
        require(
            torch.allclose(before[:, : t + 1], after[:, : t + 1], atol=1e-5),
            f"{who} sees the future: other inputs after position {t} change the outputs up to it",
        )
        require(
            not torch.allclose(before[:, t + 1], after[:, t + 1], atol=1e-7),
            f"{who} does not see the present: another input at position {t + 1} leaves its output as it was",
        )
    other = x.clone()
    other[:, -2] = torch.randn_like(other[:, -2])  # and not the same number everywhere, to which a norm may be blind
    require(
        not torch.allclose(before[:, -1], _seeded(backbone, other)[:, -1], atol=1e-7),
        f"{who} does not see the past: another input at position {x.size(1) - 2} leaves the next output as it was",
    )


@torch.no_grad()
def _check_rows(backbone: nn.Module, x: Tensor, who: str) -> None:
    whole = backbone(x)
    require(
        torch.allclose(backbone(torch.cat([x, torch.zeros(3, 4, DIM)], 1))[:, : x.size(1)], whole, atol=1e-5),
        f"{who}: padding on the right changes the outputs before it",
    )
    for row in range(len(x)):
        for length in (1, x.size(1)):
            alone = backbone(x[row : row + 1, :length])
            require(
                torch.allclose(alone[0], whole[row, :length], atol=1e-5),
                f"{who}: the first {length} steps of row {row} alone give other outputs than within the batch",
            )


@torch.no_grad()
def _seeded(module: nn.Module, x: Tensor) -> Tensor:
    torch.manual_seed(1)
    found: Tensor = module(x)
    return found
