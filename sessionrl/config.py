"""Configurations: TOML files whose sections are the parameters of the code.

A preset or a file names only what differs from the defaults; `complete` writes every option out, so that a run can be
repeated even after a default has changed.
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import import_module, resources
from pathlib import Path
from typing import Any

from sessionrl import registry
from sessionrl.errors import BadOption, UnknownName, did_you_mean

# The section of each part: by registered name, or one class. `given` is what the code supplies, not the file.
NAMED = {"backbone": ("dim",), "objective": (), "policy": (), "baseline": ()}
FIXED = {
    "items": ("sessionrl.nn.items:Items", ("n_items", "described")),
    "inputs": ("sessionrl.nn.inputs:Inputs", ("dim", "kinds", "feature_sizes")),
    "training": ("sessionrl.training.options:Training", ()),
    "ensemble": ("sessionrl.ensemble:Ensemble", ()),
    "evaluation": ("sessionrl.evaluation.options:Evaluation", ()),
}
MOST_SEED = 2**32 - 1  # torch and numpy refuse others, each at another size
TOP: dict[str, tuple[type, str]] = {
    "preset": (str, "text, the name of the model in tables"),
    "seed": (int, f"a whole number from 0 to {MOST_SEED}"),
    "refit": (bool, "true or false"),
    "prepared": (str, "text, the prepared directory"),
    "from": (str, "text, the run whose model the training begins with"),
    "extends": (str, "text, the run whose model got further items"),
    "sessionrl_version": (str, "text"),
}
NETWORK = ("items", "inputs", "backbone", "objective", "training", "policy")

Config = dict[str, Any]


def preset_names() -> list[str]:
    """All presets of the package, sorted."""
    return sorted(file.name.removesuffix(".toml") for file in _presets() if file.name.endswith(".toml"))


def preset_description(name: str) -> str:
    """The first comment line of a preset."""
    return _preset_text(name).split("\n", 1)[0].lstrip("# ").strip()


def load(source: str) -> Config:
    """The configuration in a preset or in a TOML file, as written there."""
    if not (source.endswith(".toml") or "/" in source):
        return {"preset": source, **tomllib.loads(_preset_text(source))}
    path = Path(source)
    if not path.is_file():
        found = f"{source} is a folder, not a TOML file." if path.is_dir() else f"There is no file {source!r}."
        raise BadOption(f"{found}\n  do now: give a TOML file, or one of the presets {', '.join(preset_names())}")
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadOption(f"{source} is not valid TOML: {error}.\n  do now: correct it, or restore it") from None
    return {"preset": path.stem, **config}


def override(config: Config, assignments: Iterable[str]) -> Config:
    """The configuration with ``section.key=value`` set; values are read as TOML, and as text when that fails."""
    result = {key: dict(value) if isinstance(value, dict) else value for key, value in config.items()}
    split = [_split(assignment) for assignment in assignments]
    # Names first: another part has other options, and those given beside the name are meant for it.
    for keys, text in sorted(split, key=lambda one: one[0][-1] != "name"):
        *sections, last = keys
        place = result
        for section in sections:
            place[section] = dict(place.get(section, {})) if isinstance(place.get(section, {}), dict) else {}
            place = place[section]
        if last == "name" and isinstance(place.get("name"), str) and place["name"] != text:
            place.clear()
        place[last] = _value(text)
    return result


def complete(config: Mapping[str, Any]) -> Config:
    """The checked configuration with every default written out.

    Raises:
        BadOption, UnknownName: something in it does not exist or does not fit.
    """
    known = [*TOP, *NAMED, *FIXED]
    for key in config:
        if key not in known:
            hint = _meant(key, known, config)
            raise BadOption(f"There is no section or option {key!r}.{hint} Known: {', '.join(known)}.")
    result: Config = {"preset": "custom", "seed": 1, "refit": False}
    for key, (kind, expected) in TOP.items():
        if key in config:
            if type(config[key]) is not kind or (key == "seed" and not 0 <= config[key] <= MOST_SEED):
                raise BadOption(f"Option {key!r} = {config[key]!r}: expected {expected}.")
            result[key] = config[key]
    for section in sections(config):
        given = config.get(section, {})
        if not isinstance(given, Mapping):
            raise BadOption(f"[{section}] is a section; write {section}.option=value, not {section}={given!r}.")
        if section in NAMED:
            result[section] = registry.complete(section, {**_defaults(section), **given}, NAMED[section])
        else:
            supplied = FIXED[section][1]
            result[section] = registry.complete_options(section_class(section), given, f"[{section}]", supplied)
    return result


def sections(config: Mapping[str, Any]) -> list[str]:
    """The sections that this kind of model has: those of a baseline or those of a network, maybe in an ensemble."""
    if "baseline" in config:
        extra = [section for section in (*NETWORK, "ensemble") if section in config]
        if extra:
            raise BadOption(f"A baseline has no section [{extra[0]}]. Leave out [baseline] to train a network.")
        return ["baseline", "evaluation"]
    return [*NETWORK, *(["ensemble"] if "ensemble" in config else []), "evaluation"]


def fixed(section: str, config: Mapping[str, Any], **given: Any) -> Any:
    """The object that a section without a name describes."""
    return registry.construct(section_class(section), config.get(section, {}), f"[{section}]", **given)


def section_class(section: str) -> Any:
    """The class whose parameters are the options of a section without a name."""
    return _class_at(FIXED[section][0])


def features(config: Mapping[str, Any]) -> list[str]:
    """Columns of the table of items that the model reads."""
    return list(config.get("items", {}).get("features", ()))


def text(config: Mapping[str, Any]) -> str:
    """The configuration as TOML."""
    import tomli_w

    return tomli_w.dumps(config)


def label(config: Mapping[str, Any]) -> str:
    """What a run is called in tables: its preset, which an override of the options does not change."""
    return str(config["preset"])


def _meant(key: str, known: list[str], config: Mapping[str, Any]) -> str:
    """A hint for a section that does not exist: one of nearly this name, or the section that has such an option."""
    if near := did_you_mean(key, known):
        return near
    others = {name: value for name, value in config.items() if name in known}
    options = complete(others)
    there = [f"{section}.{key}" for section in sections(others) if key in options[section]]
    return f" Did you mean {' or '.join(there)}?" if there else ""


def _defaults(section: str) -> dict[str, Any]:
    return {"policy": {"name": "greedy"}}.get(section, {})


def _class_at(address: str) -> Any:
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)


def _presets() -> list[Any]:
    return list(resources.files("sessionrl").joinpath("presets").iterdir())


def _preset_text(name: str) -> str:
    file = resources.files("sessionrl").joinpath("presets", f"{name}.toml")
    if not file.is_file():
        raise UnknownName("preset", name, preset_names())
    return file.read_text(encoding="utf-8")


def _split(assignment: str) -> tuple[list[str], str]:
    """``objective.gamma=0.9`` -> ``["objective", "gamma"], "0.9"``."""
    name, equals, text = assignment.partition("=")
    keys = [key.strip() for key in name.split(".")]
    if not equals or not all(keys):
        raise BadOption(f"{assignment!r} is no assignment. Write section.key=value, as in training.epochs=5.")
    return keys, text.strip()


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
