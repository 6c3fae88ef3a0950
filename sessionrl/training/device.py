"""Where tensors lie: the CPU or a GPU."""

import torch

from sessionrl.errors import BadOption


def choose_device(name: str) -> torch.device:
    """The device called `name`; "auto" is a GPU when there is one.

    Raises:
        BadOption: this machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise BadOption(
            f"[training], option 'device' = {name!r}: {str(error).splitlines()[0]}\n  do now: use 'auto' or 'cpu'"
        ) from None
    return device


def device_name(device: str) -> str:
    """``cpu``, or a GPU with its model."""
    return f"{device}: {torch.cuda.get_device_name(device)}" if device.startswith("cuda") else device
