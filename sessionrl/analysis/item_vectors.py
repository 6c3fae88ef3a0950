"""Item vectors: where a trained model places every item."""

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from sessionrl.ensemble import EnsembleScorer
from sessionrl.errors import BadOption
from sessionrl.nn.network import Network
from sessionrl.recommender import Recommender
from sessionrl.scorers import NetworkScorer

ROWS = 65_536  # items whose vectors are computed together

Vectors = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@torch.inference_mode()
def item_vectors(recommender: Recommender, wanted: Numbers | None = None) -> Vectors:
    """[n, d] the vectors that a network reads, features included.

    With tied vectors (`items.tied`) these are also those that score an item. Of an ensemble they are its network's.

    Args:
        recommender: a network, or an ensemble with one
        wanted: [n] item numbers; all if not given, [V, d], where row 0 is `PAD` and means nothing

    Raises:
        BadOption: the model counts and has no vectors.
    """
    items = network_of(recommender).items.eval()
    numbers = torch.arange(len(items.id)) if wanted is None else torch.from_numpy(wanted)
    chunks = torch.split(numbers.to(items.id.device), ROWS)
    return torch.cat([items.vectors(some) for some in chunks]).float().cpu().numpy()


def scoring_vectors(recommender: Recommender) -> Vectors | None:
    """[V, d] the vectors by which the supervised head scores, of a network without tied vectors; else None.

    Raises:
        BadOption: the model counts and has no vectors.
    """
    network = network_of(recommender)
    if network.items.tied or network.heads is None:
        return None
    return network.heads.detach()[:, : network.items.dim].float().cpu().numpy().copy()


def network_of(recommender: Recommender) -> Network:
    """The network that stands behind a recommender, that of an ensemble too.

    Raises:
        BadOption: the model counts and has none.
    """
    scorer = recommender.scorer
    scorer = scorer.network if isinstance(scorer, EnsembleScorer) else scorer
    if not isinstance(scorer, NetworkScorer):
        raise BadOption(
            "This model counts and has no vectors of items.\n"
            "  do now: give a run of a network, such as one of `sessionrl train gru4rec`"
        )
    return scorer.network


def unit_rows(vectors: npt.NDArray[np.floating]) -> Vectors:
    """Every row divided by its length, so that products of rows are cosines; rows of zeros stay so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def vector_table(recommender: Recommender, unit: bool = False) -> pl.DataFrame:
    """One row per item, most frequent first: `item_id`, `vector`, `count`, and what the shop's table says of it.

    The id is the shop's own, the vector an Array(Float32, d), the count that of the training events. A network whose
    vectors are not tied scores by others than it reads: these stand behind as `output_vector`. A column of the shop
    that has one of these names is called `shop_vector`, and so on.

    Args:
        recommender: a network, or an ensemble with one
        unit: whether vectors are made unit length, so that their products are cosines

    Raises:
        BadOption: the model counts and has no vectors.
    """
    catalogue = recommender.catalogue
    tables = {"vector": item_vectors(recommender), "output_vector": scoring_vectors(recommender)}
    own = [_column(name, unit_rows(its) if unit else its) for name, its in tables.items() if its is not None]
    own.insert(1, pl.Series("count", catalogue.counts[1:]))
    shop = catalogue.items.rename({one.name: f"shop_{one.name}" for one in own}, strict=False)
    return shop.select("item_id").hstack(own).hstack(shop.drop("item_id"))


def _column(name: str, vectors: Vectors) -> pl.Series:
    return pl.Series(name, vectors[1:], dtype=pl.Array(pl.Float32, vectors.shape[1]))
