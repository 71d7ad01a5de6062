"""What a platform takes over from its partners: their deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..streams import uniforms
from .base import System
from .member_data import drawn, join_members

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..market.offers import Offer, Table
    from ..model import O2OModel
    from ..scenario.blocks.last_kilometre import LastKilometre as LastKilometreSpec
    from ..scenario.schema import Spec


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
        consumer, category = model.purchases.consumer, model.purchases.category
        self.before = []
        for p, rule in self.on:
            if model.date.day == 1:
                self.orders[p.name] = 0
            k = np.flatnonzero(self.rows[p.number][model.purchases.picks] & model.purchases.served)
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
        """Undo what these orders did for the store: to loyalty they are purchases from no particular store."""
        model, people = self.model, self.model.consumers.columns
        fade = np.float32(1.0 - model.habits.loyalty_fade)
        undone = np.zeros(len(model.purchases.picks), np.bool_)
        for k, *_ in self.before:
            undone[k] = True
        for (p, _), (k, i, c, favourite, loyalty, follows) in zip(self.on, self.before):
            people.favourite[i, c] = favourite
            people.loyalty[i, c] = loyalty * fade
            store = model.table.store[model.purchases.picks[k]]
            newly = (people.record["follows"][i] == store) & (follows != store)
            for order, was in zip(k[newly].tolist(), follows[newly].tolist()):
                self._unfollow(order, was, undone)
            ordered = np.flatnonzero(self.rows[p.number][model.purchases.picks] & model.purchases.served)
            join_members(model, p, model.purchases.consumer[ordered])

    def _unfollow(self, order: int, was: int, undone: np.ndarray) -> None:
        """If this order made her a follower, she follows whom she would have without all that are undone:
        whom her last other purchase of the day made her follow, or whom she followed before."""
        model, consumer = self.model, self.model.purchases.consumer
        if not self._makes_follow(order):
            return
        who = consumer[order]
        for k in range(np.searchsorted(consumer, who, "left"), np.searchsorted(consumer, who, "right")):
            store = int(model.table.store[model.purchases.picks[k]])
            if store >= 0 and model.purchases.served[k] and not undone[k]:
                s = model.stores[store]
                if s.makes_followers and self._makes_follow(k):
                    was = store
        model.consumers.columns.record["follows"][who] = was

    def _makes_follow(self, k: int) -> bool:
        """Whether a purchase from a store with an account makes a follower: the draw of `needs.learn_all`."""
        model, purchases = self.model, self.model.purchases
        consumer, category = purchases.consumer, purchases.category
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
