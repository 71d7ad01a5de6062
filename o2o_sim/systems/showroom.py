"""Showrooms that brands or a platform pay for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..agents.store import OPEN, SHOWROOM, SHOWROOM_FLOOR
from ..market.ledger import LINE, PROVIDERS
from ..policies.integration import SETUP_MONTHS, Option, contribution_margin
from ..scenario.blocks.showroom import BRANDS
from ..units import FEN_PER_YUAN, fen
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..policies.decisions import Decision, View
    from ..scenario.schema import Spec

FIXED = [LINE[name] for name in ("rent", "wages", "overheads")]


class Showrooms(System):
    """Others pay a shop for showing their goods: so much a visit, so much for the floor.

    `store.showroom_income` is what a store would be paid a month for being a showroom, or is paid if it is one: a
    smaller floor draws fewer (Huff's exponent, `size_weight`). A store whose owner weighs what it could become
    (`stores.owners`) weighs this; any other takes it up like other changes, if it is not content and the gain clears the
    hurdle. The money comes from an account of the brands, outside the city, or from the platform, which stops when it is
    out of cash."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rule = model.spec.stores.showroom
        assert rule is not None
        self.rule = rule
        self.platform = next((p for p in model.platforms if p.name == rule.paid_by), None)
        self.payer = (
            self.open_account(BRANDS, "suppliers") if self.platform is None else self.platform.account
        )
        self.paid_fen: dict[str, int] = {}
        self.owners_weigh = model.spec.stores.owners is not None

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.stores.showroom is not None

    def takes_part(self, store: Store) -> bool:
        return store.is_here and (not self.rule.formats or store.format_name in self.rule.formats)

    def pays(self) -> bool:
        """Whether who pays has money."""
        return self.platform is None or not (self.platform.is_broke or self.platform.has_left)

    def bills(self) -> None:
        """Showrooms are paid for the month, and every shop learns what it would be paid if it were one."""
        self.paid_fen = {}
        visits = self.model.month.visits * self.model.expansion_factor
        stores = [s for s in self.model.stores if s.is_trading]
        rooms = [s for s in stores if s.state == SHOWROOM and self.takes_part(s)]
        rooms.sort(key=lambda s: (-visits[s.number], s.number))
        paid = rooms[: self.rule.most] if self.pays() else []
        for s in stores:
            s.showroom_income = 0.0
            if self.pays() and s.state == OPEN and self.takes_part(s) and self._has_room(len(rooms)):
                s.showroom_income = self._worth(s, visits[s.number] * self._draws())
        for s in paid:
            s.showroom_income = self._worth(s, visits[s.number])
            amount = fen(s.showroom_income)
            self.model.ledger.book("transfers", self.payer, s.account, np.int64(amount))
            self.paid_fen[s.format_name] = self.paid_fen.get(s.format_name, 0) + amount

    def _has_room(self, rooms: int) -> bool:
        return self.rule.most is None or rooms < self.rule.most

    def _draws(self) -> float:
        """How many a shop draws with a showroom's floor, relative to the whole."""
        return float(SHOWROOM_FLOOR**self.model.spec.stores.size_weight)

    def _worth(self, store: Store, visits: float) -> float:
        """Yuan a month for a showroom with so many visits."""
        return self.rule.yuan_visit * visits + self.rule.yuan_m2_month * store.area_m2 * SHOWROOM_FLOOR

    def _refit_yuan(self, store: Store) -> float:
        return self.rule.refit_yuan_m2 * store.area_m2 * SHOWROOM_FLOOR

    def options(self, store: Store, view: View) -> list[Option]:
        """To become a showroom: what is paid and what half the floor and staff save, less what the smaller floor no
        longer sells."""
        if self.owners_weigh or store.state != OPEN or store.showroom_income <= 0:
            return []
        months = store.months[-view.spec.stores.satisficing.memory_months :]
        sales = sum(m.revenue for m in months) / len(months) / FEN_PER_YUAN
        fixed = -sum(int(m.lines[FIXED].sum()) for m in months) / len(months) / FEN_PER_YUAN
        lost = sales * (1 - self._draws())
        gain = store.showroom_income + fixed * (1 - SHOWROOM_FLOOR) - lost * contribution_margin(months)
        cost = self._refit_yuan(store) / SETUP_MONTHS
        return [Option("", self.platform, gain, cost, -lost, SHOWROOM)]

    def decided(self, store: Store, decision: Decision) -> None:
        """Fitting out is paid for (owners see to it themselves, systems/owners.py)."""
        if not self.owners_weigh and decision.kind == SHOWROOM and store.state == SHOWROOM:
            cost = np.int64(fen(self._refit_yuan(store)))
            self.model.ledger.book("integration", store.account, PROVIDERS, cost)

    def figures(self) -> dict[str, float]:
        """Yuan that showrooms of each format were paid this month."""
        names = self.rule.formats or self.model.spec.stores.formats
        return {f"showroom_yuan/{name}": self.paid_fen.get(name, 0) / FEN_PER_YUAN for name in names}
