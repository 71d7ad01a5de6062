"""What a store expects of each way to integrate, from its own books and what it sees of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..agents.modes import PUBLISH, works_with
from ..streams import uniforms
from .decisions import View

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Month, Store

MODES = tuple(PUBLISH)
SETUP_MONTHS = 24
"""Months over which a store spreads what it costs to begin."""


@dataclass(frozen=True)
class Option:
    """An affordable way to integrate, with what the store expects of it per month, in yuan.

    `kind` is the kind of decision that takes it up.
    """

    mode: str
    platform: Platform | None
    gain: float
    cost: float
    extra_sales: float
    kind: str = "adopt"

    def figures(self) -> dict[str, float | str]:
        """For the log."""
        return {
            "expected gain (yuan/month)": round(self.gain, 2),
            "cost (yuan/month)": round(self.cost, 2),
            "expected extra sales (yuan/month)": round(self.extra_sales, 2),
            "platform": self.platform.name if self.platform else "",
        }

    def in_short(self) -> dict[str, float | str]:
        """For the list of what was considered, with those that were not taken."""
        partner = self.platform.name if self.platform else ""
        return {
            "mode": self.mode or self.kind,
            "platform": partner,
            "gain": round(self.gain),
            "cost": round(self.cost),
        }


def contribution_margin(months: list[Month]) -> float:
    """What is left of a yuan of revenue after goods and all that grows with it."""
    revenue = sum(m.revenue for m in months)
    variable = sum(m.variable for m in months)
    return (revenue + variable) / revenue if revenue > 0 else 0.0


def options(store: Store, view: View) -> list[Option]:
    """All modes that the store does not hold, could adopt today, can pay and has some skill for, best
    first."""
    spec = view.spec
    rules = spec.stores.satisficing
    if store.format.integrates_from is not None and view.date < store.format.integrates_from:
        return []
    months = store.months[-rules.memory_months :]
    sales = sum(m.revenue for m in months) / len(months) / 100
    margin = contribution_margin(months)
    found = []
    for name in MODES:
        mode = getattr(spec.modes, name)
        if name in store.modes or not mode.available or (mode.start and view.date < mode.start):
            continue
        sharers = store.sharers(name)
        cost = (mode.fixed_yuan_month + mode.setup_yuan / SETUP_MONTHS) / sharers
        skilled = store.skill >= 0.5 * mode.skill
        affordable = (
            store.cash_yuan + store.credit_yuan / 2 >= (mode.setup_yuan + 2 * mode.fixed_yuan_month) / sharers
        )
        if not skilled or not affordable:
            continue
        for platform in _partners(name, store, view):
            if not all(system.allows(store, name, platform) for system in view.systems):
                continue
            extra, kept = _expect(name, store, view, sales, margin, platform)
            crowd = 1 + rules.bandwagon * view.holders.get((store.category, name), 0.0)
            extra *= rules.optimism * crowd * store.fit(name)
            per_order = mode.per_order_yuan + (
                0
                if name in ("partnership", "group", "marketplace", "alliance", "warehouse")
                else (mode.delivery_cost_yuan - mode.delivery_fee_yuan) * spec.levers.logistics_x
            )
            orders = extra / spec.categories[store.category].ticket_yuan
            found.append(Option(name, platform, extra * kept - per_order * orders, cost, extra))
    return sorted(found, key=lambda o: (-(o.gain - o.cost), o.mode, o.platform.name if o.platform else ""))


def _partners(mode: str, store: Store, view: View) -> list[Platform | None]:
    """With whom a mode can be had."""
    if mode in ("social", "app", "alliance"):
        useful = any(view.spec.categories[c].delivery_reach_min > 0 for c in store.floor)
        return [None] if useful else []
    found = [p for p in view.platforms if not p.is_broke and any(works_with(p, mode, c) for c in store.floor)]
    return [caller(mode, store, found)] if len(found) > 1 else [*found]


def caller(mode: str, store: Store, platforms: list[Platform]) -> Platform:
    """The one of several platforms whose agent calls this month, by their members. Were all compared, every
    shop would sign with whichever has one member more, and no second platform could ever begin."""
    model = store.model
    u = uniforms(model.seed_number, f"agents of {mode}", model.day, np.full(1, store.bits))[0]
    weight = np.cumsum([p.members + 1e-9 for p in platforms])
    return platforms[int(np.searchsorted(weight / weight[-1], u, side="right"))]


def _expect(
    name: str, store: Store, view: View, sales: float, margin: float, platform: Platform | None
) -> tuple[float, float]:
    """(extra sales in yuan a month, share of them kept after variable cost), before optimism and skill."""
    spec = view.spec
    mode = getattr(spec.modes, name)
    if name == "marketplace" and platform is not None:
        extra = sum(
            view.orders.get((platform.name, c), 0.0) / 100 * mode.market_share
            for c in store.floor
            if platform.carries(c)
        )
        c = spec.categories[store.category]
        price = c.online_price_x * platform.spec.price_x
        cost = (1 - c.gross_margin) * store.format.cost_x
        kept = (price - cost) / price - platform.commission - platform.advertising_share()
        kept -= (
            platform.parcel_cost(store.category)
            * (1 - platform.spec.parcel.fee_share)
            / (price * c.ticket_yuan)
        )
        return extra, kept
    seen = view.lift.get(name)
    lift = mode.hoped_lift if seen is None else 0.5 * (seen + mode.hoped_lift)
    if name == "partnership" and platform is not None:
        reach = view.members.get(platform.name, 0.0)
        kept = margin - platform.commission - platform.spec.coupon_discount
        return sales * lift * min(1.0, 2 * reach), kept
    if name == "group" and platform is not None and (deals := platform.spec.group_deals) is not None:
        reach = view.members.get(platform.name, 0.0)
        # Of a yuan that customers pay, which buys more than a yuan's worth of goods.
        kept = 1 - deals.commission - (1 - margin) / (1 - deals.discount)
        return sales * lift * min(1.0, 2 * reach), kept
    if name == "warehouse" and platform is not None and platform.spec.from_stores is not None:
        # Only what the platform sells from stores counts, and of that a part of the gain after delivery.
        terms = platform.spec.from_stores
        sold = {c: share for c, share in store.floor.items() if c in terms.categories}
        ticket = spec.categories[max(sold, key=lambda c: sold[c])].ticket_yuan
        brings = terms.hired_yuan if terms.couriers == "hired" else mode.delivery_cost_yuan
        lost = (brings - mode.delivery_fee_yuan) * spec.levers.logistics_x / ticket
        reach = min(1.0, 2 * view.members.get(platform.name, 0.0))
        return sales * lift * reach * sum(sold.values()), terms.store_share * (margin - lost)
    return sales * lift, margin
