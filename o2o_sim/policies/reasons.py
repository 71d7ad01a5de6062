"""Why a store ends: what most set it apart, or which change would have kept it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..agents.owner import Opening
from ..market.ledger import LINE
from .integration import contribution_margin

if TYPE_CHECKING:
    from ..agents.store import Month, Store
    from .decisions import View

HALF_YEAR = 6
ORDERS = tuple(LINE[n] for n in ("delivery fees", "commission", "advertising", "handling", "delivery"))
WORDS = {
    "rent": "the rent is higher than at opening",
    "wages": "wages are higher than at opening",
    "orders": "deliveries and commissions cost more than at opening",
    "modes": "selling online costs more than it brings",
    "online": "sales went online",
    "rivals": "sales went to other shops",
    "luck": "bad luck",
    "offer": "something else seemed worth more",
    "appeal": "it attracts fewer people than others of its kind",
    "never lucky": "bad luck",
}
"""What may be against a store, and how a reason says it."""
TIERS = (
    ("rent", "wages", "orders", "modes", "online"),
    ("rivals",),
    ("luck", "offer"),
    ("appeal", "never lucky"),
)
"""The order in which they are asked whether that alone would have kept the store: the conditions that have changed since it
opened, who took its customers, chance, and what was against it from the beginning."""
NEVER = "the place never carried it"


def main_cause(store: Store, view: View) -> str:
    """In a few words, what most set a losing store apart: its rent, or its sales, and who took them."""
    months = store.months[-6:]
    if not months:
        return "no cash"
    revenue = sum(m.revenue for m in months) / len(months) / 100
    if revenue <= 0:
        return "no customers"
    rent = -sum(int(m.lines[LINE["rent"]]) for m in months) / len(months) / 100
    usual_rent = view.rent_share.get(store.format_name, 0.1)
    sales_gap = 1 - revenue / max(store.usual_sales_yuan(), 1.0)
    rent_gap = rent / revenue - usual_rent
    integration = -sum(int(m.lines[LINE["integration"]]) for m in months) / len(months) / 100
    causes = {
        "rent too high": rent - usual_rent * store.usual_sales_yuan(),
        "integration cost": integration,
        "sales too low": max(sales_gap, 0.0)
        * store.usual_sales_yuan()
        * max(contribution_margin(months), 0.0),
    }
    cause = max(causes, key=lambda k: causes[k])
    if cause == "sales too low":
        first = store.months[:6]
        was = sum(m.revenue for m in first) / len(first) / 100
        lost = was - revenue
        if lost > 0.1 * was and view.online_share.get(store.category, 0.0) > 0.25:
            return "sales lost, many to online"
        return "sales lost to other shops" if lost > 0.1 * was else "sales too low for the place"
    return cause if rent_gap > 0 or cause != "rent too high" else "sales too low for the place"


def true_cause(store: Store, view: View, gap: float, doubt: float, figures: dict[str, Any]) -> str:
    """The change that would have kept a store, in a few words; `gap` is by how many yuan a month the profit that its owner
    believes in is too low to go on, `doubt` how many of them are chance in his own mind.

    Each change is worth what undoing it would add to that profit. They are asked by the tiers above: the first that
    holds one that would have filled the gap alone gives the reason, its largest. Where none would have alone, the
    largest of all is the reason, or that the place never carried it, if even that is less than a quarter of the gap. All
    are kept in `figures`."""
    worth = rises(store, view) | {"offer": doubt}
    figures["what would have kept it (yuan/month)"] = {k: round(v, 2) for k, v in worth.items() if v > 0}
    figures["missing (yuan/month)"] = round(gap, 2)
    for tier in TIERS:
        best = max(tier, key=lambda k: worth[k])
        if worth[best] >= gap and worth[best] > 0:
            return WORDS[best]
    best = max(worth, key=lambda k: worth[k])
    return WORDS[best] if worth[best] > 0.25 * gap else NEVER


def opening_of(store: Store, view: View) -> Opening:
    """How a store opened, by its first half year, if it was not noted before."""
    owner = store.run_by
    if owner is not None and owner.opening is not None:
        return owner.opening
    first = store.months[:HALF_YEAR]
    return Opening(
        rent=usual_rent(store),
        sales=_sales(first),
        online=view.online_share.get(store.category, 0.0),
        wage=store.model.wage_yuan(),
        orders=_orders(first),
        luck_appeal=store.luck_appeal,
        luck_cost=store.luck_cost,
    )


def rises(store: Store, view: View) -> dict[str, float]:
    """By how many yuan a month its profit would be larger were each thing of `WORDS` undone but the owner's doubt. Nothing is
    counted twice: sales that went online or that luck took are not also lost to other shops."""
    last = store.months[-HALF_YEAR:]
    if not last:
        return dict.fromkeys((k for tier in TIERS for k in tier), 0.0)
    then = opening_of(store, view)
    sales, kept = _sales(last), max(contribution_margin(last), 0.0)
    now_online = view.online_share.get(store.category, 0.0)
    online = sales * max((1 - then.online) / max(1 - now_online, 0.05) - 1, 0.0)
    luck = sales * (math.exp(then.luck_appeal - store.luck_appeal) - 1)
    lost = then.sales - sales
    wages, wage = store.wages_yuan(), store.model.wage_yuan()
    modes = sum(min(h.contribution_fen[-1], 0) for h in store.modes.values() if h.contribution_fen) / 100
    worse = max(store.format.quality - store.quality, 0.0)
    usual = store.usual_sales_yuan()
    return {
        "rent": store.rent_yuan() - then.rent * store.floor_m2,
        "wages": wages * (1 - then.wage / wage) if wage > 0 else 0.0,
        "orders": (_orders(last) - then.orders) * sales,
        "modes": -modes,
        "online": kept * online,
        "rivals": kept * max(lost - online - max(luck, 0.0), 0.0),
        "luck": kept * luck + (store.luck_cost - then.luck_cost) * usual,
        "appeal": kept * sales * (math.exp(worse) - 1),
        "never lucky": kept * sales * (math.exp(-store.luck_appeal) - 1) + store.luck_cost * usual,
    }


def usual_rent(store: Store) -> float:
    """What a m2 of its unit cost a month when the run began, before the lever on rents."""
    circle = store.circle
    if store.fixed_rent_yuan_m2 is not None:
        return store.fixed_rent_yuan_m2
    density = float(circle.density_x[store.cell]) if circle.density_x is not None else 1.0
    return circle.first_rent * density * store.format.rent_x


def _sales(months: list[Month]) -> float:
    return sum(m.revenue for m in months) / max(len(months), 1) / 100


def _orders(months: list[Month]) -> float:
    """Share of sales that deliveries, handling and commissions take."""
    revenue = sum(m.revenue for m in months)
    spent = -sum(int(m.lines[list(ORDERS)].sum()) for m in months)
    return spent / revenue if revenue > 0 else 0.0
