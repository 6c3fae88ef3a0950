"""The item map: what a model takes for alike lies together, and what reinforcement learning moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.stats import spearmanr

from sessionrl.analysis.alignment import aligned
from sessionrl.analysis.item_vectors import item_vectors
from sessionrl.analysis.projection import Method, drawn_items
from sessionrl.recommender import Recommender
from sessionrl.registry import register
from sessionrl.reporting.drawing import Drawing, csv_text
from sessionrl.reporting.families import told
from sessionrl.reporting.map_colours import Groups
from sessionrl.reporting.map_data import ItemMap, Recipe, item_map, pictures, unit
from sessionrl.reporting.map_figure import map_figure
from sessionrl.reporting.map_panel import map_panel, moved_panel
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import signed
from sessionrl.reporting.picture import Section
from sessionrl.reporting.pictures.sheets import named_models, pair_of
from sessionrl.reporting.results import besides_the_objective
from sessionrl.reporting.subject import CannotDraw, Subject

METHODS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
FARTHEST = 12  # items whose way is drawn
EXAMPLES = 5  # of them, named in the caption
SAME = 0.001  # a disparity below is rounding
STANDS_OUT = 1.5  # medians that an item must have moved to be named
NOISY = -0.3  # rank correlation of events and movement, below which few events seem to be the reason


@register("picture", "map")
@dataclass(frozen=True)
class Map:
    """The items on a map of one model, or of two that are laid over each other.

    Options:
        points: items that are drawn: half the most popular ones, half drawn by chance from the rest
        method: auto takes t-SNE if scikit-learn is installed, else PCA
        colour: auto takes the category if items have one, else the popularity
        models: the labels of one or two; the best supervised network and the best reinforced one if none is named
        clusters: groups of items that k-means looks for
        pictures: KB of the shop's pictures that the map may carry to show them under the mouse, most popular first
    """

    section: ClassVar[Section] = "items"
    place: ClassVar[int] = 3
    points: Annotated[int, Field(ge=10, le=10_000)] = 3000
    method: Method = "auto"
    colour: Literal["auto", "category", "popularity", "price", "cluster"] = "auto"
    models: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    clusters: Annotated[int, Field(ge=1, le=24)] = 8
    pictures: Annotated[int, Field(ge=0)] = 500

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        models = _networks(named_models(subject.models, self.models)) if self.models else _usual(subject)
        recommenders = {model.label: subject.recommender(model) for model in models}
        known = min(len(one.vocabulary) for one in recommenders.values())
        counts = subject.catalogue.counts[:known]
        items = drawn_items(counts, counts > 0, self.points, subject.seed)
        vectors = {label: item_vectors(one, items) for label, one in recommenders.items()}
        found = item_map(vectors, items, subject.catalogue, Recipe(self.method, self.clusters, subject.seed))
        colour = found.usual if self.colour == "auto" else self.colour
        if colour not in found.colourings:
            raise CannotDraw(
                f"The map cannot be coloured by {colour}, because no item has one.\n"
                "  do now: leave map.colour out, or give a table of items when you prepare the data"
            )
        caption = [
            "Every dot is an item; items that the model takes for alike lie near.",
            _what_changed(found, _another_seed(models[0], vectors[models[0].label], items), _cause(models))
            if found.change
            else "",
            "" if _stands_out(found) else _moved_farthest(found),
        ]
        reading = [
            _how_to_read(found, colour, told(models, "category")),
            _sample(found, int((counts > 0).sum()), subject.seed),
        ]
        words = [" ".join(filter(None, some)) for some in (caption, reading)]
        return [self._drawing(found, subject, colour, words), *([_moved(found)] if _stands_out(found) else [])]

    def _drawing(self, found: ItemMap, subject: Subject, colour: str, words: Sequence[str]) -> Drawing:
        panels = [map_panel(found, nth, colour) for nth in range(len(found.labels))]

        @cache
        def shown() -> tuple[str, ...]:
            return tuple(pictures(found, subject.products, self.pictures))

        return Drawing(
            "map",
            f"Map of the items: {' and '.join(found.labels)}",
            words[0],
            tuple(panels),
            csv_text(_header(found), _rows(found)),
            interactive=(lambda: map_figure(found, colour, shown())) if find_spec("plotly") else None,
            reading=words[1],
        )


def _usual(subject: Subject) -> list[Model]:
    """A reinforced network behind its control where there are both; else the first network."""
    pair = pair_of(subject.models)
    if pair:
        return list(pair[::-1])
    if not subject.networks:
        raise CannotDraw(
            "None of these models is a network, so no item has a vector that was learned.\n"
            "  do now: give the run of a network as well, such as `sessionrl train gru4rec-ce` leaves it"
        )
    return subject.networks[:1]


def _networks(models: Sequence[Model]) -> list[Model]:
    for model in models:
        if model.kind != "network":
            raise CannotDraw(
                f"{model.label} counts and learns no vectors of items.\n  do now: name networks in map.models"
            )
    return list(models)


def _another_seed(model: Model, vectors: npt.NDArray[np.float32], items: npt.NDArray[np.int64]) -> float | None:
    """The disparity of two trainings of one model that differ in their seed alone; None where there is one training."""
    if len(model.runs) < 2:
        return None
    other = Recommender.load(model.runs[1].path)
    return aligned(unit(vectors), unit(item_vectors(other, items))).disparity


def _how_to_read(found: ItemMap, colour: str, given: str) -> str:
    """given: what the models were told of the categories."""
    projection = found.projection
    what = "Alike are items whose vectors point the same way."
    colouring = {
        "category": f"Islands of one colour are categories that the model keeps together. {given}",
        "cluster": "Colours are clusters found in the vectors themselves, so that they must hang together.",
        "price": "The stronger the colour and the larger the dot, the dearer; a hollow or pale one has no price.",
        "popularity": "The stronger the colour and the larger the dot, the more events: islands of strong dots mean "
        "that it sorts by popularity.",
    }[colour]
    limits = (
        f"Drawn by PCA: the two axes hold {projection.explained:.0%} of the differences, the rest is not to be seen."
        if projection.explained is not None
        else f"Drawn by {METHODS[projection.method]}: what is near is meant, but not how far apart islands lie, nor "
        "how large they are."
    )
    trust = f"Trustworthiness {projection.trust:.2f} (1: what is near here is near in truth; about 0.5: by chance)."
    return " ".join([what, colouring, limits, trust if np.isfinite(projection.trust) else ""]).strip()


def _cause(models: Sequence[Model]) -> str:
    """In what the two models differ."""
    first, second = models
    other = besides_the_objective(second, first)
    return f"the objective and other options ({', '.join(other)}) together" if other else "the objective"


def _what_changed(found: ItemMap, another_seed: float | None, cause: str) -> str:
    """How much of the arrangement differs between the models, beside what differs by chance."""
    assert found.change is not None
    (first, second), change = found.labels, found.change
    if change.disparity < SAME:
        return f"{second} has the arrangement of {first}: nothing was moved."
    said = (
        f"{second} was turned onto {first} (Procrustes), because the direction of a vector as such means nothing: "
        f"{change.disparity:.0%} of the arrangement then still differs (0%: the same; {change.chance:.0%}: nothing in "
        "common)."
    )
    if another_seed is None:
        return (
            f"{said} How much of this {cause} did and how much mere chance cannot be told: it takes two "
            f"trainings of {first} with different seeds."
        )
    if change.disparity <= another_seed * 1.05:
        verdict = f"so {cause} moved no more than another seed does"
    else:
        verdict = f"so {cause} moved more than that one other seed does"
    return f"{said} Two trainings of {first} that differ only in the seed differ by {another_seed:.0%}, {verdict}."


def _stands_out(found: ItemMap) -> bool:
    """Whether an item moved much farther than most."""
    change = found.change
    return change is not None and change.disparity >= SAME and bool(change.moved.max() >= STANDS_OUT)


def _moved(found: ItemMap) -> Drawing:
    """What stays to be seen beside the map that zooms."""
    assert found.change is not None
    before, after = found.labels
    far = np.argsort(-found.change.moved, kind="stable")[:FARTHEST]
    header, rows = _header(found), _rows(found)
    return Drawing(
        "map-moved",
        f"Items that lie elsewhere: {before} and {after}",
        f"{_moved_farthest(found)} A line goes from where {before} has an item to where {after} has it.",
        (moved_panel(found, far),),
        csv_text(header, [rows[one] for one in far]),
        "How far is measured between the vectors themselves, not on the map, in medians of all drawn items: a long "
        "line may be a short way.",
    )


def _moved_farthest(found: ItemMap) -> str:
    if found.change is None or found.change.disparity < SAME:
        return ""
    moved = found.change.moved
    if moved.max() < STANDS_OUT:
        said = f"No item stands out: the one that moved farthest went {moved.max():.1f} times as far as the median."
    else:
        far = [one for one in np.argsort(-moved, kind="stable")[:EXAMPLES] if moved[one] >= STANDS_OUT]
        names = ", ".join(f"{found.words[one].called} ({moved[one]:.1f} times the median)" for one in far)
        said = f"Farthest moved: {names}."
    events = np.array([one.events for one in found.words])
    if np.ptp(events) == 0 or np.ptp(moved) == 0:
        return said
    rank = float(spearmanr(events, moved).statistic)
    if rank <= NOISY:
        return f"{said} Items with few events moved farther (rank correlation {signed(rank, 2)}), which may be noise."
    return said


def _sample(found: ItemMap, of: int, seed: int) -> str:
    n = len(found.items)
    if n == of:
        return f"All {n:,} items with training events are drawn."
    return (
        f"{n:,} of {of:,} items with training events are drawn: the {(n + 1) // 2:,} most popular, and {n // 2:,} by "
        f"chance from the rest (seed {seed})."
    )


def _header(found: ItemMap) -> list[str]:
    places = [f"{axis}, {label}" for label in found.labels for axis in ("x", "y")]
    return ["item_id", "name", "category", "price", "events", "cluster", *places, *(["moved"] if found.change else [])]


def _rows(found: ItemMap) -> list[list[object]]:
    cluster = found.colourings["cluster"]
    assert isinstance(cluster, Groups)
    return [
        [
            *words,
            cluster.names[cluster.of[nth]].removeprefix("cluster "),
            *(round(float(value), 4) for places in found.places for value in places[nth]),
            *([round(float(found.change.moved[nth]), 4)] if found.change else []),
        ]
        for nth, words in enumerate(found.words)
    ]
