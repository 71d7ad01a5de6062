"""What else a shop could become, and what its owner believes that it would earn there, from its own books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..agents.store import ONLINE_ONLY, OPEN, SHOWROOM, SHOWROOM_FLOOR
from .integration import contribution_margin

if TYPE_CHECKING:
    from ..agents.owner import Belief
    from ..agents.store import Store
    from .decisions import View

LOOKS_BACK = 6
"""Months of its own books from which a shop works out what else it could be."""
KIND = {SHOWROOM: "showroom", ONLINE_ONLY: "move online", OPEN: "come back"}
"""State -> the kind of decision by which a store turns into it."""
IN_WORDS = {
    SHOWROOM: "a smaller floor earns more beside its online sales",
    ONLINE_ONLY: "its online sales are worth more without the shop",
    OPEN: "a shop earns more again",
}


@dataclass(frozen=True)
class Alternative:
    """Another state of a store: what its owner believes of the profit there before rent (`belief`), the monthly `profit`
    that this comes to, and what getting there costs, in yuan."""

    state: str
    belief: Belief
    profit: float
    cost: float


@contextmanager
def as_if(store: Store, state: str) -> Iterator[None]:
    """Within the block a store's costs are those that it would have in another state."""
    was = store.state
    store.state = state
    try:
        yield
    finally:
        store.state = was


def alternatives(store: Store, view: View) -> list[Alternative]:
    """What a store could turn into this month, besides closing. It needs books."""
    able = [
        state for state in (OPEN, SHOWROOM, ONLINE_ONLY) if state != store.state and _can(store, view, state)
    ]
    return [_alternative(store, view, state) for state in able] if able and store.months else []


def _can(store: Store, view: View, state: str) -> bool:
    """Whether it can turn into a state today. A branch whose sisters sell online has no online shop of its own to go on
    with."""
    modes = [name for name in store.modes if view.modes[name].outlives_shop]
    if state == ONLINE_ONLY:
        sisters = store.model.chains[store.chain] if store.chain else []
        shared = any(mode in s.modes for mode in modes for s in sisters if s is not store and s.is_trading)
        return bool(modes) and not shared
    if state == SHOWROOM and not modes and store.showroom_income <= 0:
        return False
    return store.is_here or (store.circle.is_open and store.circle.vacant > 0)


def _alternative(store: Store, view: View, state: str) -> Alternative:
    """One of them. Turning costs `choice.refit_months` of the fixed cost of the larger of both, and what the lease asks of
    who leaves his unit."""
    owner = store.run_by
    assert owner is not None
    fixed, rent = _costs(store, store.state)
    there, rent_there = _costs(store, state)
    cost = owner.rules.choice.refit_months * max(fixed + rent, there + rent_there)
    if state == ONLINE_ONLY:
        cost += max(store.leaving_yuan(), 0.0)
    if store.state == ONLINE_ONLY:
        belief = _as_a_shop(store, view, SHOWROOM_FLOOR if state == SHOWROOM else 1.0)
        belief.mean += store.showroom_income if state == SHOWROOM else 0.0
        return Alternative(state, belief, belief.mean - rent_there, cost)
    months = store.months[-LOOKS_BACK:]
    channels = {mode.channel for mode in view.modes.values() if mode.outlives_shop}
    revenue = sum(m.revenue for m in months) / len(months) / 100
    online = sum(m.sales_by_channel.get(c, 0) for m in months for c in channels) / len(months) / 100
    shop = max(revenue - online, 0.0)
    smaller = SHOWROOM_FLOOR**view.spec.stores.size_weight
    inside = {
        SHOWROOM: shop * smaller,
        ONLINE_ONLY: owner.rules.choice.follow_online * shop,
        OPEN: shop / smaller,
    }[state]
    more = inside - shop
    paid = {SHOWROOM: store.showroom_income}
    profit = owner.belief.mean + contribution_margin(months) * more - (there - fixed)
    profit += paid.get(state, 0.0) - paid.get(store.state, 0.0)
    times = (revenue + more) / revenue if revenue > 0 else 1.0
    return Alternative(state, owner.afresh(store, profit, times), profit - rent_there, cost)


def _costs(store: Store, state: str) -> tuple[float, float]:
    """(Wages and overheads, rent) of a month in a state, in yuan."""
    with as_if(store, state):
        rent = store.rent_yuan()
        return store.fixed_cost_yuan() - rent, rent


def _as_a_shop(store: Store, view: View, times: float) -> Belief:
    """What the owner of a store that left its unit believes to earn there a month, before rent, with a floor `times` as
    large: what he believed when he left and, the more of it the longer that is ago, what shops of its category in its
    circle earn of usual sales."""
    owner = store.run_by
    assert owner is not None
    margin = view.circle_margin.get((store.circle.name, store.category), view.margin.get(store.category, 0.0))
    others = margin * store.usual_sales_yuan() + _costs(store, OPEN)[1]
    found = owner.afresh(store, times * others, times)
    if owner.before is not None:
        own, on = owner.before
        past = max((view.date - on).days, 0) / 365.25 * 12
        weight = 0.5 ** (past / owner.rules.choice.mode_memory_months)
        found.mean = times * (weight * own.mean + (1 - weight) * others)
        found.variance = min(times**2 * (own.variance + past * own.drift**2), found.variance)
    return found
