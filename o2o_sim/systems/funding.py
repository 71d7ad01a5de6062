"""Who pays for the growth of a platform, and how a platform ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import member_bit
from ..market.ledger import INVESTORS
from ..units import fen
from .acquire import Owner
from .base import System
from .harvest import stop_paying
from .network import orders_share, partners

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..market.offers import Offer
    from ..model import O2OModel
    from ..scenario.blocks.funding import Funding as FundingSpec
    from ..scenario.schema import Spec


@dataclass
class PlatformFinance:
    """What investors have put into one platform, and whether they will again.

    `paid` counts the promised rounds, `rounds` those that growth won, `refused` the refusals in a row;
    `orders_day` are its daily orders (simulated) when they last put in, None before the first month has
    ended; `months` since their last meeting."""

    platform: Platform
    rule: FundingSpec
    paid: int = 0
    rounds: int = 0
    refused: int = 0
    months: int = 0
    orders_day: float | None = None

    def may_hope(self) -> bool:
        """Whether any round is still to come, or may."""
        r = self.rule
        meets = r.every_months is not None and self.rounds < r.most_rounds and self.refused < r.refusals
        return meets or self.paid < len(r.rounds)


class Funding(System):
    """Investors pay in rounds: on days that they promised, and every so many months if orders have grown.

    Nobody else fills a platform's till. While a round may still come, one without money goes on and owes, but
    pays no subsidy. When none may, it leaves the market on the evening of the month: offers, memberships and
    partnerships end, and its investors settle the debt."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.finances = [
            PlatformFinance(p, p.spec.funding) for p in model.platforms if p.spec.funding is not None
        ]
        for finance in self.finances:
            # All that they would add in `Platform.pay_month` counts as added.
            finance.platform.added_yuan = finance.platform.spec.patience_yuan
        self.shares: dict[str, float] = {}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.funding is not None for p in spec.platforms.values())

    def morning(self) -> None:
        for finance in self.finances:
            rounds = finance.rule.rounds
            while not finance.platform.has_left and finance.paid < len(rounds):
                if rounds[finance.paid].date > self.model.date:
                    break
                finance.paid += 1
                self._pay(finance, rounds[finance.paid - 1].yuan, "promised")

    def _pay(self, finance: PlatformFinance, yuan: float, reason: str, **figures: float) -> None:
        p, m = finance.platform, self.model
        m.ledger.book("owners", INVESTORS, p.account, np.int64(fen(yuan)))
        if p.is_broke and p.cash_yuan >= 0:
            p.is_broke, m.offers_changed = False, True
        m.log(
            p.name,
            "platform",
            "round",
            reason,
            **{"round (yuan)": yuan, "cash (yuan)": round(p.cash_yuan, 2), **figures},
        )

    def month_end(self) -> None:
        # Before the books of the month close, with which its orders are forgotten.
        self.shares = {
            f"orders_share/{u.platform.name}": orders_share(self.model, u.platform) for u in self.finances
        }
        for system in self.model.systems:
            if isinstance(system, Owner):
                system.settle()
        for finance in self.finances:
            p = finance.platform
            if p.has_left:
                continue
            self._meet(finance)
            # Bills of other systems came after its own of the month.
            p.is_broke = p.cash_yuan < -0.01
            if p.cash_yuan < 0 and not finance.may_hope():
                leave_market(self.model, p, "out of money")

    def _meet(self, finance: PlatformFinance) -> None:
        """The investors meet, if it is their month."""
        rule, p, m = finance.rule, finance.platform, self.model
        # A run may begin within a month.
        orders = p.orders / min(m.date.day, m.day + 1)
        if finance.orders_day is None:
            finance.orders_day = orders
        finance.months += 1
        meets = (
            rule.every_months is not None
            and finance.rounds < rule.most_rounds
            and finance.refused < rule.refusals
        )
        if not meets or finance.months < (rule.every_months or 0):
            return
        finance.months, before = 0, finance.orders_day
        figures = {
            "orders a day then": round(before * m.expansion_factor, 2),
            "orders a day": round(orders * m.expansion_factor, 2),
        }
        if orders > 0 and orders >= (1 + rule.growth) * before:
            finance.rounds, finance.refused, finance.orders_day = finance.rounds + 1, 0, orders
            self._pay(finance, rule.round_yuan, "growth", **figures)
        else:
            finance.refused += 1
            m.log(p.name, "platform", "no round", "too little growth", **figures)

    def amend(self, rows: list[Offer]) -> list[Offer]:
        gone = {finance.platform.number for finance in self.finances if finance.platform.has_left}
        return [row for row in rows if row.platform not in gone] if gone else rows

    def hazards(self, hazard: np.ndarray) -> None:
        for finance in self.finances:
            if finance.platform.has_left:
                hazard[:, 2 + finance.platform.number] = 0.0

    def figures(self) -> dict[str, float]:
        """1 while a platform is in the market, 0 when it has left; and its share of this month's orders of
        its kind."""
        return self.shares | {
            f"in_market/{finance.platform.name}": float(not finance.platform.has_left)
            for finance in self.finances
        }


def leave_market(model: O2OModel, p: Platform, reason: str) -> None:
    """A platform leaves for good: its offers, memberships and partnerships end, and its investors take what is in
    its till, or settle what it owes."""
    owed, shops = p.cash_yuan, partners(model, p)
    model.log(
        p.name,
        "platform",
        "leave",
        reason,
        **{
            "cash (yuan)": round(owed, 2),
            "subsidies in all (yuan)": p.paid_fen / 100,
            "members": round(p.members, 4),
            "shops": len(shops),
        },
    )
    model.ledger.book("owners", INVESTORS, p.account, np.int64(-model.ledger.cash(p.account)))
    stop_paying(p)
    p.has_left, p.is_broke = True, True
    model.consumers.columns.record["access"] &= ~member_bit(p.number)
    for store in shops:
        for mode in [k for k, holding in store.modes.items() if holding.platform is p]:
            store.quit(mode)
            model.log(store.name, "store", f"quit {mode}", f"{p.name} has left the market")
    model.count_users()
    model.offers_changed = True
