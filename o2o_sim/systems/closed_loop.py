"""The loop from a coupon to the shop and online again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..market.ledger import PROVIDERS
from ..market.offers import AT_PLACE, Offer
from ..streams import uniforms
from ..units import fen
from .base import System
from .messages import is_running

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.schema import Spec


class ClosedLoop(System):
    """Who came to a shop through a platform's coupon is drawn back online.

    Served, she begins to follow the shop with a chance, if it has a social account or app. A customer who follows it
    has then a coupon for her next order through that account or app, for some days; ordering with it earns
    the next. It can be had from the shop she follows alone, and as far as the shop delivers. The shop pays
    for every contact.
    """

    AUDIENCE = "closed loop"

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rule = model.spec.closed_loop
        assert rule is not None
        self.rule = rule
        n = len(model.consumers.columns.record)
        self.until = np.zeros(n, np.int32)
        self.shop = np.full(n, -1, np.int32)
        self.deliveries = {name: mode for name, mode in model.modes.items() if mode.own_couriers}
        """The ways of integrating by which shops themselves deliver what their followers order."""
        self.bit = model.audiences.bit(self.AUDIENCE)
        self.platforms = {
            p.number
            for p in model.platforms
            if p.spec.kind == "local_services" and (not rule.platforms or p.name in rule.platforms)
        }
        self.was_on: bool | None = None
        self.contacts = 0

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.closed_loop is not None

    def closes(self, store: Store) -> bool:
        """Whether a shop can draw its customers back."""
        fitting = not self.rule.formats or store.format_name in self.rule.formats
        return fitting and store.is_trading and any(mode in store.modes for mode in self.deliveries)

    def morning(self) -> None:
        """Coupons end with their day, and all of them with the loop."""
        m, on = self.model, is_running(self.model, self.rule)
        if on != self.was_on:
            self.was_on, m.offers_changed = on, True
        holders = self.shop >= 0
        follows = m.consumers.columns.record["follows"]
        gone = holders & ((self.until <= m.day) | (follows != self.shop) | (not on))
        if gone.any():
            self.shop[gone] = -1
            m.audiences.leave(self.AUDIENCE, gone)

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """Deliveries of the shops again, with the coupon, for who holds one and follows the shop."""
        if not self.was_on:
            return rows
        mine = [self.closes(s) for s in self.model.stores]
        channels = {mode.channel for mode in self.deliveries.values()}
        return rows + [
            replace(
                r,
                needs=r.needs | self.bit,
                reach_min=-1.0,  # seen by followers only
                discount=r.discount + self.rule.discount * (r.price - r.discount),
            )
            for r in rows
            if r.channel in channels and r.store >= 0 and r.platform < 0 and mine[r.store]
        ]

    def after_learning(self) -> None:
        if not self.was_on:
            return
        m, t = self.model, self.model.table
        consumer, category = m.purchases.consumer, m.purchases.category
        closes = np.array([False, *(self.closes(s) for s in m.stores)])
        came = np.isin(t.platform, sorted(self.platforms)) & (t.seen == AT_PLACE)
        again = (t.columns["needs"] & np.uint32(self.bit)) != 0
        k = np.flatnonzero(
            (m.purchases.served & closes[t.columns["store"]][m.purchases.picks])
            & (came | again)[m.purchases.picks]
        )
        if not len(k):
            return
        who, shop = consumer[k], t.store[m.purchases.picks[k]]
        follows = m.consumers.columns.record["follows"]
        what = np.full(len(k), 1.0)
        for c in np.unique(category[k]):
            mine = category[k] == c
            ids = m.consumers.id[who[mine]]
            what[mine] = uniforms(m.seed_number, "closed loop", m.day, ids, int(c))
        new = what < self.rule.follow
        follows[who[new]] = shop[new]
        held = follows[who] == shop
        who, shop = who[held], shop[held]
        self.shop[who], self.until[who] = shop, m.day + 1 + self.rule.remember_days
        m.audiences.join(self.AUDIENCE, who)
        cost = fen(self.rule.contact_yuan * m.expansion_factor)
        if cost and len(who):
            accounts = np.array([s.account for s in m.stores], np.int64)[shop]
            m.ledger.book("advertising", accounts, PROVIDERS, np.full(len(who), cost, np.int64))
        self.contacts += len(who)

    def figures(self) -> dict[str, float]:
        """Real people: addressed again this month, and with a coupon for next time as it ends."""
        x, contacts = self.model.expansion_factor, self.contacts
        self.contacts = 0
        return {"loop_contacts": contacts * x, "loop_coupons": float((self.shop >= 0).sum()) * x}
