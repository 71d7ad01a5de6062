"""Who reaches what in how many minutes: a networkx graph of streets and metro, searched by Dijkstra.

Cells are nodes 0 .. cells-1, joined to their eight neighbours; a river cuts links except at its bridges.
(Going round by eight directions is up to 8 % longer than the straight line, 5 % on average: shorter than
real streets, whose detours are nearer 20-30 %; set `street_kmh` as a speed along the straight line.)
Every metro station is a node of its own, joined to its cell by half of the line's wait and to the next
station by the ride, so a ride costs one wait, a change of lines two, and the way back costs the same.

Links last whole multiples of 2**-20 minute, which makes every sum along a path exact: travel times are
symmetric to the bit and the same with every SciPy. Results are rounded to 1/64 minute, exact in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from .grid import Grid
from .river import River

STEPS_PER_MINUTE = 64  # resolution of the results
_LINK_STEPS = 2.0**20  # resolution of links, per minute
_ROWS_AT_ONCE = 64  # bounds the float64 matrix Dijkstra returns to 64 x nodes
# Mean distance of two random points of a unit square (Ghosh 1951, Bull. Calcutta Math. Soc. 43).
_WITHIN_CELL = 0.5214054331647207


@dataclass(frozen=True)
class Metro:
    """A metro line in metres: stations float64[n, 2], speed, wait per ride, first day (None: always)."""

    stations: NDArray[np.float64]
    kmh: float
    wait_min: float
    opens: date | None = None


@dataclass(frozen=True)
class Reach:
    """The cells each place can be reached from (or go to), nearest first.

    Place i has `cell[start[i]:start[i+1]]` (int32) at `minutes[...]` (float32), sorted by (minutes, cell).
    """

    start: NDArray[np.int64]
    cell: NDArray[np.int32]
    minutes: NDArray[np.float32]

    def joined(self, more: Reach) -> Reach:
        """These places, and `more` behind them."""
        return Reach(
            np.concatenate([self.start, self.start[-1] + more.start[1:]]),
            np.concatenate([self.cell, more.cell]),
            np.concatenate([self.minutes, more.minutes]),
        )

    def of(self, place: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Cells and minutes of one place."""
        part = slice(self.start[place], self.start[place + 1])
        return self.cell[part], self.minutes[part]


def build_graph(
    grid: Grid,
    street_kmh: float,
    land: NDArray[np.bool_],
    river: River | None = None,
    metro: Mapping[str, Metro] | None = None,
    station_cells: Mapping[str, NDArray[np.int64]] | None = None,
) -> nx.Graph:
    """The transport graph, each link with its `minutes`.

    Nodes from `grid.cells` on are stations, with attributes `line`, `stop` (its number) and `opens`.
    `station_cells` gives the cell each station is entered from (by default the one it is in).
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(grid.cells))
    a, b, length_m = _street_links(grid, land, river)
    _add(graph, a, b, length_m, street_kmh)
    if river is not None and len(river.bridges):
        ends = np.array(river.crossings(grid, land))
        way = grid.centres()[ends[:, 0]] - grid.centres()[ends[:, 1]]
        _add(graph, ends[:, 0], ends[:, 1], _length(way), street_kmh)
    node = grid.cells
    for name, line in (metro or {}).items():
        cells = (station_cells or {}).get(name)
        if cells is None:
            cells = grid.cell_of(line.stations[:, 0], line.stations[:, 1])
        stops = np.arange(node, node + len(cells))
        for stop, station in enumerate(stops.tolist()):
            graph.add_node(station, line=name, stop=stop, opens=line.opens)
        boarding = np.full(len(cells), line.wait_min / 2)
        graph.add_weighted_edges_from(
            zip(cells.tolist(), stops.tolist(), _whole_steps(boarding)), weight="minutes"
        )
        _add(graph, stops[:-1], stops[1:], _length(np.diff(line.stations, axis=0)), line.kmh)
        node += len(cells)
    return graph


class Travel:
    """Travel times over a transport graph that may gain metro lines on later days.

    A trip costs `access_min` plus the minutes on the network, one way. Within its own cell a place is
    `access_min` plus the mean way between two points of the cell.
    """

    def __init__(self, grid: Grid, graph: nx.Graph, street_kmh: float, access_min: float):
        self.grid = grid
        self.graph = graph
        self.access_min = access_min
        self.own_cell_min = _WITHIN_CELL * grid.cell_m * 0.06 / street_kmh
        self._matrices: dict[date | None, csr_array] = {}

    def epochs(self) -> list[date]:
        """The days on which the graph changes, in order."""
        return sorted({d["opens"] for _, d in self.graph.nodes(data=True) if d.get("opens") is not None})

    def minutes_from(self, cells: ArrayLike, limit_min: float, on: date | None = None) -> Reach:
        """Everything within `limit_min` minutes (inclusive) of each of `cells` (int[n]) on a given day.

        Without a day, lines that have an opening day are not there yet. A cell off the map is a ValueError.
        """
        places = np.asarray(cells, dtype=np.int64).reshape(-1)
        if len(places) and (places.min() < 0 or places.max() >= self.grid.cells):
            raise ValueError(f"cell outside 0..{self.grid.cells - 1}")
        found = [
            self._rows(places[i : i + _ROWS_AT_ONCE], limit_min, on)
            for i in range(0, len(places), _ROWS_AT_ONCE)
        ]
        count = np.concatenate([np.zeros(1, np.int64), *(f[0] for f in found)])
        return Reach(
            np.cumsum(count),
            np.concatenate([np.zeros(0, np.int32), *(f[1] for f in found)]),
            np.concatenate([np.zeros(0, np.float32), *(f[2] for f in found)]),
        )

    def _rows(
        self, places: NDArray[np.int64], limit_min: float, on: date | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """Reach of a few places: how many cells each has, the cells, the minutes."""
        network_limit = limit_min - self.access_min + 1 / STEPS_PER_MINUTE
        rows = np.arange(len(places))
        if network_limit < 0:
            return np.zeros(len(places), np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
        far = dijkstra(self._matrix(on), indices=places, limit=network_limit)[:, : self.grid.cells]
        far[rows, places] = self.own_cell_min
        row, cell = np.nonzero(np.isfinite(far))
        steps = np.rint((far[row, cell] + self.access_min) * STEPS_PER_MINUTE)
        near = steps <= limit_min * STEPS_PER_MINUTE
        row, cell, steps = row[near], cell[near].astype(np.int32), steps[near].astype(np.int64)
        count = np.bincount(row, minlength=len(places))
        # Rows and cells already ascend, so one stable sort by (row, steps) leaves ties in order of cell.
        order = np.argsort(row * (steps.max(initial=0) + 1) + steps, kind="stable")
        return count, cell[order], (steps[order] / STEPS_PER_MINUTE).astype(np.float32)

    def _matrix(self, on: date | None) -> csr_array:
        """The links open on a day, as the symmetric sparse matrix of minutes that SciPy searches."""
        epoch = max((d for d in self.epochs() if on is not None and d <= on), default=None)
        if epoch not in self._matrices:
            nodes = [
                n
                for n, d in self.graph.nodes(data=True)
                if d.get("opens") is None or (epoch is not None and d["opens"] <= epoch)
            ]
            links = nx.to_scipy_sparse_array(
                self.graph, nodelist=nodes, weight="minutes", dtype=np.float64, format="csr"
            )
            # SciPy 1.13's Dijkstra takes 32-bit indices only; networkx makes 64-bit ones.
            index = links.indices.astype(np.int32), links.indptr.astype(np.int32)
            self._matrices[epoch] = csr_array((links.data, *index), shape=links.shape)
        return self._matrices[epoch]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the matrices behind when sent to another process: they are quickly rebuilt."""
        return {**self.__dict__, "_matrices": {}}


def _street_links(
    grid: Grid, land: NDArray[np.bool_], river: River | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Both ends and the length in metres of every link between neighbouring cells that can be walked."""
    cell = np.arange(grid.cells).reshape(grid.ny, grid.nx)
    east = (cell[:, :-1], cell[:, 1:], 1.0)
    north = (cell[:-1], cell[1:], 1.0)
    north_east = (cell[:-1, :-1], cell[1:, 1:], np.sqrt(2.0))
    north_west = (cell[:-1, 1:], cell[1:, :-1], np.sqrt(2.0))
    ways = (east, north, north_east, north_west)
    a = np.concatenate([w[0].ravel() for w in ways])
    b = np.concatenate([w[1].ravel() for w in ways])
    length_m = np.concatenate([np.full(w[0].size, w[2] * grid.cell_m) for w in ways])
    keep = land[a] & land[b]
    if river is not None:
        centres = grid.centres()
        keep &= ~river.cuts(centres[a], centres[b])
    return a[keep], b[keep], length_m[keep]


def _add(graph: nx.Graph, a: NDArray, b: NDArray, length_m: NDArray[np.float64], kmh: float) -> None:
    """Join a[i] and b[i] by a link of length_m[i] metres travelled at kmh."""
    minutes = _whole_steps(length_m * 0.06 / kmh)
    graph.add_weighted_edges_from(zip(a.tolist(), b.tolist(), minutes), weight="minutes")


def _whole_steps(minutes: NDArray[np.float64]) -> list[float]:
    """Minutes rounded to whole link steps, never zero (which a sparse matrix would read as no link)."""
    return (np.maximum(np.rint(minutes * _LINK_STEPS), 1.0) / _LINK_STEPS).tolist()


def _length(way: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres of vectors float64[n, 2]; by square roots only, which every platform rounds alike."""
    return np.sqrt(way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1])
