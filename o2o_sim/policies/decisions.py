"""What a store can decide, and what it may look at when it does."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .rivals import LowestPrices, Neighbourhood, Rival

if TYPE_CHECKING:
    from datetime import date

    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..city.build import City
    from ..modes import Mode
    from ..scenario.schema import Spec
    from ..systems import System
    from .leaving import Leaving


@dataclass(frozen=True)
class Decision:
    """One decision of one month, with the figures that led to it.

    `kind` is `keep`, `price` (to `price_x`), `adopt` or `quit` (`mode`, `platform`), `showroom`, `move
    online`, `come back` or `close`, or one of the `kinds` of a special system; `reason` says in a few words why."""

    kind: str
    reason: str = ""
    mode: str = ""
    platform: Platform | None = None
    price_x: float = 1.0
    figures: dict[str, Any] = field(default_factory=dict)


KEEP = Decision("keep")
"""Nothing changes; without a reason it is no event."""


@dataclass
class View:
    """What everybody can see of the market this month. Policies read it and change nothing.

    `margin[category]` and `circle_margin[circle, category]` are median profits on sales last month;
    `holders[category, mode]` the share of open stores that hold a mode; `lift[mode]` the median share of
    sales that its holders make through it; `online_share[category]` the share of sales that went to parcels;
    `members[platform]` the share of consumers who are members; `orders[platform, category]` a month's local
    orders, in fen; `modes` are the ways of integrating there are, by name, and `systems` the special systems
    that are on, which may forbid a store a mode.
    `shop_prices[circle, category]` are (price asked of its own accord, store number, cell) of all shops of
    that main category, and `online_price[category]` the cheapest parcel, fee included; prices in usual
    tickets. `city` is the ground, `store_names` are those of all stores by number; `leaving` says when stores leave, by
    default after long losses."""

    date: date
    spec: Spec
    platforms: list[Platform]
    margin: dict[str, float]
    circle_margin: dict[tuple[str, str], float]
    holders: dict[tuple[str, str], float]
    lift: dict[str, float]
    online_share: dict[str, float]
    members: dict[str, float]
    orders: dict[tuple[str, str], float]
    rent_share: dict[str, float]
    modes: dict[str, Mode]
    systems: list[System] = field(default_factory=list)
    shop_prices: dict[tuple[str, str], list[tuple[float, int, int]]] = field(default_factory=dict)
    online_price: dict[str, float] = field(default_factory=dict)
    city: City | None = None
    store_names: list[str] = field(default_factory=list)
    leaving: Leaving | None = None
    _near: dict[str, Neighbourhood] = field(default_factory=dict, repr=False)
    _prices: dict[tuple[str, str], LowestPrices] = field(default_factory=dict, repr=False)

    def rivals(
        self, store: Store, *, km: float = math.inf, minutes: float = math.inf, n: int | None = None
    ) -> list[Rival]:
        """The other shops of the store's main category, as they were before anybody decided this month: those
        within `km` (as the crow flies, between the middles of cells) and `minutes` (one way, door to door,
        from the store), the `n` nearest of them. Nearest first, by minutes if these are asked for, else by
        km; of equally near ones the smaller store number. Empty for who has no unit."""
        if self.city is None or not store.is_here:
            return []
        category = store.category
        if category not in self._near:
            shops = [s for (_, c), some in self.shop_prices.items() if c == category for s in some]
            self._near[category] = Neighbourhood(shops, self.store_names, self.city, self.date)
        return self._near[category].near(store, km, minutes, n)

    def lowest_price(self, store: Store, km: float) -> float:
        """The lowest price, in usual tickets, that the other shops of the store's main category in its circle ask of their
        own accord; on streets of those within `km`, as the crow flies between the middles of cells. Infinite if there
        are none."""
        at = (store.circle.name, store.category)
        if at not in self._prices:
            self._prices[at] = LowestPrices(self.shop_prices.get(at, ()))
        grid = store.model.city.grid
        return self._prices[at].seen_from(
            store.number, store.cell, grid, km if store.circle.is_street else math.inf
        )


class StorePolicy:
    """Base of all store policies: one decision a month. `chance` is the store's own draw of the month.

    `matches_prices` says that the price it asks is only others' price, below a list price of its own.
    """

    matches_prices = False

    def review(self, store: Store, view: View, chance: float) -> Decision:
        raise NotImplementedError
