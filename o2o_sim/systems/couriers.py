"""Couriers of shops: what a delivery costs by the minutes of the way, and what spoils on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.ledger import COURIERS, SUPPLIERS
from ..market.offers import DELIVERED
from .base import System

if TYPE_CHECKING:
    from datetime import date

    from ..model import O2OModel
    from ..scenario.schema import Spec

MINUTES_A_DAY = 1440.0


class Ways:
    """Minutes from the places of shops to all cells of the city, for a courier: door to door, without what a
    customer's trip takes besides (city.access_min)."""

    def __init__(self, model: O2OModel):
        self.model = model
        self._as_of: date | None = None
        self._from: dict[int, np.ndarray] = {}
        self._nearest: dict[tuple, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        grid = model.city.grid
        self._y, self._x = np.divmod(np.arange(grid.cells), grid.nx)

    def minutes_from(self, cell: int) -> np.ndarray:
        """float64[cells]; infinite where nothing can be brought to."""
        m = self.model
        epoch = max((d for d in m.epochs if d <= m.date), default=None)
        if epoch != self._as_of:
            self._as_of, self._from = epoch, {}
        if cell not in self._from:
            self._from[cell] = self._search(cell)
        return self._from[cell]

    def nearest(self, shops: np.ndarray, reach_min: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of shops at some cells, each of which delivers `reach_min` far as a customer's trip is stated
        (access included): (which cells are served: bool[cells], shops by nearness: int64[shops, cells], how
        many of them are the nearest alike: int64[cells])."""
        cells = self.model.city.grid.cells
        if not len(shops):
            return np.zeros(cells, np.bool_), np.zeros((0, cells), np.int64), np.zeros(cells, np.int64)
        ways = np.array([self.minutes_from(int(cell)) for cell in shops])
        asked = (shops.tobytes(), reach_min.tobytes(), self._as_of)
        if asked not in self._nearest:
            away = np.where(ways + self.model.city.travel.access_min <= reach_min[:, None], ways, np.inf)
            least = away.min(axis=0)
            found = np.isfinite(least), np.argsort(away, axis=0, kind="stable"), (away == least).sum(axis=0)
            # Of a few categories; shops move or come and go about once a month.
            self._nearest = {**dict(list(self._nearest.items())[-15:]), asked: found}
        return self._nearest[asked]

    def _search(self, cell: int) -> np.ndarray:
        """The network's minutes, less what its eight directions go round: over open ground it is the straight
        line, and a river costs its detour."""
        m = self.model
        travel, rule = m.city.travel, m.spec.city
        found, minutes = travel.minutes_from([cell], np.inf, m.date).of(0)
        away = np.full(m.city.grid.cells, np.inf)
        away[found] = minutes
        dx, dy = np.abs(self._x - self._x[cell]), np.abs(self._y - self._y[cell])
        straight = np.sqrt(dx * dx + dy * dy)
        along = np.maximum(dx, dy) + (np.sqrt(2.0) - 1) * np.minimum(dx, dy)
        a_cell = m.city.grid.cell_m * 0.06 / rule.street_kmh
        return np.maximum(away - travel.access_min - (along - straight) * a_cell, travel.own_cell_min)


class Couriers(System):
    """Shops that deliver themselves pay for the way out and back, order by order, in place of a flat cost.

    An order takes the way to the customer's home and back, shared by the orders of a trip, and the handover;
    goods lie in the box for the way out and half of the trip's handovers. Deliveries that somebody under
    contract makes (an alliance's provider, hired couriers) keep the price of the contract."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rule, categories = model.spec.couriers, model.spec.categories
        assert rule is not None
        self.rule, self.ways = rule, Ways(model)
        per_min = [
            rule.spoil_per_min.get(n, min(c.spoilage_per_day / MINUTES_A_DAY * rule.heat_x, 1.0))
            for n, c in categories.items()
        ]
        self.spoils = np.array(per_min)
        self.count, self.minutes, self.paid, self.goods, self.spoiled = 0, 0.0, 0, 0, 0
        self.told = self._figures()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.couriers is not None

    def after_sales(self) -> None:
        m, t = self.model, self.model.table
        by_shop = (t.seen == DELIVERED) & (t.store >= 0) & (t.carrier == t.seller)
        orders = np.flatnonzero(by_shop[m.purchases.picks] & m.purchases.served)
        if not len(orders):
            return
        row, category = m.purchases.picks[orders], m.purchases.category[orders]
        home = m.consumers.columns.record["home"][m.purchases.consumer[orders]]
        way = self._way(t.columns["cell"][row], home)
        rule = self.rule
        yuan = rule.yuan_per_min * (2 * way / rule.orders_per_trip + rule.handover_min)
        cost = _fen(yuan * m.spec.levers.logistics_x * 100 * m.expansion_factor)
        lies = way + rule.handover_min * rule.orders_per_trip / 2
        goods = t.fen["goods"][row]
        spoiled = _fen(goods * (1 - (1 - self.spoils[category]) ** lies))
        # The flat cost of the offer is booked already.
        more = cost - t.fen["delivery"][row]
        m.ledger.book("delivery", t.carrier[row], COURIERS, more)
        m.ledger.book("spoilage", t.seller[row], SUPPLIERS, spoiled)
        where = (t.store[row], t.columns["channel"][row].astype(np.int64))
        np.subtract.at(m.month.channel_margin, where, more + spoiled)
        self.count += len(orders)
        self.minutes += float(way.sum())
        self.paid += int(cost.sum())
        self.goods += int(goods.sum())
        self.spoiled += int(spoiled.sum())

    def _way(self, shop: np.ndarray, home: np.ndarray) -> np.ndarray:
        """One-way minutes of every order; somebody whom no way leads to is not served from there."""
        way = np.zeros(len(shop))
        for cell in np.unique(shop):
            mine = shop == cell
            way[mine] = self.ways.minutes_from(int(cell))[home[mine]]
        return way / self.rule.speed_x

    def bills(self) -> None:
        self.told = self._figures()
        self.count, self.minutes, self.paid, self.goods, self.spoiled = 0, 0.0, 0, 0, 0

    def _figures(self) -> dict[str, float]:
        people = max(self.count, 1) * self.model.expansion_factor
        return {
            "deliveries": self.count * self.model.expansion_factor,
            "courier_way_min": self.minutes / max(self.count, 1),
            "courier_yuan_order": self.paid / 100 / people,
            "spoiled_on_way_share": self.spoiled / max(self.goods, 1),
        }

    def figures(self) -> dict[str, float]:
        """Orders that shops delivered themselves, minutes one way and yuan per order, share of goods
        spoilt."""
        return self.told


def _fen(amount: np.ndarray) -> np.ndarray:
    """Whole fen."""
    return np.rint(amount).astype(np.int64)
