"""The square grid under everything, and the projection that lays degrees on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8  # mean radius of the Earth (IUGG)


@dataclass(frozen=True)
class Grid:
    """`nx` by `ny` square cells of side `cell_m`, numbered row by row from the south-west: y * nx + x."""

    nx: int
    ny: int
    cell_m: float

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.nx * self.ny

    @property
    def width_m(self) -> float:
        """East-west extent in metres."""
        return self.nx * self.cell_m

    @property
    def height_m(self) -> float:
        """North-south extent in metres."""
        return self.ny * self.cell_m

    def contains(self, x_m: Any, y_m: Any) -> Any:
        """True where a point (metres from the south-west corner) lies on the map, its edges included."""
        x, y = np.asarray(x_m), np.asarray(y_m)
        return (x >= 0) & (x <= self.width_m) & (y >= 0) & (y <= self.height_m)

    def cell_of(self, x_m: Any, y_m: Any) -> Any:
        """The cell of a point, or of arrays of points. Points off the map are a ValueError."""
        if not np.all(self.contains(x_m, y_m)):
            raise ValueError(f"point outside the map of {self.width_m:g} x {self.height_m:g} m")
        x = np.minimum(np.asarray(x_m) // self.cell_m, self.nx - 1).astype(np.int64)
        y = np.minimum(np.asarray(y_m) // self.cell_m, self.ny - 1).astype(np.int64)
        cell = y * self.nx + x
        return int(cell) if cell.ndim == 0 else cell

    def centre_of(self, cell: Any) -> Any:
        """(x, y) in metres of the middle of a cell, or two arrays for an array of cells."""
        index = np.asarray(cell)
        if np.any((index < 0) | (index >= self.cells)):
            raise ValueError(f"cell outside 0..{self.cells - 1}")
        x = (index % self.nx + 0.5) * self.cell_m
        y = (index // self.nx + 0.5) * self.cell_m
        return (float(x), float(y)) if index.ndim == 0 else (x, y)

    def centres(self) -> NDArray[np.float64]:
        """float64[cells, 2]: the middles of all cells in metres."""
        return np.column_stack(self.centre_of(np.arange(self.cells)))


@dataclass(frozen=True)
class Projection:
    """Degrees to metres on the map, by the local equirectangular projection.

        x = R cos(lat0) (lon - lon0) - west_m,    y = R (lat - lat0) - south_m

    Distances north-south are those of the sphere; distances east-west at latitude `lat` are off by the
    relative error tan(lat0) * (lat - lat0): 0.4 % at the northern and southern ends of a city 40 km high at
    51 degrees, 0.05 % at Fuzhou's latitude for one 20 km high. The Earth's flattening, left out, adds at
    most 0.3 %. Metres are rounded to whole millimetres, so that no two mathematics libraries disagree.
    """

    lon0: float
    lat0: float
    west_m: float = 0.0
    south_m: float = 0.0

    def to_m(self, lon: Any, lat: Any) -> tuple[Any, Any]:
        """(x, y) in metres from the south-west corner, for numbers or arrays of degrees."""
        per_degree = EARTH_RADIUS_M * math.pi / 180
        x = (np.asarray(lon, dtype=float) - self.lon0) * (per_degree * math.cos(math.radians(self.lat0)))
        y = (np.asarray(lat, dtype=float) - self.lat0) * per_degree
        return np.round(x - self.west_m, 3), np.round(y - self.south_m, 3)
