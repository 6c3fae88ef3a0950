"""When things happen: sessions start with the rhythm of the day and the week, events follow each other in seconds."""

from datetime import UTC, datetime

import numpy as np

from sessionrl.simulator.draws import Draws
from sessionrl.simulator.shop import Floats, Ints, ShopOptions

FIRST_DAY = datetime(2025, 9, 1, tzinfo=UTC)  # a Monday
HOUR_MS, DAY_HOURS, WEEK_DAYS = 3_600_000, 24, 7
# Relative traffic: low at night, a small rise at noon, most in the evening; weekends above weekdays.
BY_HOUR = (3, 2, 1, 1, 1, 2, 4, 6, 8, 10, 11, 12, 13, 12, 11, 11, 12, 14, 17, 20, 22, 20, 14, 7)
BY_WEEKDAY = (10, 10, 10, 10, 11, 13, 14)

CHECKOUT_SECONDS = 1.0  # between two lines of one checkout


def session_starts(draws: Draws, sessions: int, days: int) -> Ints:
    """[S] start of every session in ms since 1970 UTC, rising; hours weighted by the rhythm, uniform inside an hour."""
    weights = (np.array(BY_WEEKDAY)[np.arange(days) % WEEK_DAYS, None] * np.array(BY_HOUR)).ravel()
    upto = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    luck = np.sort(draws.uniform("start", np.arange(sessions), 0, 1)[:, 0])
    hours = np.interp(luck, upto, np.arange(days * DAY_HOURS + 1))
    return np.asarray(_first_ms() + (hours * HOUR_MS).astype(np.int64))


def week_of(timestamps: Ints) -> Ints:
    """[S] whole weeks since `FIRST_DAY`."""
    return (timestamps - _first_ms()) // (WEEK_DAYS * DAY_HOURS * HOUR_MS)


def gaps(options: ShopOptions, draws: Draws, sessions: Ints, numbers: Ints) -> Floats:
    """[E] seconds before the event `numbers` of its session: log-normal, ln gap ~ N(ln gap_seconds, gap_spread²).

    55 s and 1.31 match the median and the 90th percentile, 296 s, of the Yoochoose clicks.
    """
    luck = draws.normal("gap", sessions, numbers, 1)[:, 0]
    return np.asarray(options.gap_seconds * np.exp(options.gap_spread * luck))


def _first_ms() -> int:
    return int(FIRST_DAY.timestamp() * 1000)
