"""Who else sells the same near a shop: what a policy may ask of the view of the month."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..city.build import City
    from ..city.grid import Grid


class Rival(NamedTuple):
    """Another shop of the same main category: its store number and name, how far it is in km as the crow
    flies, and in minutes one way, door to door (NaN where minutes were not asked for), and the price that it
    asks of its own accord, in usual tickets."""

    number: int
    name: str
    km: float
    minutes: float
    price: float


class Neighbourhood:
    """All shops of one main category as they were before anybody decided this month.

    Found again by a k-d tree over the middles of their cells (Bentley 1975), so that who asks for the nearest
    does not look at all."""

    def __init__(self, shops: Iterable[tuple[float, int, int]], names: list[str], city: City, day: date):
        """`shops` are (price, store number, cell), `names` those of all stores by number."""
        ordered = sorted(shops, key=lambda shop: shop[1])
        self.price = np.array([price for price, _, _ in ordered])
        self.number = np.array([number for _, number, _ in ordered], np.int64)
        self.cell = np.array([cell for _, _, cell in ordered], np.int64)
        self.names, self.city, self.day = names, city, day
        self.at = np.column_stack(city.grid.centre_of(self.cell)) / 1000.0
        self._tree = cKDTree(self.at)
        self._minutes: dict[tuple[int, float], dict[int, float]] = {}

    def near(self, store: Store, km: float, minutes: float, n: int | None) -> list[Rival]:
        """See `View.rivals`."""
        here = np.array(self.city.grid.centre_of(store.cell)) / 1000.0
        by_minutes = math.isfinite(minutes)
        if n is not None and not by_minutes:
            km = min(km, self._furthest(here, n))
        candidates = (
            np.arange(len(self.number)) if math.isinf(km) else np.sort(self._tree.query_ball_point(here, km))
        )
        away = self._minutes_from(store.cell, minutes) if by_minutes else {}
        found = [
            Rival(
                int(self.number[k]),
                self.names[self.number[k]],
                round(
                    math.dist(here, self.at[k]), 6
                ),  # to the millimetre, so that equally far ones are equal
                away.get(int(self.cell[k]), math.nan),
                float(self.price[k]),
            )
            for k in candidates
            if self.number[k] != store.number and (not by_minutes or int(self.cell[k]) in away)
        ]
        found.sort(key=lambda r: (r.minutes if by_minutes else r.km, r.number))
        return found if n is None else found[:n]

    def _furthest(self, here: np.ndarray, n: int) -> float:
        """A radius in km that has the n nearest others in it, with all that are as near as the last."""
        k = min(n + 1, len(self.number))  # itself is one of them
        distance = np.atleast_1d(self._tree.query(here, k=k)[0])
        return float(distance[-1]) * (1 + 1e-9) + 1e-9

    def _minutes_from(self, cell: int, limit: float) -> dict[int, float]:
        """Minutes to every cell within the limit of a cell, worked out once a month for all who ask."""
        if (cell, limit) not in self._minutes:
            reach = self.city.travel.minutes_from([cell], limit, self.day)
            self._minutes[cell, limit] = dict(zip(reach.cell.tolist(), reach.minutes.tolist()))
        return self._minutes[cell, limit]


class LowestPrices:
    """What some shops ask, as the two lowest prices of each cell with a shop: who asks for the lowest of others near her
    does not look at them all, and her own is left out."""

    def __init__(self, shops: Iterable[tuple[float, int, int]]):
        """`shops` are (price, store number, cell)."""
        cells: dict[int, list[tuple[float, int]]] = {}
        for price, number, cell in sorted(shops):
            lowest = cells.setdefault(cell, [])
            if len(lowest) < 2:
                lowest.append((price, number))
        self.cell = np.array(list(cells), np.int64)
        self.price = np.array([some[0][0] for some in cells.values()])
        self.number = np.array([some[0][1] for some in cells.values()], np.int64)
        self.second = np.array([some[1][0] if len(some) > 1 else math.inf for some in cells.values()])

    def seen_from(self, number: int, cell: int, grid: Grid, km: float) -> float:
        """The lowest price of all but store `number` that is asked within `km` of a cell, infinite if there is none."""
        price = np.where(self.number == number, self.second, self.price)
        if math.isfinite(km):
            (y, x), (here_y, here_x) = np.divmod(self.cell, grid.nx), divmod(cell, grid.nx)
            price = price[np.sqrt((x - here_x) ** 2 + (y - here_y) ** 2) * grid.cell_m / 1000 <= km]
        return float(price.min(initial=math.inf))
