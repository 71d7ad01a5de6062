"""A landlord and a platform side with each other: in his circle its coupons are sweetened, its rivals'
refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..market.consumers import ONLINE, member_bit
from ..market.offers import AT_PLACE, Offer, Table
from ..units import fen
from .base import System
from .smart import on_terms

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.circle_alliance import CircleAlliance
    from ..scenario.schema import Spec


@dataclass
class Pact:
    """One circle and the platform it favours. `is_on`: by its dates; `is_sweet`: and there is budget left."""

    circle: Circle
    platform: Platform
    rules: CircleAlliance
    is_on: bool = False
    is_sweet: bool = False
    spent_fen: int = 0

    def refuses(self, platform: Platform | None) -> bool:
        """Whether coupons of a platform are not taken in the circle."""
        return self.is_on and self.rules.exclusive and platform is not None and platform is not self.platform


class CircleAlliances(System):
    """The platform's coupons are cheaper in the circle, at the landlord's cost; other coupons are not taken;
    and the platform's page sends its members there."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        platform = {p.name: p for p in model.platforms}
        self.pacts = {
            name: Pact(model.circles[name], platform[c.alliance.platform], c.alliance)
            for name, c in model.spec.circles.items()
            if c.alliance is not None
        }
        self.vouchers = {
            name: mode.channel
            for name, mode in model.modes.items()
            if mode.in_shop and mode.partner is not None
        }
        """Ways of integrating by which a platform brings customers into shops, and their channels."""
        self._table: Table | None = None
        self._paid: list[tuple[Pact, np.ndarray, np.ndarray]] = []

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(c.alliance is not None for c in spec.circles.values())

    def morning(self) -> None:
        today = self.model.date
        for pact in self.pacts.values():
            rules = pact.rules
            if today.day == 1:
                pact.spent_fen = 0
            begun = pact.circle.is_open and (rules.start is None or today >= rules.start)
            on = begun and not pact.platform.has_left and (rules.end is None or today < rules.end)
            sweet = on and rules.extra_discount > 0 and pact.spent_fen < fen(rules.budget_yuan_month)
            if (on, sweet) != (pact.is_on, pact.is_sweet):
                self.model.offers_changed = True
            if on != pact.is_on:
                said = "begins" if on else "ends"
                self.model.log(pact.circle.name, "landlord", f"alliance {said}", pact.platform.name)
            pact.is_on, pact.is_sweet = on, sweet
            # Every day: a platform may have opened or bought a shop there, which has what it is not asked
            # about.
            for store in pact.circle.tenants:
                self._drop_rival(store, pact)

    def _drop_rival(self, store: Store, pact: Pact) -> None:
        """A shop of the circle gives up what is not taken there any more."""
        for mode in self.vouchers:
            holding = store.modes.get(mode)
            if holding is not None and pact.refuses(holding.platform):
                reason = "its circle sides with " + pact.platform.name
                self.model.log(store.name, "store", f"quit {mode}", reason)
                store.quit(mode)
                self.model.offers_changed = True

    def allows(self, store: Store, mode: str, platform: Any) -> bool:
        pact = self.pacts.get(store.circle.name)
        return pact is None or mode not in self.vouchers or not pact.refuses(platform)

    def amend(self, rows: list[Offer]) -> list[Offer]:
        for pact in self.pacts.values():
            if not pact.is_on:
                continue
            here = {s.number: True for s in pact.circle.tenants}
            if pact.is_sweet:
                extra = pact.rules.extra_discount
                rows = [
                    _cheaper(r, extra)
                    if r.channel in self.vouchers.values()
                    and r.store in here
                    and r.platform == pact.platform.number
                    else r
                    for r in rows
                ]
            if pact.rules.appeal != 0:
                appeal = pact.rules.appeal

                def directed(
                    row: Offer, here: dict[int, bool] = here, appeal: float = appeal
                ) -> Offer | None:
                    mine = row.seen == AT_PLACE and row.store in here
                    return replace(row, appeal=row.appeal + appeal) if mine else None

                rows = on_terms(rows, int(ONLINE | member_bit(pact.platform.number)), directed)
        return rows

    def _find_paid(self, table: Table) -> None:
        """Rows of coupons that landlords sweeten, and what each costs them per order in fen."""
        self._table, self._paid = table, []
        channel, platform = table.columns["channel"].astype(np.int64), table.platform
        vouchers = [table.channels.index(c) for c in self.vouchers.values() if c in table.channels]
        for pact in self.pacts.values():
            if not pact.is_sweet:
                continue
            here = np.zeros(len(self.model.stores) + 1, np.bool_)
            here[[s.number + 1 for s in pact.circle.tenants]] = True
            is_mine = np.isin(channel, vouchers) & (platform == pact.platform.number)
            rows = np.flatnonzero(is_mine & here[table.columns["store"]])
            each = np.rint(pact.rules.extra_discount * table.fen["price"][rows]).astype(np.int64)
            self._paid.append((pact, rows, each))

    def after_sales(self) -> None:
        t = self.model.table
        if t is not self._table:
            self._find_paid(t)
        count = self.model.purchases.bought.sum(axis=0)
        for pact, rows, each in self._paid:
            amount = count[rows] * each
            self.model.ledger.book("transfers", pact.circle.account, t.seller[rows], amount)
            pact.spent_fen += int(amount.sum())

    def bills(self) -> None:
        for pact in self.pacts.values():
            fee = fen(pact.rules.fee_yuan_month) if pact.is_on else 0
            if fee:
                self.model.ledger.book(
                    "advertising", pact.circle.account, pact.platform.account, np.int64(fee)
                )

    def figures(self) -> dict[str, float]:
        """`alliance_yuan/CIRCLE`: what the landlord paid towards coupons this month."""
        return {f"alliance_yuan/{name}": pact.spent_fen / 100 for name, pact in self.pacts.items()}


def _cheaper(coupon: Offer, extra: float) -> Offer:
    """A coupon with so much more off, as a share of the price; nobody is paid for buying."""
    discount = coupon.discount + extra * coupon.price
    return replace(coupon, discount=discount, subsidy=min(coupon.subsidy, max(coupon.price - discount, 0.0)))
