"""The made-up sessions on which parts are tried, and how a broken promise is said."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import PAD, Sessions

DIM = 8
N_ITEMS = 14  # with PAD; the last item is in no session
KINDS = ("view", "cart", "purchase")
FEATURE_SIZES = (3, 2)  # codes of the two features of a session, 0 is unknown
REWARDS = np.array([0.2, 1.0, 5.0], np.float32)  # of the kinds


@dataclass(frozen=True)
class MadeUp:
    """Made-up sessions and what is known of their items."""

    sessions: Sessions
    catalogue: Catalogue


def made_up() -> MadeUp:
    """Twenty sessions of 1 to 8 events in which frequent items have small numbers, and their catalogue.

    Of half the events it is known how probably they were shown; every session has two features.
    """
    rng = np.random.default_rng(0)
    chance = 1 / np.arange(1, N_ITEMS - 1)
    lengths = [4, 3, 5, 1, 2, *rng.integers(1, 9, 15)]
    items = [rng.choice(np.arange(1, N_ITEMS - 1), n, p=chance / chance.sum()).tolist() for n in lengths]
    sessions = Sessions.of(items, [rng.integers(0, len(KINDS), n).tolist() for n in lengths])
    counts = np.bincount(sessions.items, minlength=N_ITEMS)
    holding = np.bincount(np.unique(sessions.session * N_ITEMS + sessions.items) % N_ITEMS, minlength=N_ITEMS)
    vectors = rng.normal(size=(N_ITEMS, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[PAD] = 0
    table = pl.DataFrame(
        {
            "item_id": np.arange(1, N_ITEMS),
            "category": rng.choice(["a", "b"], N_ITEMS - 1),
            "price": rng.uniform(1, 9, N_ITEMS - 1),
        }
    )
    events = len(sessions.items)
    sessions = replace(
        sessions,
        timestamps=rng.integers(500, 90_000, events).cumsum(),
        propensities=np.where(rng.random(events) < 0.5, rng.uniform(0.1, 0.9, events), np.nan).astype(np.float32),
        features=rng.integers(0, FEATURE_SIZES, (len(sessions), len(FEATURE_SIZES))).astype(np.int32),
    )
    return MadeUp(sessions, Catalogue(counts, holding, vectors.astype(np.float32), table))


def require(condition: bool, sentence: str) -> None:
    """Like `assert`, but also under `python -O`."""
    if not condition:
        raise AssertionError(sentence)
