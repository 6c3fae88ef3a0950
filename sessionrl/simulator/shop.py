"""The drawn world: items, categories, prices, popularity, and the lasting tastes of its users."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from sessionrl.errors import BadOption

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ShopOptions:
    """What a simulated shop is like. The letter is the symbol in the equations of `Shop` and `Shoppers`.

    Logits and affinities have no unit; a probability lies in [0, 1]; a spread is a standard deviation.
    """

    # The range of goods.
    items: int = 4000  # N; a multiple of `categories`
    categories: int = 40  # C
    dim: int = 16  # d, length of the hidden vectors
    category_share: float = 0.6  # ρ in [0, 1], share of an item's direction that is its category's
    zipf: float = 1.0  # s ≥ 0, popularity falls as rank^-s inside a category
    category_zipf: float = 0.6  # s_c ≥ 0, and as rank^-s_c over categories
    appeal: float = 0.35  # β, how much a popular item is clicked more, all else equal
    fashion: float = 0.0  # τ ≥ 0, spread of an item's log popularity over the weeks; 0: popularity never moves
    fashion_weeks: int = 8  # T_f, period in weeks after which a fashion comes back

    # The users.
    users: int = 50_000  # U
    favourites: int = 4  # F, categories that a user likes
    focus: float = 0.45  # φ in [0, 1], share of a session's first intent that is one favourite category
    intent_spread: float = 0.25  # length of the random part of the first intent
    price_sensitivity: float = 0.6  # mean of κ before |·|; its spread is 0.3

    # The slate and the click.
    slate_size: int = 10  # k
    position_decay: float = 0.85  # d_e in (0, 1], examination falls as d_e^(j - 1)
    click_base: float = -3.6  # b_click
    click_affinity: float = 3.0  # α
    pull: float = 0.15  # η in [0, 1], how far a view pulls the intent towards the item
    drift: float = 0.05  # σ_z ≥ 0, random walk of the intent

    # The funnel.
    cart_base: float = -4.2  # b_cart
    cart_affinity: float = 2.0  # α_K
    cart_commitment: float = 0.35  # κ_m, comparing items of one category makes a cart likelier
    buy_base: float = -0.75  # b_buy
    need_spread: float = 1.0  # σ_ω ≥ 0, how much sessions differ in their wish to buy
    basket: float = 0.0  # p_basket, at a checkout an earlier item of the basket is bought too; 0: one item at a time

    # Views that no slate causes.
    organic: float = 0.15  # p_org, per step: search or browsing
    revisit: float = 0.22  # p_rev, per step: back to an item of the own history

    # Boredom and leaving.
    boredom_decay: float = 0.85  # δ_B in [0, 1)
    boredom_free: float = 0.8  # B_0 ≥ 0, boredom that does no harm to clicks
    boredom_click: float = 0.7  # λ, how much boredom lowers clicks
    leave_base: float = -1.9  # l_0
    leave_spread: float = 0.0  # σ_l ≥ 0, how much sessions differ in patience
    leave_boredom: float = 0.7  # l_1, how much a boring slate drives away
    leave_click: float = 0.7  # l_2, how much a click keeps
    leave_purchase: float = 0.4  # p_leave_buy, least probability of leaving after a purchase
    bounce: float = 0.0  # p_bounce, leaving right after the landing view
    max_steps: int = 60  # slates after which every session ends

    # The clock.
    gap_seconds: float = 55.0  # median time between two events of a session
    gap_spread: float = 1.31  # spread of its logarithm

    def __post_init__(self) -> None:
        for option in fields(self):
            self._check(option.name, getattr(self, option.name))
        if self.items % self.categories:
            near = max(self.items // self.categories, 1) * self.categories
            raise BadOption(
                f"shop, items = {self.items} is not a multiple of categories = {self.categories}: "
                f"every category has equally many items. Give items = {near}."
            )
        for name, most in (("slate_size", "items"), ("favourites", "categories")):
            if getattr(self, name) > getattr(self, most):
                raise BadOption(
                    f"shop, {name} = {getattr(self, name)} is more than {most} = {getattr(self, most)}. Give fewer."
                )

    def _check(self, name: str, value: float) -> None:
        if not np.isfinite(value):
            raise BadOption(f"shop, option {name!r} = {value}: it must be a finite number.")
        if name in _COUNTS and not (isinstance(value, int) and value >= 1):
            raise BadOption(f"shop, option {name!r} = {value}: it must be a whole number, 1 or more.")
        if name in _PROBABILITIES and not 0 <= value <= 1:
            raise BadOption(f"shop, option {name!r} = {value}: it must lie between 0 and 1.")
        if name in _NOT_NEGATIVE and value < 0:
            raise BadOption(f"shop, option {name!r} = {value}: it must not be negative.")
        if name in _POSITIVE and value <= 0:
            raise BadOption(f"shop, option {name!r} = {value}: it must be more than 0.")


_COUNTS = ("items", "categories", "dim", "fashion_weeks", "users", "favourites", "slate_size", "max_steps")
_PROBABILITIES = (
    *("category_share", "focus", "pull", "position_decay", "basket", "organic", "revisit"),
    *("boredom_decay", "leave_purchase", "bounce"),
)
_NOT_NEGATIVE = (
    *("zipf", "category_zipf", "fashion", "intent_spread", "drift", "need_spread"),
    *("boredom_free", "leave_spread", "gap_spread"),
)
_POSITIVE = ("position_decay", "gap_seconds")


@dataclass(frozen=True)
class Shop:
    """Everything that is true before a session starts. Items are rows 0 … N - 1, stored category by category.

    centres:             [C, d] μ_c, unit vectors of random direction
    category:            [N] c(i)
    vectors:             [N, d] v_i = unit(√ρ μ_c(i) + √(1 - ρ) ε_i), ε_i a random unit vector
    popularity:          [N] w_i ∝ rank of i in its category^-s · rank of its category^-s_c; sums to 1
    category_popularity: [C] w_c, the sum of w_i over the category
    shares:              [T_f, N] w_i / w_c in each week of the fashion cycle, see `_shares`; sums to 1 in a category
    cumulative:          [T_f · N] running sums of `shares` inside each category + the number of its shelf, t · C + c
    appeal:              [N] b_i = β · (log w_i - mean) / spread
    log_price:           [N] δ_i ~ N(0, 0.6²), log price against the category's
    prices:              [N] P_i = exp(m_c(i) + δ_i) in cents' steps, m_c ~ N(3, 0.7²)
    favourites:          [U, F] categories drawn without replacement by popularity (Gumbel top-F)
    tastes:              [U, d] θ_u = unit(mean of μ over the favourites)
    sensitivity:         [U] κ_u = |N(κ, 0.3²)|
    """

    options: ShopOptions
    centres: Floats
    category: Ints
    vectors: Floats
    popularity: Floats
    category_popularity: Floats
    shares: Floats
    cumulative: Floats
    appeal: Floats
    log_price: Floats
    prices: Floats
    favourites: Ints
    tastes: Floats
    sensitivity: Floats

    @classmethod
    def draw(cls, options: ShopOptions, seed: int) -> "Shop":
        """One world from one seed; equal options and seed make an equal world."""
        o, generator = options, np.random.default_rng(seed)
        each = o.items // o.categories
        category = np.repeat(np.arange(o.categories), each)
        centres = unit(generator.normal(size=(o.categories, o.dim)))
        own = unit(generator.normal(size=(o.items, o.dim)))
        vectors = unit(np.sqrt(o.category_share) * centres[category] + np.sqrt(1 - o.category_share) * own)
        popularity, category_popularity = _popularity(o, generator)
        shares = _shares(o, popularity, generator)
        log_weight = np.log(popularity)
        log_price = generator.normal(0, 0.6, o.items)
        level = generator.normal(3.0, 0.7, o.categories)
        gumbel = generator.gumbel(size=(o.users, o.categories))
        favourites = np.argsort(-(np.log(category_popularity) + gumbel), axis=1)[:, : o.favourites]
        return cls(
            options=o,
            centres=centres,
            category=category,
            vectors=vectors,
            popularity=popularity,
            category_popularity=category_popularity,
            shares=shares,
            cumulative=_cumulative(o, shares),
            appeal=o.appeal * (log_weight - log_weight.mean()) / max(log_weight.std(), 1e-9),
            log_price=log_price,
            prices=np.maximum(np.round(np.exp(level[category] + log_price), 2), 0.01),
            favourites=favourites,
            tastes=unit(centres[favourites].mean(axis=1)),
            sensitivity=np.abs(generator.normal(o.price_sensitivity, 0.3, o.users)),
        )

    @property
    def examination(self) -> Floats:
        """[k] e_j = d_e^(j - 1), the probability that position j is looked at."""
        return np.asarray(self.options.position_decay ** np.arange(self.options.slate_size))

    def draw_within(self, weeks: Ints, categories: Ints, uniform: Floats) -> Ints:
        """Items drawn by popularity inside given categories: one binary search finds items of any category and week.

        The shapes of `weeks`, `categories` and `uniform` (numbers in (0, 1)) broadcast to that of the answer.
        """
        week = weeks % self.options.fashion_weeks
        shelf = week * self.options.categories + categories
        return np.searchsorted(self.cumulative, shelf + uniform) - week * self.options.items


def unit(vectors: Floats) -> Floats:
    """Each vector of the last axis divided by its length; a zero vector stays zero."""
    length = np.sqrt(np.einsum("...d,...d->...", vectors, vectors))[..., None]
    return np.asarray(vectors / np.maximum(length, 1e-9))


def _popularity(options: ShopOptions, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """[N] w_i and [C] w_c; the ranks are shuffled, so the number of an item says nothing about it."""
    each = options.items // options.categories
    ranks = np.arange(1.0, each + 1)
    inside = np.stack([generator.permutation(ranks) for _ in range(options.categories)]) ** -options.zipf
    across = generator.permutation(np.arange(1.0, options.categories + 1)) ** -options.category_zipf
    weights = inside * across[:, None]
    weights /= weights.sum()
    return weights.ravel(), weights.sum(axis=1)


def _shares(options: ShopOptions, popularity: Floats, generator: np.random.Generator) -> Floats:
    """[T_f, N] share of each item inside its category in week t.

    log share = log w_i + τ √2 sin 2π(t / T_f + phase_i) + a constant of week and category

    The wave has spread τ over the weeks and a phase of its own per item: at any time some items rise and others
    fall, so "popular in the last days" and "popular ever" differ.
    """
    phase = generator.random(options.items)
    weeks = np.arange(options.fashion_weeks)[:, None] / options.fashion_weeks
    weights = popularity * np.exp(options.fashion * np.sqrt(2) * np.sin(2 * np.pi * (weeks + phase)))
    by_category = weights.reshape(options.fashion_weeks, options.categories, -1)
    return np.asarray((by_category / by_category.sum(axis=2, keepdims=True)).reshape(options.fashion_weeks, -1))


def _cumulative(options: ShopOptions, shares: Floats) -> Floats:
    """[T_f · N], see `Shop`; each shelf ends exactly at a whole number, whatever rounding did to the sum."""
    shelves = options.fashion_weeks * options.categories
    sums = np.cumsum(shares.reshape(shelves, -1), axis=1)
    sums[:, -1] = 1.0
    return np.asarray((sums + np.arange(shelves)[:, None]).ravel())
