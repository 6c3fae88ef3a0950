"""What rewards pay for, and whether the Q heads know what a session will bring."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from sessionrl import registry
from sessionrl.analysis.calibration import (
    Calibration,
    Earned,
    Estimate,
    Played,
    above_smallest,
    calibration,
    earned,
    played,
)
from sessionrl.analysis.dials import sampled
from sessionrl.analysis.heads import known
from sessionrl.analysis.item_vectors import network_of
from sessionrl.registry import register
from sessionrl.reporting.calibration_panels import calibration_panel, paid, reward_panel, shares
from sessionrl.reporting.drawing import Drawing, csv_text
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import joined, number
from sessionrl.reporting.picture import Section
from sessionrl.reporting.subject import CannotDraw, Subject


class _Read(NamedTuple):
    """A network whose Q heads are values of rewards, and how good they are."""

    model: Model
    played: Played
    heads: list[Calibration]


class _Reward(NamedTuple):
    """A reward under all names that heads have for it."""

    names: list[str]
    earned: list[Earned]
    above: float
    smallest: float


@register("picture", "calibration")
@dataclass(frozen=True)
class CalibrationOfQ:
    """Predicted against realised return for every Q head, and what each kind of event earns.

    Options:
        networks: how many are drawn, the best of the headline first
        events: of the test part that are read at most
    """

    networks: Annotated[int, Field(ge=1)] = 4
    events: Annotated[int, Field(ge=1)] = 50_000

    section: ClassVar[Section] = "rewards"
    place: ClassVar[int] = 2

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        prepared, shown = subject.prepared, subject.catalogue.recommendable
        sample = sampled(prepared.test, shown, self.events, subject.seed)
        read: list[_Read] = []
        others: list[str] = []
        left_out = 0
        for model in subject.networks:
            if len(read) == self.networks:
                left_out += 1
                continue
            objective = registry.build("objective", model.config["objective"])
            network, context = network_of(subject.recommender(model)), known(prepared, subject.seed)
            found = played(network, objective, sample.sessions, prepared, context) if objective.rewards else None
            if found is None:
                others.append(f"{model.label} ({'heads of other tasks' if objective.rewards else 'no Q head'})")
            else:
                heads = [calibration(found, head, prepared.kinds, subject.seed) for head in found.heads]
                read.append(_Read(model, found, heads))
        if not read:
            raise CannotDraw(
                "None of these models has a Q head that learned the value of a reward"
                f"{': ' + '; '.join(others) if others else ''}.\n"
                "  do now: give the run of a network with one as well, such as `sessionrl train sqn-gru` leaves it"
            )
        said = _of_what(len(read[0].played.session), len(sample.sessions), len(prepared.test), left_out)
        return [_rewards(read, prepared.kinds), _calibration(read, said)]


def _of_what(actions: int, sessions: int, every: int, left_out: int) -> str:
    sample = "all" if sessions == every else f"{sessions:,} random ones of"
    more = f" {left_out} further networks are not read (calibration.networks)." if left_out else ""
    return f"Read off {actions:,} actions of {sample} {every:,} test sessions; intervals are over sessions.{more}"


def _rewards(read: Sequence[_Read], kinds: Sequence[str]) -> Drawing:
    found = _distinct(read, kinds)
    rows = [
        [name, one.kind, one.events, one.mean, one.of_events, one.of_reward]
        for reward in found
        for name in reward.names
        for one in reward.earned
    ]
    return Drawing(
        "rewards",
        "What the rewards pay for",
        f"The {' The '.join(_sparse(reward) for reward in found)}",
        tuple(reward_panel(one.names, one.earned, f"rewards-{nth}") for nth, one in enumerate(found, 1)),
        csv_text(["reward", "kind", "events", "mean reward", "share of events", "share of reward"], rows),
        "A bar is what one event of the kind earns on average; beside it the share of the events and of all reward. "
        "Where few events earn more than the rest, Q-learning has little to learn from.",
    )


def _distinct(read: Sequence[_Read], kinds: Sequence[str]) -> list[_Reward]:
    """One for all heads that are paid alike."""
    found: dict[bytes, _Reward] = {}
    for one in read:
        for head in one.played.heads:
            name = f"{head.name} of {one.model.label}"
            alike = found.setdefault(
                head.reward.tobytes(),
                _Reward([], earned(one.played, head, kinds), above_smallest(head.reward), float(head.reward.min())),
            )
            alike.names.append(name)
    return list(found.values())


def _sparse(reward: _Reward) -> str:
    if not reward.above:
        return f"{reward.names[0]}: every event earns {paid(reward.smallest)}, so that there is nothing to prefer."
    top = max(reward.earned, key=lambda one: one.mean)
    alike = [one for one in reward.earned if isclose(one.mean, top.mean, rel_tol=1e-6)]
    who = joined([f"a {one.kind}" for one in alike])
    of = "; ".join(shares(one) for one in alike)
    earn = "earns" if len(alike) == 1 else "earn"
    return (
        f"{reward.names[0]}: {reward.above:.0%} of the events earn more than the smallest reward, "
        f"{paid(reward.smallest)}; {who} {earn} most, {paid(top.mean)} on average ({of})."
    )


def _calibration(read: Sequence[_Read], said: str) -> Drawing:
    reading = [
        "Every dot is a tenth of the logged actions, by rising Q: right is what the head predicts, up what the "
        "sessions really brought from there on, under the head's own reward and discount. On the diagonal Q is "
        "right; the dotted line is the mean return, what a constant would say. Below, by kind of event, hollow is "
        "predicted and filled realised: Q does not see of what kind the event is that it is asked about.",
        *_meant(read),
        said,
    ]
    return Drawing(
        "calibration",
        "Do the Q heads know what a session will bring?",
        " ".join(f"{one.model.label}: {'; '.join(map(knows, one.heads))}." for one in read),
        tuple(
            calibration_panel(one.model.label, head, f"calibration-{nth}-{i}")
            for nth, one in enumerate(read, 1)
            for i, head in enumerate(one.heads, 1)
        ),
        csv_text(HEADER, [row for one in read for head in one.heads for row in _rows(one, head)]),
        " ".join(reading),
    )


def knows(head: Calibration) -> str:
    """Whether a head knows more than the mean, in words."""
    told, rank = head.explained, f"rank correlation {_with_interval(head.correlation)}"
    if told.low > 0:
        return f"{head.head} knows more than the mean, its squared error is {told.value:.0%} smaller ({rank})"
    if head.correlation.low > 0:
        off = "no closer to the returns than their mean" if told.high >= 0 else (
            f"off in level or spread, with {1 - told.value:.1f} times the squared error of a constant"
        )  # fmt: skip
        return f"{head.head} tells higher returns from lower ones ({rank}), but is {off}"
    return f"{head.head} is not shown to know more than the mean ({rank})"


def _with_interval(one: Estimate) -> str:
    return f"{number(one.value)} [{number(one.low)}, {number(one.high)}]".replace("-", "−")


def _meant(read: Sequence[_Read]) -> list[str]:
    """What follows from what Q is a value of."""
    groups: dict[str, list[str]] = {}
    for one in read:
        meant = one.played.meant
        if not meant.ends:
            words = "is a value beyond the end of the session, which no log can show: only its order can be judged"
        elif not meant.gamma or meant.follows == "logged":
            words = "is asked for what visitors really did, so that the diagonal is its target"
        else:
            acts = "the items of highest Q" if meant.follows == "greedy" else "its own lists"
            words = (
                f"is asked for the return if {acts} were chosen from then on, not for what visitors did: a mean above "
                "the log may be right or overestimated, which no log can tell; order and spread can be judged"
            )
        groups.setdefault(words, []).append(one.model.label)
    return [f"Q of {joined(labels)} {words}." for words, labels in groups.items()]


HEADER = ("model", "head", "gamma", "what", "group", "events", "predicted", "realised or value", "low", "high")


def _rows(one: _Read, head: Calibration) -> list[list[object]]:
    start: list[object] = [one.model.label, head.head, one.played.meant.gamma]
    grouped = [("tenth", each) for each in head.bins] + [("kind", each) for each in head.kinds]
    rows = [[*start, what, each.name, each.events, each.predicted, *each.realised] for what, each in grouped]
    values = {
        "bias": head.bias, "rank correlation": head.correlation, "slope": head.slope, "explained": head.explained,
    }  # fmt: skip
    events = len(one.played.session)
    rows += [[*start, what, "all", events, head.predicted, *value] for what, value in values.items()]
    return rows
