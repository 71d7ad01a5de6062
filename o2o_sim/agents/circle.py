"""A business circle with its landlord; the streets of the city are one more, without a place of their own."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from ..market.ledger import LANDLORD
from .register import Placed

if TYPE_CHECKING:
    from ..model import O2OModel
    from .store import Store

STREETS = "streets"


class Circle(Placed, mesa.Agent):
    """Units to let at one place. `rent` is the level in yuan per m2 and month that is asked, `tenants` who trades there.

    Where leases run for years its landlord knows of the month before the vacancy that searching alone explains
    (`natural_vacancy`) and the highest level that newcomers could pay (`bid_yuan_m2`); None otherwise, and where nothing
    is known of it."""

    model: O2OModel
    moved_by = "a circle stays where it is; its stores move with store.cell"

    def __init__(
        self,
        model: O2OModel,
        name: str,
        cell: int,
        *,
        units: int,
        rent: float,
        appeal: float = 0.0,
        occupied_start: float = 1.0,
        opens: date | None = None,
        weight: float = 1.0,
        policy: Any = None,
        density_x: np.ndarray | None = None,
    ):
        super().__init__(model)
        self.name, self._cell, self.units = name, int(cell), units
        self.rent = self.first_rent = rent
        self.appeal, self.occupied_start, self.opens, self.weight = appeal, occupied_start, opens, weight
        self.policy, self.density_x = policy, density_x
        self.tenants: list[Store] = []
        self.account = model.ledger.open("landlord of " + name, LANDLORD)
        self.natural_vacancy: float | None = None
        self.bid_yuan_m2: float | None = None
        self.is_open = opens is None or opens <= model.date

    @property
    def cell(self) -> int:
        """The cell it is in. A circle does not move: setting it raises ValueError."""
        return self._cell

    @cell.setter
    def cell(self, cell: int) -> None:
        raise ValueError(f"{self.name} cannot be moved to cell {cell}: {self.moved_by}")

    def leave(self) -> None:
        """A circle stays. Raises ValueError, which says what can be done instead."""
        raise ValueError(
            f"{self.name} cannot be removed: let its stores leave with store.remove(), and set units = 0"
        )

    @property
    def is_street(self) -> bool:
        return self.density_x is not None

    @property
    def vacant(self) -> int:
        """Units without a tenant."""
        return max(0, self.units - len(self.tenants)) if self.is_open else 0

    @property
    def vacancy(self) -> float:
        """Share of units without a tenant."""
        return self.vacant / self.units if self.is_open and self.units else 0.0

    def rent_yuan_m2(self, cell: int) -> float:
        """Rent of a unit at a cell, per m2 and month, before format and lever; streets differ by density."""
        return self.rent * (float(self.density_x[cell]) if self.density_x is not None else 1.0)

    def attraction(self) -> float:
        """What the place adds to a shop's appeal: its comfort, and the variety of other shops around."""
        if self.is_street:
            return 0.0
        others = max(0, len(self.tenants) - 1)
        return self.appeal + self.model.spec.consumers.variety_weight * math.log1p(others)
