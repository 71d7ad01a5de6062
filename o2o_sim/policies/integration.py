"""What a store expects of each way to integrate, from its own books and what it sees of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..streams import uniforms
from .decisions import View

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Month, Store
    from ..modes import Mode

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
    for name, mode in view.modes.items():
        said = mode.settings
        if name in store.modes or not said.available or (said.start and view.date < said.start):
            continue
        sharers = store.sharers(name)
        cost = (said.fixed_yuan_month + said.setup_yuan / SETUP_MONTHS) / sharers
        skilled = store.skill >= 0.5 * said.skill
        affordable = (
            store.cash_yuan + store.credit_yuan / 2 >= (said.setup_yuan + 2 * said.fixed_yuan_month) / sharers
        )
        if not skilled or not affordable:
            continue
        for platform in _partners(mode, store, view):
            if not all(system.allows(store, name, platform) for system in view.systems):
                continue
            extra, kept = mode.expects(store, view, sales, margin, platform)
            crowd = 1 + rules.bandwagon * view.holders.get((store.category, name), 0.0)
            extra *= rules.optimism * crowd * store.fit(name)
            orders = extra / spec.categories[store.category].ticket_yuan
            gain = extra * kept - mode.order_cost_yuan(spec) * orders
            if store.run_by is not None:
                gain = store.run_by.expects(name, gain, view.date)
            found.append(Option(name, platform, gain, cost, extra))
    return sorted(found, key=lambda o: (-(o.gain - o.cost), o.mode, o.platform.name if o.platform else ""))


def _partners(mode: Mode, store: Store, view: View) -> list[Platform | None]:
    """With whom a store thinks of taking a mode up: of several platforms, with the one whose agent calls."""
    found = mode.partners(store, view)
    platforms = [p for p in found if p is not None]
    return [caller(mode.name, store, platforms)] if len(platforms) > 1 else found


def caller(mode: str, store: Store, platforms: list[Platform]) -> Platform:
    """The one of several platforms whose agent calls this month, by their members. Were all compared, every
    shop would sign with whichever has one member more, and no second platform could ever begin."""
    model = store.model
    u = uniforms(model.seed_number, f"agents of {mode}", model.day, np.full(1, store.bits))[0]
    weight = np.cumsum([p.members + 1e-9 for p in platforms])
    return platforms[int(np.searchsorted(weight / weight[-1], u, side="right"))]
