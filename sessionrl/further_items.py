"""A run whose model knows further items: that of an older run, extended by a table of them without training."""

import shutil
from pathlib import Path
from typing import NamedTuple

import polars as pl

from sessionrl import __version__
from sessionrl import config as configuration
from sessionrl.data.readers.delimited import read_items
from sessionrl.data.tables import read_table
from sessionrl.environment import environment
from sessionrl.errors import BadData, BadOption, did_you_mean
from sessionrl.extending import Extended, extended
from sessionrl.recommender import Recommender, save_model
from sessionrl.runs import RunDirectory, new_directory, read_json, run_name, write_json
from sessionrl.scorers import BaselineScorer


class ExtendedRun(NamedTuple):
    """A run that was written, and what became of the rows of the table; see `sessionrl.extending.Extended`."""

    run: RunDirectory
    found: Extended


def extend_run(path: Path | str, table: Path | str, parent: Path) -> ExtendedRun:
    """Write a run in `parent` with the model of an older one, which is left as it is, and the items of a table.

    The new run can be served, and measured again: on the same data, where the new items compete.

    Args:
        path: a run whose network reads features of items
        table: CSV, TSV or Parquet with one row per item: `item_id` and the columns that the table of the run has

    Raises:
        BadDirectory: not a run, or its training did not end.
        BadOption: the model reads no features of items.
        BadData: what was read is no table of items, lacks a column that the model reads, or none of them is new.
    """
    old, recommender = RunDirectory(path), Recommender.load(path)
    config = configuration.load(str(old.config))
    _check(old, recommender, config)
    found = extended(recommender, _items(Path(table), recommender), table)
    run = RunDirectory(parent / run_name(configuration.label(config), "extended"))
    with new_directory(run.path) as unfinished:
        into, model = RunDirectory(unfinished), found.recommender
        model.vocabulary.save(into.vocabulary)
        model.catalogue.save(into.items, into.vectors)
        for file in ("session_features", "item_features"):
            if getattr(old, file).is_file():
                shutil.copyfile(getattr(old, file), getattr(into, file))
        told = {"extends": {"run": str(old.path), "table": str(table), "new_items": found.added}}
        write_json(into.data, {**read_json(old.data), **told})
        write_json(into.environment, environment("cpu"))
        config |= {"extends": str(old.path), "sessionrl_version": __version__}
        into.config.write_text(configuration.text(config), encoding="utf-8")
        save_model(into, model.scorer)
    return ExtendedRun(run, found)


def _check(old: RunDirectory, recommender: Recommender, config: configuration.Config) -> None:
    if isinstance(recommender.scorer, BaselineScorer):
        raise BadOption(
            f"{old.path} holds the baseline {config['baseline']['name']!r}, which recommends what it has counted.\n"
            f"  do now: fit it on a log with the new items: sessionrl train {old.config} --data DIRECTORY"
        )
    if not recommender.offer.item_features.columns:
        columns = ", ".join(name for name in recommender.catalogue.items.columns if name != "item_id")
        raise BadOption(
            f"The model in {old.path} knows items by their events alone: items.features is empty.\n"
            f"  do now: train it with items.features, columns of its table of items ({columns or 'it has none yet'});\n"
            f"          or go on with events of the new items: sessionrl train --from {old.path} --data DIRECTORY"
        )


def _items(path: Path, recommender: Recommender) -> pl.DataFrame:
    """The items of a file, in columns called as those of the table that the run has."""
    header = read_table(path).rows.columns
    ours = [name for name in recommender.catalogue.items.columns if name in header and name != "item_id"]
    items = read_items(path, {name: name for name in ours})
    for column in recommender.offer.item_features.columns:
        if column.name not in items.columns:
            raise BadData(
                path,
                f"there is no column {column.name}, which the model reads.{did_you_mean(column.name, header)}",
                f"item_id, {', '.join(one.name for one in recommender.offer.item_features.columns)}",
                f"add {column.name}, empty where it is unknown",
            )
    return items
