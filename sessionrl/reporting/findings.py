"""What the numbers say, in sentences; what a model does not achieve is said as plainly as what it does."""

from collections.abc import Iterator
from typing import NamedTuple

from sessionrl.evaluation.compare import FEW_SEEDS, Comparison
from sessionrl.evaluation.metrics_file import TIE_GAP_LIMIT
from sessionrl.reporting.models import assignment
from sessionrl.reporting.numbers import difference, joined, number, p_value, with_interval
from sessionrl.reporting.results import CHECKS, Controlled, Results


class Findings(NamedTuple):
    """sentences: who is best, who beats popularity, what reinforcement learning adds; cautions: what limits them."""

    sentences: list[str]
    cautions: list[str]


def findings_of(results: Results) -> Findings:
    """The sentences at the top of a report."""
    sentences = [*_best(results), *_new_items(results), *_popularity(results), *_objectives(results)]
    return Findings(sentences, [*_about_seeds(results), *_about_data(results), *_about_ties(results), *_notes(results)])


def _best(results: Results) -> Iterator[str]:
    best, one = results.best, results.headline_of(results.best)
    value = with_interval(one.value, one.low, one.high)
    if len(results.models) == 1:
        yield (
            f"{best.label} has {results.headline} {value} over {one.cases:,} events of {one.sessions:,} sessions. "
            "It stands alone here: give more runs to compare it."
        )
        return
    yield (
        f"{best.label} has the highest {results.headline}, {value}, of {len(results.models)} models, "
        f"over {one.cases:,} events of {one.sessions:,} sessions."
    )
    marks = {model.label: results.to_best[model.label, results.headline].mark for model in results.models[1:]}
    unclear = [label for label, mark in marks.items() if mark not in ("worse", "equivalent")]
    equivalent = [label for label, mark in marks.items() if mark == "equivalent"]
    if unclear:
        yield f"Not distinguishable from it: {joined(unclear)}."
    if equivalent:
        yield f"Equivalent to it, with a difference of less than 1%: {joined(equivalent)}."
    if not unclear and not equivalent:
        yield "Every other model is worse by more than luck."
    if best.kind == "baseline" and any(model.kind == "network" for model in results.models):
        yield f"{best.label} is a baseline: no network is better than it here."


def _new_items(results: Results) -> Iterator[str]:
    """Repeats are easy and can decide the headline; what a visitor has not seen yet is what a list is for."""
    found = [(model, results.find(model, results.headline, "new", "event")) for model in results.models]
    known = [(model, one) for model, one in found if one is not None]
    if len(known) < 2:
        return
    first, one = max(known, key=lambda pair: pair[1].value)
    value = with_interval(one.value, one.low, one.high)
    where = f"Where the next item is new in its session ({one.cases:,} events), {first.label} is first"
    if first is results.best:
        yield f"{where} too, with {results.headline} {value}."
    else:
        here = next(other for model, other in known if model is results.best)
        yield (
            f"{where}, with {results.headline} {value}; {results.best.label} has "
            f"{with_interval(here.value, here.low, here.high)} there."
        )


def _popularity(results: Results) -> Iterator[str]:
    popularity = results.popularity
    if popularity is None:
        yield "Popularity is not among the models, so that nothing here is known to beat it."
        return
    lost = [label for label, one in results.to_popularity.items() if one.mark != "better"]
    won = [label for label in results.to_popularity if label not in lost]
    if won:
        every = len(won) > 1 and not lost
        who = f"All other models ({joined(won)})" if every else joined(won)
        yield f"{who} {'beats' if len(won) == 1 else 'beat'} {popularity.label}."
    for label in lost:
        one = results.to_popularity[label]
        yield f"{label} does not beat {popularity.label}: {_of_popularity(one)}"


def _of_popularity(one: Comparison) -> str:
    why = {
        "worse": "it is worse",
        "equivalent": "the difference is less than 1%",
        "not distinguishable": "the difference cannot be told from luck",
    }[one.mark]
    return f"{why}, {one.metric} {number(one.model)} against {number(one.baseline)}, {_difference(one)}."


def _objectives(results: Results) -> Iterator[str]:
    for one in results.controlled:
        yield _controlled(one)
    alone = [model.label for model in results.uncontrolled if model.part not in CHECKS]
    if alone:
        labels = joined(alone)
        yield (
            f"Whether reinforcement learning helped {labels} is not known: "
            "the same encoder trained with next_item only is not among the models."
        )


def _controlled(one: Controlled) -> str:
    said = {
        "better": "better than",
        "worse": "worse than",
        "equivalent": "equivalent to (within 1%)",
        "not distinguishable": "not distinguishable from",
    }[one.comparison.mark]
    sentence = (
        f"{one.model.label} is {said} {one.control.label}, the same encoder trained with next_item only: "
        f"{one.comparison.metric} {number(one.comparison.model)} against {number(one.comparison.baseline)}, "
        f"{_difference(one.comparison)}, p = {p_value(one.comparison.p_holm)}".replace("= <", "<")
        + "."
    )
    if one.comparison.mark in ("equivalent", "not distinguishable"):
        sentence += f" So {one.model.part} gained nothing here that can be shown."
    if one.other:
        names = [assignment(name, value) for name, value in one.other.items()]
        shown = joined([*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else names)
        sentence += f" The two differ in more than the objective ({shown}), so the objective need not be the cause."
    return sentence


def _difference(one: Comparison) -> str:
    return f"paired difference {difference(one.difference, one.low, one.high)}"


def _about_seeds(results: Results) -> Iterator[str]:
    networks = [model for model in results.models if model.kind == "network"]
    single = [model.label for model in networks if len(model.runs) == 1]
    few = [model for model in networks if 1 < len(model.runs) < FEW_SEEDS]
    if single:
        yield (
            f"One training seed of {joined(single)}: the intervals cover which sessions were tested, not the luck of "
            "training, and a comparison finds differences twice as often as it should. Train with --seeds 1,2,3,4,5."
        )
    if few:
        labels = joined([f"{model.label} ({len(model.runs)})" for model in few])
        yield f"Fewer than {FEW_SEEDS} training seeds of {labels}: the intervals are still too narrow."


def _about_data(results: Results) -> Iterator[str]:
    card = results.best.runs[0].data["card"]
    share = card["split"]["test_sessions_before_last_training_event"]
    if card["split"]["leaks_future"]:
        yield (
            "The sessions were split at random, so training knows the future of the test: every number here is too "
            "good for a shop, and only to be set beside papers that split in the same way."
        )
    elif share and not card["order_only"]:
        yield f"{share:.1%} of the test sessions start before the last training event: the split leaks some future."
    if card["order_only"]:
        yield "The log has an order of events but no times, so nothing here depends on days, idle gaps or seasons."


def _about_ties(results: Results) -> Iterator[str]:
    for model in results.models:
        gaps = {name: one for name, one in results.ties[model.label].items() if one.gap > TIE_GAP_LIMIT}
        if gaps:
            name, widest = max(gaps.items(), key=lambda pair: pair[1].gap)
            yield (
                f"{model.label} gives many items the same score: {name} is {number(widest.conservative)} if its equals "
                f"go before the target, {number(widest.standard)} if behind it; reported is the mean over all orders."
            )


def _notes(results: Results) -> Iterator[str]:
    for model in results.models:
        yield from model.notes
