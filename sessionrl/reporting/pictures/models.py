"""Models side by side: the headline, accuracy against what else matters, accuracy by kind of event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sessionrl.registry import register
from sessionrl.reporting.drawing import COLOURS, Drawing, Panel, bare, csv_text, spread
from sessionrl.reporting.families import FAMILIES, family, short
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import number
from sessionrl.reporting.picture import Section
from sessionrl.reporting.results import Results
from sessionrl.reporting.subject import CannotDraw, Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AGAINST = ("diversity", "novelty", "coverage")
NEIGHBOURS = ("session_knn", "vmis_knn", "stan")
ROW = 22  # points between two models


@register("picture", "headline")
@dataclass(frozen=True)
class Headline:
    """The metric that decides, one dot with its interval for every model."""

    section: ClassVar[Section] = "models"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        return [_headline_dots(subject.results)]


@register("picture", "tradeoffs")
@dataclass(frozen=True)
class Tradeoffs:
    """Accuracy against diversity, novelty and coverage, one point for every model."""

    section: ClassVar[Section] = "models"
    place: ClassVar[int] = 2

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        return [_tradeoffs(subject.results)]


@register("picture", "grid")
@dataclass(frozen=True)
class Grid:
    """Accuracy by kind of the next event, repeats apart from new items."""

    section: ClassVar[Section] = "models"
    place: ClassVar[int] = 3

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        return [_grid_dots(subject.results)]


def _headline_dots(results: Results) -> Drawing:
    """One dot with its interval per model, the best on top; lines where popularity and kNN stand."""
    models = results.models
    values = [results.headline_of(model) for model in models]

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for row, (model, one) in enumerate(zip(models, values, strict=True)):
            colour = COLOURS[family(model)]
            if one.low is not None and one.high is not None:
                axes.plot([one.low, one.high], [row, row], color=colour, linewidth=2.2, solid_capstyle="round")
            axes.plot(one.value, row, "o", color=colour, markersize=7, markeredgecolor=COLOURS["surface"])
        for model, one in zip(models, values, strict=True):
            if model is results.popularity or model is _neighbours(models):
                axes.axvline(one.value, color=COLOURS["muted"], linewidth=0.9, dashes=(3, 3), zorder=0)
                axes.annotate(
                    short(model.label, 14), (one.value, 1), (0, 2), xycoords=("data", "axes fraction"),
                    textcoords="offset points", ha="center", color=COLOURS["muted"], fontsize=8,
                )  # fmt: skip
        axes.set_yticks(range(len(models)), [short(model.label) for model in models])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(models) - 0.5, -0.5)
        axes.set_xlabel(f"{results.headline}, 95% interval")
        axes.grid(axis="y", visible=False)
        bare(axes, "left")
        _legend(figure, models)

    said = "; ".join(f"{m.label} {number(one.value)}" for m, one in zip(models, values, strict=True))
    rows = [[m.label, family(m), one.value, one.low, one.high] for m, one in zip(models, values, strict=True)]
    return Drawing(
        "headline",
        f"{results.headline} of every model",
        _how_to_read_dots(results),
        (Panel("headline", (430, 82 + ROW * len(models)), f"{results.headline} per model: {said}.", draw),),
        csv_text(["model", "family", results.headline, "low", "high"], rows),
    )


def _how_to_read_dots(results: Results) -> str:
    sentences = [
        "Intervals that overlap may still belong to models that differ, because the same sessions were ranked by both: "
        "the paired comparison decides, not this picture."
    ]
    if len(results.models) > 1 and (results.popularity or _neighbours(results.models)):
        sentences.insert(
            0, "Look first at what lies right of the dashed lines: what counting achieves, training has to exceed."
        )
    return " ".join(sentences)


def _tradeoffs(results: Results) -> Drawing:
    """Accuracy against diversity, novelty and coverage, one point per model."""
    names = [name for name in results.metrics if name.split("@")[0] in AGAINST]
    names = [name for name in names if all(results.find(model, name) for model in results.models)]
    if not names:
        raise CannotDraw(
            "None of diversity, novelty and coverage was measured of every model.\n"
            "  do now: name them in evaluation.metrics when you train"
        )
    rows = [
        [m.label, name, one.value, one.low, one.high, head.value, head.low, head.high]
        for name in names
        for m in results.models
        if (one := results.find(m, name)) is not None and (head := results.headline_of(m)) is not None
    ]
    return Drawing(
        "tradeoffs",
        "Accuracy against diversity, novelty and coverage",
        "Up is accurate, right is diverse, new or broad. A model up and right of another is better in both; one "
        "that is only further right may be diverse because it is lost. Bars are 95% intervals; "
        "numbers of all lists together have one only with two training seeds or more.",
        tuple(_tradeoff(results, name) for name in names),
        csv_text(["model", "metric", "value", "low", "high", results.headline, "its low", "its high"], rows),
    )


def _tradeoff(results: Results, name: str) -> Panel:
    points = [(model, results.find(model, name), results.headline_of(model)) for model in results.models]

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for model, x, y in points:
            assert x is not None
            colour = COLOURS[family(model)]
            for low, high, along in ((x.low, x.high, "x"), (y.low, y.high, "y")):
                if low is not None and high is not None:
                    ends = ([low, high], [y.value] * 2) if along == "x" else ([x.value] * 2, [low, high])
                    axes.plot(*ends, color=colour, linewidth=1.2)
            axes.plot(x.value, y.value, "o", color=colour, markersize=7, markeredgecolor=COLOURS["surface"])
        axes.set_xlabel(name)
        axes.set_ylabel(results.headline)
        bare(axes)
        axes.margins(0.12)
        axes.locator_params("x", nbins=4)
        _labels_aside(axes, [(m, x.value, y.value) for m, x, y in points if x is not None])

    said = "; ".join(f"{m.label} {number(x.value)}, {number(y.value)}" for m, x, y in points if x is not None)
    label = f"{name} and {results.headline} per model: {said}."
    return Panel(f"tradeoff-{name.split('@')[0]}", (360, 260), label, draw)


def _labels_aside(axes: "Axes", labels: Sequence[tuple[Model, float, float]]) -> None:
    """Names in a column right of the axes, each joined to its point, so that none lies on another."""
    low, high = axes.get_ylim()
    height = (high - low) or 1
    wanted = [(y - low) / height for _, _, y in labels]
    for (model, x, y), place in zip(labels, spread(wanted, 0.075, 0.02, 0.98), strict=True):
        colour = COLOURS[family(model)]
        axes.annotate(
            short(model.label, 18), (x, y), (1.05, place), textcoords="axes fraction", va="center", fontsize=9,
            color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkB": 4, "relpos": (0, 0.5)},
        )  # fmt: skip


def _grid_dots(results: Results) -> Drawing:
    """Accuracy by kind of the next event, repeats (filled) apart from new items (hollow)."""
    kinds = [
        kind
        for kind in results.models[0].rankings[0].kinds
        if any(results.find(results.best, results.headline, f"{kind}/{half}") for half in ("repeat", "new"))
    ]
    if not kinds:
        raise CannotDraw("No event of the test part is a case after the first event of its session.")
    rows = [
        [model.label, kind, half, one.value, one.low, one.high, one.cases]
        for kind in kinds
        for half in ("repeat", "new")
        for model in results.models
        if (one := results.find(model, results.headline, f"{kind}/{half}")) is not None
    ]
    return Drawing(
        "grid",
        f"{results.headline} by kind of the next event, repeats apart from new items",
        "Filled: the next item was seen earlier in the session; hollow: it is new there. Repeats are easy, above all "
        "of items put into the cart or bought right after they were viewed; what a recommender adds shows in the "
        "hollow dots.",
        tuple(_grid_panel(results, kind) for kind in kinds),
        csv_text(["model", "kind", "target", results.headline, "low", "high", "events"], rows),
    )


def _grid_panel(results: Results, kind: str) -> Panel:
    models = results.models
    halves = {half: [results.find(m, results.headline, f"{kind}/{half}") for m in models] for half in ("repeat", "new")}

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for half, shift in (("repeat", -0.13), ("new", 0.13)):
            for row, (model, one) in enumerate(zip(models, halves[half], strict=True)):
                if one is None:
                    continue
                colour = COLOURS[family(model)]
                if one.low is not None and one.high is not None:
                    axes.plot([one.low, one.high], [row + shift] * 2, color=colour, linewidth=1.3)
                inside = colour if half == "repeat" else COLOURS["surface"]
                axes.plot(one.value, row + shift, "o", color=colour, markerfacecolor=inside, markersize=6)
        cases = {half: next((one.cases for one in row if one), 0) for half, row in halves.items()}
        axes.locator_params("x", nbins=6)
        axes.set_title(f"{kind}: {cases['repeat']:,} repeats, {cases['new']:,} new")
        axes.set_yticks(range(len(models)), [short(model.label, 18) for model in models])
        axes.tick_params(axis="y", labelcolor=COLOURS["ink"])
        axes.set_ylim(len(models) - 0.5, -0.5)
        axes.set_xlabel(results.headline)
        axes.grid(axis="y", visible=False)
        bare(axes, "left")

    said = "; ".join(
        f"{m.label} {', '.join(f'{half} {number(halves[half][i].value)}' for half in halves if halves[half][i])}"  # type: ignore[union-attr]
        for i, m in enumerate(models)
    )
    label = f"{results.headline} where the next event is a {kind}: {said}."
    return Panel(f"grid-{kind}", (360, 74 + ROW * len(models)), label, draw)


def _neighbours(models: Iterable[Model]) -> Model | None:
    """The best of the nearest-neighbour models."""
    return next((model for model in models if model.part in NEIGHBOURS), None)


def _legend(figure: "Figure", models: Iterable[Model]) -> None:
    from matplotlib.lines import Line2D

    present = {family(model) for model in models}
    handles = [
        Line2D([], [], marker="o", linestyle="", color=COLOURS[name], label=words)
        for name, words in FAMILIES.items()
        if name in present
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8, labelcolor=COLOURS["muted"]
    )
