"""How different the items of one list are: by their fixed vectors, and by their categories."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


@register("metric", "diversity")
@dataclass(frozen=True)
class Diversity:
    """Mean distance between two of the k listed items (intra-list diversity).

    ILD@k = 2 / (k (k - 1)) Σ_{i<j} (1 - cos(e_i, e_j)) on the catalogue's fixed vectors e, the same for all models.
    In [0, 2]. Items without a vector are left out. Smyth & McClave 2001, doi:10.1007/3-540-44593-5_25.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] in [0, 2]; NaN where fewer than two listed items have a vector."""
        from scipy.sparse import csr_array

        lists = rankings.lists(self.k)
        # Of a large catalogue few items are listed, and only their vectors are read.
        listed = np.zeros(len(catalogue), np.bool_)
        listed[lists] = True
        place = np.cumsum(listed, dtype=np.int32) - 1
        vectors = catalogue.vectors[listed].astype(np.float64)
        known = np.asarray(vectors.any(1))
        m = known[place[lists]].sum(1)
        # Σ_{i≠j} cos = ‖Σ e‖² - m for unit vectors: sums of vectors, no [n, k, e] array and no pairs.
        ends = np.arange(0, lists.size + 1, max(lists.shape[1], 1))
        shape = (len(lists), len(vectors))
        chosen = csr_array((np.ones(lists.size), place[lists].ravel(), ends), shape=shape)
        total = np.asarray(chosen @ vectors)
        similar = np.square(total).sum(1) - m
        return np.where(m > 1, 1 - similar / np.maximum(m * (m - 1), 1), np.nan)


@register("metric", "category_entropy")
@dataclass(frozen=True)
class CategoryEntropy:
    """How evenly the k listed items spread over categories, in bits.

    -Σ_c q_c log2 q_c, q_c the share of category c among the listed items with a category. In [0, log2 k]: 0 for one
    category alone.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] ≥ 0, bits; NaN where no listed item has a category."""
        if "category" not in catalogue.items.columns:
            return np.full(len(rankings), np.nan)
        codes = catalogue.items["category"].rank("dense").fill_null(0).to_numpy()
        listed = np.concatenate([[0], codes]).astype(np.int32)[rankings.lists(self.k)]
        m = (listed > 0).sum(1)
        bits = np.zeros(len(listed))
        for place in range(listed.shape[1]):  # over the k places, each for all n lists at once
            own = listed[:, place]
            alike = (listed == own[:, None]).sum(1)
            bits += np.where(own > 0, np.log2(np.maximum(m, 1) / alike), 0)
        return np.where(m > 0, bits / np.maximum(m, 1), np.nan)
