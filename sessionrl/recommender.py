"""Recommender: ids in, ids out; what is saved, measured and served."""

from collections.abc import Iterator, Mapping, Sequence
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
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.data.vocabulary import ItemId, Vocabulary
from sessionrl.ensemble import EnsembleScorer
from sessionrl.errors import BadDirectory
from sessionrl.nn.network import Network
from sessionrl.runs import RunDirectory, replacing
from sessionrl.scorers import BaselineScorer, Counts, NetworkScorer, Scorer

RESTORE = "\n  do now: restore the run from its original files, or train it again"


class Offer(NamedTuple):
    """What a data set offers to a network: its catalogue, its kinds of event, the codes of each session feature."""

    catalogue: Catalogue
    kinds: int = 1
    feature_sizes: tuple[int, ...] = ()


class Recommendations(NamedTuple):
    """What to show after a session: item ids, best first, with scores; and the ids of the session that are unknown."""

    items: list[ItemId]
    scores: list[float]
    unknown: list[ItemId]


class Recommender:
    """A vocabulary and a scorer.

    >>> Recommender.load("runs/my-run").recommend([["mug-0001", "lamp-0007"]], k=3)  # doctest: +SKIP
    """

    def __init__(self, vocabulary: Vocabulary, scorer: Scorer, catalogue: Catalogue):
        self.vocabulary, self.scorer, self.catalogue = vocabulary, scorer, catalogue

    def scored(self, sessions: Sessions) -> Iterator[tuple[Cases, Tensor | SparseScores]]:
        """Every event of the sessions as a case, the first of each from the empty history."""
        return self.scorer.scored(sessions, sessions.cases())

    def recommend(self, sessions: Sequence[Sequence[ItemId]], k: int = 20) -> list[Recommendations]:
        """The k best next items for every session of item ids, oldest first.

        Ids that the training part did not hold are left out of the history and named in the answer; a session of
        which nothing is known gets what is popular. Items of the session itself may be recommended again.

        Args:
            sessions: item ids as the log writes them
            k: 1 … the number of items
        """
        if not 1 <= k < len(self.vocabulary):
            raise ValueError(f"k = {k}, but it should lie in 1 … {len(self.vocabulary) - 1}, the number of items")
        numbers = [self.vocabulary.encode(session) for session in sessions]
        unknown = [
            [item for item, n in zip(ids, coded, strict=True) if not n]
            for ids, coded in zip(sessions, numbers, strict=True)
        ]
        encoded = Sessions.of([coded[coded > 0].tolist() for coded in numbers])
        cases = Cases(np.arange(len(encoded)), encoded.lengths)
        answers: list[Recommendations | None] = [None] * len(sessions)
        for chunk, scores in self.scorer.scored(encoded, cases):
            for row, session in enumerate(chunk.session):
                best, values = best_items(scores, row, k)
                answers[session] = Recommendations(self.vocabulary.decode(best), values, unknown[session])
        return [answer for answer in answers if answer is not None]

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
            tensors = load_file(run.weights)
        except (OSError, KeyError, PolarsError, SafetensorError) as error:
            raise BadDirectory(f"{run.path} is damaged ({error}).{RESTORE}") from None
        if len(catalogue) != len(vocabulary):
            raise BadDirectory(
                f"{run.items} has {len(catalogue) - 1} items, but {run.vocabulary} has {len(vocabulary) - 1}.{RESTORE}"
            )
        try:
            return cls(vocabulary, restored(tensors, config, Offer(catalogue), device), catalogue)
        except (KeyError, RuntimeError) as error:
            raise BadDirectory(f"{run.weights} does not fit {run.config}: {error}{RESTORE}") from None


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
    items = configuration.fixed("items", config, n_items=len(offer.catalogue))
    inputs = configuration.fixed("inputs", config, dim=items.dim, kinds=offer.kinds, feature_sizes=offer.feature_sizes)
    backbone = registry.build("backbone", config["backbone"], dim=items.dim)
    objective = registry.build("objective", config["objective"])
    prompt = objective.prompt(items.dim) if hasattr(objective, "prompt") else None
    return Network(items, backbone, objective.rewards, inputs, prompt)


def network_scorer(network: Network, config: Mapping[str, Any], counts: Counts) -> NetworkScorer:
    """A network under the policy of the section [policy]; counts: [V] events per item it was trained on."""
    return NetworkScorer(network, registry.build("policy", config["policy"]), counts)


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
        return BaselineScorer(_restored_baseline(tensors, config["baseline"]))
    if "ensemble" not in config:
        return _restored_network(tensors, config, offer, device)
    network = _restored_network(_part(tensors, "network"), config, offer, device)
    baseline = _restored_baseline(_part(tensors, "baseline"), config["ensemble"]["baseline"])
    return EnsembleScorer(network, baseline, float(tensors["ensemble.weight"]))


def _restored_network(
    tensors: dict[str, Tensor], config: Mapping[str, Any], offer: Offer, device: str
) -> NetworkScorer:
    if "inputs.kinds" in tensors:
        offer = offer._replace(kinds=len(tensors["inputs.kinds"]) - 1)
    network = make_network(config, offer)
    network.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "counts"})
    # After a refit they are those of both parts; older runs did not keep them.
    counts = tensors["counts"].numpy() if "counts" in tensors else offer.catalogue.counts
    return network_scorer(network.to(device), config, counts)


def _restored_baseline(tensors: dict[str, Tensor], section: Mapping[str, Any]) -> Baseline:
    baseline: Baseline = registry.build("baseline", section)
    return baseline.restore({name: tensor.numpy() for name, tensor in tensors.items()})


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    start = f"{part}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


def load_catalogue(run: RunDirectory) -> Catalogue:
    """The catalogue that a run carries, so that it can be served alone."""
    return Catalogue.load(run.items, run.vectors)
