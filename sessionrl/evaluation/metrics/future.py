"""Whether a list holds something that the shopper will still buy, or put into the cart, in this session."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.evaluation.metric import Better
from sessionrl.evaluation.occurrences import ahead, n_ahead, of_kind
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register


def future_hit(rankings: Rankings, catalogue: Catalogue, k: int, kind: str) -> npt.NDArray[np.float64]:
    """[n] 1 if one of the first k items has an event of this kind in the rest of the session, the next event included.

    NaN where the rest of the session has no event of the kind, of an item that may be recommended: there is nothing to
    hit.
    """
    counted = of_kind(rankings, kind) & catalogue.recommendable[rankings.target]
    hit = ahead(rankings, k, counted).any(1)
    return np.where(n_ahead(rankings, counted) > 0, hit, np.nan)


@register("metric", "future_purchase_hit")
@dataclass(frozen=True)
class FuturePurchaseHit:
    """One of the first k items is purchased in the rest of the session.

    1[L ∩ F ≠ ∅], F the items purchased from the next event to the session's last; over the cases with F ≠ ∅ only.
    0 or 1. It asks for what the shopper will want, where the hit of the next event asks for the next page.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] 0, 1, or NaN where nothing is purchased any more."""
        return future_hit(rankings, catalogue, self.k, "purchase")


@register("metric", "future_cart_hit")
@dataclass(frozen=True)
class FutureCartHit:
    """One of the first k items is put into the cart in the rest of the session.

    1[L ∩ F ≠ ∅], F the items put into the cart from the next event to the session's last; over the cases with F ≠ ∅
    only. 0 or 1.
    """

    k: int
    better: ClassVar[Better] = "higher"

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] 0, 1, or NaN where nothing is put into the cart any more."""
        return future_hit(rankings, catalogue, self.k, "cart")
