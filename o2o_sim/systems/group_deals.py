"""Group deals, which bring people into shops: for a few weeks, for less, and only if enough people buy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import modes
from ..market.crowds import Crowds
from ..market.offers import Offer
from ..streams import uniforms
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.group_deals import GroupDeals
    from ..scenario.schema import Spec

MODE, CHANNEL = modes.Group.name, modes.Group.channel
MONDAY = 0
"""The platform's page is made up anew on Mondays: new deals begin then. (So offers change once a week, not
daily.)"""


@dataclass
class Deal:
    """One deal of one store: `began` is its first day's number, `people` how many have bought so far, `others` of them
    today besides the consumers (market/crowds.py)."""

    began: int
    people: float = 0.0
    others: float = 0.0


class GroupBuying(System):
    """Which of the stores that hold the mode `group` have a deal on.

    A store has one deal at a time: on for `deal_days`, then a pause, then the next one, on a Monday. A deal
    that has not found its least number of buyers when its trial is over lapses; who has bought by then keeps
    what she bought, because the platform's word stands. Who comes for a deal on the day on which it sells
    out, and too late, buys nothing and comes again the next day, without it.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.on: dict[int, Deal] = {}
        """Store number -> its deal."""
        self.not_before: dict[int, int] = {}
        """Store number -> first day on which its next deal could begin."""
        self.month = {"lapsed": 0, "sold_out": 0, "buyers": 0}
        self.crowds = Crowds()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.group_deals is not None for p in spec.platforms.values())

    def _terms(self, store: Store) -> GroupDeals | None:
        """What its platform asks for a deal; None if it can have none (any more)."""
        holding = store.modes.get(MODE)
        platform = holding.platform if holding is not None else None
        if platform is None or platform.is_broke or not store.is_here:
            return None
        return platform.spec.group_deals

    # -- the course of deals --------------------------------------------------------------------------------
    def morning(self) -> None:
        m = self.model
        if m.date.day == 1 or m.day == 0:
            self.month = dict.fromkeys(self.month, 0)
        for store in m.stores:
            terms = self._terms(store)
            if terms is None:
                self.not_before.pop(store.number, None)
                if self.on.pop(store.number, None) is not None:
                    m.offers_changed = True
            elif store.number in self.on:
                self._go_on(store, terms, self.on[store.number])
            elif m.day >= self._ready(store, terms) and m.date.weekday() == MONDAY:
                self.on[store.number] = Deal(m.day)
                m.offers_changed = True
                m.log(store.name, "store", "group deal", "begins", discount=terms.discount)

    def _ready(self, store: Store, terms: GroupDeals) -> int:
        """When it may begin its next deal: the first ones of all stores are spread over a pause."""
        if store.number not in self.not_before:
            m = self.model
            u = uniforms(m.seed_number, "first group deal", m.day, np.full(1, store.bits))[0]
            self.not_before[store.number] = m.day + int(u * (terms.pause_days + 1))
        return self.not_before[store.number]

    def _go_on(self, store: Store, terms: GroupDeals, deal: Deal) -> None:
        """Whether a deal ends this morning, and why."""
        m = self.model
        age, people = m.day - deal.began, deal.people
        if people > terms.most_buyers - 1e-6:  # sums of fractions
            how = "sold out"
            self.month["sold_out"] += 1
        elif age == terms.trial_days and people < terms.least_buyers:
            how = "lapses: too few buyers"
            self.month["lapsed"] += 1
        elif age >= terms.deal_days:
            how = "is over"
        else:
            return
        del self.on[store.number]
        self.not_before[store.number] = m.day + terms.pause_days
        m.offers_changed = True
        m.log(store.name, "store", "group deal", how, buyers=round(people), days=age)

    # -- the day --------------------------------------------------------------------------------------------
    def amend(self, rows: list[Offer]) -> list[Offer]:
        return [r for r in rows if r.channel != CHANNEL or r.store in self.on]

    def _deal_rows(self) -> np.ndarray:
        """Which rows of the table are deals: bool[rows]."""
        t = self.model.table
        if CHANNEL not in t.channels:
            return np.zeros(len(t), np.bool_)
        return t.columns["channel"] == t.channels.index(CHANNEL)

    def serve(self, inside: np.ndarray) -> None:
        """Who comes when a deal is sold out, in an order drawn for the day, gets none."""
        if not self.on:
            return
        m, is_deal = self.model, self._deal_rows()
        wants = np.flatnonzero(is_deal[m.purchases.picks] & m.purchases.served)
        came = np.bincount(inside[wants], minlength=len(m.stores) + 1)[1:]
        stock = np.zeros(len(m.stores))
        for number in self.on:
            terms = self._terms(m.stores[number])
            stock[number] = terms.most_buyers if terms is not None else 0.0
        others, _ = self.crowds.meet(came, m.expansion_factor, stock)
        for number, deal in self.on.items():
            n, left = int(came[number]), max(stock[number] - deal.people, 0.0)
            deal.others = min(float(others[number]), max(left - n, 0.0))
            if not stock[number] or n + others[number] <= left:
                continue
            bits = np.full(1, m.stores[number].bits)
            u = float(uniforms(m.seed_number, "last of a deal", m.day, bits)[0])
            served = int(n * left / (n + others[number]) + u)
            mine = wants[inside[wants] == number + 1]
            ids = (
                m.consumers.id[m.purchases.consumer[mine]].astype(np.uint64) * np.uint64(64)
                + m.purchases.category[mine]
            )
            turn = np.argsort(uniforms(m.seed_number, "turn for a deal", m.day, ids), kind="stable")
            m.purchases.served[mine[turn[served:]]] = False
            deal.others = left - served

    def after_sales(self) -> None:
        if not self.on:
            return
        m, rows = self.model, np.flatnonzero(self._deal_rows())
        t = m.table
        bought = m.purchases.bought[:, rows].sum(axis=0)
        by_store = np.zeros(len(m.stores), np.int64)
        np.add.at(by_store, t.store[rows], bought)
        for number, deal in self.on.items():
            deal.people += int(by_store[number]) + deal.others
        self.month["buyers"] += int(bought.sum())

    def figures(self) -> dict[str, float]:
        """Deals on as the month ends; of the month: deals lapsed and sold out, and their buyers (people)."""
        return {
            "group_deals": float(len(self.on)),
            "group_deals_lapsed": float(self.month["lapsed"]),
            "group_deals_sold_out": float(self.month["sold_out"]),
            "group_deal_buyers": self.month["buyers"] * self.model.expansion_factor,
        }
