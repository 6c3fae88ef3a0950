"""Rankings and a catalogue small enough to measure by hand."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.rankings import Rankings

KINDS = ("view", "cart", "purchase")


def rankings_of(
    sessions: Sequence[Sequence[int]],
    lists: Sequence[Sequence[int]],
    types: Sequence[Sequence[int]] | None = None,
    greater: Sequence[int] | None = None,
    equal: Sequence[int] | None = None,
    n_items: int = 5,
) -> Rankings:
    """One list per event; every target is scored best unless said otherwise."""
    part = Sessions.of(sessions, types)
    n = len(part.items)
    repeat = [item in session[:i] for session in sessions for i, item in enumerate(session)]
    return Rankings(
        session=part.session.astype(np.int32),
        position=part.position.astype(np.int32),
        target=part.items,
        event_type=part.event_types,
        repeat=np.array(repeat, bool),
        greater=np.array([0] * n if greater is None else greater, np.int32),
        equal=np.array([1] * n if equal is None else equal, np.int32),
        top=np.array(lists, np.int32).reshape(n, -1),
        n_items=n_items,
        kinds=KINDS,
    )


def random_rankings(seed: int, n_sessions: int = 6, n_items: int = 8, k: int = 4) -> Rankings:
    """Sessions of 1 to 5 events with random lists and ranks."""
    random = np.random.default_rng(seed)
    sessions = [random.integers(1, n_items + 1, random.integers(1, 6)).tolist() for _ in range(n_sessions)]
    types = [random.integers(0, 3, len(session)).tolist() for session in sessions]
    n = sum(map(len, sessions))
    greater = random.integers(0, n_items, n)
    equal = [int(random.integers(1, n_items - g + 1)) for g in greater]
    lists = [random.permutation(n_items)[:k] + 1 for _ in range(n)]
    return rankings_of(sessions, lists, types, greater.tolist(), equal, n_items)


def catalogue_of(n_items: int, seed: int = 0) -> Catalogue:
    """Random counts, unit vectors and categories."""
    random = np.random.default_rng(seed)
    counts = np.concatenate([[0], np.sort(random.integers(1, 50, n_items))[::-1]])
    vectors = random.normal(size=(n_items + 1, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[0] = 0
    category = random.choice(["a", "b", "c"], n_items)
    items = pl.DataFrame({"item_id": np.arange(n_items), "category": category})
    return Catalogue(counts, counts, vectors.astype(np.float32), items)


# One session: item 1 viewed, 2 viewed, 1 put into the cart, 3 purchased; the lists of two before each event.
SHOP = rankings_of([[1, 2, 1, 3]], [[1, 2], [3, 4], [4, 1], [1, 2]], [[0, 0, 1, 2]])
CATALOGUE = Catalogue(
    counts=np.array([0, 8, 4, 2, 1, 1]),
    sessions=np.array([0, 5, 3, 2, 1, 1]),
    vectors=np.array([[0, 0], [1, 0], [0, 1], [1, 0], [-1, 0], [0, 0]], np.float32),
    items=pl.DataFrame({"item_id": [10, 20, 30, 40, 50], "category": ["a", "b", "a", None, None]}),
)
