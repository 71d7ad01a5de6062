"""A town day by day, as docs/ODD.md describes it (7.2, 7.5 to 7.11)."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import numpy as np

from .odd_day import SMARTPHONE, Day, Offers, Row, pays
from .odd_month import end_month, start, start_shop
from .odd_shops import Shops
from .odd_start import City, Ways, draw, extend, hash64, mean_wait, person, stream

LOW = (1 << 32) - 1
NODES, CHANCE = np.polynomial.hermite_e.hermegauss(7)
CHANCE = CHANCE / CHANCE.sum()
MONEY = (
    "price",
    "discount",
    "subsidy",
    "fee",
    "goods",
    "spoilage",
    "commission",
    "advertising",
    "handling",
    "delivery",
)


# -- element 4: a draw of a pair -----------------------------------------------------------------------------
def exponential(mine: int, theirs: int) -> float:
    """E of 7.7 and 7.8, for the 64-bit keys of who chooses and of what is chosen."""
    h = ((mine ^ theirs) & LOW) * 0x9E3779B1 & LOW
    h ^= h >> 15
    h = (h + ((mine ^ theirs) >> 32)) & LOW
    h ^= h >> 16
    h = h * 0x7FEB352D & LOW
    h ^= h >> 15
    h = h * 0x846CA68B & LOW
    h ^= h >> 16
    return -math.log(((h >> 9) + 0.5) / 2**23)


def key_of(row: Row, categories: list[str]) -> int:
    """The identity of an offer."""
    category = categories[row.category]
    if row.channel == "without":
        return hash64(f"without | {category}")
    return hash64(f"{'store' if row.store >= 0 else 'platform'} {row.maker} | {row.channel} | {category}")


class Town:
    """A scenario from its first day on: `step` is one day. Of the code it is given the scenario alone, and
    the shares of residents and jobs by cell, which the code works out with exponentials of its own (to
    2e-9)."""

    def __init__(self, spec: Any, residents: np.ndarray, jobs: np.ndarray) -> None:
        self.spec, self.city = spec, City(spec)
        self.city.residents, self.city.jobs = residents, jobs
        self.each = spec.residents / spec.population
        self.categories, self.names = list(spec.categories.values()), list(spec.categories)
        self.people = [person(spec, self.city, i) for i in range(spec.population)]
        for me in self.people:
            me.update(follows=-1, favourite=[-1] * len(self.names), loyalty=[0.0] * len(self.names))
        self.people.sort(key=lambda me: (me["home"], me["id"]))
        self.shops = Shops(spec, self.city, self.people)
        self.stores, self.platforms = self.shops.stores, self.shops.platforms
        self.ways = Ways(spec, self.city, spec.start)
        self.day, self.date = 0, spec.start
        self.queue: list[float] = []
        self.visitors: dict[Any, tuple[float, float]] = {}
        self.changed = True
        self.log: list[tuple[Any, str, str, str]] = []
        self.paying: list[bool] = []
        self.clear()
        start(self)

    def clear(self) -> None:
        """What is counted of a month."""
        self.lines: dict[int, Counter[str]] = defaultdict(Counter)
        self.counts: dict[str, Counter[int]] = defaultdict(Counter)
        self.channel: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
        self.orders: Counter[tuple[int, str]] = Counter()
        self.parcels: Counter[int] = Counter()
        self.sales: dict[str, Counter[str]] = defaultdict(Counter)

    def book(self, s: Any, line: str, amount: int) -> None:
        """What a shop got (or paid, if negative)."""
        self.lines[s.number][line] += amount
        s.cash += amount

    def publish(self) -> None:
        """Offers are made anew where something changed; queues that people expect change every day."""
        if self.changed:
            self.offers = Offers(self.spec, self.city, self.stores, self.platforms, self.day)
            rows = self.offers.rows
            self.rows = {r.name: r for r in rows}
            self.keys = {r.name: key_of(r, self.names) for r in rows}
            self.fen = {
                r.name: {k: int(np.rint(getattr(r, k) * (100.0 * self.each))) for k in MONEY} for r in rows
            }
            self.queue += [0.0] * (len(self.stores) - len(self.queue))
        self.changed = False

    def step(self) -> None:
        """One day."""
        self.begin()
        self.go_on()

    def begin(self) -> None:
        """The morning: what opens, what is on offer, and whose needs are due."""
        for s in self.shops.open_circles(self.date):
            start_shop(self, s)
            self.changed = True
        paying = [pays(p, self.date) for p in self.platforms]
        if paying != self.paying:
            self.paying, self.changed = paying, True
        if any(
            line is not None and line.opens == self.date for line in (self.spec.city.metro or {}).values()
        ):
            self.ways, self.changed = Ways(self.spec, self.city, self.date), True
        free = self.free()
        self.publish()
        self.today = Day(self.offers, self.ways, self.queue, not free)
        self.needs = self.due(free)

    def go_on(self) -> None:
        """Everybody chooses, is served, pays and learns; on the last day of a month all decide."""
        choices = [self.choose(me, c) for me, c in self.needs]
        choices = [(self.seller(me, took), visited) for (me, _), (took, visited) in zip(self.needs, choices)]
        served = self.serve(self.needs, choices)
        self.settle(choices, served)
        for (me, c), (took, _), ok in zip(self.needs, choices, served):
            self.learn(me, c, took, ok)
        if (self.date + timedelta(days=1)).month != self.date.month:
            end_month(self)
        self.day, self.date = self.day + 1, self.date + timedelta(days=1)

    def free(self, ahead: int = 0) -> bool:
        date = self.date + timedelta(days=ahead)
        return date.weekday() in self.spec.calendar.weekend or date in self.spec.calendar.holidays

    def apart_km(self, a: int, b: int) -> float:
        return math.hypot(self.city.x[a] - self.city.x[b], self.city.y[a] - self.city.y[b])

    # -- 7.5
    def due(self, free: bool) -> list[tuple[dict, int]]:
        ahead = next((k for k in range(1, 15) if self.free(k)), 1)
        found = []
        for me in self.people:
            for c, category in enumerate(self.categories):
                if me["due"][c] > self.day:
                    continue
                u = draw(self.spec.seed, "put off", self.day, c, me["id"])
                if not free and u < category.plan_ahead:
                    me["due"][c] = self.day + ahead
                else:
                    found.append((me, c))
        return found

    # -- 7.7
    def choose(self, me: dict, c: int) -> tuple[Row | None, Row | None]:
        """What she takes, and the offer at a place that she looked at first and left."""
        rows, first, phone, spot = self.today.table(me, c)
        if not rows:
            return None, None
        mine = extend(extend(stream(self.spec.seed, "taste", self.day), me["id"]), c)
        e = np.array([exponential(mine, self.keys[r.name]) for r in rows])
        w = int(np.argmin(e * np.exp(-first)))
        if rows[w].seen != "place" or self.offers.unseen_disutility(c) <= 0 or not me["access"] & SMARTPHONE:
            return rows[w], None
        again = e * np.exp(-phone)
        k = int(np.argmin(again))
        return (rows[k], rows[w]) if again[k] < e[w] * math.exp(-spot[w]) else (rows[w], None)

    # -- 7.8
    def seller(self, me: dict, took: Row | None) -> Row | None:
        if (
            took is None
            or took.channel != "parcel"
            or self.platforms[took.platform].spec.kind != "marketplace"
        ):
            return took
        mine = extend(extend(stream(self.spec.seed, "seller", self.day), me["id"]), self.keys[took.name])
        best, shops = exponential(mine, hash64("outside sellers")), self.today.local_sellers(took)
        outside = 1 - sum(shops.values())
        for name, share in shops.items():
            time = exponential(mine, self.keys[name]) / (share / outside)
            if time < best:
                took, best = self.rows[name], time
        return took

    # -- 7.9
    def staff(self, s: Any) -> float:
        kept = {"open": 1.0, "showroom": 0.5, "online only": 0.1}.get(s.state, 0.0)
        return s.area_m2 / s.format.m2_per_staff * s.staffing * kept

    @staticmethod
    def known(of: dict, who: Any, count: float, exposure: float, guess: float, most: float) -> float:
        """What is known of a rate after today."""
        a, b = of.get(who, (5.0, 5.0 / max(guess, 1e-12)))
        a, b = (1 - 1 / 180) * a + count, (1 - 1 / 180) * b + exposure
        least = min(1.0, most / a)
        of[who] = a * least, b * least
        return a / b

    def serve(self, needs: list, choices: list) -> list[bool]:
        """Who is served; queues of tomorrow."""
        served, rules = [True] * len(needs), self.spec.stores
        inside: dict[int, list[int]] = defaultdict(list)
        for n, (took, _) in enumerate(choices):
            if took is not None and took.seen == "place":
                inside[took.store].append(n)
        room = {s.number: self.staff(s) * s.format.served_per_staff_day for s in self.stores if s.here}
        total = sum(len(inside[s.number]) for s in self.stores)
        today = self.known(self.visitors, "all", total, 1.0, total, 25.0)
        for s in self.stores:
            who, k = inside[s.number], s.number
            if not s.here:
                self.queue[k] *= 1 - rules.queue_smoothing
                if k in self.visitors:
                    self.known(self.visitors, k, len(who), 0.0, 1.0, 400.0)
                continue
            rate = self.known(self.visitors, k, len(who), today, room[k] / sum(room.values()), 400.0)
            others = rate * today * (self.each - 1)
            crowd = [len(who) + max(others + math.sqrt(others) * z, 0.0) for z in NODES]
            share = sum(p * min(1.0, room[k] / max(x, 1e-9)) for p, x in zip(CHANCE, crowd))
            whole = math.floor(len(who) * share + draw(self.spec.seed, "capacity", self.day, 0, k))
            if rules.unserved_leave and len(who) > whole:
                who = sorted(who, key=lambda n: draw(self.spec.seed, "turn", self.day, 0, needs[n][0]["id"]))
                for n in who[whole:]:
                    served[n] = False
            w, wait = max(self.staff(s), 1.0), 0.0
            for p, x in zip(CHANCE, crowd):
                rho = min(x / room[k], 0.98)
                wait += p * rules.service_min * rho ** (math.sqrt(2 * (w + 1)) - 1) / (w * (1 - rho))
            wait = round(wait * 1024) / 1024
            self.queue[k] = (1 - rules.queue_smoothing) * self.queue[k] + rules.queue_smoothing * wait
        return served

    # -- 7.10
    def settle(self, choices: list, served: list[bool]) -> None:
        for (took, visited), ok in zip(choices, served):
            if visited is not None:
                self.counts["visits"][visited.store] += 1
                self.counts["looked_only"][visited.store] += 1
            if took is None:
                continue
            if took.seen == "place" and visited is None:
                self.counts["visits"][took.store] += 1
            if not ok:
                self.counts["turned_away"][took.store] += 1
                continue
            m, name = self.fen[took.name], self.names[took.category]
            received = m["price"] - m["discount"]
            self.sales["all"][name] += received + m["fee"]
            if took.platform >= 0:
                p = self.platforms[took.platform]
                p.spent_fen += m["subsidy"]
                p.cash += m["commission"] + m["advertising"] - m["subsidy"]
                if took.store < 0 and p.spec.kind == "self_operated":
                    p.cash += (
                        received + m["fee"] - sum(m[k] for k in ("goods", "spoilage", "handling", "delivery"))
                    )
            if took.channel in ("parcel", "marketplace shop"):
                self.sales["parcels"][name] += received + m["fee"]
                self.orders[took.platform, name] += received + m["fee"]
                self.parcels[took.platform] += 1
            if took.store < 0:
                continue
            s = self.stores[took.store]
            self.counts["customers"][s.number] += 1
            self.book(s, "sales", received - m["subsidy"])
            self.book(s, "subsidy received", m["subsidy"])
            self.book(s, "delivery fees", m["fee"])
            costs = {"cost of goods": "goods"} | {
                k: k for k in ("spoilage", "commission", "advertising", "handling", "delivery")
            }
            for line, k in costs.items():
                self.book(s, line, -m[k])
            self.channel["sales"][s.number, took.channel] += received
            margin = received + m["fee"] - sum(m[k] for k in costs.values())
            self.channel["margin"][s.number, took.channel] += margin

    # -- 7.11
    def learn(self, me: dict, c: int, took: Row | None, served: bool) -> None:
        if not served:
            me["due"][c] = self.day + 1
            return
        rules, f = self.spec.consumers, np.float32
        mean = mean_wait(self.categories[c], me["income"])
        u1, u2 = (draw(self.spec.seed, "learn", self.day, 2 * c + k, me["id"]) for k in (0, 1))
        me["due"][c] = min(self.day + max(1, int(mean * (0.5 + u1) + u2)), 32000)
        if took is None or took.channel == "without":
            return
        known = me["familiarity"]
        for p in range(len(self.platforms)):
            if p == took.platform:
                known[p + 1] = float(f(known[p + 1]) + f(rules.habit_rate) * (f(1) - f(known[p + 1])))
            else:
                known[p + 1] = float(f(known[p + 1]) * f(1 - rules.habit_fade))
        bond, s = f(me["loyalty"][c]), took.store
        if s >= 0 and me["favourite"][c] == s:
            bond += f(rules.loyalty_rate) * (f(1) - bond)
        else:
            bond *= f(1 - rules.loyalty_fade)
            if s >= 0 and bond < f(rules.loyalty_rate):
                me["favourite"][c], bond = s, f(rules.loyalty_rate)
        me["loyalty"][c] = float(bond)
        u = draw(self.spec.seed, "learn", self.day, 1000 + c, me["id"])
        shop = self.stores[s] if s >= 0 else None
        account = shop is not None and shop.state != "closed" and not {"social", "app"}.isdisjoint(shop.modes)
        if account and me["follows"] != s and u < rules.follow_rate:
            me["follows"] = s
