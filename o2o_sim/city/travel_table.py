"""A city without a map: who is how far from what stands in a table, as studies of trade areas give it.

Every zone, circle and store gets a cell of its own on a map that is only a diagram. A trip takes what the
table says, to the last bit that float32 holds: the network's rounding and its fixed minutes are for streets.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..errors import ScenarioError
from .grid import Grid
from .places import MAX_PROBLEMS, Table
from .transport import Travel

Floats = NDArray[np.float64]


def diagram(places: int, cell_m: float) -> Grid:
    """The smallest nearly square grid with a cell for each place."""
    nx_ = max(1, math.ceil(math.sqrt(places)))
    return Grid(nx_, max(1, math.ceil(places / nx_)), cell_m)


class TableTravel(Travel):
    """Travel times from a table. A trip that it does not give takes as long as the way back; a trip within a
    cell is as on a map, unless the table gives it; all others are impossible.

    `to`, `origin` (int[n]) are cells, `minutes` (float64[n]) the trips between them from door to door, of which
    `shortest_min` is the shortest.
    """

    def __init__(
        self,
        grid: Grid,
        origin: NDArray[np.int64],
        to: NDArray[np.int64],
        minutes: Floats,
        street_kmh: float,
        access_min: float,
    ):
        super().__init__(grid, nx.Graph(), street_kmh, access_min)
        self.shortest_min = float(minutes.min())
        own = np.arange(grid.cells)
        at = np.concatenate([own, origin, to])
        cell = np.concatenate([own, to, origin])
        away = np.concatenate([np.full(grid.cells, access_min + self.own_cell_min), minutes, minutes])
        # Of what is said of a pair, a row for just this way counts before the way back, and both before the
        # default.
        rank = np.repeat([0, 2, 1], [grid.cells, len(to), len(to)])
        order = np.lexsort((rank, at, cell))
        cell, at, away = cell[order], at[order], away[order]
        last = np.append((np.diff(cell) != 0) | (np.diff(at) != 0), True)
        # Kept plus one, because a sparse matrix holds no zeros; row: where to, column: from where.
        self._ways = csr_array(
            (np.arange(1, last.sum() + 1), (cell[last], at[last])), shape=(grid.cells, grid.cells)
        )
        self._minutes = away[last].astype(np.float32)

    def _rows(
        self, places: NDArray[np.int64], limit_min: float, on: date | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """As in Travel, but as the table says."""
        found = self._ways[places].tocoo()
        row, cell, minutes = found.coords[0], found.coords[1], self._minutes[found.data - 1]
        near = minutes <= limit_min
        row, cell, minutes = row[near], cell[near].astype(np.int32), minutes[near]
        order = np.lexsort((cell, minutes, row))
        return np.bincount(row, minlength=len(places)), cell[order], minutes[order]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__


def read_ways(
    travel: Table, named: dict[str, dict[str, int]], reached: set[str], street_kmh: float, access_min: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """(from, to, minutes) of a travel table; `named` gives the cells of `zones`, `circles` and `stores` by
    name, `reached` the names that are in the column `to`, or stand at a place that is.

    A name that several have means the store, else the circle. Raises ScenarioError for names that nobody has,
    and for zones, circles and stores that no row is about."""
    timed = "minutes" in travel.columns
    if timed == ("km" in travel.columns):
        what = "gives both 'minutes' and 'km'" if timed else "gives neither 'minutes' nor 'km'"
        raise ScenarioError(
            what, file=str(travel.file), line=1, key=travel.key, hint="city.import.columns renames columns."
        )
    ends = {**named["zones"], **named["circles"], **named["stores"]}
    problems = []
    for column, known in (("from", named["zones"]), ("to", ends)):
        kind = "no zone" if column == "from" else "no store, circle or zone"
        for row, name in enumerate(travel.columns[column]):
            if name not in known:
                problems.append(travel.problem(row, f"column '{column}': {kind} is called '{name}'"))
    starts = set(travel.columns["from"])
    unnamed = {"zone": named["zones"].keys() - starts - reached, "circle": named["circles"].keys() - reached,
               "store": named["stores"].keys() - reached}  # fmt: skip
    for kind, names in unnamed.items():
        for name in sorted(names)[:1]:
            problems.append(
                travel.problem(0, f"no row is about the {kind} '{name}' (nor about {len(names) - 1} more)")
            )
    if problems:
        raise ScenarioError(problems[:MAX_PROBLEMS])
    minutes = travel.numbers("minutes") if timed else access_min + travel.numbers("km") * (60 / street_kmh)
    origin = np.array([named["zones"][n] for n in travel.columns["from"]], dtype=np.int64)
    to = np.array([ends[n] for n in travel.columns["to"]], dtype=np.int64)
    return origin, to, minutes
