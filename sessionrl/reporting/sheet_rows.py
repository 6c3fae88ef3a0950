"""Rows of the prediction sheet: one event with its history, what came next, and the lists of models, in words."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sessionrl.analysis.examples import BY_ID, PAIRED, RARE, Examples
from sessionrl.analysis.predictions import Meaning, Prediction
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.rankings import Rankings
from sessionrl.reporting.drawing import ProductCell, ProductPanel, ProductRow
from sessionrl.reporting.families import FAMILIES, family, short
from sessionrl.reporting.models import Model
from sessionrl.reporting.numbers import number, places_of
from sessionrl.reporting.products import Products

HISTORY = 7  # events before the next one that are shown: with it they are as long as a list
UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))  # milliseconds

HEADER = (
    "rule", "session", "position", "time", "row", "place", "item_id", "name", "category", "kind", "seconds_before",
    "score", "share", "share_is", "chosen", "rank", "training_events", "may_be_shown",
)  # fmt: skip


class Listed(NamedTuple):
    """A model, its rankings of one seed, its predictions by row of the rankings, and what their shares mean."""

    model: Model
    rankings: Rankings
    predictions: Mapping[int, Prediction]
    meaning: Meaning


class Shop(NamedTuple):
    """What the rows are about.

    timed: whether the log has times, and not only an order
    """

    sessions: Sessions
    kinds: tuple[str, ...]
    catalogue: Catalogue
    products: Products
    timed: bool


def panel(shop: Shop, examples: Examples, row: int, listed: list[Listed]) -> ProductPanel:
    """One event: the history and what came next, below it a row for every model."""
    rankings = listed[0].rankings
    history = _history(shop, rankings, row)
    rows = (history, *(_row(shop, one, row) for one in listed))
    products = shop.products.cards(cell.item for one in rows for cell in one.cells)
    return ProductPanel(examples.words, _about(shop, examples, rankings, row), rows, products)


def csv_rows(shop: Shop, rule: str, row: int, listed: list[Listed]) -> Iterator[list[Any]]:
    """Of one event, by `HEADER`: all of its history, what came next, and every place of every list."""
    rankings, sessions = listed[0].rankings, shop.sessions
    first, at = _span(shop, rankings, row)
    target = int(rankings.target[row])
    event = [rule, sessions.ids[int(rankings.session[row])], int(rankings.position[row])]
    for place in range(first, at + 1):
        gap = _gap(shop, place) if place > first else None
        seconds = None if gap is None else gap / 1000
        which = "next" if place == at else "history"
        yield [
            *event, when(shop, place), which, place - first + 1, *shop.products.words(int(sessions.items[place])),
            shop.kinds[sessions.event_types[place]], seconds, *[None] * 5, *_known(shop, int(sessions.items[place])),
        ]  # fmt: skip
    for one in listed:
        found = one.predictions[row]
        rank = float(one.rankings.greater[row] + (one.rankings.equal[row] + 1) / 2)
        for place, item in enumerate(found.items.tolist()):
            share = None if found.shares is None else float(found.shares[place])
            yield [
                *event, None, one.model.label, place + 1, *shop.products.words(item), None, None,
                float(found.scores[place]), share, one.meaning, item == target, rank, *_known(shop, item),
            ]  # fmt: skip


def alike(examples: Examples) -> str:
    """How many events are like the chosen ones.

    >>> import numpy as np
    >>> alike(Examples("new", "…", np.zeros(0, np.int64), 12, 3912))
    '0.31% of the 3,912 events are like this'
    """
    if examples.rule in (BY_ID, "draw"):
        return f"one of {examples.of:,} events"
    share = 100 * examples.alike / max(1, examples.of)
    places = 0 if share >= 10 else 1 if share >= 1 else 2
    text = f"{share:.{places}f}%" if share >= 0.005 or not examples.alike else "fewer than 0.01%"
    among = f"{text} of the {examples.of:,} events"
    return f"furthest of {among}" if examples.rule in PAIRED else f"{among} are like this"


def percent(share: float) -> str:
    """A share of the probabilities; never 0, which no softmax is.

    >>> percent(0.1234), percent(0.00321), percent(0.0000012)
    ('12%', '0.32%', '< 0.01%')
    """
    if share < 0.0001:
        return "< 0.01%"
    return f"{100 * share:.{0 if share >= 0.1 else 1 if share >= 0.01 else 2}f}%"


def later(milliseconds: float) -> str:
    """The time between two events.

    >>> later(35_000), later(90_000), later(7_200_000), later(0)
    ('35 s later', '1.5 min later', '2 h later', 'at once')
    """
    for size, unit in UNITS:
        if milliseconds >= size:
            amount = milliseconds / size
            return f"{amount:.{1 if amount < 10 else 0}f}".removesuffix(".0") + f" {unit} later"
    return "at once"


def rank_words(rankings: Rankings, row: int) -> str:
    """Where the next item landed; from and to where other items are scored alike."""
    best, last = int(rankings.greater[row]) + 1, int(rankings.greater[row] + rankings.equal[row])
    of = rankings.n_items if rankings.n_shown is None else rankings.n_shown
    if best == last:
        return f"rank {best:,} of {of:,}"
    return f"rank {best:,} to {last:,} of {of:,}, scored alike"


def when(shop: Shop, event: int) -> str:
    """Of an event, UTC; nothing where the log has only an order."""
    if not shop.timed:
        return ""
    return datetime.fromtimestamp(int(shop.sessions.timestamps[event]) / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _about(shop: Shop, examples: Examples, rankings: Rankings, row: int) -> str:
    session = shop.sessions.ids[int(rankings.session[row])]
    _, at = _span(shop, rankings, row)
    where = f"session {session}, after {int(rankings.position[row]):,} events"
    where = where.removesuffix("s") if rankings.position[row] == 1 else where
    return " · ".join(part for part in (alike(examples), where, when(shop, at)) if part)


def _span(shop: Shop, rankings: Rankings, row: int) -> tuple[int, int]:
    """The first event of the session and the event of a row."""
    first = int(shop.sessions.offsets[rankings.session[row]])
    return first, first + int(rankings.position[row])


def _gap(shop: Shop, event: int) -> float | None:
    return float(shop.sessions.timestamps[event] - shop.sessions.timestamps[event - 1]) if shop.timed else None


def _history(shop: Shop, rankings: Rankings, row: int) -> ProductRow:
    first, at = _span(shop, rankings, row)
    shown = range(max(first, at - HISTORY), at + 1)
    cells = []
    for event in shown:
        item, gap = int(shop.sessions.items[event]), _gap(shop, event) if event > first else None
        kind = shop.kinds[shop.sessions.event_types[event]]
        words = [
            f"next: {kind}" if event == at else kind,
            "" if gap is None else later(gap),
            *_marks(shop, item, event == at),
        ]
        cells.append(ProductCell(item, _joined(words), "target" if event == at else ""))
    hidden = shown.start - first
    note = f"{hidden:,} earlier event{'' if hidden == 1 else 's'} left out; " if hidden else ""
    return ProductRow("The visitor", f"{note}what came next is framed", tuple(cells))


def _row(shop: Shop, one: Listed, row: int) -> ProductRow:
    found, target = one.predictions[row], int(one.rankings.target[row])
    whole = all(score.is_integer() for score in found.scores.tolist())
    places, cells = 0 if whole else places_of(*found.scores.tolist()), []
    for place, item in enumerate(found.items.tolist()):
        share = None if found.shares is None else float(found.shares[place])
        value = (
            f"score {number(float(found.scores[place]), places)}"
            if share is None
            else percent(share).replace(" ", "\u00a0")
        )
        star = "*" if one.meaning == "share" else ""
        words = ["chosen" if item == target else "", value + star, *_marks(shop, item, False)]
        cells.append(ProductCell(item, _joined(words), "hit" if item == target else ""))
    note = f"{FAMILIES[family(one.model)]} · {rank_words(one.rankings, row)}"
    return ProductRow(short(one.model.label), note, tuple(cells))


def _joined(words: list[str]) -> str:
    return " · ".join(word for word in words if word)


def _marks(shop: Shop, item: int, wanted: bool) -> list[str]:
    """What is special about an item, in words; that it is rare only where it is the one to be found."""
    count = int(shop.catalogue.counts[item])
    marks = [] if shop.catalogue.recommendable[item] else ["may not be shown"]
    if not count or (wanted and count <= RARE):
        marks.append("no training events" if not count else f"{count} training event{'' if count == 1 else 's'}")
    return marks


def _known(shop: Shop, item: int) -> list[Any]:
    return [int(shop.catalogue.counts[item]), bool(shop.catalogue.recommendable[item])]
