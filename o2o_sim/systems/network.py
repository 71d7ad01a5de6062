"""The network of shops and users of a platform."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .base import System

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..market.offers import Table
    from ..model import O2OModel
    from ..scenario.blocks.network import Network as NetworkSpec
    from ..scenario.schema import Spec


def could_join(store: Store, platform: Platform) -> bool:
    """Whether a shop sells anything that a platform carries."""
    return store.is_trading and any(platform.carries(c) for c in store.floor)


def partners(model: O2OModel, platform: Platform) -> list[Store]:
    """The shops that are on a platform, in whatever way."""
    return [s for s in model.stores if s.is_trading and any(h.platform is platform for h in s.modes.values())]


def orders_share(model: O2OModel, platform: Platform) -> float:
    """A platform's share of this month's orders through platforms of its kind, parcels or coupons; 0 if
    none."""
    same = sum(r.orders for r in model.platforms if r.ships == platform.ships)
    return platform.orders / same if same else 0.0


class Network(System):
    """The more shops on a platform, the more users, and the other way round (Rochet & Tirole 2003).

    A platform's reach is log(1 + its shops) / log(1 + shops that could be on it). Its offers are more
    appealing, and the chance to join it is higher, in proportion. What shops expect of its users is in
    policies/integration.py."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.all: list[tuple[Platform, NetworkSpec]] = [
            (p, p.spec.network) for p in model.platforms if p.spec.network is not None
        ]
        self.figures_now: dict[str, float] = {}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.network is not None for p in spec.platforms.values())

    def reach(self, platform: Platform) -> float:
        """From 0 (no shop is on it) to 1 (all are that could be)."""
        could = sum(could_join(s, platform) for s in self.model.stores)
        return math.log1p(len(partners(self.model, platform))) / math.log1p(could) if could else 0.0

    def published(self, table: Table) -> None:
        """All its offers, also those that systems asked later have made for it (fresh food, displays)."""
        c = table.columns
        for p, rule in self.all:
            c["appeal"][c["platform"] == p.number + 1] += rule.appeal * self.reach(p)

    def hazards(self, hazard: np.ndarray) -> None:
        for p, rule in self.all:
            hazard[:, 2 + p.number] *= 1 + rule.joining * self.reach(p)

    def month_end(self) -> None:
        self.figures_now = {}
        for p, _ in self.all:
            self.figures_now |= {
                f"merchants/{p.name}": float(len(partners(self.model, p))),
                f"reach/{p.name}": self.reach(p),
                f"orders_share/{p.name}": orders_share(self.model, p),
            }
        for kind, ships in (("coupons", False), ("parcels", True)):
            orders = [p.orders for p in self.model.platforms if p.ships == ships]
            if any(p.ships == ships for p, _ in self.all):
                total = max(sum(orders), 1)
                self.figures_now[f"orders_hhi/{kind}"] = sum((n / total) ** 2 for n in orders)

    def figures(self) -> dict[str, float]:
        """By platform: shops on it, its reach, its share of this month's orders of its kind; and how
        concentrated these are (Herfindahl-Hirschman index: 1 if one has all, 1/n if n share alike, 0 without
        orders)."""
        return self.figures_now
