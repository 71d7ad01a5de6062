"""What happens on the last day of a month, as docs/ODD.md describes it (3, 7.12, 7.16 to 7.19)."""

from __future__ import annotations

import calendar
from typing import Any

from .odd_day import pays
from .odd_review import Review, market_view
from .odd_shops import (
    OUTPUT,
    Books,
    Circle,
    Holding,
    Platform,
    Shop,
    fixed_cost,
    members,
    mode_cost,
    partner,
    sharers,
    usual_sales,
)
from .odd_start import draw, hash64

LINES = (
    "sales",
    "subsidy received",
    "delivery fees",
    "cost of goods",
    "spoilage",
    "commission",
    "advertising",
    "handling",
    "delivery",
    "rent",
    "wages",
    "overheads",
    "integration",
    "transfers",
    "owners",
)


def fen(yuan: float) -> int:
    """Whole fen, halves to the even neighbour."""
    return round(100 * yuan)


def start(town: Any) -> None:
    """Money, ways of integrating and density of the first day (element 5)."""
    for s in town.stores:
        start_shop(town, s)
    for p in town.platforms:
        carried = [
            c
            for name, c in town.spec.categories.items()
            if c.shippable and (not p.spec.categories or name in p.spec.categories)
        ]
        ships = p.spec.kind != "local_services"
        needs = sum(town.spec.residents / c.every_days for c in carried)
        p.drops_a_day = 0.1 * members(town, p) * needs if ships else 0.0
    for s in town.stores:
        named = town.spec.stores.named.get(s.name)
        for mode in (*s.format.modes, *(named.modes if named else ())):
            s.modes[mode] = Holding(partner(town, s, mode))


def start_shop(town: Any, s: Shop) -> None:
    usual = town.spec.stores.cash_months * sum(fixed_cost(town, s).values())
    town.book(s, "owners", fen(usual if s.cash_yuan is None else s.cash_yuan))


# -- 7.12 ----------------------------------------------------------------------------------------------------
def pay(town: Any, s: Shop) -> None:
    for line, yuan in fixed_cost(town, s).items():
        town.book(s, line, -fen(yuan))
    for mode in s.modes:
        town.book(s, "integration", -fen(mode_cost(town, s, mode)))


def pay_platform(town: Any, p: Platform) -> None:
    millions = town.spec.residents / 1e6
    p.cash -= fen(p.spec.fixed_yuan_month * millions)
    if p.spec.kind != "local_services":
        p.cash -= fen(p.spec.parcel.hub_yuan_month * millions * town.spec.levers.logistics_x)
    if p.cash < 0:
        more = min(-p.cash, fen(p.spec.patience_yuan) - p.added)
        p.cash, p.added = p.cash + more, p.added + more
    p.is_broke = p.cash < -1


def close_books(town: Any, s: Shop) -> None:
    """The books of the month, staff and what the modes brought."""
    n = s.number
    month = Books(
        {line: town.lines[n][line] for line in LINES},
        {c: v for (k, c), v in town.channel["sales"].items() if k == n},
        *(town.counts[k][n] for k in ("customers", "visits", "looked_only", "turned_away")),
    )
    s.months.append(month)
    s.losses = s.losses + 1 if month.profit < 0 else 0
    if s.here:
        usual = usual_sales(s) * s.floor_m2 / s.area_m2
        s.staffing += 0.25 * (min(max(month.revenue / 100 / usual, 0.6), 1.25) - s.staffing)
    for mode, held in s.modes.items():
        held.months += 1
        brought = town.channel["margin"][n, OUTPUT[mode]] - fen(mode_cost(town, s, mode))
        held.contribution_fen.append(brought)


# -- 3, the last day of a month ------------------------------------------------------------------------------
def end_month(town: Any) -> None:
    trading = [s for s in town.stores if s.state != "closed"]
    for s in trading:
        pay(town, s)
    for p in town.platforms:
        pay_platform(town, p)
    for s in trading:
        close_books(town, s)
    seen = market_view(town, trading)
    agents: list[Any] = [*town.shops.circles.values(), *town.platforms, *trading]
    agents.sort(key=lambda a: draw(town.spec.seed, "turn to decide", town.day, 0, hash64(a.name)))
    for a in agents:
        if isinstance(a, Circle):
            landlord(town, a)
        elif isinstance(a, Platform):
            platform(town, a)
        else:
            carry_out(town, a, *Review(town, seen).decide(a))
    for s in trading:
        if s.state != "closed":
            keep = fen(town.spec.stores.dividend_months * sum(fixed_cost(town, s).values()))
            town.book(s, "owners", -max(s.cash - keep, 0))
    for s, _ in town.shops.let(town.date, town.day):
        start_shop(town, s)
        town.log.append((town.date, s.name, "open", "tenants here earn well"))
    diffuse_adoption(town)
    for s in trading:  # what was booked on the evening itself belongs to the month, too
        s.months[-1].lines = {line: town.lines[s.number][line] for line in LINES}
    town.clear()
    town.changed = True


def carry_out(town: Any, s: Shop, what: str, mode: str, value: Any, reason: str) -> None:
    if what == "keep" and not reason:
        return
    town.log.append((town.date, s.name, f"{what} {mode}".strip(), reason))
    if what == "adopt":
        town.book(s, "integration", -fen(getattr(town.spec.modes, mode).setup_yuan / sharers(town, s, mode)))
        s.modes[mode] = Holding(value)
    elif what == "quit":
        del s.modes[mode]
    elif what == "price":
        s.price_x = value
    elif what != "keep":
        if what != "showroom" and s.here:
            s.circle.tenants.remove(s)
        s.state = {"showroom": "showroom", "move online": "online only", "close": "closed"}[what]
        if what == "close":
            town.book(s, "owners", -s.cash)


def landlord(town: Any, c: Circle) -> None:
    """7.16."""
    rules = town.spec.landlords
    if not c.is_open or c.units == 0:
        return
    spec = town.spec.circles.get(c.name)
    rule = (spec.landlord if spec is not None else "") or rules.policy
    if rule == "indexed":
        rent, why = c.rent * (1 + rules.index_yearly) ** (1 / 12), "index"
    else:
        assert rule == "vacancy"
        rent = c.rent * (1 - rules.vacancy_response * (c.vacant / c.units - rules.vacancy_target))
        rent = min(max(rent, rules.rent_floor_x * c.first_rent), rules.rent_ceiling_x * c.first_rent)
        why = "vacancy" if c.vacant else "fully let"
    if rent != c.rent:
        town.log.append((town.date, c.name, "rent", why))
    c.rent = rent


def platform(town: Any, p: Platform) -> None:
    """7.17."""
    rule, before = p.spec.subsidy, p.subsidy_yuan
    p.subsidy_yuan = rule.per_order_yuan
    if rule.policy == "match_rival":
        ships = p.spec.kind != "local_services"
        rivals = [
            r.subsidy_yuan
            for r in town.platforms
            if r is not p
            and (r.spec.kind != "local_services") == ships
            and pays(r, town.date)
            and not r.is_broke
        ]
        matched = min(rule.match_x * max(rivals, default=0.0), rule.match_limit_yuan)
        p.subsidy_yuan = max(rule.per_order_yuan, matched)
    if rule.policy == "buy_share" and (before == 0 or members(town, p) >= rule.until_members):
        p.subsidy_yuan = 0.0
    if p.spent_fen or p.subsidy_yuan != before:
        called = {"match_rival": "MatchRival", "buy_share": "BuyShare", "fixed": "Fixed"}[rule.policy]
        town.log.append((town.date, p.name, "subsidy", called))
    days = min(calendar.monthrange(town.date.year, town.date.month)[1], town.day + 1)
    p.drops_a_day = town.parcels[p.number] * town.each / days
    p.sellers *= (1 + p.spec.sellers_growth) ** (1 / 12)
    p.paid_fen, p.spent_fen = p.paid_fen + p.spent_fen, 0


# -- 7.19 ----------------------------------------------------------------------------------------------------
def diffuse_adoption(town: Any) -> None:
    rules, spec = town.spec.consumers, town.spec
    names = ["smartphone", "phone payment", *(f"member {n}" for n in spec.platforms)]
    rates = [rules.smartphone, rules.phone_payment, *(p.membership for p in spec.platforms.values())]
    n = len(town.people)
    have = [sum(me["access"] >> k & 1 for me in town.people) / n for k in range(len(names))]
    for me in town.people:
        online = me["access"] & 1
        for k, (name, rate) in enumerate(zip(names, rates)):
            if me["access"] >> k & 1 or (k and not online):
                continue
            chance = (rate.innovation + rate.imitation * have[k]) * me["literacy"]
            if draw(spec.seed, f"adopt {name}", town.day + 1, me["id"]) < chance:
                me["access"] |= 1 << k
