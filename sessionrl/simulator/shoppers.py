"""The shoppers: a vectorised session process that is shown slates and clicks, carts, buys, gets bored and leaves."""

from dataclasses import dataclass, fields

import numpy as np

from sessionrl.simulator.draws import Draws
from sessionrl.simulator.records import HISTORY, NONE, Chances, Flags, Landing, Observation, Outcome
from sessionrl.simulator.shop import Floats, Ints, Shop, unit

INTEREST_DECAY = 0.8  # of the observable counts of viewed categories, per view
CONSIDERED = 8  # items that a search brings up
COMPARED = 4  # views of a category after which comparing more adds nothing to the wish for a cart


@dataclass
class _State:
    """One row per session under way: who and when, the hidden mind, the observable past."""

    sessions: Ints  # [B]
    users: Ints  # [B]
    weeks: Ints  # [B]
    steps: Ints  # [B]
    intent: Floats  # [B, d] z
    need: Floats  # [B] ω
    patience: Floats  # [B] l
    boredom: Floats  # [B, C] B_c
    commitment: Floats  # [B, C] M_c
    interest: Floats  # [B, C]
    history: Ints  # [B, 8]
    basket: Ints  # [B, 8] items carted and not bought, newest first
    basket_step: Ints  # [B, 8]
    basket_position: Ints  # [B, 8]

    def rows(self, kept: Flags) -> "_State":
        return _State(*(getattr(self, field.name)[kept] for field in fields(self)))


class Shoppers:
    """Sessions under way; `step` shows each a slate. The equations stand at the methods.

    At the start: intent z_0 = unit(φ μ_g + (1 - φ) θ_u + spread · ε) with g one of the favourites and ε a random
    unit vector; need ω ~ N(0, σ_ω²); patience l ~ N(0, σ_l²); one organic landing view; then, with probability
    p_bounce, the session is over.

    Luck comes from `Draws`, by session and step, so two policies meet the same shoppers.
    """

    def __init__(self, shop: Shop, draws: Draws, sessions: Ints, weeks: Ints):
        o = shop.options
        self.shop, self.draws = shop, draws
        who = draws.uniform("user", sessions, 0, 2)
        users = (who[:, 0] * o.users).astype(np.int64)
        focus = shop.favourites[users, (who[:, 1] * o.favourites).astype(np.int64)]
        stray = o.intent_spread * unit(draws.normal("intent", sessions, 0, o.dim))
        count, empty = len(sessions), np.zeros((len(sessions), o.categories))
        nothing = np.full((count, HISTORY), NONE)
        self._state = _State(
            sessions=sessions,
            users=users,
            weeks=weeks,
            steps=np.zeros(count, np.int64),
            intent=unit(o.focus * shop.centres[focus] + (1 - o.focus) * shop.tastes[users] + stray),
            need=o.need_spread * draws.normal("need", sessions, 0, 1)[:, 0],
            patience=o.leave_spread * draws.normal("patience", sessions, 0, 1)[:, 0],
            boredom=empty,
            commitment=empty.copy(),
            interest=empty.copy(),
            history=nothing,
            basket=nothing.copy(),
            basket_step=nothing.copy(),
            basket_position=nothing.copy(),
        )
        self.landing = Landing(sessions, users, self._search("landing", np.ones(count, np.bool_)))
        self._view(np.arange(count), self.landing.items)
        self._state = self._state.rows(draws.uniform("bounce", sessions, 0, 1)[:, 0] >= o.bounce)

    def __len__(self) -> int:
        """Sessions still under way."""
        return len(self._state.sessions)

    @property
    def observation(self) -> Observation:
        """What the shop knows now; a later step does not change it."""
        s = self._state
        return Observation(s.sessions, s.steps, s.weeks, s.history.copy(), s.interest.copy())

    def chances(self, slates: Ints) -> Chances:
        """The true probabilities for items [B, k].

        P(click | examined) = σ(b_click + α z·v_i + b_i - λ [B_c(i) - B_0]_+)
        P(cart | click)     = σ(b_cart + α_K z·v_i + κ_m min(M_c(i), 4) - κ_u δ_i)
        P(buy | cart)       = σ(b_buy + ω)
        """
        o, s, shop = self.shop.options, self._state, self.shop
        rows, category = np.arange(len(self))[:, None], shop.category[slates]
        affinity = np.einsum("bd,bkd->bk", s.intent, shop.vectors[slates])
        bored = np.maximum(s.boredom[rows, category] - o.boredom_free, 0)
        compared = np.minimum(s.commitment[rows, category], COMPARED)
        dear = shop.sensitivity[s.users][:, None] * shop.log_price[slates]
        return Chances(
            click=_sigmoid(o.click_base + o.click_affinity * affinity + shop.appeal[slates] - o.boredom_click * bored),
            cart=_sigmoid(o.cart_base + o.cart_affinity * affinity + o.cart_commitment * compared - dear),
            buy=_sigmoid(o.buy_base + s.need)[:, None],
        )

    def step(self, slates: Ints) -> Outcome:
        """Show each session a slate [B, k] of different items; sessions that leave are gone afterwards.

        The position-based model: position j is examined with probability e_j, so P(click) = e_j P(click | examined).

        Raises:
            ValueError: the slates have another shape, or hold an item twice or one that does not exist.
        """
        self._check(slates)
        s, k = self._state, self.shop.options.slate_size
        chances = self.chances(slates)
        clicked = np.asarray(self._luck("click", k) < chances.click * self.shop.examination)
        carted = clicked & (self._luck("cart", k) < chances.cart)
        bought = carted & (self._luck("buy", k) < chances.buy)
        clicks, buys = np.logical_or.reduce(clicked, axis=1), np.logical_or.reduce(bought, axis=1)
        outcome = Outcome(
            sessions=s.sessions,
            steps=s.steps,
            revisited=self._revisits(),
            organic=self._organic_views(),
            clicked=clicked,
            carted=carted,
            bought=bought,
            rest=self._rest_of_basket(buys),
            rest_step=s.basket_step.copy(),
            rest_position=s.basket_position.copy(),
            left=self._leaving(slates, clicks, buys),
        )
        self._remember(slates, outcome)
        self._state = self._state.rows(~outcome.left)
        return outcome

    def _luck(self, purpose: str, columns: int) -> Floats:
        return self.draws.uniform(purpose, self._state.sessions, self._state.steps, columns)

    def _check(self, slates: Ints) -> None:
        o = self.shop.options
        if slates.shape != (len(self), o.slate_size):
            raise ValueError(f"slates have the shape {slates.shape}, but {len(self)} sessions see {o.slate_size} items")
        ordered = np.sort(slates, axis=1)
        if slates.size and (ordered[:, 0].min() < 0 or ordered[:, -1].max() >= o.items):
            raise ValueError(f"slates hold items {slates.min()} … {slates.max()}, but the shop's are 0 … {o.items - 1}")
        twice = (np.diff(ordered, axis=1) == 0).any(axis=1)
        if twice.any():
            row = int(np.argmax(twice))
            raise ValueError(
                f"the slate of session {self._state.sessions[row]} holds an item twice: {slates[row].tolist()}"
            )

    def _rest_of_basket(self, checkout: Flags) -> Ints:
        """[B, 8] the earlier items that go along, each with probability p_basket at a checkout, or -1."""
        basket = self._state.basket
        along = checkout[:, None] & (self._luck("basket", HISTORY) < self.shop.options.basket)
        return np.where(along, basket, NONE)

    def _revisits(self) -> Ints:
        """[B] with probability p_rev an item of the history, the g-th newest with g geometric (0.6), else -1."""
        s, luck = self._state, self._luck("revisit", 2)
        # Inverse of the geometric distribution function: P(back > n) = 0.4^(n + 1).
        back = (np.log(luck[:, 1]) / np.log(0.4)).astype(np.int64)
        oldest = (s.history != NONE).sum(axis=1) - 1
        items = s.history[np.arange(len(self)), np.minimum(back, oldest)]
        return np.where(luck[:, 0] < self.shop.options.revisit, items, NONE)

    def _organic_views(self) -> Ints:
        """[B] with probability p_org the item of a search, else -1."""
        searching = self._luck("organic", 1)[:, 0] < self.shop.options.organic
        items = np.full(len(self), NONE)
        items[searching] = self._search("search", searching)
        return items

    def _search(self, purpose: str, rows: Flags) -> Ints:
        """Category by softmax(4 z·μ_c + ½ log w_c), 8 of its items by popularity, one of those by softmax(α z·v)."""
        s, o = self._state, self.shop.options
        intent = s.intent[rows]
        luck = self.draws.uniform(purpose, s.sessions[rows], s.steps[rows], 2 + CONSIDERED)
        logits = 4.0 * np.einsum("bd,cd->bc", intent, self.shop.centres) + 0.5 * np.log(self.shop.category_popularity)
        category = choose(logits, luck[:, 0])
        found = self.shop.draw_within(s.weeks[rows][:, None], category[:, None], luck[:, 2:])
        liking = o.click_affinity * np.einsum("bd,bmd->bm", intent, self.shop.vectors[found])
        return np.asarray(found[np.arange(len(found)), choose(liking, luck[:, 1])])

    def _leaving(self, slates: Ints, clicks: Flags, buys: Flags) -> Flags:
        """P(leave) = σ(l_0 + l + l_1 B̄ - l_2 1[any click]), at least p_leave_buy after a purchase.

        B̄ = Σ_j e_j B_c(a_j) / Σ_j e_j: how boring the slate looks.
        """
        o, s = self.shop.options, self._state
        look = self.shop.examination / self.shop.examination.sum()
        boring = s.boredom[np.arange(len(self))[:, None], self.shop.category[slates]] @ look
        chance = _sigmoid(o.leave_base + s.patience + o.leave_boredom * boring - o.leave_click * clicks)
        chance = np.where(buys, np.maximum(chance, o.leave_purchase), chance)
        return np.asarray((self._luck("leave", 1)[:, 0] < chance) | (s.steps + 1 >= o.max_steps))

    def _remember(self, slates: Ints, outcome: Outcome) -> None:
        """What the step leaves behind: boredom, views, basket, and the drift z <- unit(z + σ_z ε).

        B_c <- δ_B B_c + Σ_j (e_j / Σ e) 1[c(a_j) = c], exposure and not clicks.
        """
        o, s = self.shop.options, self._state
        look = self.shop.examination / self.shop.examination.sum()
        cell = np.arange(len(self))[:, None] * o.categories + self.shop.category[slates]
        seen = np.bincount(cell.ravel(), np.tile(look, len(self)), minlength=s.boredom.size)
        s.boredom = o.boredom_decay * s.boredom + seen.reshape(s.boredom.shape)
        for items in (outcome.revisited, outcome.organic, *np.where(outcome.clicked, slates, NONE).T):
            rows = np.flatnonzero(items != NONE)
            self._view(rows, items[rows])
        s.basket[outcome.rest != NONE] = NONE
        for position in range(o.slate_size):
            rows = np.flatnonzero(outcome.carted[:, position] & ~outcome.bought[:, position])
            self._put_in_basket(rows, slates[rows, position], position)
        s.intent = unit(s.intent + o.drift * unit(self.draws.normal("drift", s.sessions, s.steps, o.dim)))
        s.steps = s.steps + 1

    def _view(self, rows: Ints, items: Ints) -> None:
        """A view pulls the intent, z <- unit((1 - η) z + η v), and is remembered."""
        o, s, category = self.shop.options, self._state, self.shop.category[items]
        s.history[rows] = np.concatenate([items[:, None], s.history[rows, :-1]], axis=1)
        s.interest[rows] *= INTEREST_DECAY
        s.interest[rows, category] += 1
        s.commitment[rows, category] += 1
        s.intent[rows] = unit((1 - o.pull) * s.intent[rows] + o.pull * self.shop.vectors[items])

    def _put_in_basket(self, rows: Ints, items: Ints, position: int) -> None:
        s = self._state
        for slots, newest in (
            (s.basket, items),
            (s.basket_step, s.steps[rows]),
            (s.basket_position, np.full(len(rows), position)),
        ):
            slots[rows] = np.concatenate([newest[:, None], slots[rows, :-1]], axis=1)


def choose(logits: Floats, uniform: Floats) -> Ints:
    """[B] a column of each row of [B, n] from softmax(logits), by the inverse of its distribution function."""
    weights = np.cumsum(np.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)
    return np.asarray((weights[:, :-1] < uniform[:, None] * weights[:, -1:]).sum(axis=1))


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))
