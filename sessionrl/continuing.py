"""Going on from an older run: its network, on events that it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from sessionrl import config as configuration
from sessionrl.data.item_features import ItemFeatures
from sessionrl.data.prepared import Prepared
from sessionrl.data.session_features import SessionFeatures
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.ensemble import EnsembleScorer
from sessionrl.errors import BadOption
from sessionrl.nn.growing import Same, begin_as
from sessionrl.nn.network import Network
from sessionrl.recommender import Offer, Recommender
from sessionrl.runs import RunDirectory
from sessionrl.scorers import NetworkScorer

SHAPING = ("items", "inputs", "backbone", "objective")  # sections with options that decide what weights there are


class Origin(NamedTuple):
    """A trained network, what its numbers mean, and the run it lies in."""

    run: RunDirectory
    config: configuration.Config
    network: Network
    vocabulary: Vocabulary
    offer: Offer

    @classmethod
    def load(cls, path: Path | str) -> "Origin":
        """The network in a run, also in one of an ensemble.

        Raises:
            BadDirectory: not a run, or its training did not end.
            BadOption: a baseline.
        """
        run = RunDirectory(path)
        recommender = Recommender.load(path)
        config = configuration.complete(configuration.load(str(run.config)))
        scorer = recommender.scorer
        if isinstance(scorer, EnsembleScorer):
            scorer = scorer.network  # its baseline is fitted again
        if not isinstance(scorer, NetworkScorer):
            raise BadOption(
                f"{run.path} holds the baseline {config['baseline']['name']!r}, which has no weights to go on from.\n"
                f"  do now: fit it on the new data, which is fast: sessionrl train {run.config} --data DIRECTORY"
            )
        return cls(run, config, scorer.network, recommender.vocabulary, recommender.offer)

    def grown(self, prepared: Prepared) -> Prepared:
        """Data with the items of this model behind its own."""
        return prepared.grown(self.vocabulary, self.offer.catalogue)

    def item_features(self, prepared: Prepared, wanted: Sequence[str]) -> ItemFeatures:
        """What is read of the table of items: words as the data has them, numbers in the buckets they were in before.

        A bucket with other borders would mean something else, and nothing of what was learned of it could be kept.
        """
        edges = {column.name: column.edges for column in self.offer.item_features.columns if column.kind == "number"}
        fitted = ItemFeatures.fit(prepared.catalogue.items, wanted)
        return ItemFeatures(
            tuple(
                replace(one, edges=edges.get(one.name, one.edges)) if one.kind == "number" else one
                for one in fitted.columns
            )
        )

    def begin(
        self, network: Network, config: Mapping[str, Any], prepared: Prepared, item_features: ItemFeatures
    ) -> None:
        """Give an untrained network of a configuration on data the weights of this one.

        item_features: as `item_features` gave them

        Raises:
            BadOption: the configuration has other shapes, no item of the data is known, or the data lacks some of ours.
        """
        same = self._same(prepared, item_features)
        if not (same.items > 0).any():
            raise BadOption(
                f"{self.run.path} knows none of the {len(prepared.vocabulary) - 1:,} items of {prepared.path}.\n"
                "  do now: check that both logs write their item ids alike, or train anew without --from"
            )
        if lacking := int((prepared.vocabulary.encode(self.vocabulary.ids.to_list()) == 0).sum()):
            raise BadOption(
                f"{prepared.path} lacks {lacking:,} items that {self.run.path} knows.\n"
                "  do now: make the experiment with sessionrl.finding_runs.experiment_on, which adds them"
            )
        vectors = torch.from_numpy(prepared.catalogue.vectors)
        try:
            _check_vectors(item_features, self.offer.item_features)
            begin_as(network, self.network, same, vectors)
        except BadOption as error:
            changed = ", ".join(self._changed(config)) or str(prepared.path)
            raise BadOption(
                f"{self.run.path} cannot go on with {changed}: {error}.\n"
                f"  do now: leave what shapes the network as {self.run.config} has it, or train anew without --from"
            ) from None

    def about(self, prepared: Prepared) -> dict[str, Any]:
        """What a new run tells of it: items that both know, that are new, and that only this one knows."""
        known = int(np.count_nonzero(self._numbers(prepared)))
        return {"run": str(self.run.path), "known_items": known, "new_items": len(prepared.vocabulary) - 1 - known}

    def _numbers(self, prepared: Prepared) -> npt.NDArray[np.int32]:
        """[V - 1] item numbers of the items of the data in this model, 0 for new ones."""
        return self.vocabulary.encode(prepared.vocabulary.ids.to_list())

    def _same(self, prepared: Prepared, item_features: ItemFeatures) -> Same:
        numbers = self._numbers(prepared).astype(np.int64)
        items = np.concatenate([[0], np.where(numbers > 0, numbers, -1)])
        others = {
            "inputs.kinds": _rows(prepared.kinds, self.offer.kinds),
            "inputs.features": _feature_rows(prepared.session_features, self.offer.session_features),
            "items.features.words": item_features.words_in(self.offer.item_features).tolist(),
        }
        return Same(torch.from_numpy(items), {name: torch.tensor(rows) for name, rows in others.items()})

    def _changed(self, config: Mapping[str, Any]) -> list[str]:
        return [
            f"{section}.{key}={value}"
            for section in SHAPING
            for key, value in config[section].items()
            if value != self.config[section].get(key)
        ]


def _rows(new: Sequence[str], old: Sequence[str], first: int = 0) -> list[int]:
    """Old rows of the unknown and of each value, in tables that begin with the unknown one; -1 where it is new."""
    rows = {value: row for row, value in enumerate(old, first + 1)}
    return [first, *(rows.get(value, -1) for value in new)]


def _feature_rows(new: SessionFeatures, old: SessionFeatures) -> list[int]:
    """The same for all features of sessions, whose tables lie one behind the other."""
    first = dict(zip(old.names, np.cumsum([0, *old.sizes[:-1]]).tolist(), strict=True)) if len(old) else {}
    known = dict(zip(old.names, old.values, strict=True))
    rows = []
    for name, values in zip(new.names, new.values, strict=True):
        rows += _rows(values, known[name], first[name]) if name in known else [-1] * (len(values) + 1)
    return rows


def _check_vectors(new: ItemFeatures, old: ItemFeatures) -> None:
    """The weights of given vectors have no names, so that those of other columns could not be told apart."""
    here, there = ([(one.name, one.length) for one in each.columns if one.kind == "vector"] for each in (new, old))
    if here != there:
        named = [", ".join(f"{name} ({length} numbers)" for name, length in each) or "none" for each in (there, here)]
        raise BadOption(f"the vectors of items are {named[0]} there and {named[1]} here")


def continuing(path: Path | str, assignments: Sequence[str] = ()) -> configuration.Config:
    """The configuration of a run, with options changed, for a run that goes on from it."""
    run = RunDirectory(path)
    run.check(finished=False)
    old = configuration.load(str(run.config))
    kept = {key: value for key, value in old.items() if key not in ("prepared", "sessionrl_version", "extends")}
    return configuration.override({**kept, "from": str(path)}, assignments)
