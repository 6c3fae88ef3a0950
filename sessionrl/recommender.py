"""Recommender: ids in, ids out; what is saved, measured and served."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from polars.exceptions import PolarsError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from sessionrl import config as configuration
from sessionrl import registry
from sessionrl.baselines.baseline import Baseline, SparseScores
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.item_features import ItemFeatures
from sessionrl.data.recommendations import Recommendations
from sessionrl.data.session_features import SessionFeatures
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.data.vocabulary import ItemId, Vocabulary
from sessionrl.ensemble import EnsembleScorer
from sessionrl.errors import BadDirectory, UnknownName
from sessionrl.nn.items import Described
from sessionrl.nn.network import Network
from sessionrl.runs import RunDirectory, read_json, replacing
from sessionrl.scorers import BaselineScorer, Counts, NetworkScorer, Scorer, Shown
from sessionrl.shown import table

RESTORE = "\n  do now: restore the run from its original files, or train it again"


Numbers = np.ndarray[Any, np.dtype[np.int32]]


class Offer(NamedTuple):
    """What a data set offers to a network: its catalogue, its kinds of event, what describes sessions and items."""

    catalogue: Catalogue
    kinds: tuple[str, ...] = ("view",)
    session_features: SessionFeatures = SessionFeatures()
    item_features: ItemFeatures = ItemFeatures()

    def described(self) -> Described | None:
        """What is known of the items; None where it is not wanted."""
        features, catalogue = self.item_features, self.catalogue
        if not features.columns:
            return None
        return Described(features.encode(catalogue.items), features.size, catalogue.counts)


class Recommender:
    """A vocabulary and a scorer.

    >>> Recommender.load("runs/my-run").recommend([["mug-0001", "lamp-0007"]], k=3)  # doctest: +SKIP
    """

    def __init__(self, vocabulary: Vocabulary, scorer: Scorer, offer: Offer):
        self.vocabulary, self.scorer, self.offer = vocabulary, scorer, offer

    def __repr__(self) -> str:
        return f"Recommender({type(self.scorer).__name__}, {len(self.vocabulary) - 1:,} items)"

    def _repr_html_(self) -> str:
        reads = [column.name for column in self.offer.item_features.columns]
        rows = [
            ("items known", len(self.vocabulary) - 1),
            ("items that may be recommended", int(self.catalogue.recommendable.sum())),
            ("known of them", ", ".join(self.catalogue.items.columns)),
            ("kinds of event", ", ".join(self.offer.kinds)),
            ("features of sessions", ", ".join(self.offer.session_features.names) or "none"),
            (
                "features of items that it reads",
                ", ".join(reads) or "none",
            ),
        ]
        return table(["", ""], rows, f"Recommender: {type(self.scorer).__name__}")

    @property
    def catalogue(self) -> Catalogue:
        """What is known of the items."""
        return self.offer.catalogue

    def scored(self, sessions: Sessions) -> Iterator[tuple[Cases, Tensor | SparseScores]]:
        """Every event of the sessions as a case, the first of each from the empty history."""
        return self.scorer.scored(sessions, sessions.cases())

    def recommend(
        self,
        sessions: Sequence[Sequence[ItemId]],
        k: int = 20,
        event_types: Sequence[Sequence[str]] | None = None,
        timestamps: Sequence[Sequence[int]] | None = None,
        features: Sequence[Mapping[str, object]] | None = None,
    ) -> list[Recommendations]:
        """The k best next items for every session of item ids, oldest first.

        Ids that the training part did not hold are left out of the history and named in the answer; a session of
        which nothing is known gets what is popular. Items of the session itself may be recommended again. What stands
        besides the ids counts for a network that reads it (`[inputs]`).

        Args:
            sessions: item ids as the log writes them
            k: 1 … the number of items that may be recommended
            event_types: kinds of the events; all are of the first kind of the data if not given
            timestamps: of the events, milliseconds; the time between events is unknown if not given
            features: what is known of each session, by the names that the data was prepared with
        """
        most = int(self.catalogue.recommendable.sum())
        if not 1 <= k <= most:
            few = "items" if most == len(self.vocabulary) - 1 else "items that may be recommended"
            raise ValueError(f"k = {k}, but it should lie in 1 … {most}, the number of {few}")
        numbers = [self.vocabulary.encode(session) for session in sessions]
        unknown = [
            [item for item, n in zip(ids, coded, strict=True) if not n]
            for ids, coded in zip(sessions, numbers, strict=True)
        ]
        encoded = self._encoded(numbers, event_types, timestamps, features)
        cases = Cases(np.arange(len(encoded)), encoded.lengths)
        answers: list[Recommendations | None] = [None] * len(sessions)
        for chunk, scores in self.scorer.scored(encoded, cases):
            for row, session in enumerate(chunk.session):
                best, values = best_items(scores, row, k)
                answers[session] = Recommendations(
                    self.vocabulary.decode(best), values, unknown[session], self.catalogue
                )
        return [answer for answer in answers if answer is not None]

    def _encoded(
        self,
        numbers: Sequence[Numbers],
        event_types: Sequence[Sequence[str]] | None,
        timestamps: Sequence[Sequence[int]] | None,
        features: Sequence[Mapping[str, object]] | None,
    ) -> Sessions:
        """The known events; what is said of the others is left out with them."""
        for name, given in (("event_types", event_types), ("timestamps", timestamps)):
            if given is not None and [len(one) for one in given] != [len(one) for one in numbers]:
                raise ValueError(f"{name} should hold one entry for every event of every session")
        if features is not None and len(features) != len(numbers):
            raise ValueError("features should hold one entry for every session")
        kept = [np.flatnonzero(coded) for coded in numbers]
        kinds = None if event_types is None else [[self._kind(name) for name in session] for session in event_types]
        known = self.offer.session_features
        told = features if features is not None else [{} for _ in numbers]
        encoded = Sessions.of(
            _chosen(numbers, kept),
            None if kinds is None else _chosen(kinds, kept),
            features=[known.encode(session).tolist() for session in told] if len(known) or features else None,
        )
        if timestamps is None:
            return encoded
        times = np.array([time for session in _chosen(timestamps, kept) for time in session], np.int64)
        return replace(encoded, timestamps=times)

    def _kind(self, name: str) -> int:
        if name not in self.offer.kinds:
            raise UnknownName("kind of event", name, self.offer.kinds)
        return self.offer.kinds.index(name)

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> "Recommender":
        """What `save_model` wrote into a run.

        Raises:
            BadDirectory: not a run, its training did not end, or its files are damaged or do not fit together.
        """
        run = RunDirectory(path)
        run.check(finished=False)
        if not run.weights.is_file():
            raise BadDirectory(
                f"{run.path} has no {run.weights.name}: its training did not end.\n"
                f"  do now: finish it with `sessionrl train --resume {run.path}`"
            )
        config = configuration.complete(configuration.load(str(run.config)))
        try:
            vocabulary, catalogue = Vocabulary.load(run.vocabulary), load_catalogue(run)
            of_sessions = SessionFeatures.load(run.session_features)
            kinds = tuple(read_json(run.data)["card"]["rewards"])
            offer = Offer(catalogue, kinds, of_sessions, ItemFeatures.load(run.item_features))
            tensors = load_file(run.weights)
        except (OSError, KeyError, PolarsError, SafetensorError) as error:
            raise BadDirectory(f"{run.path} is damaged ({error}).{RESTORE}") from None
        if len(catalogue) != len(vocabulary):
            raise BadDirectory(
                f"{run.items} has {len(catalogue) - 1} items, but {run.vocabulary} has {len(vocabulary) - 1}.{RESTORE}"
            )
        try:
            return cls(vocabulary, restored(tensors, config, offer, device), offer)
        except (KeyError, RuntimeError) as error:
            raise BadDirectory(f"{run.weights} does not fit {run.config}: {error}{RESTORE}") from None


def _chosen(sessions: Sequence[Any], kept: Sequence[Any]) -> list[list[Any]]:
    """Of every session the places that are kept."""
    return [[session[place] for place in places] for session, places in zip(sessions, kept, strict=True)]


def best_items(scores: Tensor | SparseScores, row: int, k: int) -> tuple[np.ndarray[Any, Any], list[float]]:
    """The k best item numbers of one case and their scores; ties fall to the smaller number, the more popular item."""
    if isinstance(scores, SparseScores):
        dense = scores.base.copy()
        listed = slice(int(scores.offsets[row]), int(scores.offsets[row + 1]))
        dense[scores.items[listed]] = scores.scores[listed]
        best = np.argsort(-dense, kind="stable")[:k]
        return best, dense[best].tolist()
    values, columns = scores[row].sort(descending=True, stable=True)
    return (columns[:k] + 1).cpu().numpy(), values[:k].tolist()


def make_network(config: Mapping[str, Any], offer: Offer) -> Network:
    """An untrained network from [items], [inputs], [backbone], [objective]; weights from torch's global state."""
    items = configuration.fixed("items", config, n_items=len(offer.catalogue), described=offer.described())
    sizes = offer.session_features.sizes
    inputs = configuration.fixed("inputs", config, dim=items.dim, kinds=len(offer.kinds), feature_sizes=sizes)
    backbone = registry.build("backbone", config["backbone"], dim=items.dim)
    objective = registry.build("objective", config["objective"])
    prompt = objective.prompt(items.dim) if hasattr(objective, "prompt") else None
    return Network(items, backbone, objective.rewards, inputs, prompt)


def network_scorer(
    network: Network, config: Mapping[str, Any], counts: Counts, shown: Shown | None = None
) -> NetworkScorer:
    """A network under the policy of the section [policy].

    counts: [V] events per item it was trained on
    shown:  [V] bool, the items that may be recommended; all if not given
    """
    return NetworkScorer(network, registry.build("policy", config["policy"]), counts, shown)


def save_model(run: RunDirectory, scorer: Scorer) -> None:
    """Write a network's weights and counts, a baseline's arrays, or both with the weight of an ensemble."""
    with replacing(run.weights) as temporary:
        save_file(tensors_of(scorer), temporary)


def tensors_of(scorer: Scorer) -> dict[str, Tensor]:
    """What `save_model` writes, by name."""
    if isinstance(scorer, NetworkScorer):
        weights = {name: value.detach().cpu().contiguous() for name, value in scorer.network.state_dict().items()}
        return weights | {"counts": torch.from_numpy(np.ascontiguousarray(scorer.counts))}
    if isinstance(scorer, BaselineScorer):
        arrays = scorer.baseline.arrays()
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    if isinstance(scorer, EnsembleScorer):
        network, baseline = tensors_of(scorer.network), tensors_of(BaselineScorer(scorer.baseline))
        parts = {
            "network": network,
            "baseline": baseline,
            "ensemble": {"weight": torch.tensor(scorer.weight, dtype=torch.float64)},
        }
        return {f"{part}.{name}": value for part, tensors in parts.items() for name, value in tensors.items()}
    raise TypeError(f"cannot save a {type(scorer).__name__}")


def restored(tensors: dict[str, Tensor], config: Mapping[str, Any], offer: Offer, device: str) -> Scorer:
    """The inverse of `save_model`, from what lies in the file.

    Raises:
        KeyError, RuntimeError: the tensors are not of this configuration.
    """
    if "baseline" in config:
        return BaselineScorer(_restored_baseline(tensors, config["baseline"]), offer.catalogue.recommendable)
    if "ensemble" not in config:
        return _restored_network(tensors, config, offer, device)
    network = _restored_network(_part(tensors, "network"), config, offer, device)
    baseline = _restored_baseline(_part(tensors, "baseline"), config["ensemble"]["baseline"])
    return EnsembleScorer(network, baseline, float(tensors["ensemble.weight"]))


def _restored_network(
    tensors: dict[str, Tensor], config: Mapping[str, Any], offer: Offer, device: str
) -> NetworkScorer:
    network = make_network(config, offer)
    network.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "counts"})
    # After a refit they are those of both parts; older runs did not keep them.
    counts = tensors["counts"].numpy() if "counts" in tensors else offer.catalogue.counts
    return network_scorer(network.to(device), config, counts, offer.catalogue.recommendable)


def _restored_baseline(tensors: dict[str, Tensor], section: Mapping[str, Any]) -> Baseline:
    baseline: Baseline = registry.build("baseline", section)
    return baseline.restore({name: tensor.numpy() for name, tensor in tensors.items()})


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    start = f"{part}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


def load_catalogue(run: RunDirectory) -> Catalogue:
    """The catalogue that a run carries, so that it can be served alone."""
    return Catalogue.load(run.items, run.vectors)
