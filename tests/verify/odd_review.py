"""What a store decides at a month's end, as docs/ODD.md describes it (7.13 to 7.15)."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .odd_shops import OUTPUT, Books, fixed_cost, partner, sharers
from .odd_start import draw

ONLINE = ("marketplace shop", "app delivery", "social delivery")


@dataclass
class Seen:
    """7.13, as far as `satisficing` reads it."""

    margin: dict[str, float] = field(default_factory=dict)
    circle: dict[tuple[str, str], float] = field(default_factory=dict)
    holders: dict[tuple[str, str], float] = field(default_factory=dict)
    lift: dict[str, float] = field(default_factory=dict)
    members: dict[int, float] = field(default_factory=dict)
    orders: dict[tuple[int, str], float] = field(default_factory=dict)
    online: dict[str, float] = field(default_factory=dict)
    rents: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[Any, float]] = field(default_factory=list)
    parcel: dict[str, float] = field(default_factory=dict)


def market_view(town: Any, trading: list[Any]) -> Seen:
    """What everybody sees of the month."""
    seen = Seen(orders=dict(town.orders))
    for s in trading:
        if s.here:
            seen.asked.append((s, s.format.markup_x * (1.0 if s.policy == "price_match" else s.price_x)))
    for r in town.offers.rows:
        if r.seen == "everywhere" and r.platform >= 0:
            m, name = town.fen[r.name], town.names[r.category]
            paid = m["price"] - m["discount"] - m["subsidy"] + m["fee"]
            tickets = paid / (100 * town.each * town.categories[r.category].ticket_yuan)
            seen.parcel[name] = min(seen.parcel.get(name, math.inf), tickets)
    found: dict[str, dict] = {k: defaultdict(list) for k in ("margin", "circle", "lift", "rents")}
    stores = defaultdict(list)
    for s in trading:
        month = s.months[-1]
        stores[s.category].append(s)
        if month.revenue > 0:
            found["margin"][s.category].append(month.profit / month.revenue)
            found["circle"][s.circle.name, s.category].append(month.profit / month.revenue)
            found["rents"][s.format_name].append(-month.lines["rent"] / month.revenue)
            for mode in s.modes:
                found["lift"][mode].append(month.channels.get(OUTPUT[mode], 0) / month.revenue)
    for name, values in found.items():
        setattr(seen, name, {k: median(v) for k, v in values.items()})
    for c, those in stores.items():
        for mode in OUTPUT:
            seen.holders[c, mode] = sum(mode in s.modes for s in those) / len(those)
    access = [me["access"] for me in town.people]
    for p in town.platforms:
        seen.members[p.number] = sum(a >> (2 + p.number) & 1 for a in access) / len(access)
    parcels, all_ = town.sales["parcels"], town.sales["all"]
    seen.online = {c: parcels[c] / all_[c] if all_[c] else 0.0 for c in town.names}
    return seen


class Review:
    """What one store decides by its policy: (decision, mode, platform or price, reason)."""

    def __init__(self, town: Any, seen: Seen) -> None:
        self.spec, self.town, self.seen = town.spec, town, seen
        self.rules = town.spec.stores.satisficing

    def decide(self, s: Any) -> tuple[str, str, Any, str]:
        found = self.satisfice(s)
        return self.match(s) if s.policy == "price_match" and found[0] == "keep" else found

    def match(self, s: Any) -> tuple[str, str, Any, str]:
        """`price_match`, for who keeps."""
        if not s.here:
            return "keep", "", None, "nobody comes in to compare"
        rules, c, town = self.spec.stores.price_match, self.spec.categories[s.category], self.town
        goods = (1 - c.gross_margin) * s.cost_x * (1 + c.spoilage_per_day * c.stock_days)
        floor, asked = goods / (1 - rules.margin_floor), s.format.markup_x
        near = [
            price
            for other, price in self.seen.asked
            if other is not s
            and other.category == s.category
            and other.circle is s.circle
            and (s.circle.name != "streets" or town.apart_km(other.cell, s.cell) <= rules.rivals_km)
        ]
        rival, parcel = min(near, default=math.inf), self.seen.parcel.get(s.category, math.inf)
        price = min(max(min(rival, parcel), floor), asked)
        if abs(price / asked - s.price_x) < 1e-6:
            return "keep", "", None, "its price is matched"
        why = "matches a rival" if rival <= parcel else "matches a parcel"
        if price == asked:
            why = "nobody is cheaper"
        elif price == floor:
            why += ", as far as its floor"
        return "price", "", price / asked, why

    def satisfice(self, s: Any) -> tuple[str, str, Any, str]:
        rules, books = self.rules, s.months
        fixed = sum(fixed_cost(self.town, s).values())
        u = draw(self.spec.seed, "review", self.town.day, 0, s.bits)
        self.s, self.cash, self.credit = s, s.cash / 100, self.spec.stores.credit_months * fixed
        if self.cash < -self.credit:
            return "close", "", None, "insolvent: " + self.cause()
        if len(books) < rules.memory_months:
            return "keep", "", None, ""
        self.last = books[-rules.memory_months :]
        revenue = sum(m.revenue for m in self.last)
        margin = round(sum(m.profit for m in self.last) / revenue if revenue > 0 else -1.0, 4)
        for mode, held in s.modes.items():
            if held.months >= rules.trial_months and sum(held.contribution_fen[-rules.trial_months :]) < 0:
                return "quit", mode, None, "did not pay"
        if s.losses >= rules.patience_months and margin < 0:
            return self.give_up(books[-rules.patience_months :])
        around = self.seen.circle.get((s.circle.name, s.category), self.seen.margin.get(s.category, 0.0))
        aspiration = (1 - rules.imitation) * rules.aspiration_margin + rules.imitation * max(around, 0.0)
        if margin >= round(aspiration, 4):
            return self.crowd(u)
        if u < rules.review_share:
            for _, gain, cost, mode, platform in sorted(self.options(), key=lambda x: (-x[0], x[3])):
                if gain > 0 and gain > rules.hurdle_x * s.format.reluctance_x * cost:
                    return "adopt", mode, platform, "promises to pay"
        if not s.here or len(books) < 2 or rules.price_step == 0 or s.policy == "price_match":
            return "keep", "", None, "nothing promises to pay"
        if books[-1].profit < books[-2].profit:
            s.price_direction = -s.price_direction
        price_x = min(max(s.price_x * (1 + s.price_direction * rules.price_step), 0.85), 1.15)
        if price_x == s.price_x:
            return "keep", "", None, "its price is as far as it goes"
        return "price", "", price_x, "looks for a better price"

    def crowd(self, u: float) -> tuple[str, str, Any, str]:
        """A content store: it may take up what most of its category hold."""
        often, s = self.rules.review_share * self.rules.follow, self.s
        if u < often:
            found = sorted(self.options(), key=lambda x: (-x[0], x[3]))
            best = max(found, key=lambda x: self.seen.holders[s.category, x[3]], default=None)
            if best is not None and u < often * self.seen.holders[s.category, best[3]]:
                return "adopt", best[3], best[4], "others have it"
        return "keep", "", None, "content"

    def cause(self) -> str:
        """What is logged with a closing."""
        s, past = self.s, self.s.months[-6:]
        if not past:
            return "no cash"
        revenue = sum(m.revenue for m in past) / len(past)
        if revenue <= 0:
            return "no customers"
        usual = 100 * s.area_m2 * s.format.sales_per_m2_year_yuan / 12
        usual_rent = self.seen.rents.get(s.format_name, 0.1)
        rent = -sum(m.lines["rent"] for m in past) / len(past)
        kept = sum(m.kept for m in past) / len(past) / revenue
        causes = {
            "rent too high": rent - usual_rent * usual,
            "integration cost": -sum(m.lines["integration"] for m in past) / len(past),
            "sales": max(1 - revenue / usual, 0) * usual * max(kept, 0),
        }
        cause = max(causes, key=lambda k: causes[k])
        if cause == "rent too high" and rent / revenue <= usual_rent:
            return "sales too low for the place"
        if cause != "sales":
            return cause
        first = s.months[:6]
        was = sum(m.revenue for m in first) / len(first)
        if was - revenue > 0.1 * was:
            many = self.seen.online.get(s.category, 0.0) > 0.25
            return "sales lost, many to online" if many else "sales lost to other shops"
        return "sales too low for the place"

    def give_up(self, past: list[Books]) -> tuple[str, str, Any, str]:
        s, n = self.s, len(past)
        revenue = sum(m.revenue for m in past) / n
        kept = sum(m.kept for m in past) / n / revenue if revenue else 0.0
        fixed = sum(m.fixed for m in past) / n
        online = sum(m.channels.get(c, 0) for m in past for c in ONLINE) / n
        visits = sum(m.visits for m in past)
        looked = sum(m.looked_only for m in past) / visits if visits else 0.0
        if not {"marketplace", "app", "social"}.isdisjoint(s.modes):
            if s.state != "online only" and online * kept > 0.1 * fixed:
                return "move online", "", None, "its online sales carry a smaller shop: " + self.cause()
            if (
                s.state == "open"
                and looked > 0.15
                and "marketplace" in s.modes
                and revenue * kept > 0.6 * fixed
            ):
                return "showroom", "", None, "people look here and buy online"
        return "close", "", None, "gave up: " + self.cause()

    # -- 7.15
    def options(self) -> list[tuple[float, float, float, str, Any]]:
        s, spec, rules, date = self.s, self.spec, self.rules, self.town.date
        found: list[tuple[float, float, float, str, Any]] = []
        if s.format.integrates_from is not None and date < s.format.integrates_from:
            return found
        if s.policy == "never_integrate":
            return found
        total = sum(m.revenue for m in self.last)
        sales = total / len(self.last) / 100
        kept = sum(m.kept for m in self.last) / total if total else 0.0
        category = spec.categories[s.category]
        for mode in OUTPUT:
            key = getattr(spec.modes, mode)
            if mode in s.modes or not key.available or s.skill < key.skill / 2:
                continue
            n = sharers(self.town, s, mode)
            if key.start is not None and date < key.start:
                continue
            if self.cash + self.credit / 2 < (key.setup_yuan + 2 * key.fixed_yuan_month) / n:
                continue
            platform = partner(self.town, s, mode)
            if mode in ("marketplace", "partnership") and platform is None:
                continue
            lift = key.hoped_lift
            if mode in self.seen.lift:
                lift = (lift + self.seen.lift[mode]) / 2
            order = key.per_order_yuan
            if mode in ("social", "app"):
                if all(spec.categories[c].delivery_reach_min <= 0 for c in s.floor):
                    continue
                x, k = sales * lift, kept
                order += (key.delivery_cost_yuan - key.delivery_fee_yuan) * spec.levers.logistics_x
            elif mode == "partnership":
                x = sales * lift * min(1.0, 2 * self.seen.members[platform.number])
                k = kept - platform.commission - platform.spec.coupon_discount
            else:
                x, k = self.on_marketplace(platform, key)
            fit = min(1.0, s.skill / key.skill)
            extra = x * rules.optimism * (1 + rules.bandwagon * self.seen.holders[s.category, mode]) * fit
            gain = extra * k - order * extra / category.ticket_yuan
            cost = (key.fixed_yuan_month + key.setup_yuan / 24) / n
            found.append((gain - cost, gain, cost, mode, platform))
        return found

    def on_marketplace(self, p: Any, key: Any) -> tuple[float, float]:
        s, spec = self.s, self.spec
        sold = [c for c in s.floor if self.town.offers.carried(p, c, parcel=True)]
        x = sum(self.seen.orders.get((p.number, c), 0.0) for c in sold) / 100 * key.market_share
        category = spec.categories[s.category]
        price = category.online_price_x * p.spec.price_x
        row = self.town.offers.terms(p, self.town.names.index(s.category))
        k = (price - (1 - category.gross_margin) * s.cost_x) / price
        k -= p.commission + row.advertising / row.price
        return x, k - row.delivery * (1 - p.spec.parcel.fee_share) / (price * category.ticket_yuan)
