"""Trade-off fronts: what turning a trained network towards its Q heads brings and costs, beside dials without RL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from sessionrl import registry
from sessionrl.analysis.dials import (
    RANDOM,
    START,
    SUPERVISED,
    WEIGHTS,
    Dial,
    Setting,
    affordable,
    dials_of,
    empty,
    random_head,
    sampled,
    turned,
    without_rl,
)  # fmt: skip
from sessionrl.analysis.front import (
    CLOSER,
    Best,
    Point,
    Verdict,
    at_the_price,
    halves,
    most_accurate,
    needs_no_rl,
    pareto,
    part,
    points,
    verdicts,
)  # fmt: skip
from sessionrl.analysis.heads import head_names
from sessionrl.analysis.item_vectors import network_of
from sessionrl.ensemble import EnsembleScorer
from sessionrl.evaluation.bootstrap import FEW_SESSIONS
from sessionrl.evaluation.compare import Comparison
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import register
from sessionrl.reporting.drawing import Drawing, csv_text
from sessionrl.reporting.front_panel import Turned, front_panel, named, turning
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import difference, joined, number
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject
from sessionrl.scorers import NetworkScorer

CONTROL = Dial(SUPERVISED, (), WEIGHTS)
UNTRAINED = Dial(RANDOM, (), WEIGHTS)
ALIKE = 0.1  # of the larger gain: a smaller difference of two gains does not matter


@register("picture", "front")
@dataclass(frozen=True)
class Front:
    """Accuracy against diversity, novelty and coverage over the weights of the Q heads, and of dials without RL.

    Options:
        networks: how many are drawn, the best of the headline first
        give_up: share of the accuracy that may be lost where the dials are compared
        events: of the test part that are ranked at most; fewer where there are many items
    """

    networks: Annotated[int, Field(ge=1)] = 3
    give_up: Annotated[float, Field(gt=0, lt=1)] = 0.02
    events: Annotated[int, Field(ge=1)] = 4000

    section: ClassVar[Section] = "rewards"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        named = _with_heads(subject)
        drawn = named[: self.networks]
        settings = sum(
            1 + len(dial.weights) + CLOSER for _, names in drawn for dial in (*dials_of(names), UNTRAINED, CONTROL)
        )
        events = affordable(len(subject.catalogue) - 1, settings, self.events)
        left_out = len(named) - len(drawn)
        return [
            _front(_turn(subject, model, names, (events, self.give_up)), nth, (self.give_up, subject.seed, left_out))
            for nth, (model, names) in enumerate(drawn)
        ]


def _with_heads(subject: Subject) -> list[tuple[Model, list[str]]]:
    """Networks with Q heads and what these are called."""
    prepared, found = subject.prepared, []
    for model in subject.networks:
        objective = registry.build("objective", model.config["objective"])
        if objective.rewards:
            found.append((model, head_names(objective, network_of(subject.recommender(model)), prepared)))
    if not found:
        raise CannotDraw(
            "None of these models has a Q head, so that there are no weights to turn.\n"
            "  do now: give the run of a network with one as well, such as `sessionrl train sqn-gru` leaves it"
        )
    return found


def scorer_of(subject: Subject, model: Model) -> NetworkScorer | EnsembleScorer:
    """That of a model that is no baseline."""
    scorer = subject.recommender(model).scorer
    assert isinstance(scorer, NetworkScorer | EnsembleScorer)
    return scorer


def _turn(subject: Subject, model: Model, names: Sequence[str], limits: tuple[int, float]) -> Turned:
    events, give_up = limits
    catalogue, headline = subject.catalogue, subject.results.headline
    sample = sampled(subject.prepared.test, catalogue.recommendable, events, subject.seed)
    scorer, shown = scorer_of(subject, model), subject.recommender(model).catalogue.recommendable
    about = empty(sample, subject.prepared.kinds, shown, int(headline.partition("@")[2]), len(catalogue) - 1)
    half = halves(about, subject.seed)
    if half is None:
        raise CannotDraw(
            f"Weights are picked on some sessions and judged on others, but fewer than {2 * FEW_SESSIONS} of the test "
            "part have an event after the first.\n  do now: prepare the data with a longer test part"
        )
    dials = [*dials_of(names), UNTRAINED]
    controlled = next((one for one in subject.results.controlled if one.model is model), None)
    control = None if controlled is None else scorer_of(subject, controlled.control)
    if control is not None:
        dials.append(CONTROL)

    def ranked(some: Sequence[Dial]) -> dict[Setting, Rankings]:
        weights = {dial.name: dial.weights for dial in some}
        own = [dial for dial in some if dial.name not in (RANDOM, SUPERVISED)]
        found = turned(scorer, sample, own, about, subject.seed)
        found |= random_head(scorer, sample, weights[RANDOM], about, subject.seed)
        if control is not None:
            found |= without_rl(control, sample, weights[SUPERVISED], about, subject.seed)
        return found

    def measured(some: dict[Setting, Rankings]) -> list[Point]:
        return points(some, catalogue, headline, subject.seed)

    found = ranked(dials)
    found |= ranked(at_the_price(dials, measured(part(found, half.picking)), give_up))
    picked_on, judged_on = measured(part(found, half.picking)), part(found, half.judging)
    return Turned(
        model,
        headline,
        tuple(dial.name for dial in dials),
        measured(found),
        verdicts(picked_on, judged_on, catalogue, give_up, subject.seed),
        most_accurate(picked_on, judged_on, catalogue, headline, subject.seed),
        len(about),
        sample,
        () if controlled is None else tuple(controlled.other),
    )


def _front(one: Turned, nth: int, about: tuple[float, int, int]) -> Drawing:
    give_up, seed, left_out = about
    sentences = [_plainly(one.verdicts), _at_the_price(one, give_up), _more_accurate(one)]
    if left_out and not nth:
        sentences.append(f"{left_out} more with Q heads {'is' if left_out == 1 else 'are'} not drawn (front.networks).")
    return Drawing(
        f"front-{nth + 1}",
        f"What the weights of the Q heads do: {one.model.label}",
        " ".join(filter(None, sentences)),
        tuple(front_panel(one, axis, f"front-{nth + 1}", give_up) for axis in turning(one)),
        csv_text(HEADER, _rows(one)),
        f"{_how_to_read(one)} {_sample(one, seed)}",
    )


def _how_to_read(one: Turned) -> str:
    other = f", and with another {joined(list(one.other))}" if one.other else ""
    return (
        "Up is accurate, right is more of the other. Every line is a dial on the finished network, nothing is trained "
        "again: it leaves the diamond, weight 0, the list as the supervised head orders it; dots mark weights up to 3, "
        "the pale side those below 0. The dashed line takes popularity out, the dotted one adds noise, a random head "
        "is one that learned nothing: none of them needs RL. The line of dashes and dots, where there is one, is such "
        f"a network trained with next_item alone{other}, under the same penalty. Large dots are beaten by no other on "
        f"both sides. What loses more than a fifth of {one.headline} is in the table only."
    )


def _at_the_price(one: Turned, give_up: float) -> str:
    """What dials with and without RL bring on every axis."""
    return (
        f"Weights that give up at most {give_up:.0%} of {one.headline} on one half of the sessions bring on the other: "
        f"{'; '.join(map(_said, one.verdicts))}."
    )


def _more_accurate(one: Turned) -> str:
    """The dial picked for accuracy, if it raises it beyond its interval where it was not picked."""
    gain = one.raised.accuracy
    if gain.low is None or gain.low <= 0:
        return f"No dial is shown to raise {one.headline} itself."
    rl = "needs no RL" if needs_no_rl(one.raised.setting) else "turns towards Q"
    return (
        f"{one.headline} itself is raised by {named(one.raised.setting)}, which {rl}: "
        f"{difference(gain.difference, gain.low, gain.high)}."
    )


def _said(verdict: Verdict) -> str:
    start = f"{verdict.axis} from {number(verdict.start)}"
    if verdict.heads.setting is None and verdict.others.setting is None:
        return f"{start} is raised by no dial"
    heads, others = (_reached(best) for best in (verdict.heads, verdict.others))
    return f"{start} {heads} with the Q heads, {others} without RL ({_compared(verdict)})"


def _reached(best: Best) -> str:
    if best.setting is None:
        return "no higher"
    return f"to {number(best.value)} by {named(best.setting)}"


def _compared(verdict: Verdict) -> str:
    outcome, one = advantage(verdict), verdict.difference
    said = {"unclear": "no difference is shown", "as much": "no difference that matters"}.get(outcome, outcome)
    if one is None or one.low is None:
        return f"the heads: {said}; it has no interval"
    return f"the heads: {said}, {difference(one.difference, one.low, one.high)}"


def advantage(verdict: Verdict) -> str:
    """``more``, ``less``, ``as much`` or ``unclear``: what the Q heads bring beside the dials without RL."""
    one, alike = verdict.difference, ALIKE * max(verdict.gain, verdict.other_gain, 0)
    if one is None:
        return "as much"
    if one.low is None or one.high is None:
        return "as much" if abs(one.difference) <= alike else "more" if one.difference > 0 else "less"
    if -alike <= one.low and one.high <= alike:
        return "as much"
    return "more" if one.low > 0 else "less" if one.high < 0 else "unclear"


def _plainly(found: Sequence[Verdict]) -> str:
    more = [one.axis for one in found if advantage(one) == "more"]
    if not more:
        unclear = any(advantage(one) == "unclear" for one in found)
        return (
            f"The Q heads {'are not shown to bring anything' if unclear else 'bring nothing'} here that a dial without "
            "RL does not bring at the same price: who wants less "
            "popular or more varied lists can have them without Q-learning."
        )
    rest = [one.axis for one in found if one.axis not in more]
    unsure = [one.axis for one in found if one.axis in more and one.difference and one.difference.low is None]
    sure = f" (no interval says how sure that is of {joined(unsure)})" if unsure else ""
    also = f", but no more {joined(rest)}" if rest else ""
    return (
        f"The Q heads bring more {joined(more)} than the dials without RL at the same price, one random head among "
        f"them{sure}{also}."
    )


def _sample(one: Turned, seed: int) -> str:
    of = one.sample.of
    most = "all" if one.events == of else f"{one.events:,} of"
    how = "whole sessions" if one.sample.whole else "one of each session"
    drawn = "" if one.events == of else f" ({how}, drawn with seed {seed})"
    seeds = f", with training seed {one.model.seeds[0]} alone" if len(one.model.seeds) > 1 else ""
    return (
        f"Measured on {most} {of:,} events of the test part{drawn}{seeds}. Lines show all of these events. The "
        "weights that the words speak of were picked on one half of the sessions and measured on the other, because "
        "the best of many is in part the luckiest; pick one on the validation part before it is used."
    )


HEADER = (
    "model", "dial", "needs RL", "weight", "metric", "value", "difference to weight 0", "low", "high", "on the front",
)  # fmt: skip


def _rows(one: Turned) -> list[list[object]]:
    """Of every setting accuracy, accuracy on new items, and the axes."""
    rows: list[list[object]] = []
    for axis in one.points[0].axes:
        known = [point for point in one.points if axis in point.axes]
        values, accuracy = [p.axes[axis].model for p in known], [p.accuracy.model for p in known]
        on = pareto(np.array(values), np.array(accuracy))
        for point, best in zip(known, on, strict=True):
            rows.append([*_cells(one, point, axis, point.axes[axis]), int(best)])
    for point in one.points:
        rows.append([*_cells(one, point, one.headline, point.accuracy), None])
        if point.new is not None:
            rows.append([*_cells(one, point, f"{one.headline} on new items", point.new), None])
    return rows


def _cells(one: Turned, point: Point, name: str, found: Comparison) -> list[object]:
    needs = int(point.setting != START and not needs_no_rl(point.setting))
    values = [getattr(found, part) for part in ("model", "difference", "low", "high")]
    return [one.model.label, point.setting.dial, needs, point.setting.weight, name, *values]
