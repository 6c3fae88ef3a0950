"""Names in a file -> checked instances.

A part registers itself with one decorator in its own file; the sibling modules of a kind are imported on
first look-up, and other packages join through the entry-point group ``sessionrl.<kind>``. The keys of a
configuration section **are** the parameters of the class: there is no second list of options.
"""

import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, is_dataclass
from dataclasses import fields as fields_of
from importlib.metadata import entry_points
from typing import Any, TypeVar

from sessionrl.errors import BadOption, UnknownName, did_you_mean

# Where the parts of each kind live: a package (its modules are imported) or one module.
HOMES = {
    "reader": "sessionrl.data.readers",
    "backbone": "sessionrl.nn.backbones",
    "objective": "sessionrl.objectives",
    "reward": "sessionrl.objectives.rewards",
    "policy": "sessionrl.policies",
    "baseline": "sessionrl.baselines",
    "metric": "sessionrl.evaluation.metrics",
    "picture": "sessionrl.reporting.pictures",
}

# TOML has no None: this word takes an option away that a preset sets, and keeps it away when a default changes.
NONE = "none"

# How to write what the checker only names.
WRITTEN = {
    "tuple_type": 'Input should be a list, written ["a", "b"]',
    "list_type": 'Input should be a list, written ["a", "b"]',
    "dict_type": 'Input should be a table, written {a = "b"}',
}

_parts: dict[tuple[str, str], type] = {}
_loaded: set[str] = set()

T = TypeVar("T")


def register(kind: str, name: str) -> Callable[[type[T]], type[T]]:
    """Class decorator: ``@register("objective", "sqn")``."""

    def add(cls: type[T]) -> type[T]:
        known = _parts.setdefault((kind, name), cls)
        if known is not cls:
            raise ValueError(f"two parts of kind {kind!r} are called {name!r}: {known} and {cls}")
        return cls

    return add


def names(kind: str) -> list[str]:
    """All names of a kind, plug-ins included, sorted."""
    if kind not in HOMES:
        raise UnknownName("kind of part", kind, HOMES)
    if kind not in _loaded:
        home = importlib.import_module(HOMES[kind])
        for module in pkgutil.iter_modules(getattr(home, "__path__", [])):
            importlib.import_module(f"{home.__name__}.{module.name}")
        for point in entry_points(group=f"sessionrl.{kind}"):
            point.load()
        _loaded.add(kind)
    return sorted(name for its_kind, name in _parts if its_kind == kind)


def part(kind: str, name: str) -> type:
    """The class registered under a name."""
    known = names(kind)
    if name not in known:
        raise UnknownName(kind, name, known)
    return _parts[kind, name]


def build(kind: str, section: Mapping[str, Any], **given: Any) -> Any:
    """``{"name": "sqn", "gamma": 0.5}`` -> ``SQN(gamma=0.5)``; `given` comes from the caller, not from a file."""
    cls, options = _split(kind, section)
    return construct(cls, options, f"{kind} {section['name']!r}", **given)


def complete(kind: str, section: Mapping[str, Any], given: tuple[str, ...] = ()) -> dict[str, Any]:
    """The section with every default written out, as plain values that TOML can hold."""
    cls, options = _split(kind, section)
    return {"name": section["name"], **complete_options(cls, options, f"{kind} {section['name']!r}", given)}


def construct(cls: Callable[..., T], options: Mapping[str, Any], where: str, **given: Any) -> T:
    """Call `cls` with checked options; `where` names the section in messages."""
    checked = _check(cls, options, where, tuple(given))
    return cls(**{name: getattr(checked, name) for name in type(checked).model_fields}, **given)


def complete_options(
    cls: Callable[..., Any], options: Mapping[str, Any], where: str, given: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Checked options with every default written out; what is None is written as the word `NONE`."""
    plain: dict[str, Any] = _in_words(_check(cls, options, where, given).model_dump(mode="json"))
    return plain


def _split(kind: str, section: Mapping[str, Any]) -> tuple[type, dict[str, Any]]:
    options = dict(section)
    if "name" not in options:
        raise BadOption(f"Section [{kind}] has no 'name'. Known: {', '.join(names(kind))}.")
    return part(kind, options.pop("name")), options


def _check(cls: Callable[..., Any], options: Mapping[str, Any], where: str, given: tuple[str, ...]) -> Any:
    from pydantic import ConfigDict, Field, ValidationError, create_model

    hints = typing.get_type_hints(cls.__init__ if inspect.isclass(cls) else cls, include_extras=True)
    # The signature of a dataclass shows a sentinel where a field has a default_factory.
    own = fields_of(cls) if inspect.isclass(cls) and is_dataclass(cls) else ()
    factories = {one.name: one.default_factory for one in own if one.default_factory is not MISSING}
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.name not in given:
            default = ... if parameter.default is parameter.empty else parameter.default
            if parameter.name in factories:
                default = Field(default_factory=factories[parameter.name])
            fields[parameter.name] = (hints.get(parameter.name, Any), default)
            _forbid_unknown_keys(hints.get(parameter.name))
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    of_fields = {name: hint for name, (hint, _) in fields.items()}
    try:
        return create_model("Options", __config__=config, **fields)(**_out_of_words(options, of_fields))
    except ValidationError as error:
        raise BadOption("\n".join(_explain(where, one, of_fields) for one in error.errors())) from None


def _forbid_unknown_keys(hint: Any) -> None:
    """A nested dataclass is a nested section: an unknown key in it is as wrong as one outside."""
    from pydantic import ConfigDict

    if inspect.isclass(hint) and is_dataclass(hint) and "__pydantic_config__" not in vars(hint):
        hint.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
        for nested in typing.get_type_hints(hint).values():
            _forbid_unknown_keys(nested)


def _explain(where: str, error: Mapping[str, Any], hints: Mapping[str, Any]) -> str:
    *sections, last = error["loc"]
    option = ".".join(str(step) for step in error["loc"])
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        for section in sections:
            hints = _options_of(hints[section])
        known = [".".join([*map(str, sections), name]) for name in hints]
        hint = did_you_mean(option, known)
        return f"{where} has no option {option!r}.{hint} Options: {', '.join(known) or 'none'}."
    if error["type"] == "missing" and isinstance(last, int):
        return f"{where}, option {'.'.join(map(str, sections))!r} is too short: it has no value number {last + 1}."
    if error["type"] == "missing":
        return f"{where} needs the option {option!r}. Give it as {option}=VALUE."
    expected = WRITTEN.get(error["type"], error["msg"])
    return f"{where}, option {option!r} = {error['input']!r}: {expected}."


def _in_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_words(inner) for key, inner in value.items()}
    return NONE if value is None else value


def _out_of_words(options: Mapping[str, Any], hints: Mapping[str, Any]) -> dict[str, Any]:
    """The options as their types want them, in nested sections as well.

    The word `NONE` is None where an option may be that; lists may be words with commas between, and numbers words, as
    ids are in many shops.
    """
    read = dict(options)
    for name, value in options.items():
        hint = hints.get(name)
        if value == NONE and type(None) in typing.get_args(hint):
            read[name] = None
        elif (of := _of_list(hint)) is not None:
            read[name] = _listed(value, of)
        elif isinstance(value, Mapping) and inspect.isclass(hint) and is_dataclass(hint):
            read[name] = _out_of_words(value, _options_of(hint))
    return read


def _of_list(hint: Any) -> Any:
    """Of what type a list of any length is; None if it is no list."""
    of = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return of[0] if of[1:] == (...,) else None
    if typing.get_origin(hint) in (typing.Annotated, typing.Union, types.UnionType):
        return next((found for one in of if (found := _of_list(one)) is not None), None)
    return None


def _listed(value: Any, of: Any) -> Any:
    if isinstance(value, str):
        value = [word.strip() for word in value.split(",") if word.strip()]
    elif isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if of is str and isinstance(value, list | tuple):
        return [str(one) if type(one) is int else one for one in value]
    return value


def _options_of(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return {one.name: hints[one.name] for one in fields_of(cls) if one.init}
