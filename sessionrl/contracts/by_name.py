"""The contract of every kind of part, and parts tried by name: `sessionrl check KIND NAME`."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sessionrl import registry
from sessionrl.contracts.backbone import check_backbone
from sessionrl.contracts.baseline import check_baseline
from sessionrl.contracts.metric import check_metric
from sessionrl.contracts.objective import check_objective
from sessionrl.contracts.picture import check_picture
from sessionrl.contracts.policy import check_policy
from sessionrl.contracts.reader import check_reader
from sessionrl.contracts.reward import check_reward
from sessionrl.errors import BadOption, BrokenContract, UnknownName

CONTRACTS: dict[str, Callable[..., None]] = {
    "reader": check_reader,
    "backbone": check_backbone,
    "objective": check_objective,
    "reward": check_reward,
    "policy": check_policy,
    "baseline": check_baseline,
    "metric": check_metric,
    "picture": check_picture,
}


def check(kind: str, name: str, path: Path | None = None, options: Mapping[str, Any] | None = None) -> str:
    """Try a part; what it was tried for, in sentences.

    Args:
        kind: a kind of part
        name: as registered
        path: a sample of what it reads; for a reader, and only for one
        options: of the part, as in a configuration

    Raises:
        BrokenContract: it does not do what a part of its kind promises.
        BadOption, UnknownName: there is no such part, or it has no such option.
    """
    if kind not in CONTRACTS:
        raise UnknownName("kind of part", kind, CONTRACTS)
    registry.part(kind, name)
    if (kind == "reader") != (path is not None):
        raise BadOption(
            f"reader {name!r} is tried on a sample of what it reads.\n  do now: name the file or folder with --path"
            if path is None
            else f"{kind} {name!r} reads no file.\n  do now: leave --path out"
        )
    given = dict(options or {})
    if kind == "metric" and given:
        raise BadOption(f"metric {name!r} has no options.\n  do now: leave {', '.join(given)} out")
    try:
        CONTRACTS[kind](name, **({} if path is None else {"path": path}), **given)
    except AssertionError as error:
        if not str(error):
            raise  # an assertion of the part itself, of which the traceback says more
        raise BrokenContract(kind, name, str(error)) from error
    return promises(kind)


def promises(kind: str) -> str:
    """What parts of a kind are tried for: the docstring of their contract, up to its arguments."""
    return (inspect.getdoc(CONTRACTS[kind]) or "").partition("\n\nArgs:")[0]
