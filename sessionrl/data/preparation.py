"""Preparation: the options of `prepare`, the section [data] of a configuration."""

import math
from dataclasses import dataclass, field
from typing import Literal

from sessionrl.data.cutting import SessionRule
from sessionrl.errors import BadOption

# A kind of one of these names, or with a / in it, would hide a slice of cases.
SLICES = ("all", "first", "prefix>=2", "repeat", "new", "events=0", "events=1-5", "events=6-20", "events>20")

NO_FEATURES = ("item_id", "timestamp", "event_type", "session_id", "propensity", "part")  # an event's, not a session's


@dataclass(frozen=True)
class Preparation:
    """How events become sessions for training, validation and test.

    reward:             kinds of event and what one is worth; their order is that of `Prepared.kinds`
    ignore_kinds:       kinds whose events are dropped (and counted)
    sessions:           "log": the log's session_id; "gap": cut after `idle_minutes`; "auto": the log's if it has any
    repeats:            "collapse" keeps the first of immediate repeats of the same item and kind
    min_item_events:    of an item in the training part; filtered with the next to a fixed point
    cold_items:         items that the shop describes stay, however few training events they have (none, or fewer than
                        min_item_events), and so do these events: such items can be recommended from their features.
                        Their numbers come after all others. Described are those of the reader's table of items; where
                        it has none, those with an attribute in the events of any part
    min_session_events: of a session in every part
    split:              "time", "published", "random" (leaks the future), "auto": published where the reader gives it
    test_days:          of split "time": counted back from the start of the last session
    valid_days:         of split "time": the days before those
    valid_share:        of the training sessions (published) or of all (random)
    test_share:         of all sessions (random)
    vocabulary_from:    "train+valid" for final fits on both; popularity is counted in training all the same
    session_features:   columns of the events that tell of the session and not of the item (country, device, segment):
                        what its first event says; values in fewer than 5 training sessions count as unknown
    vector_dim:         of the fixed item vectors
    seed:               of the random split and of the vectors
    """

    reward: dict[str, float] = field(default_factory=lambda: {"view": 0.2, "cart": 1.0, "purchase": 1.0})
    ignore_kinds: tuple[str, ...] = ()
    sessions: SessionRule = "auto"
    idle_minutes: float = 30.0
    repeats: Literal["keep", "collapse"] = "keep"
    min_item_events: int = 5
    cold_items: bool = False
    min_session_events: int = 2
    split: Literal["auto", "time", "published", "random"] = "auto"
    test_days: float = 7.0
    valid_days: float = 7.0
    valid_share: float = 0.05
    test_share: float = 0.1
    vocabulary_from: Literal["train", "train+valid"] = "train"
    session_features: tuple[str, ...] = ()
    vector_dim: int = 64
    seed: int = 1

    def __post_init__(self) -> None:
        ranges: list[tuple[str, bool, str]] = [
            ("reward", 1 <= len(self.reward) <= 255, "at least one kind of event and at most 255"),
            (
                "reward",
                not any(kind in SLICES or "/" in kind for kind in self.reward),
                f"kinds without a / that are not called {', '.join(SLICES)}, which name slices of the cases",
            ),
            ("reward", all(math.isfinite(value) for value in self.reward.values()), "finite numbers"),
            ("ignore_kinds", not set(self.ignore_kinds) & set(self.reward), "kinds that have no reward"),
            ("idle_minutes", 0 < self.idle_minutes < math.inf, "a number above 0"),
            ("min_item_events", self.min_item_events >= 1, "at least 1"),
            ("min_session_events", self.min_session_events >= 1, "at least 1"),
            ("test_days", 0 < self.test_days < math.inf, "a number above 0"),
            ("valid_days", 0 <= self.valid_days < math.inf, "a number of at least 0"),
            ("valid_share", 0 <= self.valid_share < 1, "in [0, 1)"),
            ("test_share", 0 < self.test_share < 1, "in (0, 1)"),
            ("test_share", self.valid_share + self.test_share < 1, "below 1 together with valid_share"),
            (
                "session_features",
                len(set(self.session_features)) == len(self.session_features)
                and not set(self.session_features) & set(NO_FEATURES),
                f"different columns, none of {', '.join(NO_FEATURES)}",
            ),
            ("vector_dim", self.vector_dim >= 1, "at least 1"),
            ("seed", self.seed >= 0, "at least 0"),
        ]
        for option, fits, expected in ranges:
            if not fits:
                raise BadOption(f"data, option {option!r} = {getattr(self, option)!r}: expected {expected}.")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of event that have a reward, in the order of the rewards."""
        return tuple(self.reward)
