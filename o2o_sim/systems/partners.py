"""What a platform takes over from its partners: the data of their customers, and their deliveries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import ONLINE, member_bit
from ..streams import uniforms
from ..units import FEN_PER_YUAN
from .base import System

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..market.offers import Offer, Table
    from ..model import O2OModel
    from ..scenario.conduct_partners import LastKilometre as LastKilometreSpec
    from ..scenario.conduct_partners import MemberData as MemberDataSpec
    from ..scenario.schema import Spec


def drawn(model: O2OModel, process: str, share: float) -> np.ndarray:
    """Which stores take part: bool[stores], each drawn once by its own name."""
    bits = np.array([s.bits for s in model.stores], dtype=np.uint64)
    return uniforms(model.seed_number, process, 0, bits)[: len(bits)] < share


def join_members(model: O2OModel, platform: Platform, who: np.ndarray) -> int:
    """These consumers (row numbers) become members; returns how many were none."""
    bit, access = member_bit(platform.number), model.consumers.access
    who = np.unique(who)
    fresh = who[(access[who] & bit) == 0]
    access[fresh] |= bit
    return len(fresh)


# -- the data of members -------------------------------------------------------------------------------------
class _List:
    """The customers whose data one platform has, and what they bought this month."""

    def __init__(self, consumers: int):
        self.giver = np.full(consumers, -1, np.int32)
        """The store that handed each consumer over (-1: nobody did)."""
        self.bought = self.through = 0
        self.won = 0


class MemberData(System):
    """Partners hand the data of their regulars over; the platform writes to them, and who answers gets used
    to it.

    At the end of a month a partner hands over whom it counts among its regulars: online, the store her
    favourite, her loyalty above a level. Who answers becomes a member, and her familiarity with the platform
    grows, as it does with every purchase through it. All that the platform offers gains from that: its
    parcels, the coupons of other partners, and of the same store. Her loyalty to the store only fades as she
    buys elsewhere."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.lists: list[tuple[Platform, MemberDataSpec, _List]] = [
            (p, p.spec.member_data, _List(len(model.consumers)))
            for p in model.platforms
            if p.spec.member_data is not None
        ]

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.member_data for p in spec.platforms.values())

    def morning(self) -> None:
        if any(rule.start == self.model.date for _, rule, _ in self.lists):
            self.model.offers_changed = True

    def has_begun(self, rule: MemberDataSpec) -> bool:
        return rule.start is None or self.model.date >= rule.start

    def givers(self, p: Platform, rule: MemberDataSpec) -> np.ndarray:
        """Which stores hand data over now: bool[stores]."""
        deals = [
            s.is_trading and (s.owner is p or any(h.platform is p for h in s.modes.values()))
            for s in self.model.stores
        ]
        return np.array(deals, bool) & drawn(self.model, f"hands data to {p.name}", rule.share)

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """Who hands data over pays another commission."""
        for p, rule, _ in self.lists:
            if rule.commission_x != 1 and self.has_begun(rule):
                gives = self.givers(p, rule)
                for o in rows:
                    if o.platform == p.number and o.store >= 0 and gives[o.store]:
                        o.commission *= rule.commission_x
        return rows

    def after_sales(self) -> None:
        """Count what those on the list buy, and through whom."""
        model = self.model
        t = model.table
        assert t is not None
        for p, _, mine in self.lists:
            if model.date.day == 1:
                mine.bought = mine.through = mine.won = 0
            pick = model.pick[(mine.giver[model.needs[0]] >= 0) & model.served]
            store, platform = t.columns["store"][pick], t.columns["platform"][pick]
            mine.bought += int(((store > 0) | (platform > 0)).sum())
            mine.through += int((platform == p.number + 1).sum())

    def month_end(self) -> None:
        for p, rule, mine in self.lists:
            if self.has_begun(rule) and not p.is_broke:
                self._hand_over(p, rule, mine)
                self._write(p, rule, mine)
        self.model.count_users()

    def regulars(self, gives: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """(row numbers of those who count as regulars of a store that gives, the store of each)."""
        people = self.model.consumers.columns
        favourite = people.favourite
        mine = np.append(gives, False)[favourite] & (people.loyalty >= level)
        mine &= ((people.record["access"] & ONLINE) != 0)[:, None]
        who = np.flatnonzero(mine.any(axis=1))
        # Of several stores, the one to which she is most loyal.
        best = np.where(mine[who], people.loyalty[who], -1.0).argmax(axis=1)
        return who, favourite[who, best]

    def _hand_over(self, p: Platform, rule: MemberDataSpec, mine: _List) -> None:
        model = self.model
        who, store = self.regulars(self.givers(p, rule), rule.loyalty)
        new = mine.giver[who] < 0
        who, store = who[new], store[new]
        mine.giver[who] = store
        each = round(rule.fee_yuan * model.expansion_factor * FEN_PER_YUAN)
        for number, count in zip(*np.unique(store, return_counts=True)):
            s = model.stores[number]
            if each:
                model.ledger.book("transfers", p.account, s.account, np.int64(each * count))
            told = {
                "customers": round(float(count) * model.expansion_factor, 2),
                "fee (yuan)": int(each * count) / FEN_PER_YUAN,
            }
            model.log(s.name, "store", "hand over customer data", f"to {p.name}", **told)

    def _write(self, p: Platform, rule: MemberDataSpec, mine: _List) -> None:
        """All on the list are written to; who answers joins, and gets used to the platform."""
        model, people = self.model, self.model.consumers.columns
        record = people.record
        u = uniforms(model.seed_number, f"answers {p.name}", model.day, record["id"])
        who = np.flatnonzero((mine.giver >= 0) & (u < rule.response * record["literacy"]))
        mine.won = join_members(model, p, who)
        known = people.familiarity[who, p.number + 1]
        people.familiarity[who, p.number + 1] = known + np.float32(rule.familiarity) * (np.float32(1) - known)

    def figures(self) -> dict[str, float]:
        """Per platform: people whose data it has; members won by writing this month; and of those on the list
        the share of purchases made through it, and who still are regulars of the store that handed them
        over."""
        found: dict[str, float] = {}
        people, each = self.model.consumers.columns, self.model.expansion_factor
        for p, rule, mine in self.lists:
            listed = mine.giver >= 0
            loyal = (people.favourite == mine.giver[:, None]) & (people.loyalty >= rule.loyalty)
            stays = float((loyal.any(axis=1) & listed).sum()) / listed.sum() if listed.any() else math.nan
            found |= {
                f"data_people/{p.name}": float(listed.sum()) * each,
                f"data_won/{p.name}": mine.won * each,
                f"data_through/{p.name}": mine.through / mine.bought if mine.bought else math.nan,
                f"data_regulars/{p.name}": stays,
            }
        return found


# -- the last kilometre --------------------------------------------------------------------------------------
class LastKilometre(System):
    """Couriers of a platform bring what stores delivered themselves, and the order is placed with the
    platform.

    The store still sells, and pays the platform per delivery; the customer pays the platform's fee, and
    people further away are reached. But who orders becomes a member and gets used to the platform, and unless
    she puts the order down to the store, it counts for her loyalty as a purchase from nobody in particular,
    and does not make her a follower of the store."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.on: list[tuple[Platform, LastKilometreSpec]] = [
            (p, p.spec.last_kilometre) for p in model.platforms if p.spec.last_kilometre is not None
        ]
        self.deliveries = {mode.channel: name for name, mode in model.modes.items() if mode.own_couriers}
        """Channels through which stores deliver themselves, and the way of integrating of each."""
        self.rows: dict[int, np.ndarray] = {}
        self.orders = {p.name: 0 for p, _ in self.on}
        self.before: list[tuple[np.ndarray, ...]] = []

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.last_kilometre for p in spec.platforms.values())

    def morning(self) -> None:
        if any(rule.start == self.model.date for _, rule in self.on):
            self.model.offers_changed = True

    def concerns(self, p: Platform, rule: LastKilometreSpec) -> list[Store]:
        """The stores whose deliveries it takes over now."""
        if p.is_broke or (rule.start is not None and self.model.date < rule.start):
            return []
        takes_part = drawn(self.model, f"last kilometre to {p.name}", rule.share)
        return [
            s
            for s in self.model.stores
            if s.is_trading and takes_part[s.number] and s.owner in (None, p)
            and any(mode in s.modes for mode in self.deliveries.values())
            and (not rule.formats or s.format_name in rule.formats)
        ]  # fmt: skip

    def amend(self, rows: list[Offer]) -> list[Offer]:
        spec = self.model.spec
        categories, logistics = list(spec.categories.values()), spec.levers.logistics_x
        for p, rule in self.on:
            stores = {s.number for s in self.concerns(p, rule)}
            for o in rows:
                if o.channel in self.deliveries and o.store in stores and o.platform < 0:
                    o.platform, o.carrier = p.number, p.account
                    o.fee, o.delivery = rule.fee_yuan * logistics, rule.cost_yuan * logistics
                    o.commission = rule.charge_yuan * logistics
                    o.subsidy = p.subsidy_for(o.price - o.discount)
                    furthest = categories[o.category].delivery_reach_min
                    if o.reach_min >= 0:  # what only followers see (below 0) stays theirs
                        o.reach_min = max(o.reach_min, min(rule.reach_min, furthest))
        return rows

    def published(self, table: Table) -> None:
        """Which rows are deliveries taken over, by platform."""
        own = [k for k, name in enumerate(table.channels) if name in self.deliveries]
        theirs = np.isin(table.columns["channel"], own)
        self.rows = {p.number: theirs & (table.platform == p.number) for p, _ in self.on}

    def after_sales(self) -> None:
        """Note what people who ordered thought of stores before they learn from it."""
        model, people = self.model, self.model.consumers.columns
        consumer, category, _ = model.needs
        self.before = []
        for p, rule in self.on:
            if model.date.day == 1:
                self.orders[p.name] = 0
            k = np.flatnonzero(self.rows[p.number][model.pick] & model.served)
            self.orders[p.name] += len(k)
            if rule.credit:
                ids = model.consumers.id[consumer[k]].astype(np.uint64) * np.uint64(64) + category[k]
                k = k[
                    uniforms(model.seed_number, "credits the store", model.day, ids)[: len(k)] >= rule.credit
                ]
            i, c = consumer[k].astype(np.int64), category[k].astype(np.int64)
            was = (people.favourite[i, c], people.loyalty[i, c], people.record["follows"][i])
            self.before.append((k, i, c, *was))

    def after_learning(self) -> None:
        """Undo what these orders did for the store: to loyalty they are purchases from nobody's store."""
        model, people = self.model, self.model.consumers.columns
        assert model.table is not None
        fade = np.float32(1.0 - model.habits.loyalty_fade)
        undone = np.zeros(len(model.pick), np.bool_)
        for k, *_ in self.before:
            undone[k] = True
        for (p, _), (k, i, c, favourite, loyalty, follows) in zip(self.on, self.before):
            people.favourite[i, c] = favourite
            people.loyalty[i, c] = loyalty * fade
            store = model.table.store[model.pick[k]]
            newly = (people.record["follows"][i] == store) & (follows != store)
            for order, was in zip(k[newly].tolist(), follows[newly].tolist()):
                self._unfollow(order, was, undone)
            ordered = np.flatnonzero(self.rows[p.number][model.pick] & model.served)
            join_members(model, p, model.needs[0][ordered])

    def _unfollow(self, order: int, was: int, undone: np.ndarray) -> None:
        """If this order made her a follower, she follows whom she would have without all that are undone:
        whom her last other purchase of the day made her follow, or whom she followed before."""
        model, consumer = self.model, self.model.needs[0]
        assert model.table is not None
        if not self._makes_follow(order):
            return
        who = consumer[order]
        for k in range(np.searchsorted(consumer, who, "left"), np.searchsorted(consumer, who, "right")):
            store = int(model.table.store[model.pick[k]])
            if store >= 0 and model.served[k] and not undone[k]:
                s = model.stores[store]
                if s.makes_followers and self._makes_follow(k):
                    was = store
        model.consumers.columns.record["follows"][who] = was

    def _makes_follow(self, k: int) -> bool:
        """Whether a purchase from a store with an account makes a follower: the draw of `needs.learn_all`."""
        model, (consumer, category, _) = self.model, self.model.needs
        who = model.consumers.columns.record["id"][consumer[k]]
        u = uniforms(model.seed_number, "learn", model.day, who, 1000 + int(category[k]))[0]
        return bool(u < model.habits.follow_rate)

    def figures(self) -> dict[str, float]:
        """Per platform: stores whose deliveries it brings, and people's orders that it brought this month."""
        found: dict[str, float] = {}
        for p, rule in self.on:
            found[f"last_kilometre_stores/{p.name}"] = float(len(self.concerns(p, rule)))
            found[f"last_kilometre_orders/{p.name}"] = self.orders[p.name] * self.model.expansion_factor
        return found
