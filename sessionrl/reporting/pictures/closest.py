"""Closest and furthest items: what a model holds for alike, with pictures, and how often the categories agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from sessionrl.analysis.interesting import Interesting, Range, interesting
from sessionrl.analysis.item_vectors import item_vectors
from sessionrl.analysis.neighbours import Neighbours, neighbours
from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadOption, did_you_mean
from sessionrl.registry import register
from sessionrl.reporting.drawing import Drawing, Frame, ProductCell, ProductPanel, ProductRow, csv_text
from sessionrl.reporting.families import family
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject

MOST = 3  # models side by side, if none are named

Positive = Annotated[int, Field(ge=1)]


@register("picture", "closest")
@dataclass(frozen=True)
class Closest:
    """The items that each model holds for most and for least alike to some items.

    Options:
        items: ids of items as the log has them; chosen by rules if not given
        shown: items that the rules choose
        k: closest and furthest items of each
        least_events: items with fewer training events are left out, because their vectors are nearly those of the start
        models: labels of networks; the best of each family if not given, at most three
    """

    items: tuple[str, ...] = ()
    shown: Positive = 6
    k: Positive = 6
    least_events: Annotated[int, Field(ge=0)] = 5
    models: tuple[str, ...] = ()

    section: ClassVar[Section] = "items"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        models = networks(subject, self.models)
        vectors = {model.label: item_vectors(subject.recommender(model)) for model in models}
        of = known_items(subject.catalogue, min(map(len, vectors.values())), self.least_events)
        chosen = (
            numbered(self.items, subject.catalogue)
            if self.items
            else interesting(of, vectors, self.shown, subject.seed)
        )
        items = np.array([one.item for one in chosen], np.int64)
        found = {label: neighbours(its, items, self.k, of.among) for label, its in vectors.items()}
        return [
            Drawing(
                "closest-items",
                "Items that the models hold for alike",
                _caption(of, models, self.least_events),
                tuple(_panel(_Shown(subject, of, models), one, nth, found) for nth, one in enumerate(chosen)),
                csv_text(
                    HEADER, [row for nth, one in enumerate(chosen) for row in _rows(subject, one.item, nth, found)]
                ),
                READING,
            )
        ]


READING = (
    "The number is the cosine of two vectors, from −1 to 1. Close means: looked at in the same visits, or in each "
    "other's place. Furthest is not the opposite of a taste, only what is never met together. Of every model the first "
    "training seed is shown; another has other neighbours in part."
)
HEADER = ("item", "model", "which", "place", "neighbour", "cosine", "category of the item", "its category")


class _Shown(NamedTuple):
    subject: Subject
    of: Range
    models: Sequence[Model]


def networks(subject: Subject, labels: Sequence[str]) -> list[Model]:
    """Networks by label, or the first of each family and then those that follow, at most `MOST`.

    Raises:
        CannotDraw: none of the models is a network.
        BadOption: a label is not that of a network.
    """
    known = {model.label: model for model in subject.networks}
    if not known:
        raise CannotDraw(
            "None of these models has vectors of items: all of them count.\n  do now: add a run of a network"
        )
    for label in labels:
        if label not in known:
            raise BadOption(f"No network is called {label!r}.{did_you_mean(label, known)} Known: {', '.join(known)}.")
    if labels:
        return [known[label] for label in labels]
    firsts = {family(model): model for model in reversed(subject.networks)}
    ordered = [*firsts.values(), *(model for model in subject.networks if model not in firsts.values())]
    kept = ordered[:MOST]
    return [model for model in subject.networks if model in kept]


def known_items(catalogue: Catalogue, smallest: int, least: int) -> Range:
    """Items with so many training events that their vectors were learned, all of them where only few have as many.

    smallest: items that every model knows, `PAD` included; one that went on from an older run may know more
    """
    real = (np.arange(len(catalogue)) > 0) & (np.arange(len(catalogue)) < smallest)
    among = real & (catalogue.counts >= least)
    return Range(catalogue, among if among.sum() > 2 else real, codes_of(catalogue, "category"))


def codes_of(catalogue: Catalogue, column: str) -> npt.NDArray[np.int64]:
    """[V] a code for every value of a column of the table of items, -1 where there is none and at `PAD`."""
    if column not in catalogue.items.columns:
        return np.full(len(catalogue), -1, np.int64)
    values = catalogue.items[column].cast(pl.String).replace("", None)
    codes = values.cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1)
    return np.concatenate([[-1], codes.to_numpy()])


def numbered(ids: Sequence[str], catalogue: Catalogue) -> list[Interesting]:
    """Items asked for by id.

    Raises:
        BadOption: the data has no such item.
    """
    known = catalogue.items["item_id"].cast(pl.String)
    places = {item: nth for nth, item in enumerate(known.to_list(), 1)} if ids else {}
    for item in ids:
        if item not in places:
            raise BadOption(
                f"picture 'closest', option 'items': no item is called {item!r}."
                f"{did_you_mean(item, known.head(100_000).to_list())}\n"
                "  do now: give ids as the log has them, of items that the training part holds"
            )
    return [Interesting(places[item], f"asked for, {catalogue.counts[places[item]]:,} events") for item in ids]


def _panel(shown: _Shown, one: Interesting, nth: int, found: Mapping[str, Neighbours]) -> ProductPanel:
    labels = shown.of.labels
    rows = [ProductRow("the item", "", (ProductCell(one.item),))]
    occurring = {one.item}
    for model in shown.models:
        its = found[model.label]
        for words, items, cosines in (
            ("closest", its.closest[nth], its.similarity[nth]),
            ("furthest", its.furthest[nth], its.dissimilarity[nth]),
        ):
            cells = [
                ProductCell(int(item), f"{value:+.2f}".replace("-", "−"), _frame(labels, one.item, int(item), words))
                for item, value in zip(items, cosines, strict=True)
            ]
            rows.append(ProductRow(words if len(shown.models) == 1 else f"{model.label}, {words}", "", tuple(cells)))
            occurring |= set(items.tolist())
    products = shown.subject.products.cards(occurring)
    card = products[one.item]
    return ProductPanel(card.name or card.item_id, one.why, tuple(rows), products)


def _frame(labels: npt.NDArray[np.int64], item: int, other: int, words: str) -> Frame:
    """Only for the closest: nobody expects the furthest to agree."""
    if words != "closest" or labels[item] < 0 or labels[other] < 0:
        return ""
    return "agrees" if labels[item] == labels[other] else "differs"


def _rows(subject: Subject, item: int, nth: int, found: Mapping[str, Neighbours]) -> list[list[object]]:
    table = subject.catalogue.items
    categories = table["category"].to_list() if "category" in table.columns else [None] * len(table)
    ids = table["item_id"]
    result: list[list[object]] = []
    for label, its in found.items():
        for which, items, cosines in (
            ("closest", its.closest[nth], its.similarity[nth]),
            ("furthest", its.furthest[nth], its.dissimilarity[nth]),
        ):
            for place, (other, cosine) in enumerate(zip(items, cosines, strict=True), 1):
                words = (ids[item - 1], label, which, place, ids[int(other) - 1], round(float(cosine), 4))
                result.append([*words, categories[item - 1], categories[int(other) - 1]])
    return result


def _caption(of: Range, models: Sequence[Model], least: int) -> str:
    told = [model.label for model in models if "category" in model.config["items"].get("features", ())]
    sentences = [
        "Each block is one item; below it the items that each model holds for most, and for least, alike.",
    ]
    if (of.labels >= 0).any():
        sentences.append("A full frame: the neighbour is of the item's own category; a dashed one: of another.")
        sentences.append(
            f"{joined(told)} knew the categories from the table of items, so agreeing proves little there."
            if told
            else "No model was told the categories: where they agree, it was learned from clicks alone."
        )
    few = (np.arange(len(of.among)) > 0) & ~of.among
    if few.any():
        sentences.append(
            f"Left out are {int(few.sum()):,} of {len(of.among) - 1:,} items with fewer than {least} training events, "
            "whose vectors are still nearly those of the start."
        )
    return " ".join(sentences)
