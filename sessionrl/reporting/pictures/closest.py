"""Closest and furthest items: what a model holds for alike, with pictures, and how often the categories agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from sessionrl.analysis.interesting import NEAREST, Interesting, Range, interesting
from sessionrl.analysis.item_vectors import Vectors, item_vectors
from sessionrl.analysis.neighbours import Neighbours, neighbours, shared
from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadOption, UnknownName, did_you_mean
from sessionrl.registry import register
from sessionrl.reporting.drawing import Drawing, Frame, ProductCell, ProductPanel, ProductRow, csv_text
from sessionrl.reporting.families import family, told
from sessionrl.reporting.models import Model
from sessionrl.reporting.picture import Section
from sessionrl.reporting.pictures.sheets import pair_of
from sessionrl.reporting.subject import CannotDraw, Subject

MOST = 3  # models side by side, if none are named
NEAR_IDS = 100_000  # ids among which one that is misspelt is sought
SLIGHT = 0.02  # a difference of shares that is not called one

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
        recommendable: leave out items that may not be recommended as well
        models: labels of networks; the best of each family if not given, at most three
    """

    items: tuple[str, ...] = ()
    shown: Positive = 6
    k: Positive = 6
    least_events: Annotated[int, Field(ge=0)] = 5
    recommendable: bool = False
    models: tuple[str, ...] = ()

    section: ClassVar[Section] = "items"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        models = networks(subject, self.models)
        vectors = {model.label: item_vectors(subject.recommender(model)) for model in models}
        smallest = min(map(len, vectors.values()))
        of = known_items(subject.catalogue, smallest, self.least_events)
        if self.recommendable:
            of = replace(of, among=of.among & subject.catalogue.recommendable)
        chosen = numbered(self.items, of, smallest) or interesting(of, vectors, self.shown, subject.seed)
        items = np.array([one.item for one in chosen], np.int64)
        found = {label: neighbours(its, items, self.k, of.among) for label, its in vectors.items()}
        return [
            Drawing(
                "closest-items",
                "Items that the models hold for alike",
                " ".join([*_caption(of, models, self), *_alike(subject, models, of, vectors)]),
                tuple(_panel(subject, of, one, nth, found) for nth, one in enumerate(chosen)),
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


def networks(subject: Subject, labels: Sequence[str]) -> list[Model]:
    """Networks by label, or the first of each family and then those that follow, at most `MOST`.

    Raises:
        CannotDraw: none of the models is a network.
        UnknownName: a label is not that of a network.
    """
    known = {model.label: model for model in subject.networks}
    if not known:
        raise CannotDraw(
            "None of these models has vectors of items: all of them count.\n  do now: add a run of a network"
        )
    for label in labels:
        if label not in known:
            raise UnknownName("network", label, known)
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


def numbered(ids: Sequence[str], of: Range, smallest: int) -> list[Interesting]:
    """Items asked for by id.

    smallest: items that every model knows, `PAD` included

    Raises:
        BadOption: the data, or one of the models, has no such item.
    """
    known = of.catalogue.items["item_id"][: smallest - 1].cast(pl.String)
    places = {item: nth for nth, item in enumerate(known.to_list(), 1)} if ids else {}
    for item in ids:
        if item not in places:
            raise BadOption(
                f"picture 'closest', option 'items': no item is called {item!r}, or not every model knows it."
                f"{did_you_mean(item, known.head(NEAR_IDS).to_list())}\n"
                "  do now: give ids as the log has them, of items that the training part holds"
            )
    return [Interesting(places[item], _asked(of, places[item])) for item in dict.fromkeys(ids)]


def _asked(of: Range, item: int) -> str:
    words = f"asked for, events in training: {of.catalogue.counts[item]:,}"
    return words if of.among[item] else f"{words}; it would have been left out, and is nobody's neighbour here"


def _panel(subject: Subject, of: Range, one: Interesting, nth: int, found: Mapping[str, Neighbours]) -> ProductPanel:
    rows = [ProductRow("the item", "", (ProductCell(one.item),))]
    first = next(iter(found))
    for label, its in found.items():
        before = "" if len(found) == 1 else f"{label}, "
        near, far = its.closest[nth], its.furthest[nth]
        frames = [_frame(of.labels, one.item, int(other)) for other in near]
        notes = [f"{frames.count('agrees')} of {len(near)} of its category"] if any(frames) else []
        if label != first:
            notes.append(f"{len(np.intersect1d(near, found[first].closest[nth]))} of {len(near)} also in {first}")
        rows.append(ProductRow(f"{before}closest", ", ".join(notes), _cells(near, its.similarity[nth], frames)))
        rows.append(ProductRow(f"{before}furthest", "", _cells(far, its.dissimilarity[nth], [""] * len(far))))
    products = subject.products.cards(cell.item for row in rows for cell in row.cells)
    card = products[one.item]
    return ProductPanel(card.name or card.item_id, one.why, tuple(rows), products)


def _cells(items: npt.NDArray[np.int64], cosines: Vectors, frames: Sequence[Frame]) -> tuple[ProductCell, ...]:
    return tuple(
        ProductCell(int(item), f"{value:+.2f}".replace("-", "−"), frame)
        for item, value, frame in zip(items, cosines, frames, strict=True)
    )


def _frame(labels: npt.NDArray[np.int64], item: int, other: int) -> Frame:
    """Of one of the closest: nobody expects the furthest to agree."""
    if labels[item] < 0 or labels[other] < 0:
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


def _caption(of: Range, models: Sequence[Model], options: Closest) -> list[str]:
    sentences = ["Each block is one item; below it the items that each model holds for most, and for least, alike."]
    if (of.labels >= 0).any():
        sentences.append("A full frame: the neighbour is of the item's own category; a dashed one: of another.")
        sentences.append(told(models, "category"))
    events = of.catalogue.counts[1:]
    few = int((events < options.least_events).sum())
    if few and not (of.catalogue.counts[of.among] < options.least_events).any():
        sentences.append(
            f"Left out are {few:,} of {len(events):,} items with fewer than {options.least_events} training events, "
            "whose vectors are still nearly those of the start."
        )
    elif few:
        sentences.append(
            f"So few items have {options.least_events} training events that all are shown; the vectors of the others "
            "are still nearly those of the start."
        )
    if options.recommendable:
        sentences.append("Items that may not be recommended are left out.")
    return sentences


def _alike(subject: Subject, models: Sequence[Model], of: Range, vectors: Mapping[str, Vectors]) -> list[str]:
    """How many neighbours two models share, beside two trainings of one of them if there are several.

    The two are a model with another objective than the next item and its control, if there are such.

    The training they are compared with has another seed than both: networks that start alike end more alike.
    """
    items = of.drawn(subject.seed)
    if len(models) < 2 or len(items) < 2:
        return []
    one, other = (pair_of(models) or models[1::-1])[::-1]
    of_items = f"Of the {min(NEAREST, int(of.among.sum()) - 1)} nearest of {len(items):,} drawn items"
    again = _another_training(one, other)
    if again is None:
        between = shared(vectors[one.label], vectors[other.label], items, NEAREST, of.among).mean()
        return [
            f"{of_items} {one.label} and {other.label} share {between:.0%}; how many two trainings of one model would "
            "share, only runs with another seed can show."
        ]
    model, its, nth = again
    anew = item_vectors(subject.recommender(model, nth))
    among = of.among.copy()
    among[len(anew) :] = False  # a training that went on from another older run may know fewer
    within, between = (
        shared(vectors[label], anew, items[among[items]], NEAREST, among) for label in (model.label, its.label)
    )
    return [
        f"{of_items} {model.label} shares {within.mean():.0%} with itself trained with another seed, and {its.label} "
        f"shares {between.mean():.0%} with that training: {_verdict(within - between)}."
    ]


def _verdict(less: npt.NDArray[np.float64]) -> str:
    """less: [n] by how much less two models share of an item's neighbours than two trainings of one."""
    error = 1.96 * less.std() / np.sqrt(len(less))
    unlike = "more unlike than these two trainings of one"
    if less.mean() + error <= SLIGHT:
        return f"the two models are no {unlike}"
    if less.mean() - error > 0 and less.mean() > SLIGHT:
        return f"the two models are {unlike}"
    return f"whether the two models are {unlike} cannot be told"


def _another_training(one: Model, other: Model) -> tuple[Model, Model, int] | None:
    """A model, the other one, and which run of the first has another seed than the first runs of both."""
    for model, its in ((one, other), (other, one)):
        for nth, seed in enumerate(model.seeds):
            if nth and seed != its.seeds[0]:
                return model, its, nth
    return None
