"""Stores that ask the price that pays best as long as nobody else moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..agents.store import OPEN, SHOWROOM
from ..market.expected import Needs, usual_needs
from .decisions import Decision, View
from .pricing import SAME
from .store import Satisficing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..agents.store import Store
    from ..market.offers import Offer, Table
    from ..model import O2OModel
    from ..scenario.blocks.best_response import BestResponse as BestResponseSpec

LOOKS = 11
"""Prices over the whole range that are tried before the best of them is refined, for a profit of several
peaks."""
DIGITS = 6
"""Decimals of a price relative to the format's, so that the last bit of a sum moves no choice."""


class BestResponse(Satisficing):
    """As satisficing, but its price is the best answer to what all others ask today (Bertrand 1883).

    Every month, content or not, it works out what it would sell at each price from
    `stores.best_response.lowest_x` to `highest_x` of its format's, to the people there are and with all other
    offers as they stand, and takes the price of the largest expected sum of (what it gets less what the
    purchase costs it). All who do so move at a time, each to where others stood: where that comes to rest,
    nobody gains by moving alone (Nash 1950). Queues are those that people expect today; that a full shop
    turns people away, and that others will answer, it does not see."""

    def review(self, store: Store, view: View, chance: float) -> Decision:
        decision = super().review(store, view, chance)
        return self.answer(store, view, decision.figures) if decision.kind == "keep" else decision

    def move_price(self, store: Store, step: float, figures: dict) -> Decision:
        """It does not feel its way."""
        return Decision("keep", figures=figures)

    def answer(self, store: Store, view: View, figures: dict) -> Decision:
        """To the price that it expects to earn most with."""
        rules = view.spec.stores.best_response
        curve = ProfitCurve(store, rules) if store.state in (OPEN, SHOWROOM) else None
        if curve is None or not curve.sells:
            return Decision("keep", "it asks no price of its own", figures=figures)
        price_x = best_price(curve, rules.lowest_x, rules.highest_x)
        figures = figures | {
            "expected margin on goods (yuan/day)": round(curve(store.price_x), 2),
            "the same at the new price (yuan/day)": round(curve(price_x), 2),
        }
        if abs(price_x - store.price_x) < SAME:
            return Decision("keep", "its price is the best answer to others'", figures=figures)
        return Decision("price", "earns most at others' prices", price_x=price_x, figures=figures)


def best_price(profit: Callable[[float], float], lowest: float, highest: float) -> float:
    """Where a function of a price is largest within bounds: the best of `LOOKS` prices, then Brent's (1973)
    search between its neighbours."""
    from scipy.optimize import minimize_scalar  # takes 0.1 s, which other runs need not wait for

    tried = np.linspace(lowest, highest, LOOKS)
    earned = np.array([profit(float(x)) for x in tried])
    k = int(np.argmax(earned))
    a, b = tried[max(k - 1, 0)], tried[min(k + 1, LOOKS - 1)]
    if a == b:
        return round(float(tried[k]), DIGITS)
    found = minimize_scalar(
        lambda x: -profit(float(x)), bounds=(a, b), method="bounded", options={"xatol": 1e-6}
    )
    return round(float(found.x if -found.fun > earned[k] else tried[k]), DIGITS)


class ProfitCurve:
    """What a store expects to earn in a day, before fixed costs, in yuan, as a function of its price.

    `sells` is False where it has no offer with a price of its own.
    """

    def __init__(self, store: Store, rules: BestResponseSpec):
        self.model, self.now = store.model, store.price_x
        table = self.model.table
        self.table: Table = table
        mine = np.flatnonzero(table.store == store.number)
        # A platform's display in the shop is at this place, but what it sells is the platform's.
        own = [r for r in mine if table.seller[r] == store.account]
        platforms_price = {m.channel for m in self.model.modes.values() if m.platform_sets_price}
        self.rows = np.array([r for r in own if table.rows[r].channel not in platforms_price], np.int64)
        self.sells = len(self.rows) > 0
        self.needs = _some(might_come(self.model, self.rows, rules.census), rules.people)

    def __call__(self, price_x: float) -> float:
        columns, margins = self.table.columns.copy(), np.zeros(len(self.rows))
        for k, r in enumerate(self.rows):
            columns["price"][r], margins[k] = at_price(self.table.rows[r], price_x / self.now)
        earned = 0.0
        for share, workday in kinds_of_day(self.model):
            expected = self.model.expected_sales(self.needs, columns=columns, workday=workday)
            earned += share * float(np.dot(expected.purchases[self.rows], margins))
        return earned * self.model.expansion_factor


def kinds_of_day(model: O2OModel) -> list[tuple[float, bool]]:
    """(share of the days of a week, whether they are working days), where people look round differently."""
    free = len(set(model.spec.calendar.weekend)) / 7
    if not model.spec.consumers.work_anchor:
        return [(1.0, False)]
    return [(share, day) for share, day in ((1 - free, True), (free, False)) if share > 0]


def might_come(model: O2OModel, rows: np.ndarray, census: bool) -> Needs:
    """The needs of a usual day that some of these offers could meet: their categories', of who lives or works
    on a list on which one of them stands, and of followers."""
    people, table, habits = model.consumers.columns, model.table, model.habits
    assert table.lists is not None
    needs = usual_needs(
        people,
        habits.every_days,
        habits.elasticity,
        model.city.residents if census else None,
        habits.frequency,
    )
    lists = table.lists
    tile = lists.tiles.tile
    on = np.flatnonzero(np.isin(lists.offer, rows))
    found = np.zeros(len(lists.start) - 1, bool)
    found[np.searchsorted(lists.start.astype(np.int64), on, side="right") - 1] = True
    who, c = people.record[needs.consumer], needs.category
    near = found[tile[c, who["home"]]] | found[lists.delivered + tile[c, who["home"]]]
    near |= found[lists.everywhere + c]
    near |= (who["work"] >= 0) & found[tile[c, np.maximum(who["work"], 0)]]
    stores = max(1, len(model.stores))
    near |= (who["follows"] >= 0) & found[lists.followers + c * stores + np.maximum(who["follows"], 0)]
    return Needs(needs.consumer[near], c[near], needs.weight[near])


def _some(needs: Needs, most: int) -> Needs:
    """At most so many of them, evenly spread, who stand for all."""
    n = len(needs.consumer)
    if n <= most:
        return needs
    few = (2 * np.arange(most) + 1) * n // (2 * most)
    return Needs(needs.consumer[few], needs.category[few], needs.weight[few] * (n / most))


def at_price(offer: Offer, times: float) -> tuple[float, float]:
    """An offer at its price times a factor: (what the customer weighs, what is left to the seller, in yuan).

    Discounts, commissions and advertising are shares of the price; subsidies, fees and costs stay.
    """
    price, discount = offer.price * times, offer.discount * times
    shares = (offer.commission + offer.advertising) * times
    left = price - discount - shares - offer.goods - offer.spoilage - offer.handling
    if offer.carrier in (-1, offer.seller):
        left += offer.fee - offer.delivery
    net = price - discount - offer.subsidy + offer.fee
    return net / offer.usual * offer.price_weight, left
