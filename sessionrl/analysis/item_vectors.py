"""Item vectors: where a trained model places every item."""

import numpy as np
import numpy.typing as npt
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
