"""Who sees which offer: travel from every place that has one, and the lists of offers around each tile of cells.

Lists and travel are worked out again only where an offer came, went or moved, or where travel changed."""

from __future__ import annotations

from datetime import date as Date

import numpy as np
from numpy.typing import NDArray

from ..city.build import City
from ..city.transport import Reach
from ..scenario.schema import Spec
from .lists import Lists, best_sides, build_lists, tiles_of
from .offers import Table, same_places


class Sight:
    """What people see from where they live and work. `tiles` are the neighbourhoods of which each has a list;
    `lived_in` (int64[cells]) says how many people of the whole city live in each cell, for tiles of the best size."""

    def __init__(self, spec: Spec, city: City, lived_in: NDArray[np.int64]):
        self.spec, self.city = spec, city
        self._table: Table | None = None
        self._reach: Reach | None = None
        self._reach_date: Date | None = None
        self._reach_min = 0.0
        self._place_of_cell = np.zeros(0, np.int32)
        often = np.array([1.0 / c.every_days for c in spec.categories.values()])
        self.tiles = tiles_of(city.grid, best_sides(lived_in, often))

    def travel_changed(self) -> None:
        """Minutes on the way are not what they were: a metro line opened."""
        self._reach_date = None

    def look_at(self, table: Table, date: Date, stores: int) -> None:
        """Give a table of offers its lists: those of the table before, where nothing else is seen from anywhere.
        `stores` is how many stores there are."""
        if self._table is not None and self._reach_date is not None and same_places(self._table, table):
            table.lists = self._table.lists
        else:
            table.lists = self._lists(table, date, stores)
        self._table = table

    def _lists(self, table: Table, date: Date, stores: int) -> Lists:
        """Travel from every place that has an offer, and from that who sees what."""
        spec, cells = self.spec, self.city.grid.cells
        categories = list(spec.categories.values())
        limit = np.array([spec.consumers.radius_max_min * c.reach_x for c in categories])
        delivery = np.array([c.delivery_reach_min for c in categories])
        reaches = table.columns["reach"][np.isfinite(table.columns["reach"])]
        furthest = float(max(limit.max(), delivery.max(), reaches.max()))
        if self._reach_date is None or furthest > self._reach_min:
            self._reach, self._reach_date, self._reach_min = None, date, furthest
            self._place_of_cell = np.full(cells, -1, np.int32)
        at = np.unique(table.columns["cell"][table.columns["cell"] >= 0])
        if self._reach is None and not len(at):
            at = np.zeros(1, np.int32)  # no shop anywhere: travel from any place will do
        fresh = at[self._place_of_cell[at] < 0]
        if len(fresh):
            known = 0 if self._reach is None else len(self._reach.start) - 1
            found = self.city.travel.minutes_from(fresh, self._reach_min, date)
            self._place_of_cell[fresh] = known + np.arange(len(fresh))
            self._reach = found if self._reach is None else self._reach.joined(found)
        assert self._reach is not None
        return build_lists(
            table,
            self._reach,
            self._place_of_cell,
            self.tiles,
            len(categories),
            max(1, stores),
            limit,
            delivery,
        )
