"""What a run depends on besides its configuration: versions, commit, machine, device, command line."""

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sessionrl import __version__

NOT_INSTALLED = "not installed"
PACKAGES = ("torch", "numpy", "polars", "numba", "scipy", "pydantic", "cyclopts", "safetensors")


def environment(device: str) -> dict[str, Any]:
    """All of it, as plain values; `device` says where the tensors lie."""
    return {
        "sessionrl": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {package: installed(package) for package in PACKAGES},
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "device": device,
        "command": shlex.join(["sessionrl", *sys.argv[1:]]),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def installed(package: str) -> str:
    """The version of a package, or "not installed"."""
    try:
        return version(package)
    except PackageNotFoundError:
        return NOT_INSTALLED


def _commit() -> str:
    """The commit of the source tree this package runs from, and whether it was changed since; "unknown" elsewhere."""
    # Without the first command, a package installed inside somebody's repository would give the commit of that one.
    tracked = _git("ls-files", "--error-unmatch", Path(__file__).name)
    return (tracked and _git("describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+changes")) or "unknown"


def _git(*arguments: str) -> str:
    """What git answers about the directory of this file; nothing where it cannot."""
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
