"""The summary in plain words: what was found and what was not, for someone who knows none of the metrics."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sessionrl.evaluation.compare import FEW_SEEDS, Mark
from sessionrl.evaluation.measure import Measurement
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.provenance import command
from sessionrl.reporting.results import CHECKS, Controlled, Results


class Step(NamedTuple):
    """What to do next, and the command for it, if there is one."""

    sentence: str
    command: str = ""


class PlainWords(NamedTuple):
    """found: what the test shows; not_found: what it does not show, or shows not to be so; next: what to do now."""

    found: list[str]
    not_found: list[str]
    next: list[Step]


def plain_words_of(results: Results) -> PlainWords:
    """Sentences that follow from the measurements and nothing else."""
    return PlainWords(
        [*_which(results), *_how_often(results), *_something_new(results), *_variety(results), *_won(results)],
        [*_not_better(results), *_not_won(results), *_not_known(results)],
        list(_next(results)),
    )


def _which(results: Results) -> Iterator[str]:
    best = results.best.label
    if len(results.models) == 1:
        yield f"Only {best} was measured, so nothing here says whether it is good."
        return
    marks = {model.label: _mark(results, model) for model in results.models[1:]}
    alike = [label for label, mark in marks.items() if mark == "equivalent"]
    unclear = [label for label, mark in marks.items() if mark not in ("equivalent", "worse")]
    sentence = f"{best} guesses best what visitors turn to next"
    if alike:
        sentence += f", but {joined(alike)} {_be(alike)} as good: less than 1% apart"
    if unclear:
        sentence += f"{'; and' if alike else ', but'} whether {joined(unclear)} {_be(unclear)} worse cannot be told"
    yield sentence + ("." if alike or unclear else f"; every other model here is worse{_trainings(results.models)}.")


def _how_often(results: Results) -> Iterator[str]:
    name = _hit(results)
    one = name and results.find(results.best, name)
    if not name or not one:
        return
    sentence = (
        f"In {_of_a_hundred(one.value)} of 100 cases, what the visitor turned to next was among the {_k(name)} items "
        f"that {results.best.label} would have shown"
    )
    bestsellers = results.popularity and results.find(results.popularity, name)
    if bestsellers and results.popularity is not results.best:
        sentence += f"; a list of bestsellers manages that in {_of_a_hundred(bestsellers.value)}"
    yield sentence + "."


def _something_new(results: Results) -> Iterator[str]:
    """What a visitor has seen already is easily found again; a recommender is for the rest."""
    name = _hit(results)
    every, again, new = (
        results.find(results.best, name, where) if name else None for where in ("all", "repeat", "new")
    )
    if not name or not every or not again or not new:
        return
    best = results.best.label
    sentence = (
        f"In {_of_a_hundred(again.cases / every.cases)} of 100 cases the visitor went back to an item of the same "
        f"visit, and {best} had that in its list {_of_a_hundred(again.value)} times of 100. Where the item was new in "
        f"the visit, {best} had it {_of_a_hundred(new.value)} times of 100"
    )
    most, model = _most(results, name)
    if _of_a_hundred(most.value) != _of_a_hundred(new.value):
        sentence += f"; the most there are the {_of_a_hundred(most.value)} of {model.label}"
    yield sentence + "."


def _most(results: Results, name: str) -> tuple[Measurement, Model]:
    """The highest value on new items, and the model that has it."""
    found = [(one, model) for model in results.models if (one := results.find(model, name, "new"))]
    return max(found, key=lambda pair: pair[0].value)


def _variety(results: Results) -> Iterator[str]:
    name = next((name for name in results.metrics if name.startswith("coverage@")), None)
    shares = {model.label: one.value for model in results.models if name and (one := results.find(model, name))}
    if results.best.label not in shares:
        return
    own = shares.pop(results.best.label)
    sentence = f"All lists of {results.best.label} together hold {_share(own)} of the catalogue"
    least, most = min(shares, key=shares.__getitem__, default=""), max(shares, key=shares.__getitem__, default="")
    if len(shares) > 1:
        sentence += (
            f"; those of the others between {_share(shares[least])} ({least}) and {_share(shares[most])} ({most})"
        )
    elif shares:
        sentence += f"; those of {most} {_share(shares[most])}"
    yield sentence + "."


def _won(results: Results) -> Iterator[str]:
    for one in _clean(results):
        if one.comparison.mark == "better":
            sentence = (
                f"{one.model.label} guesses better with reinforcement learning than {one.control.label}, the same "
                f"network without it{_trainings([one.model, one.control])}."
            )
            yield sentence + " Whether the rewards did that or any second task would have is not tested here."


def _not_better(results: Results) -> Iterator[str]:
    networks = [model for model in results.models if model.kind == "network"]
    counting = [model for model in results.models if model.kind == "baseline" and model.part != "popularity"]
    unbeaten = [one.label for one in counting if one is not results.best and _mark(results, one) != "worse"]
    if networks and results.best in counting:
        yield f"No trained network is better than {results.best.label}, which only counts."
    elif results.best in networks and unbeaten:
        yield (
            f"{results.best.label} is not shown to be better than {joined(unbeaten)}, which only "
            f"{'counts' if len(unbeaten) == 1 else 'count'}."
        )
    marks = {label: one.mark for label, one in results.to_popularity.items()}
    worse = [label for label, mark in marks.items() if mark == "worse"]
    lost = [label for label, mark in marks.items() if mark not in ("better", "worse")]
    if worse:
        yield f"{joined(worse)} {_be(worse)} worse than a list of bestsellers."
    if lost:
        yield f"{joined(lost)} {_be(lost)} not shown to be better than a list of bestsellers."


def _not_won(results: Results) -> Iterator[str]:
    worse = [one for one in _clean(results) if one.comparison.mark == "worse"]
    alike = [one for one in _clean(results) if one.comparison.mark not in ("better", "worse")]
    if worse:
        yield (
            f"{_labels(worse)} {'guesses' if len(worse) == 1 else 'guess'} worse with reinforcement learning than the "
            f"same network without it{_trainings([model for one in worse for model in one[:2]])}."
        )
    if alike:
        yield (
            f"That reinforcement learning helped {_labels(alike)} cannot be shown: the same network without it is as "
            "good, as far as this test can tell."
        )


def _not_known(results: Results) -> Iterator[str]:
    mixed = [one for one in _reinforced(results) if one.other]
    if mixed:
        yield (
            f"Whether reinforcement learning helped {_labels(mixed)} is not known: the network without it was trained "
            "with other settings as well."
        )
    alone = [model.label for model in results.uncontrolled if model.part not in CHECKS]
    if alone:
        yield f"Whether reinforcement learning helped {joined(alone)} is not known: no network without it was measured."
    checks = [model.label for model in results.models if model.kind == "network" and model.part in CHECKS]
    if checks:
        yield (
            f"{joined(checks)} {_be(checks)} here to check the others: what is gained there does not come from rewards."
        )
    yield (
        "What a visitor would have done with another list is not known: all of this asks whether models guess what "
        "visitors did on their own, and no shop was changed for it."
    )


def _next(results: Results) -> Iterator[Step]:
    prepared = str(results.best.runs[0].data["prepared"])
    few = [model for model in results.models if model.kind == "network" and len(model.runs) < FEW_SEEDS]
    if few:
        yield Step(
            f"Train {joined([model.label for model in few])} until there are five seeds of each, before anybody "
            f"decides by this page{'; the first of them with:' if len(few) > 1 else ':'}",
            command("train", str(few[0].runs[0].directory.config), "--data", prepared, "--seeds", _lacking(few[0])),
        )
    if any(model.part not in CHECKS for model in results.uncontrolled):
        yield Step("Train the same network without reinforcement learning, and give its run as well.")
    if results.popularity is None:
        yield Step("Add a list of bestsellers to compare with:", command("train", "popularity", "--data", prepared))
    yield Step(
        f"Try a visit of your own, and look whether you would show what {results.best.label} shows:",
        command("recommend", str(results.best.runs[0].path), "--items", _first_items(results)),
    )


def _lacking(model: Model) -> str:
    """The smallest seeds that a model lacks to have `FEW_SEEDS`."""
    new = [str(seed) for seed in range(1, 2 * FEW_SEEDS) if seed not in model.seeds]
    return ",".join(new[: FEW_SEEDS - len(model.seeds)])


def _first_items(results: Results) -> str:
    return ",".join(map(str, results.catalogue.items["item_id"].head(2).to_list()))


def _reinforced(results: Results) -> list[Controlled]:
    return [one for one in results.controlled if one.model.part not in CHECKS]


def _clean(results: Results) -> list[Controlled]:
    """Comparisons in which reinforcement learning is the only difference."""
    return [one for one in _reinforced(results) if not one.other]


def _trainings(models: Sequence[Model]) -> str:
    """Said of a difference that may be luck of training, of which few seeds show little."""
    few = any(model.kind == "network" and len(model.runs) < FEW_SEEDS for model in models)
    return ", as far as so few trainings can tell" if few else ""


def _labels(some: Sequence[Controlled]) -> str:
    return joined([one.model.label for one in some])


def _mark(results: Results, model: Model) -> Mark:
    """Of a model that is not the best, against it."""
    return results.to_best[model.label, results.headline].mark


def _be(labels: Sequence[str]) -> str:
    return "is" if len(labels) == 1 else "are"


def _hit(results: Results) -> str | None:
    return next((name for name in results.sliced if name.startswith("hit@")), None)


def _k(name: str) -> str:
    return name.partition("@")[2]


def _of_a_hundred(share: float) -> str:
    """A whole number, but never none of what there is, nor all of what is not."""
    if 0 < share <= 0.005:
        return "fewer than 1"
    return "more than 99" if 0.995 <= share < 1 else f"{100 * share:.0f}"


def _share(value: float) -> str:
    """In whole per cent, but for the first and the last of them, so that all is said of all alone and none of none."""
    if 0 < value < 0.001 or 0.999 < value < 1:
        return "less than 0.1%" if value < 0.5 else "more than 99.9%"
    return f"{100 * value:.{1 if value < 0.1 or 0.99 < value < 1 else 0}f}%"
