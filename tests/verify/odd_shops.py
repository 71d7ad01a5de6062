"""Circles, shops and platforms of the first day, and who takes empty units, as docs/ODD.md says (5, 7.2,
7.18)."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from .odd_start import City, clipped, draw, hash64, normal

OUTPUT = {
    "social": "social delivery",
    "app": "app delivery",
    "marketplace": "marketplace shop",
    "partnership": "coupon",
}


@dataclass
class Books:
    """A month of a store: fen by line (costs negative), by channel, and heads."""

    lines: dict[str, int]
    channels: dict[str, int]
    customers: int = 0
    visits: int = 0
    looked_only: int = 0
    turned_away: int = 0

    @property
    def revenue(self) -> int:
        return self.lines["sales"] + self.lines["subsidy received"] + self.lines["delivery fees"]

    @property
    def profit(self) -> int:
        return sum(v for k, v in self.lines.items() if k != "owners")

    @property
    def kept(self) -> int:
        """Revenue less all that grows with it."""
        grows = ("cost of goods", "spoilage", "commission", "advertising", "handling", "delivery")
        return self.revenue + sum(self.lines[k] for k in grows)

    @property
    def fixed(self) -> int:
        return -sum(self.lines[k] for k in ("rent", "wages", "overheads"))


@dataclass
class Circle:
    name: str
    cell: int
    units: int
    rent: float
    appeal: float = 0.0
    occupied: float = 0.0
    weight: float = 0.0
    opens: Any = None
    is_open: bool = True
    density_x: np.ndarray | None = None
    tenants: list[Shop] = field(default_factory=list)
    first_rent: float = 0.0

    @property
    def vacant(self) -> int:
        return max(self.units - len(self.tenants), 0) if self.is_open else 0

    def rent_at(self, cell: int) -> float:
        return self.rent * (1.0 if self.density_x is None else float(self.density_x[cell]))


@dataclass
class Holding:
    platform: Platform | None
    months: int = 0
    contribution_fen: list[int] = field(default_factory=list)


@dataclass
class Platform:
    name: str
    number: int
    spec: Any
    commission: float
    subsidy_yuan: float
    drops_a_day: float = 0.0
    sellers: float = 1.0
    spent_fen: int = 0
    paid_fen: int = 0
    added: int = 0
    cash: int = 0
    is_broke: bool = False


@dataclass
class Shop:
    name: str
    number: int
    format_name: str
    format: Any
    circle: Circle
    cell: int
    area_m2: float
    quality: float
    skill: float
    chain: str
    floor: dict[str, float]
    state: str = "open"
    modes: dict[str, Holding] = field(default_factory=dict)
    price_x: float = 1.0
    price_direction: float = 1.0
    staffing: float = 1.0
    losses: int = 0
    cash: int = 0
    fixed_rent_yuan_m2: float | None = None
    cash_yuan: float | None = None
    policy: str = "satisficing"
    cost_x: float = 1.0
    months: list[Books] = field(default_factory=list)

    @property
    def bits(self) -> int:
        return hash64("store " + self.name)

    @property
    def category(self) -> str:
        return max(self.floor, key=lambda c: self.floor[c])

    @property
    def here(self) -> bool:
        return self.state in ("open", "showroom")

    @property
    def floor_m2(self) -> float:
        return self.area_m2 * {"open": 1.0, "showroom": 0.5}.get(self.state, 0.0)


class Shops:
    """All circles, shops and platforms; `open` founds a shop, `let` finds tenants for what is empty."""

    def __init__(self, spec: Any, city: City, people: list[dict]) -> None:
        self.spec, self.city = spec, city
        self.stores: list[Shop] = []
        income = np.array([clipped(me["income"]) for me in people])
        self.demand = {
            name: spec.residents
            * 365.25
            / c.every_days
            * c.ticket_yuan
            * (income**c.income_elasticity).mean()
            for name, c in spec.categories.items()
        }
        self.circles = {
            name: Circle(
                name,
                city.cell_at(c),
                c.units,
                c.rent_yuan_m2_month,
                c.appeal,
                c.occupied_start,
                c.units if c.share is None else c.share,
                c.opens,
                c.opens is None or c.opens <= spec.start,
            )
            for name, c in spec.circles.items()
        }
        density = city.residents + city.jobs
        street_x = (
            np.maximum(density / density[density > 0].mean(), 0.05) ** spec.landlords.street_rent_density
        )
        self.streets = Circle("streets", 0, 0, spec.landlords.street_rent_yuan_m2_month, density_x=street_x)
        self.circles["streets"] = self.streets
        for circle in self.circles.values():
            circle.first_rent = circle.rent
        self._first_shops()
        self._named_shops()
        share = spec.landlords.street_vacancy_start
        self.streets.units = round(len(self.streets.tenants) / (1 - share))
        self.platforms = [
            Platform(name, k, p, p.commission, p.subsidy.per_order_yuan, cash=round(p.cash_yuan * 100))
            for k, (name, p) in enumerate(spec.platforms.items())
        ]

    def _first_shops(self) -> None:
        spec, seed = self.spec, self.spec.seed
        wanted: list[tuple[str, int]] = []
        count = {}
        for name, f in spec.stores.formats.items():
            sales = sum(self.demand[c] * s for c, s in f.demand_share.items())
            count[name] = round(spec.stores.supply_x * sales / (f.area_m2 * f.sales_per_m2_year_yuan))
            wanted += [(name, k) for k in range(round(count[name] * f.in_circles))]
        open_ = [c for c in self.circles.values() if c.is_open and c is not self.streets]
        room = [int(c.units * c.occupied) for c in open_]
        if sum(room) > len(wanted):
            total = sum(c.weight for c in open_)
            room = [min(r, round(len(wanted) * c.weight / total)) for r, c in zip(room, open_)]
        slots = [c for c, r in zip(open_, room) for _ in range(r)]
        turn = by_draw(len(wanted), lambda k: draw(seed, "who gets which unit", 0, 0, k))
        chosen = sorted(wanted[k] for k in turn[: len(slots)])
        where = by_draw(len(slots), lambda k: draw(seed, "which circle", 0, 0, k))
        inside: dict[str, int] = defaultdict(int)
        for (name, _), slot in zip(chosen, where):
            inside[name] += 1
            self.open(f"{name} {inside[name]}", name, slots[slot], slots[slot].cell)
        for name, n in count.items():
            left = n - inside[name]
            u = [(k + draw(seed, f"street {name}", 0, 0, k)) / left for k in range(left)]
            for k, cell in enumerate(self.street_cells(u)):
                self.open(f"{name} {inside[name] + k + 1}", name, self.streets, cell)

    def _named_shops(self) -> None:
        for name, given in self.spec.stores.named.items():
            circle = self.circles[given.circle] if given.circle else self.streets
            cell = circle.cell if given.circle else self.city.cell_at(given)
            shop = self.open(name, given.format, circle, cell)
            for what in ("area_m2", "quality", "skill", "cash_yuan"):
                if getattr(given, what) is not None:
                    setattr(shop, what, getattr(given, what))
            shop.fixed_rent_yuan_m2, shop.policy = given.rent_yuan_m2_month, given.policy or shop.policy
            if given.category:
                shop.floor = {given.category: 1.0}

    def street_cells(self, u: list[float]) -> list[int]:
        curve = self.city.curve()
        weight = np.cumsum((self.city.residents + self.city.jobs)[curve])
        return [int(curve[np.searchsorted(weight / weight[-1], x, side="right")]) for x in u]

    def open(self, name: str, format_name: str, circle: Circle, cell: int) -> Shop:
        """Found a shop; what it is like is drawn for its name."""
        spec, form = self.spec, self.spec.stores.formats[format_name]
        u = [draw(spec.seed, "store traits", 0, k, hash64(name)) for k in range(5)]
        mean = spec.stores.skill_mean if form.skill_mean is None else form.skill_mean
        rules = spec.stores
        likes = rules.quality_spread if form.quality_spread is None else form.quality_spread
        costs = rules.cost_spread if form.cost_spread is None else form.cost_spread
        chained = form.chains > 0 and u[0] < form.chain_share
        weight = {c: s * self.demand[c] for c, s in form.demand_share.items()}
        shop = Shop(
            name,
            len(self.stores),
            format_name,
            form,
            circle,
            cell,
            max(
                form.area_m2 * math.exp(form.area_spread * normal(u[1]) - form.area_spread**2 / 2),
                min(5.0, form.area_m2),
            ),
            form.quality + likes * normal(u[2]),
            min(max(mean + spec.stores.skill_spread * normal(u[3]), 0.0), 1.0),
            f"{format_name} chain {1 + int(u[0] / form.chain_share * form.chains)}" if chained else "",
            {c: w / sum(weight.values()) for c, w in weight.items()},
            policy=form.policy or spec.stores.policy,
            cost_x=form.cost_x * math.exp(costs * normal(u[4]) - costs**2 / 2),
        )
        circle.tenants.append(shop)
        self.stores.append(shop)
        return shop

    def free_name(self, name: str) -> str:
        taken, found, k = {s.name for s in self.stores}, name, 1
        while found in taken:
            k, found = k + 1, f"{name} no. {k + 1}"
        return found

    # -- 7.2
    def open_circles(self, date: Any) -> list[Shop]:
        new = []
        for circle in self.circles.values():
            if circle.is_open or circle.opens > date:
                continue
            circle.is_open = True
            inside = [s.format_name for s in self.stores if s.here and s.circle is not self.streets]
            weight = np.cumsum([inside.count(n) for n in self.spec.stores.formats])
            for k in range(round(circle.units * circle.occupied)):
                u = draw(self.spec.seed, f"first tenants of {circle.name}", 0, 0, k)
                name = list(self.spec.stores.formats)[
                    int(np.searchsorted(weight / weight[-1], u, side="right"))
                ]
                called = self.free_name(f"{name} {circle.name} {k + 1} ({date:%Y-%m})")
                new.append(self.open(called, name, circle, circle.cell))
        return new

    # -- 7.18
    def let(self, date: Any, day: int) -> list[tuple[Shop, float]]:
        """Newcomers of a month's end, with the margins that they expect."""
        formats, rules, new = self.spec.stores.formats, self.spec.entry, []
        sitting = [s for s in self.stores if s.here]
        floor = {c: sum(s.floor.get(c, 0.0) * s.floor_m2 for s in sitting) for c in self.spec.categories}
        for circle in self.circles.values():
            streets, n = circle is self.streets, circle.vacant
            earned = earnings(sitting, circle.rent) | earnings(circle.tenants, circle.rent)
            fits = [
                f for f in earned if (formats[f].in_circles < 1 if streets else formats[f].in_circles > 0)
            ]
            u = [draw(self.spec.seed, f"letting {circle.name}", day, 0, k) for k in range(n)]
            cells = [circle.cell] * n
            if streets:
                cells = self.street_cells(
                    [draw(self.spec.seed, "new street shop", day, 0, k) for k in range(n)]
                )
            for k in range(n):
                found = [(self.expected(f, *earned[f], floor), f) for f in fits]
                margin, name = max(found, default=(-math.inf, ""))
                if margin < rules.margin_wanted or u[k] >= rules.share_per_month:
                    continue
                called = self.free_name(f"{name} {circle.name} {k + 1} ({date:%Y-%m})")
                new.append((self.open(called, name, circle, cells[k]), margin))
                for c, share in new[-1][0].floor.items():
                    floor[c] += share * new[-1][0].area_m2
        return new

    def expected(self, name: str, m: float, k: float, floor: dict[str, float]) -> float:
        form = self.spec.stores.formats[name]
        weight = {c: s * self.demand[c] for c, s in form.demand_share.items()}
        total = sum(weight.values())
        left = sum(
            w / total * floor[c] / (floor[c] + form.area_m2 * w / total)
            for c, w in weight.items()
            if floor[c]
        )
        return (m - k * (1 - left)) / left if left else -1.0


def earnings(stores: list[Shop], rent: float) -> dict[str, tuple[float, float]]:
    """By format: the median margin of some stores at a rent, and the mean of what they keep of a yuan."""
    margins, kept = defaultdict(list), defaultdict(list)
    for s in stores:
        months = s.months[-3:]
        revenue = sum(m.revenue for m in months)
        if not s.here or revenue <= 0:
            continue
        paid = -sum(m.lines["rent"] for m in months)
        profit = sum(m.profit for m in months) + paid * (1 - rent / max(s.circle.rent, 1e-9))
        margins[s.format_name].append(profit / revenue)
        kept[s.format_name].append(sum(m.kept for m in months) / revenue)
    return {f: (median(v), sum(kept[f]) / len(v)) for f, v in margins.items()}


def by_draw(n: int, of: Any) -> list[int]:
    return sorted(range(n), key=of)


# -- 7.12 and 7.15: what a shop costs, and with whom it can deal ---------------------------------------------
def members(town: Any, p: Platform) -> float:
    return sum(me["access"] >> (2 + p.number) & 1 for me in town.people) / len(town.people)


def partner(town: Any, s: Shop, mode: str) -> Platform | None:
    """The platform whose agent calls, drawn in proportion to members (7.15)."""
    kind = {"marketplace": "marketplace", "partnership": "local_services"}.get(mode)
    fits = [
        p
        for p in town.platforms
        if p.spec.kind == kind and not p.is_broke and any(carries(town.spec, p, c) for c in s.floor)
    ]
    if len(fits) < 2:
        return fits[0] if fits else None
    share = np.cumsum([members(town, p) + 1e-9 for p in fits])
    u = draw(town.spec.seed, f"agents of {mode}", town.day, 0, s.bits)
    return fits[int(np.searchsorted(share / share[-1], u, side="right"))]


def carries(spec: Any, p: Platform, category: str) -> bool:
    listed = not p.spec.categories or category in p.spec.categories
    return listed and (p.spec.kind == "local_services" or spec.categories[category].shippable)


def fixed_cost(town: Any, s: Shop) -> dict[str, float]:
    """Rent, wages and overheads of a month in yuan."""
    spec = town.spec
    rent = s.fixed_rent_yuan_m2
    if rent is None:
        rent = s.circle.rent_at(s.cell) * s.format.rent_x
    wage = spec.stores.wage_yuan_month * (1 + spec.stores.wage_growth) ** (town.day / 365.25)
    kept = {"open": 1.0, "showroom": 0.5, "online only": 0.1}.get(s.state, 0.0)
    return {
        "rent": rent * spec.levers.rent_x * s.floor_m2,
        "wages": town.staff(s) * wage,
        "overheads": s.format.other_cost_share * usual_sales(s) * kept,
    }


def usual_sales(s: Shop) -> float:
    return s.area_m2 * s.format.sales_per_m2_year_yuan / 12


def sharers(town: Any, s: Shop, mode: str) -> int:
    """Trading shops of its chain that hold the mode, itself counted."""
    if not s.chain or not getattr(town.spec.modes, mode).shared_by_chain:
        return 1
    others = [x for x in town.stores if x.chain == s.chain and x is not s and x.state != "closed"]
    return 1 + sum(mode in x.modes for x in others)


def mode_cost(town: Any, s: Shop, mode: str) -> float:
    return getattr(town.spec.modes, mode).fixed_yuan_month / sharers(town, s, mode)
