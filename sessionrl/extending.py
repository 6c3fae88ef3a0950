"""New items enter a trained model by what describes them, without training."""

import copy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from torch import nn

from sessionrl.data.catalogue import FLAG, Catalogue, recommendable
from sessionrl.ensemble import EnsembleScorer
from sessionrl.errors import BadData, BadOption
from sessionrl.nn.features import FeatureVectors
from sessionrl.nn.network import Network
from sessionrl.recommender import Offer, Recommender
from sessionrl.scorers import NetworkScorer, Scorer

WHERE = "the table of new items"


class Extended(NamedTuple):
    """A model that knows more items.

    recommender: the model; it scores what it knew before as before
    added:       items that are new to it
    known:       items of the table that it knew already, which stay as they were
    undescribed: of those added, items of which no feature says anything that the model knows: they have the bias of an
                 item known by its features alone and nothing else
    """

    recommender: Recommender
    added: int
    known: int
    undescribed: int


def extended(recommender: Recommender, items: pl.DataFrame, path: object = WHERE) -> Extended:
    """The model with new items: recommended from their features alone, and read in the history as such.

    A new item has the vector of its features, no id and the bias of items whose id is left out; it counts no events. A
    baseline in an ensemble does not list it.

    Args:
        recommender: of a network with features, alone or in an ensemble; it is left as it is
        items: `item_id`, columns as the run's table of items has them, and maybe `recommendable`; other columns are
            left out, and missing ones are unknown
        path: named in messages

    Raises:
        BadOption: the model has no features of items.
        BadData: ids are missing or twice, no item is new, or a column has another type than in the run.
    """
    network = _network_of(recommender.scorer)
    if network is None or network.items.features is None:
        raise BadOption(
            "This model knows items by their events alone, so that nothing would recommend a new one.\n"
            "  do now: train it with items.features"
        )
    vocabulary = recommender.vocabulary.grown(_ids(items, path))
    new = items.filter(recommender.vocabulary.lacks(items["item_id"]))
    if not len(new):
        remedy = "give the table of the items that were added to the shop"
        raise BadData(path, f"the model knows all of its {len(items):,} items", "new items", remedy)
    old = recommender.offer
    offer = old._replace(catalogue=_catalogue(old.catalogue, new, vocabulary.ids, path))
    grown = _network(network, offer)
    described = grown.items.features.described[len(old.catalogue) :]  # type: ignore[union-attr]
    scorer = _scorer(recommender.scorer, grown, offer.catalogue)
    counts = len(new), len(items) - len(new), int((~described).sum())
    return Extended(Recommender(vocabulary, scorer, offer), *counts)


def _network_of(scorer: Scorer) -> Network | None:
    if isinstance(scorer, EnsembleScorer):
        scorer = scorer.network
    return scorer.network if isinstance(scorer, NetworkScorer) else None


def _ids(items: pl.DataFrame, path: object) -> pl.Series:
    if "item_id" not in items.columns:
        raise BadData(path, f"no column item_id among {', '.join(items.columns)}", "a row per item", "name the column")
    ids = items["item_id"]
    bad = (ids.is_null() | ids.is_duplicated()).arg_true()
    if len(bad):
        rows = [int(row) + 1 for row in bad]
        raise BadData(path, "an item_id is missing or stands there twice", "one row per item", "correct the ids", rows)
    return ids


def _catalogue(old: Catalogue, new: pl.DataFrame, ids: pl.Series, path: object) -> Catalogue:
    """The old items, and behind them the new ones, of which no event is known."""
    described = new.select(name for name in old.items.columns if name in new.columns)
    nothing = np.zeros(len(new) + 1, np.int64)
    further = Catalogue(nothing, nothing, old.vectors[:0], described, _shown(new, path))
    try:
        return old.grown(further, np.arange(1, len(new) + 1), ids)
    except pl.exceptions.PolarsError as error:
        expected = ", ".join(f"{name} {kind}" for name, kind in old.items.drop("item_id").schema.items())
        raise BadData(path, f"a column is of another type than in the run ({error})", expected, "correct it") from None


def _shown(new: pl.DataFrame, path: object) -> npt.NDArray[np.bool_]:
    """[n + 1] of the new items; all of them may be such that only inform."""
    if FLAG in new.columns and new[FLAG].dtype == pl.Boolean and not new[FLAG].fill_null(True).any():
        return np.zeros(len(new) + 1, np.bool_)
    return recommendable(new, path)


def _network(old: Network, offer: Offer) -> Network:
    network = copy.deepcopy(old)
    items, added = network.items, len(offer.catalogue) - len(old.bias)
    items.id = nn.Parameter(_longer(items.id, added))
    network.bias = nn.Parameter(_longer(network.bias, added))
    items.known = _longer(items.known, added)
    items.read = torch.ones_like(items.known)
    assert isinstance(items.features, FeatureVectors)
    items.features.code(offer.item_features.encode(offer.catalogue.items))
    return network.to(old.bias.device)


def _longer(table: torch.Tensor, rows: int) -> torch.Tensor:
    """With rows of zeros at the end."""
    return torch.cat([table.detach(), table.new_zeros(rows, *table.shape[1:])])


def _scorer(old: Scorer, network: Network, catalogue: Catalogue) -> Scorer:
    if isinstance(old, EnsembleScorer):
        inside = _scorer(old.network, network, catalogue)
        assert isinstance(inside, NetworkScorer)
        return EnsembleScorer(inside, old.baseline, old.weight)
    assert isinstance(old, NetworkScorer)
    added = len(catalogue) - len(old.counts)
    counts = np.concatenate([old.counts, np.zeros(added, np.int64)])
    return NetworkScorer(network, old.policy, counts, catalogue.recommendable)
