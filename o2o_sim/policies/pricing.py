"""Stores that follow the prices of others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..agents.store import OPEN, SHOWROOM
from .decisions import Decision, View
from .store import Satisficing

if TYPE_CHECKING:
    from ..agents.store import Store

SAME = 1e-6
"""Prices that differ by less are the same price: a hundredth of a fen at most tickets."""


class PriceMatch(Satisficing):
    """As satisficing, but it does not look for a price of its own: it takes the lowest that it sees.

    It looks at rivals around and at parcels, as `stores.price_match` says, every month, content or not. It
    never asks more than its list price, and never follows below its margin floor. Of a rival that matches too
    it looks at the list price, or two would hold each other down for ever. (Of what such promises do when all
    give them: Salop
    1986.)
    """

    matches_prices = True

    def review(self, store: Store, view: View, chance: float) -> Decision:
        decision = super().review(store, view, chance)
        return self.match(store, view, decision.figures) if decision.kind == "keep" else decision

    def move_price(self, store: Store, step: float, figures: dict) -> Decision:
        """It looks for none."""
        return Decision("keep", figures=figures)

    def match(self, store: Store, view: View, figures: dict) -> Decision:
        """To the lowest price seen, between its floor and its list price."""
        if store.state not in (OPEN, SHOWROOM):
            return Decision("keep", "nobody comes in to compare", figures=figures)
        rules, c = view.spec.stores.price_match, view.spec.categories[store.category]
        goods = (1 - c.gross_margin) * store.cost_x
        cost = goods * (1 + c.spoilage_per_day * c.stock_days)
        asked, floor = store.format.markup_x, cost / (1 - rules.margin_floor)
        rival = view.lowest_price(store, rules.rivals_km) if rules.rivals else math.inf
        online = view.online_price.get(store.category, math.inf) if rules.online else math.inf
        price = min(max(min(rival, online), floor), asked)
        seen = {"lowest rival (x usual price)": rival, "cheapest parcel (x usual price)": online}
        figures = figures | {"lowest it would go to (x usual price)": round(floor, 4)}
        figures |= {name: round(p, 4) for name, p in seen.items() if p < math.inf}
        price_x = price / asked
        if abs(price_x - store.price_x) < SAME:
            return Decision("keep", "its price is matched", figures=figures)
        why = "matches a rival" if rival <= online else "matches a parcel"
        if price == asked:
            why = "nobody is cheaper"
        elif price == floor:
            why += ", as far as its floor"
        return Decision("price", why, price_x=price_x, figures=figures)
