"""The last day of a month: bills are paid, books are read, everybody decides, units are let again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from . import setup
from .agents.circle import Circle
from .agents.platform import Platform
from .agents.sites import free_name, street_cells
from .agents.store import CLOSED, ONLINE_ONLY, OPEN, SHOWROOM, Store
from .market.ledger import LINE
from .market.offers import EVERYWHERE
from .policies.decisions import Decision, View
from .policies.prospects import Market
from .streams import name_bits, stream, uniforms
from .units import is_month_end

if TYPE_CHECKING:
    from .model import O2OModel
    from .systems.base import Agent

DAYS_A_YEAR = 365.25


def review(model: O2OModel) -> None:
    """Nothing, but for the last day of a month."""
    if not is_month_end(model.date):
        return
    trading = [s for s in model.stores if s.is_trading]
    pay_bills(model, trading)
    for platform in model.platforms:
        platform.pay_month()
    for system in model.systems:
        system.bills()
    for store in trading:
        store.close_month()
    model.view = market_view(model, trading)
    model.recorder.month(trading)
    own = [agent for system in model.systems for agent in system.agents()]
    for agent in in_turn(model, [*model.circles.values(), *model.platforms, *trading, *own]):
        _DECIDE.get(type(agent), _own_agent)(model, agent)
    for store in trading:
        if store.is_trading:
            store.pay_out()
    let_vacant_units(model)
    diffuse_adoption(model)
    for system in model.systems:
        system.month_end()
    model.recorder.close_month()
    model.ledger.close_month()
    model.month.clear()
    model.offers_changed = True


def pay_bills(model: O2OModel, trading: list[Store]) -> None:
    """Stores pay for the month; what all pay for one line is booked at once."""
    due: dict[str, list[tuple[int, int, int]]] = {}
    for store in trading:
        for line, paid, amount in store.bills():
            due.setdefault(line, []).append((store.account, paid, amount))
    for line, rows in due.items():
        model.ledger.book(line, *np.array(rows, np.int64).T)


def in_turn(model: O2OModel, agents: list) -> list:
    """Agents in an order drawn for the month, each by its own name."""
    ids = np.array([name_bits(a.name) for a in agents], dtype=np.uint64)
    u = uniforms(model.seed_number, "turn to decide", model.day, ids)
    return [agents[k] for k in np.argsort(u, kind="stable")]


def market_view(model: O2OModel, trading: list[Store]) -> View:
    """What everybody can see of the market this month."""
    margins: dict[str, list[float]] = {}
    around: dict[tuple[str, str], list[float]] = {}
    rents: dict[str, list[float]] = {}
    held: dict[tuple[str, str], list[bool]] = {}
    lifts: dict[str, list[float]] = {}
    prices: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
    for s in trading:
        if s.is_here:
            own = 1.0 if getattr(s.policy, "matches_prices", False) else s.price_x
            asked = (s.format.markup_x * own, s.number, s.cell)
            prices.setdefault((s.circle.name, s.category), []).append(asked)
        month = s.months[-1]
        if month.revenue > 0:
            margin = month.profit / month.revenue
            margins.setdefault(s.category, []).append(margin)
            around.setdefault((s.circle.name, s.category), []).append(margin)
            rents.setdefault(s.format_name, []).append(-int(month.lines[LINE["rent"]]) / month.revenue)
        for name, mode in model.modes.items():
            held.setdefault((s.category, name), []).append(name in s.modes)
            if name in s.modes and month.revenue > 0:
                through = month.sales_by_channel.get(mode.channel, 0)
                lifts.setdefault(name, []).append(through / month.revenue)
    online, orders = model.recorder.parcels_this_month()
    return View(
        date=model.date,
        spec=model.spec,
        platforms=model.platforms,
        margin={k: median(v) for k, v in margins.items()},
        circle_margin={k: median(v) for k, v in around.items()},
        holders={k: sum(v) / len(v) for k, v in held.items()},
        lift={k: median(v) for k, v in lifts.items()},
        online_share=online,
        members={p.name: p.members for p in model.platforms},
        orders=orders,
        modes=model.modes,
        rent_share={k: median(v) for k, v in rents.items()},
        systems=model.systems,
        shop_prices=prices,
        online_price=_online_prices(model),
        city=model.city,
        store_names=model.store_names,
        leaving=model.leaving,
    )


def _online_prices(model: O2OModel) -> dict[str, float]:
    """The cheapest parcel of each category, in usual tickets: what the customer pays, fee included."""
    t = model.table
    c = t.columns
    paid = t.fen["price"] - t.fen["discount"] - t.fen["subsidy"] + t.fen["fee"]
    usual = 100 * model.expansion_factor * np.array([r.usual for r in t.rows])  # of the season, too
    found: dict[str, float] = {}
    for name, number in model.category_number.items():
        parcels = (t.seen == EVERYWHERE) & (c["platform"] > 0) & (c["category"] == number)
        if parcels.any():
            found[name] = float((paid[parcels] / usual[parcels]).min())
    return found


# -- decisions -----------------------------------------------------------------------------------------------
def _landlord(model: O2OModel, circle: Circle) -> None:
    if not circle.is_open or circle.units == 0:
        return
    rent = circle.policy.decide(circle, model.spec.landlords)
    if rent != circle.rent:
        model.log(
            circle.name,
            "landlord",
            "rent",
            getattr(circle.policy, "why", "") or ("vacancy" if circle.vacancy else "fully let"),
            **{
                "rent before (yuan/m2/month)": round(circle.rent, 4),
                "rent (yuan/m2/month)": round(rent, 4),
                "vacancy": round(circle.vacancy, 4),
            },
        )
    circle.rent = rent


def _platform(model: O2OModel, p: Platform) -> None:
    before = p.subsidy_yuan
    p.subsidy_yuan = p.policy.decide(p, [r for r in model.platforms if r is not p])
    days = min(model.date.day, model.day + 1)  # a run may begin within a month
    p.drops_a_day = model.recorder.parcel_count(p) * model.expansion_factor / days
    p.sellers *= (1 + p.spec.sellers_growth) ** (1 / 12)
    if p.subsidy_yuan != before or p.spent_fen:
        model.log(
            p.name,
            "platform",
            "subsidy",
            type(p.policy).__name__,
            **{
                "subsidy before (yuan/order)": before,
                "subsidy (yuan/order)": p.subsidy_yuan,
                "spent this month (yuan)": p.spent_fen / 100,
                "cash (yuan)": round(p.cash_yuan, 2),
                "members": round(p.members, 4),
            },
        )
    p.paid_fen, p.spent_fen = p.paid_fen + p.spent_fen, 0


def _store(model: O2OModel, store: Store) -> None:
    chance = float(uniforms(model.seed_number, "review", model.day, np.full(1, store.bits))[0])
    decision = store.policy.review(store, model.view, chance)
    carry_out(model, store, decision)
    for system in model.systems:
        system.decided(store, decision)


def carry_out(model: O2OModel, store: Store, d: Decision) -> None:
    """Do what a store decided, and log it."""
    if d.kind == "keep" and not d.figures:
        return
    detail = d.kind if not d.mode else f"{d.kind} {d.mode}"
    if d.kind == "adopt":
        store.adopt(d.mode, d.platform)
    elif d.kind == "quit":
        store.quit(d.mode)
    elif d.kind == "price":
        store.price_x = d.price_x
    elif d.kind == "showroom":
        store.become(SHOWROOM, d.reason)
    elif d.kind == "move online":
        store.become(ONLINE_ONLY, d.reason)
    elif d.kind == "come back":
        store.become(OPEN, d.reason)
    elif d.kind == "close":
        store.become(CLOSED, d.reason)
    elif d.kind != "keep" and not any(d.kind in system.kinds for system in model.systems):
        raise ValueError(
            f"{type(store.policy).__name__} decided {d.kind!r}, which is no decision a store can take"
        )
    figures = dict(d.figures)
    if d.kind == "price":
        figures["price"] = round(d.price_x, 4)
    model.log(store.name, "store", detail, d.reason, **figures)


def _own_agent(model: O2OModel, agent: Agent) -> None:
    agent.decide(model)


_DECIDE: dict[type, Callable[[O2OModel, Any], None]] = {
    Circle: _landlord,
    Platform: _platform,
    Store: _store,
}


# -- units ---------------------------------------------------------------------------------------------------
def open_circles(model: O2OModel) -> None:
    """Circles whose day has come open, with their first tenants. Called every morning."""
    for circle in model.circles.values():
        if not circle.is_open and circle.opens is not None and circle.opens <= model.date:
            circle.is_open = True
            model.log(circle.name, "landlord", "open", "opening date", units=circle.units)
            _first_tenants(model, circle)


def _first_tenants(model: O2OModel, circle: Circle) -> None:
    """A new circle opens with the mix of formats that circles have, in proportion to the city's units."""
    formats = model.spec.stores.formats
    inside = Counter(s.format_name for s in model.stores if s.is_here and not s.circle.is_street)
    weight: dict[str, float] = {n: inside[n] for n in formats}
    total = sum(weight.values())
    if not total:
        weight = {n: f.in_circles for n, f in formats.items()}
        total = sum(weight.values()) or 1
    cumulative = np.cumsum([weight[n] / total for n in formats])
    units = round(circle.units * circle.occupied_start)
    u = uniforms(model.seed_number, "first tenants of " + circle.name, 0, np.arange(max(units, 1)))[:units]
    for k, f in enumerate(np.searchsorted(cumulative / cumulative[-1], u, side="right")):
        name = list(formats)[int(f)]
        shop = free_name(model, f"{name} {circle.name} {k + 1} ({model.date:%Y-%m})")
        setup.open_store(model, shop, name, circle, circle.cell)


def let_vacant_units(model: O2OModel) -> None:
    """Vacant units look for tenants, where newcomers do not search themselves (systems/search.py)."""
    if model.spec.entry.search is not None or all(c.vacant == 0 for c in model.circles.values()):
        return
    view, market = model.view, Market(model)
    for circle in model.circles.values():
        if circle.vacant == 0:
            continue
        earned = market.earned(circle)
        u = uniforms(model.seed_number, "letting " + circle.name, model.day, np.arange(circle.vacant))
        cells = street_cells(model, circle.vacant, "new street shop", model.day) if circle.is_street else None
        for k in range(len(u)):
            prospects = [market.prospect(name, e) for name, e in earned.items()]
            chosen = model.extensions.entry.choose(circle, prospects, view, float(u[k]))
            if chosen is None:
                continue
            cell = int(cells[k]) if cells is not None else circle.cell
            name = free_name(model, f"{chosen.format} {circle.name} {k + 1} ({model.date:%Y-%m})")
            store = setup.open_store(model, name, chosen.format, circle, cell)
            if store.run_by is not None:
                store.run_by.hopes(store, chosen.margin * store.usual_sales_yuan())
            market.add_floor(store)
            model.log(
                name,
                "entry",
                "open",
                "tenants here earn well",
                **{
                    "margin expected": round(chosen.margin, 4),
                    "rent (yuan/m2/month)": round(circle.rent_yuan_m2(cell), 4),
                },
            )


# -- technology ----------------------------------------------------------------------------------------------
def diffuse_adoption(model: O2OModel) -> None:
    """A month of adoption of smartphones, phone payment, and each platform: hazard p + q * share of users
    (Bass 1969), times literacy."""
    rule, specs = model.spec.consumers, list(model.spec.platforms.items())
    names = ["smartphone", "phone payment", *("member " + n for n, _ in specs)]
    rates = [rule.smartphone, rule.phone_payment, *(s.membership for _, s in specs)]
    keys = np.array([stream(model.seed_number, "adopt " + n, model.day + 1) for n in names], dtype=np.uint64)
    hazard = np.array([r.innovation for r in rates]) + np.array([r.imitation for r in rates]) * model.users
    by_cohort = np.tile(hazard, (len(model.spec.cohorts), 1))
    for system in model.systems:
        system.hazards(by_cohort)
    model.shoppers.adopt(by_cohort, _differences(model, len(names)), keys)
    model.count_users()


def _differences(model: O2OModel, technologies: int) -> np.ndarray:
    """The factors by which systems make the chances of adoption differ between consumers:
    float64[technologies, consumers], or [0, consumers] if none does."""
    asked = [(k, system.hazard_x(k)) for system in model.systems for k in range(technologies)]
    factors = [(k, x) for k, x in asked if x is not None]
    found = np.ones((technologies if factors else 0, len(model.consumers)))
    for k, x in factors:
        found[k] *= x
    return found
