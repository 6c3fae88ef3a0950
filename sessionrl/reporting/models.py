"""Models of a report: runs that differ only in their seed are one model, and all models are of the same data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl

from sessionrl import config as configuration
from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadDirectory, BadOption
from sessionrl.evaluation.rankings import Rankings
from sessionrl.runs import RunDirectory, read_json, unstamped
from sessionrl.shown import table

# What says where and with which version a run was made, and not which model it is.
NOT_THE_MODEL = ("seed", "prepared", "sessionrl_version")

Kind = Literal["baseline", "network"]
Options = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run, as its directory says: complete configuration, environment, and what it was trained on.

    n_items: items that compete, of the run among those beside it that knows the most
    """

    directory: RunDirectory
    config: Options
    environment: Options
    data: Options
    n_items: int

    @property
    def path(self) -> Path:
        """The directory."""
        return self.directory.path

    @property
    def seed(self) -> int:
        """Of the weights, the dropout, the sampling and the order."""
        return int(self.config["seed"])

    @property
    def fingerprint(self) -> str:
        """Of the prepared data set."""
        return str(self.data["fingerprint"])

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @cached_property
    def rankings(self) -> Rankings:
        """Of the test part; read when it is first asked for.

        An item that only another run knows, because that one goes on from an older one, is never in the lists.
        """
        return replace(Rankings.load(self.directory.rankings), n_items=self.n_items)

    @cached_property
    def log(self) -> list[Options]:
        """All lines of the log; a baseline has none."""
        return self.directory.read_log()


@dataclass(frozen=True, eq=False)
class Model:
    """Runs of one configuration, one per seed, seeds rising; `notes` say which runs were left out and why."""

    label: str
    runs: tuple[Run, ...]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Model({self.label!r}, {self.part}, seeds {', '.join(map(str, self.seeds))})"

    def _repr_html_(self) -> str:
        return models_html([self])

    @property
    def config(self) -> Options:
        """The configuration of the first run; those of the others have another seed."""
        return self.runs[0].config

    @property
    def seeds(self) -> list[int]:
        """Of the runs."""
        return [run.seed for run in self.runs]

    @property
    def paths(self) -> list[Path]:
        """Of the runs."""
        return [run.path for run in self.runs]

    @property
    def kind(self) -> Kind:
        """Whether it counts or learns by gradients."""
        return "baseline" if "baseline" in self.config else "network"

    @property
    def part(self) -> str:
        """The registered name of the baseline, or of the objective of the network."""
        return str(self.config["baseline" if self.kind == "baseline" else "objective"]["name"])

    @property
    def rankings(self) -> list[Rankings]:
        """One per seed, of the same cases."""
        return [run.rankings for run in self.runs]

    @property
    def log(self) -> list[list[Options]]:
        """The lines of the log, one list per seed."""
        return [run.log for run in self.runs]


def models_html(models: Sequence[Model], caption: str = "") -> str:
    """A row for every run, for a notebook."""
    rows = [(model.label, model.kind, model.part, str(run.seed), run.path) for model in models for run in model.runs]
    return table(["model", "kind", "part", "seed", "run"], rows, caption)


def load_models(paths: Iterable[Path]) -> list[Model]:
    """The models in runs, in the order in which the runs are given.

    Raises:
        BadOption: no run is given.
        BadDirectory: one is no run, unfinished, on other data than the first, or knows other items besides those of the
            data, so that item numbers mean different items.
    """
    runs = [_load_run(Path(path)) for path in paths]
    if not runs:
        raise BadOption("Give at least one run: a directory that `sessionrl train` printed.")
    _check_same_data(runs)
    _check_same_numbers(runs)
    most = max(run.n_items for run in runs)
    runs = [replace(run, n_items=most) for run in runs]
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(repr(sorted(flat(model_options(run.config)).items())), []).append(run)
    labels = _labels([group[0] for group in groups.values()])
    return [Model(label, *_one_per_seed(group)) for label, group in zip(labels, groups.values(), strict=True)]


def load_catalogue(models: Sequence[Model]) -> Catalogue:
    """The largest catalogue of all runs: runs on the same data carry the same items, but behind them those of an older
    run that one of them goes on from.
    """
    directory = max((run.directory for model in models for run in model.runs), key=items_known)
    return Catalogue.load(directory.items, directory.vectors)


def flat(options: Mapping[str, Any], prefix: str = "") -> Options:
    """``{"objective": {"gamma": 0.5}}`` -> ``{"objective.gamma": 0.5}``.

    >>> flat({"seed": 1, "objective": {"gamma": 0.5}})
    {'seed': 1, 'objective.gamma': 0.5}
    """
    result: Options = {}
    for key, value in options.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return result


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Options:
    """The options of `one` that `other` has not so, by dotted name; None where only `other` has the option."""
    its, others = flat(one), flat(other)
    names = [*its, *(name for name in others if name not in its)]
    return {name: its.get(name) for name in names if its.get(name) != others.get(name)}


def assignment(name: str, value: object) -> str:
    """As one writes it on the command line."""
    return f"{name}={'none' if value is None else str(value).lower() if isinstance(value, bool) else value}"


def _load_run(path: Path) -> Run:
    directory = RunDirectory(path)
    directory.check()
    config = configuration.load(str(directory.config))
    return Run(directory, config, read_json(directory.environment), read_json(directory.data), items_known(directory))


def items_known(directory: RunDirectory) -> int:
    """Items in the catalogue of one run, `PAD` not counted."""
    return int(pl.scan_parquet(directory.items).select(pl.len()).collect().item())


def model_options(config: Options) -> Options:
    """What of a configuration says which model it is."""
    options = {key: value for key, value in config.items() if key not in NOT_THE_MODEL}
    # Every seed goes on from a run of its own.
    return options | {key: unstamped(Path(options[key]).name) for key in ("from", "extends") if key in options}


def _check_same_data(runs: Sequence[Run]) -> None:
    first = runs[0]
    for run in runs:
        if run.fingerprint != first.fingerprint:
            raise BadDirectory(
                f"{first.path} and {run.path} are of different data: the first has the fingerprint "
                f"{first.fingerprint}, the second {run.fingerprint}.\n"
                "  do now: give runs of one prepared data set, or train the second again with "
                f"`sessionrl train {run.directory.config} --data {first.data['prepared']}`"
            )


def _check_same_numbers(runs: Sequence[Run]) -> None:
    """Behind the items of the data stand those of an older run or of a table, which may be different ones."""
    if not any({"from", "extends"} & run.data.keys() for run in runs):
        return
    largest = max(runs, key=lambda run: run.n_items)
    known = _item_ids(largest)
    for run in runs:
        if not _item_ids(run).equals(known.head(run.n_items)):
            raise BadDirectory(
                f"{largest.path} and {run.path} know different items besides those of their data, because they go on "
                "from different runs or were extended by different tables.\n"
                "  do now: compare each of them with the runs that know the items of the data alone"
            )


def _item_ids(run: Run) -> pl.Series:
    return pl.read_parquet(run.directory.items, columns=["item_id"])["item_id"].cast(pl.String)


def _one_per_seed(group: Sequence[Run]) -> tuple[tuple[Run, ...], tuple[str, ...]]:
    """The newest run of every seed, seeds rising, and a sentence about every run that is left out."""
    kept: dict[int, Run] = {}
    notes = []
    for run in sorted(group, key=lambda run: str(run.environment.get("started", ""))):
        older = kept.get(run.seed)
        kept[run.seed] = run
        if older is None:
            continue
        if older.path.resolve() == run.path.resolve():
            notes.append(f"{run.path} was given twice and counts once.")
        else:
            notes.append(
                f"{older.path} has the configuration and the seed of {run.path}, which is newer: it was left out."
            )
    return tuple(kept[seed] for seed in sorted(kept)), tuple(notes)


def _labels(firsts: Sequence[Run]) -> list[str]:
    """One for each model, from its first run, no two alike."""
    briefly = [_label(run, firsts) for run in firsts]
    return briefly if len(set(briefly)) == len(briefly) else [_label(run, firsts, briefly=False) for run in firsts]


def _label(run: Run, firsts: Sequence[Run], briefly: bool = True) -> str:
    """The preset, with the options that tell this model from others of the same preset.

    briefly: without what is as the preset has it, and of a part that the others do not have only its name
    """
    name, own = configuration.label(run.config), model_options(run.config)
    others = [model_options(other.config) for other in firsts if other is not run]
    different: Options = _other_parts(name, own) if briefly else {}
    for other in others:
        if configuration.label(other) == name:
            different |= {
                key: value for key, value in differences(own, other).items() if not briefly or _tells(key, own, other)
            }
    if briefly and different:
        usual = _usual(name)
        different = {key: value for key, value in different.items() if value is not None and usual.get(key) != value}
    if not different:
        return name
    return f"{name} ({', '.join(assignment(*option) for option in sorted(different.items()))})"


def _tells(option: str, own: Options, other: Options) -> bool:
    """Whether both could have the option: one of a part that only one has follows from the name of the part."""
    section = option.partition(".")[0]
    parts = [
        one.get(section, {}).get("name") if isinstance(one.get(section, {}), Mapping) else None for one in (own, other)
    ]
    return parts[0] == parts[1] or (option in flat(own) and option in flat(other))


def _other_parts(preset: str, own: Options) -> Options:
    """The names of parts that are not those of the preset, as one of the package has them."""
    if preset not in configuration.preset_names():
        return {}
    asked = flat({key: value for key, value in configuration.load(preset).items() if key in configuration.NAMED})
    return {
        key: value for key, value in flat(own).items() if key.endswith(".name") and key in asked and asked[key] != value
    }


def _usual(preset: str) -> Options:
    """All options of a preset of the package."""
    known = preset in configuration.preset_names()
    return flat(configuration.complete(configuration.load(preset))) if known else {}
