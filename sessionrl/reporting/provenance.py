"""Provenance: what was trained on what, by which version, and every command that repeats it."""

import inspect
import json
import re
import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NamedTuple

from sessionrl import config as configuration
from sessionrl import registry
from sessionrl.data.card import card_lines
from sessionrl.data.preparation import Preparation
from sessionrl.errors import UnknownName
from sessionrl.evaluation.metric import metric
from sessionrl.reporting.models import Kind, Model, Options, Run, flat
from sessionrl.reporting.numbers import NONE
from sessionrl.reporting.page_tables import Cell, Column, Row, TableView
from sessionrl.reporting.training_log import ended
from sessionrl.runs import PreparedDirectory


class Definition(NamedTuple):
    """A metric: what it is, its range, which side is better, and its equation and source."""

    name: str
    meaning: str
    range: str
    better: str
    details: str


def data_lines(run: Run) -> list[str]:
    """The card of the data, as `sessionrl prepare` printed it."""
    return card_lines(run.data["card"])


def run_table(models: Sequence[Model]) -> TableView:
    """One row per run."""
    words = ("started", "sessionrl", "commit", "python", "torch", "device", "directory")
    columns = (*map(Column, ("seed", "epoch", "validation")), *(Column(name, text=True) for name in words))
    rows = tuple(Row(model.label, _run_cells(run, model.kind)) for model in models for run in model.runs)
    return TableView("Runs: the epoch that validation chose, and what made them", "model", columns, rows)


def _run_cells(run: Run, kind: Kind) -> tuple[Cell, ...]:
    about, best = run.environment, ended(run)
    none = Cell(NONE, title="a baseline has no epochs" if kind == "baseline" else "no validation was logged")
    started, _, time = str(about.get("started", NONE)).partition("T")
    commit, plus, changes = str(about.get("commit", NONE)).partition("+")
    return (
        Cell(str(run.seed)),
        Cell(str(best.chosen)) if best else none,
        Cell(f"{best.value:.4f}") if best else none,
        Cell(started, time[:5], title="UTC"),
        Cell(str(about.get("sessionrl", NONE))),
        Cell(commit, plus + changes),
        Cell(str(about.get("python", NONE))),
        Cell(str(about.get("packages", {}).get("torch", NONE))),
        Cell(str(about.get("device", NONE))),
        Cell(run.path.name, title=str(run.path)),
    )


def option_table(models: Sequence[Model]) -> TableView | None:
    """The options in which the networks differ; None if they differ in none."""
    networks = [model for model in models if model.kind == "network"]
    configs = [
        flat({key: value for key, value in model.config.items() if key not in ("seed", "prepared", "preset")})
        for model in networks
    ]
    names = list(dict.fromkeys(name for one in configs for name in one))
    differing = [name for name in names if any(one.get(name) != configs[0].get(name) for one in configs)]
    if not differing:
        return None
    absent = Cell(NONE, title="this model has no such option, or it is not set")
    rows = [
        Row(name, tuple(Cell(_value(one[name])) if name in one else absent for one in configs)) for name in differing
    ]
    return TableView(
        "Options in which the networks differ",
        "option",
        tuple(Column(m.label, text=True) for m in networks),
        tuple(rows),
    )


def commands(models: Sequence[Model], page: Path) -> list[str]:
    """What repeats the report from the raw files on, one command a line."""
    first = models[0].runs[0]
    runs = [run for model in models for run in model.runs]
    prepared = str(first.data["prepared"])
    lines = [_prepare_command(first)]
    lines += [command("train", str(run.directory.config), "--data", prepared) for run in runs]
    paths = [str(run.path) for run in runs]
    if len(models) > 1:
        lines.append(command("compare", *paths))
    return [*lines, command("report", *paths, "--out", str(page))]


def settings_text(run: Run) -> str:
    """``prepare.toml`` of the prepared data, or nothing if it is gone or is of other data by now."""
    directory = PreparedDirectory(run.data["prepared"])
    if not directory.settings.is_file() or not directory.card.is_file():
        return ""
    if json.loads(directory.card.read_text(encoding="utf-8")).get("fingerprint") != run.fingerprint:
        return ""
    text: str = directory.settings.read_text(encoding="utf-8")
    return text


def config_texts(models: Sequence[Model]) -> list[tuple[str, str]]:
    """The complete configuration of every model, of its first seed."""
    return [(model.label, configuration.text(model.config)) for model in models]


def definitions(names: Sequence[str]) -> list[Definition]:
    """What every metric is, from the docstring of its class."""
    found = []
    for name in names:
        one = metric(name)
        text = inspect.cleandoc(type(one).__doc__ or "")
        first, _, details = text.partition("\n\n")
        bounds = re.search(r"In (\[.*?[\])])(?=[\s.:]|$)|At least 0|0 or 1", text)
        span = (bounds.group(1) or bounds.group()) if bounds else NONE
        better = {"neither": NONE}.get(one.better, one.better)
        found.append(
            Definition(name, " ".join(first.split()), span[0].lower() + span[1:], better, " ".join(details.split()))
        )
    return found


def _prepare_command(run: Run) -> str:
    settings = settings_text(run)
    if not settings:
        card = run.data["card"]
        return (
            f"# {run.data['prepared']} is gone or was changed; prepare {', '.join(card['files'])} with the reader "
            f"{card['reader']} and the options in the card again"
        )
    asked = tomllib.loads(settings)
    reader = dict(asked["reader"])
    name, path = reader.pop("name"), reader.pop("path")
    try:
        defaults = _defaults(registry.part("reader", name))
    except UnknownName:  # the reader of a plug-in that is not installed here
        defaults = {}
    changed = _changed("reader", reader, defaults) + _changed("data", asked["data"], _defaults(Preparation))
    folder = Path(run.data["prepared"]).parent
    return command(
        "prepare", name, str(path), *changed, *([] if folder == Path("prepared") else ["--out", str(folder)])
    )


def _changed(section: str, options: Options, defaults: Options) -> list[str]:
    known = json.loads(json.dumps(defaults))
    changed = []
    for key, value in options.items():
        whole = known.get(key)
        if isinstance(value, dict) and isinstance(whole, dict) and not _entry_by_entry(value, whole):
            changed.append(f"{section}.{key}={_inline(value)}")
        else:
            of_default = flat({key: whole})
            changed += [f"{section}.{k}={_value(v)}" for k, v in flat({key: value}).items() if of_default.get(k) != v]
    return changed


def _entry_by_entry(table: Options, default: Options) -> bool:
    """Whether a table can be written as changes of entries: none of the default's is gone or has moved."""
    kept = [key for key in table if key in default]
    plain = not any(sign in key for key in table for sign in ".= ")
    return plain and kept == list(default) and list(table)[: len(kept)] == kept


def _inline(table: Options) -> str:
    """As TOML writes a table in one line."""
    return "{" + ", ".join(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items()) + "}"


def _defaults(cls: type) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for field in fields(cls):
        if field.default is not MISSING:
            result[field.name] = field.default
        elif field.default_factory is not MISSING:
            result[field.name] = field.default_factory()
    return {name: vars(value) if hasattr(value, "__dataclass_fields__") else value for name, value in result.items()}


def _value(value: object) -> str:
    """As TOML writes it; a text without its quotes where it cannot be taken for anything else."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return value
    return json.dumps(value, ensure_ascii=False)


def command(*words: str) -> str:
    """A command of this package that can be pasted into a shell."""
    return shlex.join(["sessionrl", *words])
