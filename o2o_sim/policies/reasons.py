"""Why a store ends: what most set it apart, or which change would have kept it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..agents.owner import Opening, Seen
from ..market.ledger import LINE
from .integration import contribution_margin

if TYPE_CHECKING:
    from ..agents.store import Month, Store
    from .decisions import View

HALF_YEAR, YEAR = 6, 12
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
"""The order in which they are asked whether that would have kept the store: the conditions that have changed since it
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


def why_gave_up(store: Store, view: View, gap: float, doubt: float, figures: dict[str, Any]) -> str:
    """The change that would have kept a store that was left, in a few words; `gap` is by how many yuan a month the profit in
    which its owner believes is too low to go on, `doubt` how much of that is chance in his own mind."""
    worth = believed(store, changes(store, view), view)
    return _reason(worth | {"offer": max(doubt, 0.0)}, gap, figures)


def why_insolvent(store: Store, view: View, short: float, figures: dict[str, Any]) -> str:
    """The change that would have kept a store whose money is gone, in a few words; `short` yuan are missing today.

    It would have been kept by what pays for its past and for another year at the loss that its owner expects. Each
    change is worth what it cost in all months and is believed to cost in that year; all are given as a mean of those
    months, in yuan."""
    owner = store.run_by
    assert owner is not None
    found, months = changes(store, view), len(store.months) + YEAR
    ahead = believed(store, found, view)
    worth = {name: (sum(x) + YEAR * ahead[name]) / months for name, x in found.items()}
    gap = (YEAR * max(-owner.profit(store), 0.0) + short) / months
    return _reason(worth | {"offer": 0.0}, gap, figures)


def believed(store: Store, found: dict[str, list[float]], view: View) -> dict[str, float]:
    """What undoing each change from the beginning would add to the monthly profit in which its owner believes, in yuan.

    His belief is a weighted mean of what he saw (`Seen.gain`), so that the same weights are given to what a change cost in
    each month. Of the rent he knows what it will be."""
    owner = store.run_by
    assert owner is not None
    worth = {name: _weighted([month.gain for month in owner.seen], x) for name, x in found.items()}
    return worth | {"rent": owner.rent(store) - opening_of(store, view).rent * store.floor_m2}


def _reason(worth: dict[str, float], gap: float, figures: dict[str, Any]) -> str:
    """The first tier whose changes, undone together, would have filled the gap gives the reason: the largest of them.
    Where none would have, the largest of all is the reason, or that the place never carried it, if even that is less
    than a quarter of the gap. All are kept in `figures`."""
    figures["what would have kept it (yuan/month)"] = {k: round(v, 2) for k, v in worth.items() if v > 0}
    figures["missing (yuan/month)"] = round(gap, 2)
    for tier in TIERS:
        best = max(tier, key=lambda k: worth[k])
        if worth[best] > 0 and sum(max(worth[k], 0.0) for k in tier) >= gap:
            return WORDS[best]
    best = max(worth, key=lambda k: worth[k])
    return WORDS[best] if worth[best] > 0.25 * gap else NEVER


def opening_of(store: Store, view: View) -> Opening:
    """How a store opened: as noted of a sitting tenant, or its sales by its first half year and all else by its first
    month."""
    owner = store.run_by
    if owner is not None and owner.opening is not None:
        return owner.opening
    first, began, online = store.months[:HALF_YEAR], _seen(store)[0], _online(store, view)[0]
    return Opening(
        rent=usual_rent(store),
        sales=_mean([m.revenue / 100 / s.season for m, s in zip(first, _seen(store))]),
        online=online,
        wage=began.wage,
        orders=_orders(first),
        luck_appeal=began.luck_appeal,
        luck_cost=began.luck_cost,
    )


def changes(store: Store, view: View) -> dict[str, list[float]]:
    """What each thing of `WORDS` but the owner's doubt cost a store in each month, in yuan: by how much its profit would have
    been larger without it. Nothing is counted twice: sales that went online or that luck took are not also lost to other
    shops."""
    names = [name for tier in TIERS for name in tier if name != "offer"]
    if not store.months:
        return {name: [] for name in names}
    then = opening_of(store, view)
    rows = [
        _cost(store, then, month, seen, online)
        for month, seen, online in zip(store.months, _seen(store), _online(store, view), strict=True)
    ]
    found = {name: [row[name] for row in rows] for name in rows[0]}
    return found | {"modes": _modes(store)}


def _cost(store: Store, then: Opening, month: Month, seen: Seen, online_share: float) -> dict[str, float]:
    """What each change since the opening, but its ways of integrating, cost in a month."""
    sales, kept = month.revenue / 100 / seen.season, max(contribution_margin([month]), 0.0)
    online = sales * max((1 - then.online) / max(1 - online_share, 0.05) - 1, 0.0)
    luck = sales * (math.exp(then.luck_appeal - seen.luck_appeal) - 1)
    usual, worse = store.usual_sales_yuan(), max(store.format.quality - store.quality, 0.0)
    return {
        "rent": _paid(month, "rent") - then.rent * seen.floor_m2,
        "wages": _paid(month, "wages") * (1 - then.wage / seen.wage) if seen.wage > 0 else 0.0,
        "orders": (_orders([month]) - then.orders) * sales,
        "online": kept * online,
        "rivals": kept * (then.sales - sales - online - max(luck, 0.0)),
        "luck": kept * luck + (seen.luck_cost - then.luck_cost) * usual,
        "appeal": kept * sales * (math.exp(worse) - 1),
        "never lucky": kept * sales * (math.exp(-seen.luck_appeal) - 1) + seen.luck_cost * usual,
    }


def _modes(store: Store) -> list[float]:
    """What the ways of integrating that it holds lost in each month, in yuan; a gain is none."""
    lost = [0.0] * len(store.months)
    for held in store.modes.values():
        brought = held.contribution_fen[-len(lost) :]
        for k, fen in enumerate(reversed(brought), 1):
            lost[-k] -= min(fen, 0) / 100
    return lost


def _seen(store: Store) -> list[Seen]:
    """How things stood in each of its months."""
    return store.run_by.seen if store.run_by is not None else []


def _online(store: Store, view: View) -> list[float]:
    """The share of its category that parcels had in each of its months."""
    return [
        *(month.online_before for month in _seen(store)[1:]),
        view.online_share.get(store.category, 0.0),
    ]


def _weighted(gains: list[float], seen: list[float]) -> float:
    """The mean of who believed 0 and then saw these, each with its weight."""
    mean = 0.0
    for gain, x in zip(gains, seen, strict=True):
        mean += gain * (x - mean)
    return mean


def usual_rent(store: Store) -> float:
    """What a m2 of its unit cost a month when the run began, before the lever on rents."""
    circle = store.circle
    if store.fixed_rent_yuan_m2 is not None:
        return store.fixed_rent_yuan_m2
    density = float(circle.density_x[store.cell]) if circle.density_x is not None else 1.0
    return circle.first_rent * density * store.format.rent_x


def _paid(month: Month, line: str) -> float:
    """What was paid in a month for something, in yuan."""
    return -int(month.lines[LINE[line]]) / 100


def _mean(values: list[float]) -> float:
    return sum(values) / max(len(values), 1)


def _orders(months: list[Month]) -> float:
    """Share of sales that deliveries, handling and commissions take."""
    revenue = sum(m.revenue for m in months)
    spent = -sum(int(m.lines[list(ORDERS)].sum()) for m in months)
    return spent / revenue if revenue > 0 else 0.0
