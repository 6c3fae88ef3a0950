"""What there is: parts and presets by name, a configuration with the places of its code, the state of the machine."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from sessionrl import __version__, config, registry
from sessionrl.environment import NOT_INSTALLED, PACKAGES, installed
from sessionrl.errors import UnknownName

PLURALS = {f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s": kind for kind in registry.HOMES}
SLICES = {
    "all": "every event but the first of each session; the headline",
    "first": "the first event of each session, predicted from nothing",
    "prefix>=2": "events with at least two events before them",
    "repeat": "the next item was in the session already",
    "new": "the next item was not in the session yet",
    "KIND": "the next event is of this kind, for example purchase",
    "KIND/repeat": "of this kind, of an item that was in the session already",
    "KIND/new": "of this kind, of an item that was not in the session yet",
    "events=0": "the next item has no event in the training part: a cold item",
    "events=0/new": "and it was not in the session yet: what only features can find",
    "events=1-5": "it has 1 to 5 events there",
    "events=1-5/new": "and it was not in the session yet",
    "events=6-20": "it has 6 to 20",
    "events=6-20/new": "and it was not in the session yet",
    "events>20": "it has more",
    "events>20/new": "and it was not in the session yet",
}
EXTRAS = {
    "matplotlib": "report",
    "jinja2": "report",
    "plotly": "report",
    "pillow": "report",
    "scikit-learn": "map",
    "umap-learn": "umap",
    "nbformat": "notebook",
    "tensorboard": "tensorboard",
    "mlflow-skinny": "mlflow",
}


def listing(what: str | None = None, name: str | None = None) -> str:
    """Names of a kind with their first docstring line, options and place; of all kinds when none is named.

    Args:
        what: a kind, in the singular or the plural
        name: of a part of that kind, of which everything is said

    Raises:
        UnknownName: there is no such kind or part.
    """
    known = {"presets": "preset", **PLURALS, "slices": "slice"}
    if what is None:
        return "\n\n".join(f"{name}\n{listing(name)}" for name in known)
    if what not in known and what not in known.values():
        raise UnknownName("list", what, known)
    kind = known.get(what, what)
    if name is not None and kind in registry.HOMES:
        return _described(kind, name, whole=True)
    if name is not None and kind == "preset":
        return annotated(config.complete(config.load(name)))
    if name is not None:
        raise UnknownName("kind of part", what, registry.HOMES)
    if kind == "preset":
        return _aligned({name: config.preset_description(name) for name in config.preset_names()})
    if kind == "slice":
        return _aligned(SLICES)
    lines = [_described(kind, name) for name in registry.names(kind)]
    if kind == "reader":
        from sessionrl.data.prepare import Preparation

        lines.append(_entry("[data], with every reader", Preparation, ()))
    return "\n".join(lines)


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

    found = {"sessionrl": __version__, "python": f"{platform.python_version()} on {platform.platform()}"}
    found |= {package: installed(package) for package in PACKAGES}
    for package, extra in EXTRAS.items():
        there = installed(package)
        found[package] = f"missing: pip install 'sessionrl[{extra}]'" if there == NOT_INSTALLED else there
    found["cores"] = f"{os.cpu_count()}, torch uses {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        found["GPU"] = f"{', '.join(names)} (CUDA {torch.version.cuda})"
    else:
        build = "this torch is a CPU build" if torch.version.cuda is None else "CUDA build, but no GPU is visible"
        found["GPU"] = f"none: {build}; training runs on the CPU"
    found |= {kind: ", ".join(registry.names(kind)) for kind in registry.HOMES}
    return "\n".join(f"{name:<15}{value}" for name, value in found.items())


def _described(kind: str, name: str, whole: bool = False) -> str:
    supplied = config.NAMED.get(kind, ("k",) if kind == "metric" else ())
    return _entry(f"{name}@k" if kind == "metric" else name, registry.part(kind, name), supplied, whole)


def _entry(title: str, cls: type, supplied: tuple[str, ...], whole: bool = False) -> str:
    """whole: the docstring with what it says of every option, and not its first line alone."""
    said = inspect.getdoc(cls) or ""
    options = [_option(p) for p in inspect.signature(cls).parameters.values() if p.name not in supplied]
    lines = [f"  {title}  ({_place(cls)})", indent(said if whole else said.partition("\n")[0], " " * 6)]
    return "\n".join([*lines, *([f"      options: {', '.join(options)}"] if options else [])])


def _aligned(described: Mapping[str, str]) -> str:
    width = max(map(len, described))
    return "\n".join(f"  {name:<{width}}  {sentence}" for name, sentence in described.items())


def _option(parameter: inspect.Parameter) -> str:
    """``gamma=0.5``, or the name alone where there is no default, or one that has to be made."""
    default = parameter.default
    shown = default is not parameter.empty and not repr(default).startswith("<")
    return f"{parameter.name}={default!r}" if shown else parameter.name


def _place(cls: type) -> str:
    file = Path(inspect.getsourcefile(cls) or "")
    parts = file.parts
    inside = Path(*parts[parts.index("sessionrl") :]) if "sessionrl" in parts else file
    return f"{inside}:{inspect.getsourcelines(cls)[1]}"
