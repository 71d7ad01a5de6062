"""Paying by phone as infrastructure of the whole city, and the provider who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import PAYS_BY_PHONE
from ..market.ledger import CONSUMERS, LINE, OVERHEADS, PROVIDERS
from ..market.offers import AT_PLACE, Table
from ..streams import uniforms
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec


class MobilePayments(System):
    """Who pays by phone does so wherever it is taken: parcels always, shops if they take it.

    A payer keeps the till busy for fewer minutes, so that everybody in the queue waits less: service time,
    and with it the wait of Sakasegawa (1977), falls by the payers' share of the day's customers times the
    minutes they save. Shops can serve no more people in a day than before. Sellers pay a share of such sales;
    the provider pays banks, and for users and payments. Purchases without a price (going without) are no
    payments."""

    payments: int
    by_phone: int
    at_tills: int
    customers: int
    minutes: float

    def __init__(self, model: O2OModel):
        super().__init__(model)
        spec = model.spec.mobile_payment
        assert spec is not None
        self.rules = spec
        self.account = model.ledger.open(spec.provider, PROVIDERS)
        self.takes = np.ones(1, np.bool_)
        self.queue_before = model.board.queue.copy()
        self.is_on = False
        self.users_before = float(model.users[1])
        self._empty_month()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.mobile_payment is not None

    def _empty_month(self) -> None:
        """The month's counts, in simulated people: payments, those by phone, those of them at tills,
        customers in shops, and the minutes that these expected to wait."""
        self.payments = self.by_phone = self.at_tills = self.customers = 0
        self.minutes = 0.0

    def morning(self) -> None:
        today, m = self.model.date, self.model
        if today.day == 1:
            self._empty_month()
        on = self.rules.start is None or today >= self.rules.start
        if on and not self.is_on:
            m.log(self.rules.provider, "platform", "begin", "shops take payment by phone")
        self.is_on = on
        self.queue_before = m.board.queue.copy()

    def accepting(self) -> np.ndarray:
        """bool[stores + 1]: who takes it, by store number + 1; 0 are sellers without a shop, who all do."""
        known, m = len(self.takes) - 1, self.model
        if known < len(m.stores):
            bits = np.array([s.bits for s in m.stores[known:]], dtype=np.uint64)
            draw = uniforms(m.seed_number, "shop takes phone payment", 0, bits)
            self.takes = np.concatenate([self.takes, draw < self.rules.accepted_by])
        return self.takes

    def after_sales(self) -> None:
        m, t = self.model, self.model.table
        pick, at_place = m.purchases.picks, t.seen == AT_PLACE
        pays = (m.consumers.access[m.purchases.consumer] & PAYS_BY_PHONE) != 0
        bought = m.purchases.served & (t.fen["price"][pick] > 0)
        self.payments += int(bought.sum())
        self.customers += int(at_place[pick].sum())
        self.minutes += float(t.columns["queue"][pick].sum())
        if not self.is_on:
            return
        by_phone = pays & self.accepting()[t.columns["store"]][pick]
        self._shorten_queues(np.where(t.queued, t.columns["store"], 0)[pick], by_phone)
        count = np.bincount(pick[bought & by_phone], minlength=len(t))
        self.by_phone += int(count.sum())
        self.at_tills += int(count[at_place].sum())
        self._charge(t, count)

    def _shorten_queues(self, inside: np.ndarray, by_phone: np.ndarray) -> None:
        """What today's crowd adds to the queue that people expect shrinks as its mean service time does.
        `inside` is the shop where each person stands (number + 1; 0: none)."""
        m, stores = self.model, len(self.model.stores) + 1
        customers = np.bincount(inside, minlength=stores)[1:]
        payers = np.bincount(inside[by_phone], minlength=stores)[1:]
        shorter = 1 - self.rules.till_min_saved / m.spec.stores.service_min * payers / np.maximum(
            customers, 1
        )
        new = len(m.board.queue) - len(self.queue_before)
        kept = (1 - m.spec.stores.queue_smoothing) * np.concatenate([self.queue_before, np.zeros(new)])
        m.board.queue = kept + np.maximum(m.board.queue - kept, 0.0) * shorter

    def _charge(self, t: Table, count: np.ndarray) -> None:
        """Sellers pay the provider, and the provider the banks, for `count` (int64[rows]) purchases by
        phone."""
        rows = np.flatnonzero(count)
        n, rules, book = count[rows], self.rules, self.model.ledger.book
        paid = (t.fen["price"] - t.fen["discount"] - t.fen["subsidy"])[rows]
        fee = np.rint(rules.fee_share * paid).astype(np.int64)
        cost = np.rint(
            rules.bank_share * paid + rules.cost_per_payment_yuan * 100 * self.model.expansion_factor
        )
        book("handling", t.seller[rows], self.account, n * fee)
        book("overheads", self.account, OVERHEADS, n * cost.astype(np.int64))

    def bills(self) -> None:
        if not self.is_on:
            return
        residents, rules = self.model.spec.residents, self.rules
        users = float(self.model.users[1]) * residents
        cost = rules.cost_per_user_yuan_month * users + rules.fixed_yuan_month * residents / 1e6
        self.model.ledger.book("overheads", self.account, OVERHEADS, np.int64(fen(cost)))

    # -- pushes ----------------------------------------------------------------------------------------------
    def hazards(self, hazard: np.ndarray) -> None:
        self.users_before = float(self.model.users[1])
        for push in self._pushes():
            hazard[:, 1] += push.chance

    def _pushes(self) -> list:
        today = self.model.date
        return [p for p in self.rules.pushes if (p.day.year, p.day.month) == (today.year, today.month)]

    def month_end(self) -> None:
        """Gifts of a push go to all who began to pay by phone in its month."""
        new = (float(self.model.users[1]) - self.users_before) * self.model.spec.residents
        for push in self._pushes():
            spent = fen(push.gift_yuan * new)
            self.model.ledger.book("transfers", self.account, CONSUMERS, np.int64(spent))
            self.model.log(
                self.rules.provider, "platform", "push", "gifts for new users",
                **{"new users": round(new), "spent (yuan)": spent / 100},
            )  # fmt: skip

    def figures(self) -> dict[str, float]:
        """Share of payments made by phone, hours that this saved at tills, the mean wait that customers in
        shops expected (min), and what came of it for the provider: fees, profit, profit per user (yuan in the
        month)."""
        m = self.model
        books = m.ledger.books[:, self.account]
        profit = int(books.sum() - books[LINE["owners"]]) / 100
        users = float(m.users[1]) * m.spec.residents
        return {
            "phone_share": self.by_phone / self.payments if self.payments else 0.0,
            "till_hours_saved": self.at_tills * m.expansion_factor * self.rules.till_min_saved / 60,
            "queue_min": self.minutes / self.customers if self.customers else 0.0,
            "payment_fees_yuan": int(books[LINE["handling"]]) / 100,
            "payment_profit_yuan": profit,
            "payment_profit_yuan_user": profit / users if users else 0.0,
        }
