"""The summary in plain words: what was found and what was not, for someone who knows none of the metrics."""

from collections.abc import Iterator
from typing import NamedTuple

from sessionrl.reporting.numbers import joined
from sessionrl.reporting.provenance import command
from sessionrl.reporting.results import Controlled, Results


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
        [*_not_better(results), *_not_won(results), *_not_said(results)],
        list(_next(results)),
    )


def _which(results: Results) -> Iterator[str]:
    if len(results.models) == 1:
        yield f"Only {results.best.label} was measured, so nothing here says whether it is good."
        return
    alike = [
        model.label
        for model in results.models[1:]
        if results.to_best[model.label, results.headline].mark not in ("worse", "better")
    ]
    if alike:
        yield (
            f"{results.best.label} finds most of what visitors do next, but {joined(alike)} "
            f"{'is' if len(alike) == 1 else 'are'} as good as far as this test can tell."
        )
    else:
        yield f"{results.best.label} finds most of what visitors do next; no other model here is as good."


def _how_often(results: Results) -> Iterator[str]:
    name = _hit(results)
    one = name and results.find(results.best, name)
    if not name or not one:
        return
    sentence = (
        f"In {_of_a_hundred(one.value)} of 100 clicks, the item that the visitor turned to next was among the "
        f"{_k(name)} that {results.best.label} showed"
    )
    bestsellers = results.popularity and results.find(results.popularity, name)
    if bestsellers and results.popularity is not results.best:
        sentence += f"; a list of bestsellers manages {_of_a_hundred(bestsellers.value)}"
    yield sentence + "."


def _something_new(results: Results) -> Iterator[str]:
    """What a visitor has seen already is easily found again; a recommender is for the rest."""
    name = _hit(results)
    found = [
        (one.value, one.cases, model) for model in results.models if name and (one := results.find(model, name, "new"))
    ]
    if not found:
        return
    value, cases, model = max(found, key=lambda each: each[0])
    everything = results.find(results.best, str(name))
    share = cases / everything.cases if everything and everything.cases else 1.0
    yield (
        f"Much of that is going back to what was seen before. In the {_of_a_hundred(share)} of 100 clicks that went to "
        f"something new, {model.label} is first, and had it in its list {_of_a_hundred(value)} times of 100."
    )


def _variety(results: Results) -> Iterator[str]:
    name = next((name for name in results.metrics if name.startswith("coverage@")), None)
    shares = {model.label: one.value for model in results.models if name and (one := results.find(model, name))}
    if not shares:
        return
    own = shares[results.best.label]
    sentence = f"All lists of {results.best.label} together showed {_share(own)} of the range"
    others = {label: value for label, value in shares.items() if label != results.best.label}
    if others:
        least, most = min(others, key=others.__getitem__), max(others, key=others.__getitem__)
        sentence += f"; of the others between {_share(others[least])} ({least}) and {_share(others[most])} ({most})"
    yield sentence + "."


def _won(results: Results) -> Iterator[str]:
    for one in results.controlled:
        if one.comparison.mark == "better" and not one.other:
            yield (
                f"Reinforcement learning helped {one.model.label}: it finds more than {one.control.label}, the "
                "same network without it."
            )


def _not_better(results: Results) -> Iterator[str]:
    baselines = [model for model in results.models if model.kind == "baseline" and model.part != "popularity"]
    networks = [model for model in results.models if model.kind == "network"]
    if networks and baselines and results.best.kind == "baseline":
        yield f"No trained network is better than {results.best.label}, which only counts."
    lost = [label for label, one in results.to_popularity.items() if one.mark != "better"]
    if lost:
        yield f"{joined(lost)} {'is' if len(lost) == 1 else 'are'} not shown to be better than a list of bestsellers."


def _not_won(results: Results) -> Iterator[str]:
    clean = [one for one in results.controlled if not one.other]
    worse = [one for one in clean if one.comparison.mark == "worse"]
    alike = [one for one in clean if one.comparison.mark not in ("better", "worse")]
    for some, said in ((alike, "gained nothing that can be shown from"), (worse, "lost by")):
        if some:
            yield f"{_labels(some)} {said} reinforcement learning, against the same network without it."
    mixed = [one for one in results.controlled if one.other]
    if mixed:
        yield (
            f"{_labels(mixed)} and {'its' if len(mixed) == 1 else 'their'} control differ in more than reinforcement "
            "learning, so that nothing follows about it."
        )
    if results.uncontrolled:
        labels = joined([model.label for model in results.uncontrolled])
        yield f"Whether reinforcement learning helped {labels} is not known: no network without it was measured."


def _not_said(results: Results) -> Iterator[str]:
    yield (
        "What a visitor would have done with another list is not known: all of this asks whether models guess what "
        "visitors did on their own, and no shop was changed for it."
    )


def _next(results: Results) -> Iterator[Step]:
    networks = [model for model in results.models if model.kind == "network"]
    if any(len(model.runs) < 3 for model in networks):
        model = next(model for model in networks if len(model.runs) < 3)
        path = model.runs[0].directory.config
        yield Step(
            "Train with more seeds before anybody decides by this page.",
            command("train", str(path), "--seeds", "1,2,3,4,5"),
        )
    if results.uncontrolled:
        yield Step("Train the same network without reinforcement learning, and give its run as well.")
    if results.popularity is None:
        yield Step("Add a list of bestsellers to compare with.", command("train", "popularity"))
    yield Step(
        "Look at the example predictions, and try a visit of your own.",
        command("recommend", str(results.best.runs[0].path), "--items", _first_items(results)),
    )


def _first_items(results: Results) -> str:
    return ",".join(map(str, results.catalogue.items["item_id"].head(2).to_list()))


def _labels(some: list[Controlled]) -> str:
    return joined([one.model.label for one in some])


def _hit(results: Results) -> str | None:
    return next((name for name in results.sliced if name.startswith("hit@")), None)


def _k(name: str) -> str:
    return name.partition("@")[2]


def _of_a_hundred(share: float) -> str:
    """A whole number, but never none of what there is."""
    return "fewer than 1" if 0 < share < 0.005 else f"{100 * share:.0f}"


def _share(value: float) -> str:
    """In whole per cent, but for the first and the last of them, so that all is said of all alone."""
    return f"{value:.1%}" if value < 0.1 or 0.99 < value < 1 else f"{value:.0%}"
