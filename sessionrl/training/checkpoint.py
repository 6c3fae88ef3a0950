"""The state of a training that was interrupted, on disk without pickle: tensors in safetensors, the rest in JSON."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from sessionrl.errors import BadDirectory
from sessionrl.runs import replacing
from sessionrl.training.optimizers import RowAdam

STATE = "state"  # the metadata key that carries the JSON


def save_checkpoint(path: Path, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """One file, whole or not at all."""
    with replacing(path) as temporary:
        contiguous = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
        save_file(contiguous, temporary, metadata={STATE: json.dumps(state)})


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_checkpoint` wrote.

    Raises:
        BadDirectory: there is no checkpoint, or it is damaged.
    """
    state = checkpoint_state(path)
    return load_file(path), state


def checkpoint_state(path: Path) -> dict[str, Any]:
    """The state alone, without the tensors.

    Raises:
        BadDirectory: there is no checkpoint, or it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise BadDirectory(
            f"{path} does not exist, so there is nothing to resume.\n"
            "  do now: start the training anew (a finished training keeps no checkpoint)"
        )
    try:
        with safe_open(path, framework="pt") as file:
            state: dict[str, Any] = json.loads(file.metadata()[STATE])
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise BadDirectory(
            f"{path} is damaged ({error}).\n  do now: delete it, and the training starts anew when it is resumed"
        ) from None
    return state


def optimizer_tensors(optimizer: torch.optim.Optimizer, prefix: str) -> dict[str, Tensor]:
    """The tensors of an optimiser's state, by parameter number and name; Adam's step counters are kept too."""
    return {
        f"{prefix}.{number}.{name}": torch.as_tensor(value)
        for number, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, prefix: str, tensors: dict[str, Tensor]) -> None:
    """The inverse of `optimizer_tensors`."""
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        if key.startswith(f"{prefix}."):
            number, name = key.removeprefix(f"{prefix}.").split(".", 1)
            # RowAdam counts its steps in a plain number, Adam in a tensor.
            is_count = name == "step" and isinstance(optimizer, RowAdam)
            state.setdefault(int(number), {})[name] = int(tensor) if is_count else tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
