"""Leases that are more than a rent per m2: a share of turnover, and months without rent for who moves in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.ledger import LINE
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.turnover import TurnoverRent
    from ..scenario.schema import Spec


class Leases(System):
    """Corrects the plain rent that a store has paid for the month, on the same line of the books.

    A turnover lease asks base + share * max(0, sales - breakpoint), with breakpoint = x * base / share (the
    natural breakpoint times x), as percentage leases usually do (Benjamin, Boyle & Sirmans 1990)."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.in_the_unit = {"walk-in", *(mode.channel for mode in model.modes.values() if mode.in_shop)}
        """Channels that sell in the unit itself."""
        self.overage_fen: dict[str, int] = {}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        circles = spec.circles.values()
        return spec.landlords.turnover is not None or any(
            c.turnover is not None or c.rent_free_months > 0 for c in circles
        )

    def lease_of(self, store: Store) -> TurnoverRent | None:
        """The turnover lease of a store, if it has one."""
        spec = self.model.spec
        if store.circle.is_street:
            return None
        own = spec.circles.get(store.circle.name)
        return own.turnover if own is not None and own.turnover is not None else spec.landlords.turnover

    def is_rent_free(self, store: Store) -> bool:
        """Whether it moved in during the run, into a circle that lures tenants, and not longer ago than
        that."""
        spec = self.model.spec
        circle = spec.circles.get(store.circle.name)
        if circle is None or len(store.months) >= circle.rent_free_months:
            return False
        return store.opened > spec.start or (circle.opens is not None and circle.opens >= spec.start)

    def turnover_fen(self, store: Store, lease: TurnoverRent) -> int:
        """The month's sales that the lease counts."""
        m = self.model
        sold = m.month.channel_sales[store.number]
        if lease.online_counts:
            return int(sold.sum())
        return sum(int(sold[k]) for k, name in enumerate(m.channels) if name in self.in_the_unit)

    def asked_fen(self, store: Store, lease: TurnoverRent) -> tuple[int, int]:
        """(base rent, what is asked of the sales above the breakpoint) of the month. The rent lever moves
        both: at twice the rent the share is twice as high, too, and the breakpoint stays. In the term of a lease it
        is the lever of the day of signing."""
        lever = self.model.spec.levers.rent_x if store.lease is None else store.lease.lever_x
        base = lease.base_x * store.rent_yuan() * 100
        share = min(lever * lease.share_by_format.get(store.format_name, lease.share), 1.0)
        if share == 0:
            return round(base), 0
        above = self.turnover_fen(store, lease) - lease.breakpoint_x * base / share
        return round(base), round(share * max(above, 0.0))

    def bills(self) -> None:
        book = self.model.ledger.book
        self.overage_fen = dict.fromkeys(self.model.circles, 0)
        for store in self.model.stores:
            if not store.is_here:
                continue
            paid, lease = fen(store.rent_yuan()), self.lease_of(store)
            asked, overage = (paid, 0) if lease is None else self.asked_fen(store, lease)
            if self.is_rent_free(store):
                asked = overage = 0
            more = asked + overage - paid
            landlord = store.circle.account
            self.overage_fen[store.circle.name] += overage
            if more > 0:
                book("rent", store.account, landlord, np.int64(more))
            elif more < 0:
                book("rent", landlord, store.account, np.int64(-more))

    def figures(self) -> dict[str, float]:
        """`turnover_rent_yuan/CIRCLE`: what leases asked of sales above the breakpoint; `rent_yuan/CIRCLE`:
        all."""
        m, found = self.model, {}
        for name, circle in m.circles.items():
            if not circle.is_street:
                found[f"turnover_rent_yuan/{name}"] = self.overage_fen.get(name, 0) / 100
                found[f"rent_yuan/{name}"] = int(m.ledger.books[LINE["rent"], circle.account]) / 100
        return found
