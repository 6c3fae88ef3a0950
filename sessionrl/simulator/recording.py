"""What shoppers did, step by step and many at once, written down as rows of a log, session by session."""

from typing import NamedTuple

import numpy as np

from sessionrl.simulator.draws import Draws
from sessionrl.simulator.logging_policy import Slates
from sessionrl.simulator.records import NONE, Flags, Landing, Outcome
from sessionrl.simulator.shop import Floats, Ints, ShopOptions
from sessionrl.simulator.traffic import CHECKOUT_SECONDS, gaps

KINDS = ("view", "cart", "purchase")
VIEW, CART, PURCHASE = range(len(KINDS))


class EventRows(NamedTuple):
    """E events.

    session, user, item: [E]
    number:              [E] events of the session before this one: 0, 1, …
    kind:                [E] index into `KINDS`
    step, position:      [E] the slate that led to the event (step of its session, 0 …) and the place in it (0 … k - 1);
                         -1 where none did
    """

    session: Ints
    user: Ints
    item: Ints
    number: Ints
    kind: Ints
    step: Ints
    position: Ints


class SlateRows(NamedTuple):
    """M slates: session [M], step [M], and [M, k] items, conditional and first-draw propensities."""

    session: Ints
    step: Ints
    items: Ints
    conditional: Floats
    first: Floats


class Recording:
    """Rows of sessions that started together; asked at the end, each answer is in the order of sessions and time."""

    def __init__(self, landing: Landing, slate_size: int):
        self._landing = landing
        none = np.full(len(landing.items), NONE)
        self._events = [(landing.sessions, landing.items, np.full_like(none, VIEW), none, none)]
        # An empty one first: every session may end with its landing view.
        no_items, no_numbers = np.empty((0, slate_size), np.int64), np.empty((0, slate_size))
        self._slates = [SlateRows(none[:0], none[:0], no_items, no_numbers, no_numbers)]

    def add(self, slates: Slates, outcome: Outcome) -> None:
        """One step: the views that no slate caused, then views and carts down the slate, then the checkout."""
        self._slates.append(SlateRows(outcome.sessions, outcome.steps, *slates))
        count, k = slates.items.shape
        places = np.broadcast_to(np.arange(k), (count, k))
        steps = np.broadcast_to(outcome.steps[:, None], (count, k))
        away = np.stack([outcome.revisited, outcome.organic], axis=1)
        down = _where(
            np.stack([outcome.clicked, outcome.carted], axis=2).reshape(count, 2 * k), slates.items.repeat(2, 1)
        )
        none = np.full_like(away, NONE)
        item = np.concatenate([away, down, _where(outcome.bought, slates.items), outcome.rest], axis=1)
        step = np.concatenate([none, steps.repeat(2, 1), steps, outcome.rest_step], axis=1)
        position = np.concatenate([none, places.repeat(2, 1), places, outcome.rest_position], axis=1)
        kind = np.array([VIEW] * 2 + [VIEW, CART] * k + [PURCHASE] * (k + outcome.rest.shape[1]))
        rows, columns = np.nonzero(item != NONE)
        at = (rows, columns)
        self._events.append((outcome.sessions[rows], item[at], kind[columns], step[at], position[at]))

    def events(self) -> EventRows:
        """All events."""
        # Steps were added in the order of time, so a stable sort keeps it inside a session.
        columns = [np.concatenate(column) for column in zip(*self._events, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        session, item, kind, step, position = (column[order] for column in columns)
        index, count = (
            np.searchsorted(self._landing.sessions, session),
            np.bincount(session - self._landing.sessions[0]),
        )
        number = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
        return EventRows(session, self._landing.users[index], item, number, kind, step, position)

    def slates(self) -> SlateRows:
        """All slates."""
        session, step, items, conditional, first = (
            np.concatenate(column) for column in zip(*self._slates, strict=True)
        )
        order = np.argsort(session, kind="stable")
        return SlateRows(session[order], step[order], items[order], conditional[order], first[order])


def propensities(rows: EventRows, slates: SlateRows) -> Floats:
    """[E] the conditional propensity of the place that led to the event, NaN where no slate did.

    slates: those that were shown, in the order of sessions and steps
    """
    found = np.full(len(rows.item), np.nan)
    shown = np.flatnonzero(rows.step != NONE)
    steps = max(rows.step.max(initial=0), slates.step.max(initial=0)) + 1  # so that session and step are one number
    place = np.searchsorted(slates.session * steps + slates.step, rows.session[shown] * steps + rows.step[shown])
    found[shown] = slates.conditional[place, rows.position[shown]]
    return found


def timestamps(options: ShopOptions, draws: Draws, rows: EventRows, starts: Ints) -> Ints:
    """[E] ms since 1970 UTC: the start of the session, then `gaps`; the lines of one checkout follow quickly.

    rows:   in the order of sessions and time
    starts: [S] start of session 0, 1, …
    """
    later = rows.number[1:] > 0
    # Two purchases in a row are one checkout: before another one there is a cart.
    same_checkout = np.zeros(len(rows.kind), np.bool_)
    same_checkout[1:] = later & (rows.kind[1:] == PURCHASE) & (rows.kind[:-1] == PURCHASE)
    seconds = np.where(same_checkout, CHECKOUT_SECONDS, gaps(options, draws, rows.session, rows.number))
    ms = np.where(rows.number == 0, 0, np.maximum(np.round(seconds * 1000), 1)).astype(np.int64)
    elapsed = np.cumsum(ms)
    # The first row of each event's session lies `number` rows before it.
    return np.asarray(starts[rows.session] + elapsed - elapsed[np.arange(len(ms)) - rows.number])


def _where(flags: Flags, items: Ints) -> Ints:
    return np.where(flags, items, NONE)
