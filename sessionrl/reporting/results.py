"""Results: all that a report says about models in numbers, measured and compared on the same cases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sessionrl import config as configuration
from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadDirectory, SessionRLError
from sessionrl.evaluation.averages import Average
from sessionrl.evaluation.compare import Comparison, compare, holm
from sessionrl.evaluation.measure import Measurement, measure
from sessionrl.evaluation.metric import CaseMetric, metric
from sessionrl.evaluation.metrics_file import TieGap, tie_gaps
from sessionrl.evaluation.slices import slice_names
from sessionrl.reporting.models import Model, Options, differences, load_catalogue, model_options

REPLICATES = 2000
ALPHA = 0.05
ACCURACY = ("hit", "ndcg", "mrr", "precision", "recall", "map", "future_purchase_hit", "future_cart_hit")
# Objectives whose second task has nothing of what visitors earned: a gain of theirs is none of reinforcement learning.
CHECKS = (
    *("hist", "fut", "cat", "random_target", "extra_head", "shuffled_order"),
    *("shuffled_reward", "random_reward", "constant_reward", "endless", "frozen_encoder"),
)

Key = tuple[str, str, Average]


class Controlled(NamedTuple):
    """A model with another objective against the same encoder trained with `next_item` only.

    other: options besides the objective in which the two differ; with any, the objective is not the only suspect
    """

    model: Model
    control: Model
    comparison: Comparison
    other: Options


@dataclass(frozen=True)
class Results:
    """Models, the best of the headline first, and what was measured of them.

    headline:      the metric that decides, in the slice ``all``, per event
    metrics:       what all runs were to be measured with, the headline among them
    sliced:        those of them that are measured in every slice: hit and the headline
    measurements:  by label, then by metric, slice and average
    to_best:       by label and metric, against the first model; p corrected over the models, metric by metric
    to_popularity: by label, against the best model of plain popularity, on the headline; p corrected over the models
    controlled:    networks with another objective than `next_item`, p corrected over them
    uncontrolled:  those of which no control is among the models
    ties:          by label, how far metrics depend on the rule for equal scores
    """

    models: tuple[Model, ...]
    catalogue: Catalogue
    headline: str
    metrics: tuple[str, ...]
    sliced: tuple[str, ...]
    measurements: dict[str, dict[Key, Measurement]]
    to_best: dict[tuple[str, str], Comparison]
    popularity: Model | None
    to_popularity: dict[str, Comparison]
    controlled: tuple[Controlled, ...]
    uncontrolled: tuple[Model, ...]
    ties: dict[str, dict[str, TieGap]]

    def __repr__(self) -> str:
        values = (f"{model.label} {self.headline_of(model).value:.4f}" for model in self.models)
        return f"Results({self.headline}: {', '.join(values)})"

    def _repr_html_(self) -> str:
        from sessionrl.reporting.page_tables import headline_tables  # which is about results

        return "".join(view._repr_html_() for view in headline_tables(self))

    @property
    def best(self) -> Model:
        """The first on the headline."""
        return self.models[0]

    def find(self, model: Model, name: str, where: str = "all", average: Average | None = None) -> Measurement | None:
        """A measurement, per event or of all lists if no average is named; None where there is nothing to measure."""
        own = self.measurements[model.label]
        if average is not None:
            return own.get((name, where, average))
        return own.get((name, where, "event")) or own.get((name, where, "overall"))

    def headline_of(self, model: Model) -> Measurement:
        """The number that decides."""
        return self.measurements[model.label][self.headline, "all", "event"]


def results_of(models: Sequence[Model], replicates: int = REPLICATES, seed: int = 0) -> Results:
    """Measure and compare.

    Args:
        models: of the same data.
        replicates: of every bootstrap; more where a correction over many models would otherwise find nothing.
        seed: of every bootstrap.

    Raises:
        BadDirectory: the metric that decides has no value on the test part.
    """
    catalogue = load_catalogue(models)
    headline, metrics = _headline(models), _common_metrics(models)
    sliced = tuple(dict.fromkeys([*[name for name in metrics if name.startswith("hit@")][:1], headline]))
    measurements = {model.label: _measured(model, catalogue, (metrics, sliced), replicates, seed) for model in models}
    _check_headline(models, headline, measurements)
    ranked = sorted(models, key=lambda model: -measurements[model.label][headline, "all", "event"].value)
    # A two-sided p is at least 2 / (B + 1), and Holm multiplies it by the number of models.
    pairing = _Pairing(catalogue, max(replicates, 4 * round(len(models) * 2 / ALPHA)), seed)
    popularity = next((model for model in ranked if model.part == "popularity"), None)
    others = [model for model in ranked if popularity and model is not popularity and model.part != "popularity"]
    controlled, uncontrolled = _controlled(ranked, pairing, headline)
    return Results(
        models=tuple(ranked),
        catalogue=catalogue,
        headline=headline,
        metrics=metrics,
        sliced=sliced,
        measurements=measurements,
        to_best=_to_best(ranked, pairing, metrics),
        popularity=popularity,
        to_popularity=dict(
            zip(
                [model.label for model in others],
                holm([pairing.on(headline, model, popularity) for model in others if popularity]),
                strict=True,
            )
        ),
        controlled=controlled,
        uncontrolled=uncontrolled,
        ties={model.label: tie_gaps(model.rankings, catalogue) for model in models},
    )


def _check_headline(models: Sequence[Model], headline: str, measurements: dict[str, dict[Key, Measurement]]) -> None:
    for model in models:
        if (headline, "all", "event") not in measurements[model.label]:
            raise BadDirectory(
                f"{headline} of {model.label} has no value on the test part of {model.runs[0].data['prepared']}: "
                "no case of it counts.\n  do now: prepare more test days, or train with another evaluation.select_by"
            )


def _measured(
    model: Model, catalogue: Catalogue, metrics: tuple[Sequence[str], Sequence[str]], replicates: int, seed: int
) -> dict[Key, Measurement]:
    """The first metrics where the headline is, the second everywhere else too: nobody reads the rest of that grid."""
    found = measure(model.rankings, catalogue, metrics[0], ["all"], replicates, seed)
    elsewhere = [name for name in slice_names(model.rankings[0].kinds) if name != "all"]
    found += measure(model.rankings, catalogue, metrics[1], elsewhere, replicates, seed)
    return {(one.metric, one.slice, one.average): one for one in found}


class _Pairing(NamedTuple):
    catalogue: Catalogue
    replicates: int
    seed: int

    def all_of(self, metrics: Sequence[str], model: Model, baseline: Model) -> dict[str, Comparison]:
        """Per event, or of all lists; by metric."""
        found = compare(
            model.rankings, baseline.rankings, self.catalogue, metrics, replicates=self.replicates, seed=self.seed
        )
        return {one.metric: one for one in found if one.average != "session"}

    def on(self, name: str, model: Model, baseline: Model) -> Comparison:
        return self.all_of([name], model, baseline)[name]


def _to_best(ranked: Sequence[Model], pairing: _Pairing, metrics: Sequence[str]) -> dict[tuple[str, str], Comparison]:
    pairs = {model.label: pairing.all_of(metrics, model, ranked[0]) for model in ranked[1:]}
    result: dict[tuple[str, str], Comparison] = {}
    for name in metrics:
        labels = [label for label, found in pairs.items() if name in found]
        corrected = holm([pairs[label][name] for label in labels])
        result |= {(label, name): one for label, one in zip(labels, corrected, strict=True)}
    return result


def _controlled(
    ranked: Sequence[Model], pairing: _Pairing, headline: str
) -> tuple[tuple[Controlled, ...], tuple[Model, ...]]:
    found, without = [], []
    for model in ranked:
        if model.kind == "network" and model.part != "next_item":
            control = control_of(model, ranked)
            if control is None:
                without.append(model)
            else:
                other = besides_the_objective(model, control)
                found.append(Controlled(model, control, pairing.on(headline, model, control), other))
    corrected = holm([one.comparison for one in found])
    return tuple(one._replace(comparison=two) for one, two in zip(found, corrected, strict=True)), tuple(without)


def control_of(model: Model, models: Iterable[Model]) -> Model | None:
    """The network with the same encoder, trained with `next_item`, that differs least in everything else."""
    controls = [
        other
        for other in models
        if other.kind == "network"
        and other.part == "next_item"
        and complete_config(other)["backbone"] == complete_config(model)["backbone"]
    ]
    return min(controls, key=lambda control: len(besides_the_objective(model, control)), default=None)


def besides_the_objective(model: Model, control: Model) -> Options:
    """Options in which two networks differ, the supervised part of the objective included, its own options not."""

    def rest(config: Options) -> Options:
        objective = config["objective"]
        supervised = {key: value for key, value in objective.items() if key != "name"}
        chosen_by = {key: config["evaluation"].get(key) for key in ("select_by", "select_on")}
        kept = {key: value for key, value in model_options(config).items() if key != "preset"}
        return kept | {"evaluation": chosen_by, "objective": {"supervised": objective.get("supervised", supervised)}}

    return differences(rest(complete_config(model)), rest(complete_config(control)))


def complete_config(model: Model) -> Options:
    """With the options that came after the model was trained, which are no difference between two models."""
    try:
        return model.config | configuration.complete(model.config)
    except SessionRLError:
        return model.config  # of a version whose options are gone


def _headline(models: Sequence[Model]) -> str:
    """What chose the epochs, if it is accuracy; of the first network, because a baseline chooses nothing."""
    first = next((model for model in models if model.kind == "network"), models[0])
    name = str(first.config["evaluation"]["select_by"])
    return name if name.partition("@")[0] in ACCURACY and isinstance(metric(name), CaseMetric) else "ndcg@20"


def _common_metrics(models: Sequence[Model]) -> tuple[str, ...]:
    lists = [model.config["evaluation"]["metrics"] for model in models]
    common = [name for name in lists[0] if all(name in other for other in lists)]
    headline = _headline(models)
    return tuple(common if headline in common else [headline, *common])
