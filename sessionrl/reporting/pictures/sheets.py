"""The prediction sheet: what each model recommended to real visitors, beside what they chose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from sessionrl.analysis.examples import Choice, Compared, Examples, by_id, choose
from sessionrl.analysis.predictions import meaning, predicted
from sessionrl.errors import BadDirectory, UnknownName
from sessionrl.registry import register
from sessionrl.reporting.drawing import Drawing, csv_text
from sessionrl.reporting.families import family
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import joined
from sessionrl.reporting.picture import Section
from sessionrl.reporting.results import control_of
from sessionrl.reporting.sheet_rows import HEADER, Listed, Shop, csv_rows, panel, percent
from sessionrl.reporting.subject import CannotDraw, Subject

MOST = 6  # models side by side, if none are named
RULES = (
    "draw", "rl_ahead", "rl_behind", "rl_differs", "all_hit", "none_hit", "new", "rare", "long", "rarest_kind",
)  # fmt: skip

Positive = Annotated[int, Field(ge=1)]
Pair = tuple[Model, Model]


@register("picture", "sheet")
@dataclass(frozen=True)
class Sheet:
    """Example predictions of all models beside what the visitor really chose.

    Options:
        k: items of a list
        cases: events of every rule
        draws: events of the rule draw, the fair sample
        rules: draw, rl_ahead, rl_behind, rl_differs, all_hit, none_hit, new, rare, long, rarest_kind, or a kind of
            event; all of them if not given, none if sessions are
        sessions: ids of sessions to show as well, as the log has them; ID:POSITION for the event after that many others
        models: labels, in their order; all if not given, at most six
    """

    k: Positive = 8
    cases: Positive = 1
    draws: Positive = 2
    rules: tuple[str, ...] | None = None
    sessions: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    section: ClassVar[Section] = "predictions"
    place: ClassVar[int] = 1

    def draw(self, subject: Subject) -> list[Drawing]:  # noqa: D102
        models, pair = _side_by_side(subject.models, self.models)
        shop = _shop(subject, models)
        labels = (pair[0].label, pair[1].label) if pair else None
        rankings = {model.label: model.runs[0].rankings for model in models}
        of = Compared(rankings, subject.catalogue, _length(self.k, models), labels)
        choice = self._choice(of, shop, subject.seed)
        chosen = [(examples, int(row)) for examples in choice.examples for row in examples.rows]
        if not chosen:
            why = "; ".join(f"{rule}: {reason}" for rule, reason in choice.left_out.items())
            raise CannotDraw(f"No event of the test part fits ({why}).\n  do now: ask for other rules")
        listed = [_listed(subject, model, shop, [row for _, row in chosen], of.k) for model in models]
        return [
            Drawing(
                "prediction-sheet",
                "What the models recommended, beside what the visitor chose",
                _caption(of, choice, listed, [model.label for model in subject.models if model not in models]),
                tuple(panel(shop, examples, row, listed) for examples, row in chosen),
                csv_text(HEADER, [one for ex, row in chosen for one in csv_rows(shop, ex.rule, row, listed)]),
            )
        ]

    def _choice(self, of: Compared, shop: Shop, seed: int) -> Choice:
        """Those asked for by id, then those of the rules."""
        rules = self.rules if self.rules is not None else () if self.sessions else RULES
        named: list[Examples] = [by_id(of, shop.sessions.ids, self.sessions)] if self.sessions else []
        shown = np.concatenate([np.zeros(0, np.int64), *(one.rows for one in named)])
        choice = choose(of, {rule: self.draws if rule == "draw" else self.cases for rule in rules}, seed, shown)
        return Choice((*named, *choice.examples), choice.left_out)


def pair_of(models: Sequence[Model]) -> Pair | None:
    """The first network with another objective than `next_item`, and its control.

    Without a control of the same encoder any network that learned the next item only stands for it; None without one.
    """
    reinforced = [model for model in models if family(model) == "reinforced"]
    pairs = [(model, control) for model in reinforced if (control := control_of(model, models)) is not None]
    supervised = [model for model in models if family(model) == "supervised"]
    return next(iter([*pairs, *((model, other) for model in reinforced for other in supervised)]), None)


def named_models(models: Sequence[Model], labels: Iterable[str]) -> list[Model]:
    """Those with these labels, in the order of the labels.

    Raises:
        UnknownName: there is no such model.
    """
    known = {model.label: model for model in models}
    for label in labels:
        if label not in known:
            raise UnknownName("model", label, known)
    return [known[label] for label in dict.fromkeys(labels)]


def _side_by_side(models: Sequence[Model], labels: Sequence[str]) -> tuple[list[Model], Pair | None]:
    """The named ones; else at most `MOST`, the pair among them."""
    if labels:
        chosen = named_models(models, labels)
        return chosen, pair_of(chosen)
    pair = pair_of(models)
    first = [*(pair or ()), *(model for model in models if model not in (pair or ()))][:MOST]
    return [model for model in models if model in first], pair


def _length(k: int, models: Sequence[Model]) -> int:
    """k, or as many as the rankings keep."""
    kept = min(int(model.runs[0].rankings.top.shape[1]) for model in models)
    if not kept:
        raise CannotDraw(
            "The rankings of these runs keep no lists.\n  do now: train with evaluation.top=50, or rank again so"
        )
    return min(k, kept)


def _shop(subject: Subject, models: Sequence[Model]) -> Shop:
    prepared = subject.prepared
    sessions = prepared.test
    for model in models:
        if len(model.runs[0].rankings) != len(sessions.items):
            raise CannotDraw(
                f"{model.runs[0].path} ranked {len(model.runs[0].rankings):,} events, but the test part of "
                f"{prepared.path} has {len(sessions.items):,}.\n  do now: rank again with `sessionrl evaluate`"
            )
    timed = not prepared.card.get("order_only", False)
    return Shop(sessions, prepared.kinds, subject.catalogue, subject.products, timed)


def _listed(subject: Subject, model: Model, shop: Shop, rows: Sequence[int], k: int) -> Listed:
    run = model.runs[0]
    try:
        found = predicted(subject.recommender(model).scorer, shop.sessions, run.rankings, rows, k)
    except BadDirectory as error:
        raise CannotDraw(f"The lists of {run.path} cannot be computed again: {error}") from None
    return Listed(model, run.rankings, dict(zip(rows, found, strict=True)), meaning(run.config))


def _caption(of: Compared, choice: Choice, listed: Sequence[Listed], others: Sequence[str]) -> str:
    sentences = [
        "Each block is one moment of a real visit: what the visitor had looked at, then, framed, what came next, and "
        "below it what every model would have recommended just before; an item is framed where it was chosen. Rules "
        "picked the moments, and how many are like them stands beside each: only those drawn by lot are a fair sample.",
        _about_the_pair(of),
        *_about_numbers(listed),
    ]
    if any(len(one.model.runs) > 1 for one in listed):
        sentences.append("Of models with several training seeds the first is shown.")
    if others:
        sentences.append(f"Not shown: {joined(list(others))} (option models).")
    sentences += [f"Without an example: {rule} ({why})." for rule, why in choice.left_out.items()]
    return " ".join(sentence for sentence in sentences if sentence)


def _about_the_pair(of: Compared) -> str:
    """In how many events each of the two is ahead; nothing without a pair."""
    if of.pair is None or not len(of.cases):
        return ""
    model, control = of.pair
    ahead, behind = float((of.gain > 0).mean()), float((of.gain < 0).mean())
    if not ahead and not behind:
        return f"{model} and {control} place the next item alike in all {len(of.cases):,} events."
    same = "" if ahead + behind > 0.99999 else f" and alike in {percent(1 - ahead - behind)}"
    return (
        f"{model} places the next item higher than {control} in {_share(ahead)} of the {len(of.cases):,} events, lower "
        f"in {_share(behind)}{same}; both sides are shown equally often."
    )


def _share(value: float) -> str:
    return percent(value) if value else "none"


def _about_numbers(listed: Sequence[Listed]) -> list[str]:
    """What the number below an item is, model by model."""
    labels: dict[str, list[str]] = {"probability": [], "share": [], "score": []}
    for one in listed:
        labels[one.meaning].append(one.model.label)
    words = {
        "probability": "Percentages of {} are the probability of the next item that the model was trained to give; "
        "whether it keeps that promise is not shown here.",
        "share": "Percentages with a star, of {}, are the item's share of the softmax of all scores: the loss does not "
        "make it a probability.",
        "score": "Below the items of {} stands the score: counting gives no probability.",
    }
    return [words[kind].format(joined(some)) for kind, some in labels.items() if some]
