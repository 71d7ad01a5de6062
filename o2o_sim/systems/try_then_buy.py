"""Try in the store, buy online: the store has its share of the parcels that are ordered on its floor."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from ..agents.store import OPEN, SHOWROOM
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.schema import Spec


class TryThenBuy(System):
    """Experience stores.

    Touching is free in every shop, and who has touched may order the parcel on the spot. Here the platform
    that carries it pays the shop a share of what the seller gets (not where the seller is the shop itself). A
    shop that loses money and lives by such commissions to a good part gives up half its floor and staff and
    becomes an experience store (the state `showroom`).
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rule = model.spec.stores.try_then_buy
        assert rule is not None
        self.rule = rule
        self.pays = np.array(
            [False, *(p.ships and (not rule.platforms or p.name in rule.platforms) for p in model.platforms)]
        )
        self.orders: dict[int, int] = {}
        self.earned: dict[int, int] = {}
        self.past: dict[int, deque[int]] = {}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.stores.try_then_buy is not None

    def takes_part(self, store: Store) -> bool:
        return not self.rule.formats or store.format_name in self.rule.formats

    def after_sales(self) -> None:
        """Commissions of the day, to the fen."""
        m, t = self.model, self.model.table
        shop = t.store[m.purchases.visited]
        solvent = np.array([True, *(not p.is_broke for p in m.platforms)])
        platform = t.columns["platform"][m.purchases.picks]
        k = np.flatnonzero(
            (m.purchases.visited > 0) & (shop >= 0) & m.purchases.served & (self.pays & solvent)[platform]
        )
        partner = np.array([self.takes_part(s) for s in m.stores], np.bool_)
        k = k[partner[shop[k]] & (t.store[m.purchases.picks[k]] != shop[k])] if len(k) else k
        if not len(k):
            return
        rows = m.purchases.picks[k]
        due = np.rint(self.rule.commission * (t.fen["price"][rows] - t.fen["discount"][rows])).astype(
            np.int64
        )
        payer = np.array([p.account for p in m.platforms], np.int64)[platform[k].astype(np.int64) - 1]
        account = np.array([s.account for s in m.stores], np.int64)
        m.ledger.book("transfers", payer, account[shop[k]], due)
        for s, amount in zip(shop[k].tolist(), due.tolist()):
            self.orders[s] = self.orders.get(s, 0) + 1
            self.earned[s] = self.earned.get(s, 0) + amount

    def month_end(self) -> None:
        """Shops that lose money and live by commissions become experience stores."""
        rule = self.rule
        for store in self.model.stores:
            if not (store.is_trading and store.months and self.takes_part(store)):
                continue
            past = self.past.setdefault(store.number, deque(maxlen=rule.after_months_of_loss))
            past.append(self.earned.get(store.number, 0))
            if store.state != OPEN or store.losses < rule.after_months_of_loss:
                continue
            earned, months = sum(past), store.months[-rule.after_months_of_loss :]
            left = earned + sum(m.revenue + m.variable for m in months)
            if earned > 0 and earned >= rule.turn_at * left:
                store.become(SHOWROOM, "earns by what people order on its floor")
                self.model.log(
                    store.name, "store", "showroom", "earns by what people order on its floor",
                    **{"commissions (yuan/month)": round(earned / len(past) / 100, 2),
                       "left after goods, with commissions (yuan/month)": round(left / len(months) / 100, 2),
                       "months of loss": store.losses},
                )  # fmt: skip
                self.model.offers_changed = True

    def figures(self) -> dict[str, float]:
        """A month, real people and yuan, by format: orders on the floor, and commissions for them."""
        m = self.model
        found: dict[str, float] = {}
        for name in self.rule.formats or m.spec.stores.formats:
            mine = [s.number for s in m.stores if s.format_name == name]
            found[f"floor_orders/{name}"] = sum(self.orders.get(s, 0) for s in mine) * m.expansion_factor
            found[f"floor_commission_yuan/{name}"] = sum(self.earned.get(s, 0) for s in mine) / 100
        self.orders, self.earned = {}, {}
        return found
