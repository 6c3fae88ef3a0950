"""What there is: parts and presets by name, a configuration with the places of its code, the state of the machine."""

import importlib.util
import inspect
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sessionrl import __version__, config, registry
from sessionrl.errors import UnknownName

PLURALS = {f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s": kind for kind in registry.HOMES}
EXTRAS = {"matplotlib": "report", "jinja2": "report"}


def listing(what: str | None = None) -> str:
    """Names of a kind with their first docstring line, options and place; of all kinds when none is named.

    Raises:
        UnknownName: there is no such kind.
    """
    known = {"presets": "presets", **PLURALS, "slices": "slices"}
    if what is None:
        return "\n\n".join(f"{name}\n{listing(name)}" for name in known)
    if what not in known and what not in known.values():
        raise UnknownName("list", what, known)
    if known.get(what, what) == "presets":
        width = max(map(len, config.preset_names()))
        return "\n".join(f"  {name:<{width}}  {config.preset_description(name)}" for name in config.preset_names())
    if what == "slices":
        from sessionrl.evaluation.slices import slice_names

        return "\n".join(f"  {name}" for name in slice_names(["KIND"]))
    kind = known.get(what, what)
    return "\n".join(_described(kind, name) for name in registry.names(kind))


def annotated(complete: Mapping[str, Any]) -> str:
    """A complete configuration as TOML, with the file and line of the class behind every section."""
    top = {key: value for key, value in complete.items() if not isinstance(value, Mapping)}
    lines = [config.text(top).rstrip()]
    for section in config.sections(complete):
        options = complete[section]
        cls = registry.part(section, options["name"]) if section in config.NAMED else config.section_class(section)
        lines.append(f"\n# {_place(cls)}\n{config.text({section: options}).rstrip()}")
    return "\n".join(lines)


def diagnosis() -> str:
    """Versions, devices, and what is missing with the command that installs it."""
    import os
    import platform

    import torch

    lines = [f"sessionrl  {__version__}", f"python     {platform.python_version()} on {platform.platform()}"]
    for package in ("torch", "numpy", "polars", "numba", "scipy", "pydantic", "cyclopts", "safetensors"):
        lines.append(f"{package:<10} {_version(package)}")
    for package, extra in EXTRAS.items():
        found = importlib.util.find_spec(package) is not None
        state = _version(package) if found else f"missing: pip install 'sessionrl[{extra}]'"
        lines.append(f"{package:<10} {state}")
    lines.append(f"cores      {os.cpu_count()}, torch uses {torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        lines.append(f"GPU        {', '.join(names)} (CUDA {torch.version.cuda})")
    else:
        build = "this torch is a CPU build" if torch.version.cuda is None else "CUDA build, but no GPU is visible"
        lines.append(f"GPU        none: {build}; training runs on the CPU")
    for kind in registry.HOMES:
        lines.append(f"{kind:<10} {', '.join(registry.names(kind))}")
    return "\n".join(lines)


def _described(kind: str, name: str) -> str:
    cls = registry.part(kind, name)
    first = (inspect.getdoc(cls) or "").split("\n", 1)[0]
    supplied = config.NAMED.get(kind, ("k",) if kind == "metric" else ())
    options = [
        f"{p.name}={p.default!r}" if p.default is not p.empty else p.name
        for p in inspect.signature(cls).parameters.values()
        if p.name not in supplied
    ]
    title = f"{name}@k" if kind == "metric" else name
    lines = [f"  {title}  ({_place(cls)})", f"      {first}"]
    return "\n".join([*lines, *([f"      options: {', '.join(options)}"] if options else [])])


def _place(cls: type) -> str:
    file = Path(inspect.getsourcefile(cls) or "")
    parts = file.parts
    inside = Path(*parts[parts.index("sessionrl") :]) if "sessionrl" in parts else file
    return f"{inside}:{inspect.getsourcelines(cls)[1]}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
