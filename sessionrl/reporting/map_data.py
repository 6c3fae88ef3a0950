"""ItemMap: all that a map of items is drawn from, on paper and on the screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.analysis.alignment import Aligned, aligned, by_chance, moved
from sessionrl.analysis.projection import Method, Projection, Vectors, clusters, project
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.columns import ITEM_ALIASES
from sessionrl.reporting.map_colours import Colouring, Grades, grouped
from sessionrl.reporting.products import Products

Values = npt.NDArray[np.float64]
AT_ONCE = 32  # pictures that are looked for together, so that few are found in vain


class Words(NamedTuple):
    """What is said of an item; empty where the shop gave nothing."""

    item_id: str
    name: str
    category: str
    price: str
    events: int

    @property
    def called(self) -> str:
        """Its name, or its id where it has none."""
        return self.name or self.item_id


class Change(NamedTuple):
    """What differs between the two models of a map.

    disparity: see `sessionrl.analysis.alignment.aligned`
    chance:    the same after shuffling the items
    moved:     [n] how far each item lies from itself, divided by the median
    """

    disparity: float
    chance: float
    moved: Values


@dataclass(frozen=True, eq=False)
class ItemMap:
    """Items on a map of one model, or of two that share it.

    labels:     of the models
    items:      [n] item numbers, most events first
    words:      of the items
    places:     of the items for each model, [n, 2] float64 in 0 … 1, the same scale along both axes
    projection: how it was made
    colourings: by name: popularity, cluster, and category, price and moved where they are known
    change:     None for one model
    """

    labels: tuple[str, ...]
    items: npt.NDArray[np.int64]
    words: tuple[Words, ...]
    places: tuple[Values, ...]
    projection: Projection
    colourings: Mapping[str, Colouring]
    change: Change | None

    @cached_property
    def usual(self) -> str:
        """The colouring that says most: the category where it is known."""
        return "category" if "category" in self.colourings else "popularity"


class Recipe(NamedTuple):
    """How a map is made; see the options of the picture."""

    method: Method
    clusters: int
    seed: int


def item_map(
    vectors: Mapping[str, Vectors], items: npt.NDArray[np.int64], catalogue: Catalogue, recipe: Recipe
) -> ItemMap:
    """A map of items from the vectors of one or two models, by label, [n, d] each, row by row those of `items`.

    All vectors are taken at unit length: how long one is says mostly how popular its item is. Two models are laid over
    each other in all their dimensions (`aligned`) and then drawn by one projection, each item twice.
    """
    units = [unit(some) for some in vectors.values()]
    change = None
    joint = units[0]
    if len(units) == 2:
        pair = aligned(*units)
        change = _change(pair, units, recipe.seed)
        joint = np.concatenate([pair.first, pair.second])
    projection = project(joint, recipe.method, recipe.seed)
    places = tuple(np.split(_framed(projection.places), len(units)))
    words = _words(catalogue, items)
    first = places[0]
    colourings: dict[str, Colouring] = {}
    if any(one.category for one in words):
        colourings["category"] = grouped("category", [one.category for one in words], first)
    colourings["popularity"] = Grades("events in the training part", catalogue.counts[items].astype(np.float64))
    prices = _prices(catalogue, items)
    if np.isfinite(prices).any():
        colourings["price"] = Grades("price", prices)
    found = clusters(units[0], recipe.clusters, recipe.seed)
    colourings["cluster"] = grouped("cluster", [f"cluster {nth + 1}" for nth in found], first)
    if change:
        colourings["moved"] = Grades("how far it moved, 1 being the median", change.moved)
    return ItemMap(tuple(vectors), items, words, places, projection, colourings, change)


def pictures(found: ItemMap, products: Products, kilobytes: int) -> list[str]:
    """Data URIs of the shop's pictures of the items, most popular first, until their size is reached.

    None of them where the shop gave no pictures: a card drawn of an item's words would only repeat them.
    """
    columns = products.catalogue.items.columns
    if not kilobytes or not any(name in columns for name in ("picture", *ITEM_ALIASES["picture"])):
        return []
    shown: list[str] = []
    left = kilobytes * 1000
    for first in range(0, len(found.items), AT_ONCE):
        for card in products.cards(found.items[first : first + AT_ONCE].tolist()).values():
            left -= len(card.picture)
            if left < 0:
                return shown
            shown.append(card.picture)
    return shown


def unit(vectors: Vectors) -> Values:
    """Rows [n, d] at length 1; a row of zeros stays."""
    values = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def _change(pair: Aligned, units: list[Values], seed: int) -> Change:
    return Change(pair.disparity, by_chance(units[0], units[1], seed), moved(pair))


def _framed(places: Values) -> Values:
    """Between 0 and 1, in the middle along the shorter axis."""
    low, high = places.min(0), places.max(0)
    size = max(float((high - low).max()), 1e-12)
    return np.asarray((places - (low + high) / 2) / size + 0.5)


def _prices(catalogue: Catalogue, items: npt.NDArray[np.int64]) -> Values:
    if "price" not in catalogue.items.columns:
        return np.full(len(items), np.nan)
    column = catalogue.items["price"][(items - 1).tolist()].cast(pl.Float64, strict=False)
    return np.asarray(column.fill_null(np.nan).to_numpy(), np.float64)


def _words(catalogue: Catalogue, items: npt.NDArray[np.int64]) -> tuple[Words, ...]:
    table = catalogue.items[(items - 1).tolist()]
    given = {
        name: table[name].cast(pl.String).fill_null("").to_list() if name in table.columns else [""] * len(items)
        for name in ("item_id", "name", "category")
    }
    prices = ["" if np.isnan(price) else f"{price:,.2f}" for price in _prices(catalogue, items)]
    rows = zip(*given.values(), prices, catalogue.counts[items].tolist(), strict=True)
    return tuple(Words(*row) for row in rows)
