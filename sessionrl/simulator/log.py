"""The event log of a simulated shop: who saw, viewed, carted and bought what, and when."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from sessionrl.errors import BadOption
from sessionrl.runs import new_directory
from sessionrl.simulator.draws import Draws
from sessionrl.simulator.logging_policy import LoggingPolicy
from sessionrl.simulator.product_drawings import save_pictures
from sessionrl.simulator.products import categories, item_ids, product_table
from sessionrl.simulator.recording import KINDS, PURCHASE, EventRows, Recording, SlateRows, propensities, timestamps
from sessionrl.simulator.shop import Ints, Shop, ShopOptions
from sessionrl.simulator.shoppers import Shoppers
from sessionrl.simulator.traffic import session_starts, week_of

BATCH = 2048  # sessions at a time: enough to be vectorised, few enough to stay in the processor's cache
MOST_PICTURES = 5_000  # items whose pictures are drawn unasked: a file of 1 KB each
MORE_OF_SAME = 0.1  # P(one more piece) at a purchase, again and again

# The shop of `sessionrl demo`: small enough for minutes on two cores; its sessions are about as repetitive and its
# items as skewed as Yoochoose's, and its shoppers know what they want, so that there is something to learn.
DEMO = ShopOptions(
    items=1200,
    categories=24,
    users=8000,
    zipf=0.85,
    category_zipf=0.4,
    fashion=0.4,
    focus=0.75,
    pull=0.2,
    click_base=-4.4,
    click_affinity=4.5,
    revisit=0.36,
    organic=0.35,
    leave_base=-0.4,
    leave_spread=0.9,
    cart_base=-4.9,
    cart_affinity=3.0,
    buy_base=-0.8,
    basket=0.6,
)
DEMO_POLICY = LoggingPolicy(exploration=0.05, loyalty=1.5)
DEMO_SESSIONS, DEMO_DAYS = 25_000, 28


@dataclass(frozen=True)
class SimulatedLog:
    """A log as a shop would keep it; sessions in the order of their start, rows in the order of time in a session.

    events: session_id, user_id, item_id, timestamp (ms since 1970 UTC), event_type (view, cart, purchase),
            price (of one piece), quantity (pieces, at purchases only), slate_id and position 1 … k (the slate that led
            to the event, empty where none did), and the propensity of the item to be shown there: propensity_cond
    items:  item_id, name, category, price, colour, style
    users:  user_id, segment: the first of the categories that the user likes (`Shop.favourites`), as one may tell when
            signing up; all of them shape the intent of every visit
    slates: slate_id, position, item_id, propensity_cond, propensity_first; one row per item shown
    """

    events: pl.DataFrame
    items: pl.DataFrame
    users: pl.DataFrame
    slates: pl.DataFrame

    def save(self, directory: Path | str, pictures: bool | None = None) -> None:
        """Write `events.csv`, `items.csv`, `users.csv` and `slates.parquet` into a new directory, all or nothing.

        pictures: write `pictures/ITEM_ID.svg` as well, and where they are into the column `picture` of `items.csv`;
                  if not said, for shops of at most `MOST_PICTURES` items

        Raises:
            BadDirectory: the directory exists already.
        """
        drawn = len(self.items) <= MOST_PICTURES if pictures is None else pictures
        with new_directory(Path(directory)) as temporary:
            self.events.write_csv(temporary / "events.csv")
            (save_pictures(self.items, temporary) if drawn else self.items).write_csv(temporary / "items.csv")
            self.users.write_csv(temporary / "users.csv")
            self.slates.write_parquet(temporary / "slates.parquet")


def simulate_log(
    options: ShopOptions,
    sessions: int,
    days: int,
    seed: int,
    policy: LoggingPolicy | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedLog:
    """Open a shop for some days and write down what happens; equal arguments give an equal log.

    sessions: S, how many start in the span; a session of the last hour may end just after it
    days:     the span; traffic has the rhythm of a day and of a week
    policy:   fills the slates; `LoggingPolicy()` if none is given
    progress: called now and then with (sessions done, S)

    Raises:
        BadOption: `sessions` or `days` is less than 1, or `seed` is negative.
    """
    for name, value, least in (("sessions", sessions, 1), ("days", days, 1), ("seed", seed, 0)):
        if value < least:
            raise BadOption(f"simulated log, {name} = {value}: it must be {least} or more.")
    shop, draws = Shop.draw(options, seed), Draws(seed)
    starts = session_starts(draws, sessions, days)
    writer = _Writer(shop, draws, starts)
    events, slates = [], []
    for first in range(0, sessions, BATCH):
        numbers = np.arange(first, min(first + BATCH, sessions))
        recording = _run(shop, draws, policy or LoggingPolicy(), numbers, week_of(starts[numbers]))
        shown = recording.slates()
        events.append(writer.events(recording.events(), shown))
        slates.append(writer.slates(shown))
        if progress is not None:
            progress(first + len(numbers), sessions)
    return SimulatedLog(pl.concat(events), product_table(shop), writer.user_table(), pl.concat(slates))


def _run(shop: Shop, draws: Draws, policy: LoggingPolicy, sessions: Ints, weeks: Ints) -> Recording:
    """Some sessions from landing to leaving."""
    shoppers = Shoppers(shop, draws, sessions, weeks)
    recording = Recording(shoppers.landing, shop.options.slate_size)
    while len(shoppers):
        slates = policy.slates(shop, shoppers.observation, draws)
        recording.add(slates, shoppers.step(slates.items))
    return recording


class _Writer:
    """Rows of numbers -> frames of readable ids."""

    def __init__(self, shop: Shop, draws: Draws, starts: Ints):
        self._shop, self._draws, self._starts = shop, draws, starts
        self._items = pl.Series("item_id", item_ids(shop))
        self._sessions = _numbered("session_id", "s", len(starts))
        self._users = _numbered("user_id", "u", shop.options.users)

    def user_table(self) -> pl.DataFrame:
        segments = pl.Series("segment", categories(self._shop)).gather(self._shop.favourites[:, 0])
        return pl.DataFrame([self._users, segments])

    def events(self, rows: EventRows, slates: SlateRows) -> pl.DataFrame:
        # P(pieces > n) = MORE_OF_SAME^n
        luck = self._draws.uniform("pieces", rows.session, rows.number, 1)[:, 0]
        pieces = 1 + (np.log(luck) / np.log(MORE_OF_SAME)).astype(np.int64)
        shown, bought = pl.col("step") >= 0, pl.col("kind") == PURCHASE
        frame = pl.DataFrame(
            {
                "session_id": self._sessions.gather(rows.session),
                "user_id": self._users.gather(rows.user),
                "item_id": self._items.gather(rows.item),
                "timestamp": timestamps(self._shop.options, self._draws, rows, self._starts),
                "event_type": pl.Series(KINDS).gather(rows.kind),
                "price": self._shop.prices[rows.item],
                "quantity": pieces,
                "kind": rows.kind,
                "step": rows.step,
                "position": rows.position + 1,
                "propensity": propensities(rows, slates),
            }
        )
        return (
            frame.with_columns(
                quantity=pl.when(bought).then("quantity"),
                slate_id=pl.when(shown).then(_slate_id()),
                position=pl.when(shown).then("position"),
                propensity=pl.when(shown).then("propensity"),
            )
            .drop("kind", "step")
            .select(pl.exclude("position", "propensity"), "position", "propensity")
        )

    def slates(self, rows: SlateRows) -> pl.DataFrame:
        k = self._shop.options.slate_size
        frame = pl.DataFrame(
            {
                "session_id": self._sessions.gather(rows.session.repeat(k)),
                "step": rows.step.repeat(k),
                "position": np.tile(np.arange(1, k + 1), len(rows.session)),
                "item_id": self._items.gather(rows.items.ravel()),
                "propensity_cond": rows.conditional.ravel(),
                "propensity_first": rows.first.ravel(),
            }
        )
        return frame.select(_slate_id().alias("slate_id"), pl.exclude("session_id", "step"))


def _numbered(name: str, letter: str, count: int) -> pl.Series:
    """`s00001`, `s00002`, …, as wide as the last needs."""
    width = len(str(count))
    return pl.Series(name, [f"{letter}{number:0{width}d}" for number in range(1, count + 1)])


def _slate_id() -> pl.Expr:
    """`s00001-03`: the third slate of session s00001."""
    return pl.concat_str("session_id", pl.lit("-"), (pl.col("step") + 1).cast(pl.String).str.zfill(2))
