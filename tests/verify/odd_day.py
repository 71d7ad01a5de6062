"""A day's offers, who sees them, and what is chosen, as docs/ODD.md describes them (7.3 to 7.8)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from .odd_start import Ways, clipped

SMARTPHONE, PHONE_PAYMENT = 1, 2


def member(p: int) -> int:
    return 4 << p


@dataclass
class Row:
    """An offer. `seen` is "place", "delivered", "everywhere", "followers" or "nobody"; money is in yuan."""

    maker: str
    channel: str
    category: int
    seen: str
    needs: int = 0
    store: int = -1
    platform: int = -1
    cell: int = -1
    reach: float = 0.0
    appeal: float = 0.0
    price: float = 0.0
    discount: float = 0.0
    subsidy: float = 0.0
    fee: float = 0.0
    goods: float = 0.0
    spoilage: float = 0.0
    commission: float = 0.0
    advertising: float = 0.0
    handling: float = 0.0
    delivery: float = 0.0
    carries: bool = False
    wait: float = 0.0
    unseen: float = 0.0
    payment: float = 0.0

    @property
    def name(self) -> tuple[str, str, int, int]:
        return self.maker, self.channel, self.category, self.platform


class Offers:
    """What is on the table on a day: `rows`. The state of stores and platforms is that of the model."""

    def __init__(self, spec: Any, city: Any, stores: Any, platforms: Any, day: int) -> None:
        self.spec, self.platforms = spec, platforms
        self.date = spec.start + timedelta(days=day)
        self.stores = [s for s in stores if s.state != "closed"]
        self.years = day / 365.25
        self.categories = list(spec.categories.values())
        self.names = list(spec.categories)
        self.area_km2, self.mean_km = extent(city)
        self.rows: list[Row] = []
        for s in self.stores:
            self.of_store(s)
        for p in platforms:
            self.parcels(p)
        for c, category in enumerate(self.categories):
            if category.outside_option is not None:
                self.rows.append(Row("", "without", c, "everywhere", appeal=category.outside_option))

    # -- 7.3
    def unseen_disutility(self, c: int) -> float:
        x = self.categories[c]
        return self.spec.consumers.touch_weight * x.touch * (1 - 0.5 * x.standardised)

    def trust(self, p: Any) -> float:
        return p.spec.trust + p.spec.trust_growth * self.years

    def subsidy(self, p: Any, paid: float) -> float:
        if not pays(p, self.date) or p.is_broke:
            return 0.0
        return min(p.subsidy_yuan * self.spec.levers.subsidy_x, p.spec.subsidy.largest_share * paid)

    def of_store(self, s: Any) -> None:
        spec, form, friction = self.spec, s.format, self.spec.consumers.payment_friction
        x = spec.levers.logistics_x
        for name, share in s.floor.items():
            c = self.names.index(name)
            category = self.categories[c]
            f = max(s.area_m2 * share * (0.5 if s.state == "showroom" else 1.0), 1.0)
            goods = category.ticket_yuan * (1 - category.gross_margin) * s.cost_x
            base = s.quality + spec.stores.size_weight * math.log(f / 1000)
            place = 0.0
            if s.circle.name != "streets":
                others = len(s.circle.tenants) - 1
                place = s.circle.appeal + spec.consumers.variety_weight * math.log(1 + others)
            shop = Row(
                s.name,
                "walk-in",
                c,
                "place",
                store=s.number,
                cell=s.cell,
                appeal=base + place,
                price=category.ticket_yuan * form.markup_x * s.price_x,
                goods=goods,
                spoilage=goods * category.spoilage_per_day * category.stock_days,
            )
            if s.state != "online only":
                self.rows.append(shop)
            for mode, held in s.modes.items():
                key = getattr(spec.modes, mode)
                fit = min(1.0, s.skill / key.skill)
                if mode == "partnership" and s.state != "online only" and self.carried(held.platform, name):
                    p = held.platform
                    discount = shop.price * p.spec.coupon_discount
                    self.rows.append(
                        replace(
                            shop,
                            channel="coupon",
                            needs=SMARTPHONE | member(p.number),
                            platform=p.number,
                            appeal=shop.appeal + key.appeal + self.trust(p) - (1 - fit),
                            discount=discount,
                            subsidy=self.subsidy(p, shop.price - discount),
                            commission=p.commission * (shop.price - discount),
                            handling=key.per_order_yuan,
                            payment=friction,
                        )
                    )
                if mode in ("social", "app") and category.delivery_reach_min > 0:
                    self.rows.append(
                        replace(
                            shop,
                            channel=f"{mode} delivery",
                            seen="delivered",
                            needs=SMARTPHONE,
                            reach=min(key.delivery_reach_min, category.delivery_reach_min),
                            appeal=base + key.appeal - (1 - fit),
                            fee=key.delivery_fee_yuan * x,
                            delivery=key.delivery_cost_yuan * x,
                            carries=True,
                            handling=key.per_order_yuan,
                            wait=category.impatience * key.delivery_days,
                            unseen=self.unseen_disutility(c) / 2,
                            payment=friction,
                        )
                    )
                if mode == "marketplace" and self.carried(held.platform, name, parcel=True):
                    p = held.platform
                    row = self.terms(p, c)
                    row.maker, row.channel, row.seen = s.name, "marketplace shop", "followers"
                    row.store, row.carries, row.goods, row.handling = (
                        s.number,
                        True,
                        goods,
                        key.per_order_yuan,
                    )
                    row.appeal = category.online_appeal + self.trust(p) + key.appeal + s.quality - (1 - fit)
                    self.rows.append(row)

    # -- 7.4
    def carried(self, p: Any, name: str, parcel: bool = False) -> bool:
        listed = not p.spec.categories or name in p.spec.categories
        return listed and (not parcel or self.spec.categories[name].shippable)

    def terms(self, p: Any, c: int) -> Row:
        category, parcel, y = self.categories[c], p.spec.parcel, self.years
        price = category.ticket_yuan * category.online_price_x * p.spec.price_x
        assert parcel.rounds is None
        km = min(0.7124 * math.sqrt(self.area_km2 / max(p.drops_a_day, 1)), self.mean_km)
        cost = (parcel.per_order_yuan + parcel.per_km_yuan * km) * category.parcel_weight_x
        cost *= parcel.cost_yearly_x**y * self.spec.levers.logistics_x
        row = Row(
            p.name,
            "parcel",
            c,
            "everywhere",
            needs=SMARTPHONE | member(p.number),
            platform=p.number,
            price=price,
            subsidy=self.subsidy(p, price),
            fee=parcel.fee_share * cost,
            delivery=cost,
            wait=category.impatience * parcel.days * parcel.days_yearly_x**y,
            unseen=self.unseen_disutility(c),
            payment=self.spec.consumers.payment_friction,
            appeal=category.online_appeal + self.trust(p),
            goods=category.ticket_yuan * (1 - category.gross_margin),
        )
        if p.spec.kind == "marketplace":
            share = min(p.spec.advertising_share * p.sellers**p.spec.crowding_elasticity, 0.9)
            row.advertising, row.commission = share * price, p.commission * price
        else:
            row.goods = price * (1 - p.spec.gross_margin)
        return row

    def parcels(self, p: Any) -> None:
        if p.spec.kind != "local_services":
            self.rows += [
                self.terms(p, c) for c, name in enumerate(self.names) if self.carried(p, name, parcel=True)
            ]


def pays(p: Any, date: Any) -> bool:
    """Whether a platform's subsidy is on: its dates, its budget of the month, and all it will ever spend."""
    rule = p.spec.subsidy
    if (rule.start is not None and date < rule.start) or (rule.end is not None and date >= rule.end):
        return False
    if rule.until_spent_yuan is not None and (p.spent_fen + p.paid_fen) / 100 >= rule.until_spent_yuan:
        return False
    return p.spent_fen / 100 < rule.budget_yuan_month


def extent(city: Any) -> tuple[float, float]:
    """A and L of 7.4: km2 of the cells with people, and km from their centre of gravity."""
    r = city.residents
    far = np.hypot(city.x - (r * city.x).sum(), city.y - (r * city.y).sum())
    return float((r > r.mean() / 20).sum()) * city.cell_km**2, float((r * far).sum())


@dataclass
class Expected:
    """Purchases and looks by name of the offer, and the log-sum of every need."""

    bought: dict[tuple, float] = field(default_factory=dict)
    looked: dict[tuple, float] = field(default_factory=dict)


class Day:
    """What people make of the offers: `look` and `value` for one need, `expect` for all of a usual day."""

    def __init__(self, offers: Offers, ways: Ways, queue: Any, workday: bool) -> None:
        self.o, self.ways, self.queue, self.workday = offers, ways, queue, workday
        self.spec = offers.spec
        self.of = [[r for r in offers.rows if r.category == c] for c in range(len(offers.categories))]

    # -- 7.6
    def minutes(self, me: dict, row: Row) -> float | None:
        """One-way minutes by which she sees an offer (0 if it comes to her), none if she does not."""
        if row.needs & ~me["access"]:
            return None
        category = self.o.categories[row.category]
        follows = row.store >= 0 and me["follows"] == row.store
        if row.seen == "everywhere":
            return 0.0
        if row.seen == "followers":
            return 0.0 if follows else None
        if row.seen == "delivered":
            reach = max(row.reach, category.delivery_reach_min if follows else 0.0)
            return 0.0 if self.ways.minutes(row.cell, me["home"]) <= reach else None
        reach = (self.spec.consumers.radius_max_min if follows else me["radius"]) * category.reach_x
        at = [me["home"]]
        if self.workday and me["work"] >= 0 and self.spec.consumers.work_anchor:
            at.append(me["work"])
        near = [m for m in (self.ways.minutes(cell, row.cell) for cell in at) if m <= reach]
        return min(near) if near else None

    # -- 7.7
    def value(self, me: dict, row: Row, minutes: float, unseen: float) -> float:
        category, c = self.o.categories[row.category], self.spec.consumers
        paid = row.price - row.discount - row.subsidy + row.fee
        v = row.appeal - me["price_sensitivity"] * paid / category.ticket_yuan * category.price_weight
        v -= row.wait + unseen
        if row.seen == "place":
            v -= me["value_of_time"] * (minutes + self.queue[row.store])
        if not me["access"] & PHONE_PAYMENT:
            v -= row.payment
        if row.platform >= 0:
            v += c.familiarity_weight * me["familiarity"][row.platform + 1]
        if row.store >= 0 and me["favourite"][row.category] == row.store:
            v += c.loyalty_weight * me["loyalty"][row.category]
        return min(max(v, -80.0), 80.0)

    def table(self, me: dict, c: int) -> tuple[list[Row], np.ndarray, np.ndarray, np.ndarray]:
        """What she sees, its values, its values on the phone, and its values on the spot."""
        seen = [(r, m) for r in self.of[c] if (m := self.minutes(me, r)) is not None]
        first = np.array([self.value(me, r, m, r.unseen) for r, m in seen])
        phone = np.array(
            [self.value(me, r, m, 0.0) if r.seen == "everywhere" else -math.inf for r, m in seen]
        )
        spot = np.array([self.value(me, r, 0.0, r.unseen) for r, m in seen])
        return [r for r, _ in seen], first, phone, spot

    def shares(self, me: dict, c: int) -> tuple[list[Row], np.ndarray, np.ndarray]:
        """Chances that she ends with each offer, and that she looks at its place and takes another."""
        rows, u, phone, spot = self.table(me, c)
        if not rows:
            return rows, u, u
        p = np.exp(u - u.max())
        p /= p.sum()
        bought, looked = p.copy(), np.zeros(len(rows))
        if self.o.unseen_disutility(c) > 0 and me["access"] & SMARTPHONE:
            for w in (i for i, r in enumerate(rows) if r.seen == "place"):
                a, r = np.exp(u - u[w]), np.exp(phone - spot[w])
                a[w] = r[w] = 0.0
                stays, goes = second_look(a, r)
                bought[w] += stays - p[w]
                bought += goes
                looked[w] = goes.sum()
        return rows, bought, looked

    def expect(self, people: list[dict], weight: Any = None) -> Expected:
        """All needs of a usual day; or `weight(me, c)` of each."""
        e = Expected()
        for me in people:
            for c, category in enumerate(self.o.categories):
                needs = clipped(me["income"]) ** category.income_elasticity / category.every_days
                w = needs if weight is None else weight(me, c)
                if not w:
                    continue
                for row, b, k in zip(*self.shares(me, c)):
                    e.bought[row.name] = e.bought.get(row.name, 0.0) + w * float(b)
                    e.looked[row.name] = e.looked.get(row.name, 0.0) + w * float(k)
        return e

    # -- 7.8
    def local_sellers(self, parcel: Row) -> dict[tuple, float]:
        """Shares of a marketplace's orders that fall to shops of the city; the rest is outside sellers'."""
        p = self.o.platforms[parcel.platform]
        weight = {
            r.name: self.spec.modes.marketplace.market_share
            * math.exp(min(r.appeal - parcel.appeal, 5.0))
            / p.sellers
            for r in self.of[parcel.category]
            if r.channel == "marketplace shop" and r.platform == parcel.platform
        }
        return {name: w / (1 + sum(weight.values())) for name, w in weight.items()}


def second_look(a: np.ndarray, r: np.ndarray) -> tuple[float, np.ndarray]:
    """The shares of all that come here and buy, and that take each other offer on the phone."""
    stays = 1 / (1 + np.maximum(a, r).sum())
    goes = np.zeros(len(a))
    on = [k for k in range(len(a)) if r[k] > a[k]]
    cuts = sorted({1.0, *(a[k] / r[k] for k in on)})
    for low, high in pairwise(cuts):
        mid = (low + high) / 2
        moving = [k for k in on if a[k] / r[k] < mid]
        if not moving:  # two cuts with no number between them
            continue
        slope = sum(r[k] for k in moving)
        fixed = 1 + sum(a[k] for k in range(len(a)) if k not in moving)
        part = (1 / (fixed + slope * low) - 1 / (fixed + slope * high)) / slope
        for k in moving:
            goes[k] += r[k] * part
    return float(stays), goes
