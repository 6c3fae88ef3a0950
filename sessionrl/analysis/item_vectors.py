"""Item vectors: where a trained model places every item."""

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from sessionrl.ensemble import EnsembleScorer
from sessionrl.errors import BadOption
from sessionrl.recommender import Recommender
from sessionrl.scorers import NetworkScorer

ROWS = 65_536  # items whose vectors are computed together

Vectors = npt.NDArray[np.float32]


@torch.inference_mode()
def item_vectors(recommender: Recommender) -> Vectors:
    """[V, d] the vectors that a network reads, features included; row 0 is `PAD` and means nothing.

    With tied vectors (`items.tied`) these are also those that score an item. Of an ensemble they are its network's.

    Raises:
        BadOption: the model counts and has no vectors.
    """
    scorer = recommender.scorer
    network = scorer.network.network if isinstance(scorer, EnsembleScorer) else getattr(scorer, "network", None)
    if not isinstance(scorer, NetworkScorer | EnsembleScorer) or network is None:
        raise BadOption(
            "This model counts and has no vectors of items.\n"
            "  do now: give a run of a network, such as one of `sessionrl train gru4rec`"
        )
    items = network.items.eval()
    numbers = torch.arange(len(items.id), device=items.id.device)
    return torch.cat([items.vectors(some) for some in torch.split(numbers, ROWS)]).float().cpu().numpy()


def unit_rows(vectors: npt.NDArray[np.floating]) -> Vectors:
    """Every row divided by its length, so that products of rows are cosines; rows of zeros stay so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def vector_table(recommender: Recommender, unit: bool = False) -> pl.DataFrame:
    """One row per item, most frequent first: `item_id`, `vector`, `count`, and what the shop's table says of it.

    The id is the shop's own, the vector an Array(Float32, d), the count that of the training events. A column of the
    shop that has one of these names is called `shop_vector` or `shop_count`.

    Args:
        recommender: a network, or an ensemble with one
        unit: whether vectors are made unit length, so that their products are cosines

    Raises:
        BadOption: the model counts and has no vectors.
    """
    vectors = item_vectors(recommender)[1:]
    catalogue = recommender.catalogue
    shop = catalogue.items.rename({name: f"shop_{name}" for name in ("vector", "count")}, strict=False)
    own = pl.DataFrame(
        {
            "vector": pl.Series(unit_rows(vectors) if unit else vectors, dtype=pl.Array(pl.Float32, vectors.shape[1])),
            "count": catalogue.counts[1:],
        }
    )
    return shop.select("item_id").hstack(own).hstack(shop.drop("item_id"))
