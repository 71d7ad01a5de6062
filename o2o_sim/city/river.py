"""The river as geometry: which cells are water, which ways it cuts, which cells a bridge joins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ScenarioError
from .grid import Grid

Points = NDArray[np.float64]  # float64[n, 2], metres


@dataclass(frozen=True)
class River:
    """Course and bridges (float64[n, 2], metres from the south-west corner), and width in metres."""

    course: Points
    bridges: Points
    width_m: float
    bridges_key: str = "city.river.bridges_km"  # the scenario key of the bridges, for messages

    def distance(self, points: Points) -> NDArray[np.float64]:
        """float64[n]: metres from each point to the middle of the river."""
        nearest = np.full(len(points), np.inf)
        for a, b in zip(self.course[:-1], self.course[1:]):
            way = b - a
            length2 = way[0] * way[0] + way[1] * way[1]
            off = points - a
            along = off[:, 0] * way[0] + off[:, 1] * way[1]
            t = np.clip(along / length2, 0.0, 1.0) if length2 > 0 else np.zeros(len(points))
            dx, dy = off[:, 0] - t * way[0], off[:, 1] - t * way[1]
            nearest = np.minimum(nearest, np.sqrt(dx * dx + dy * dy))
        return nearest

    def cuts(self, start: Points, end: Points) -> NDArray[np.bool_]:
        """bool[n]: which straight ways from start to end meet the middle of the river; touching counts."""
        cut = np.zeros(len(start), dtype=bool)
        for a, b in zip(self.course[:-1], self.course[1:]):
            apart = _side(a, b, start) * _side(a, b, end) > 0
            apart |= _side(start, end, a) * _side(start, end, b) > 0
            for axis in (0, 1):  # in line with each other but not touching
                low, high = min(a[axis], b[axis]), max(a[axis], b[axis])
                apart |= np.maximum(start[:, axis], end[:, axis]) < low
                apart |= np.minimum(start[:, axis], end[:, axis]) > high
            cut |= ~apart
        return cut

    def water(self, grid: Grid) -> NDArray[np.bool_]:
        """bool[cells]: cells whose middle is in the water."""
        return self.distance(grid.centres()) <= self.width_m / 2

    def crossings(self, grid: Grid, land: NDArray[np.bool_]) -> list[tuple[int, int]]:
        """For each bridge the two cells it joins: the nearest land, and the nearest land on the other side.

        A bridge off the map, away from the river or with land on one side only is a ScenarioError.
        """
        centres = grid.centres()
        away = self.distance(self.bridges)
        joined = []
        for number, bridge in enumerate(self.bridges):
            key = f"{self.bridges_key}.{number}"
            x, y = bridge / 1000
            if not grid.contains(*bridge):
                raise ScenarioError(f"the bridge at {x:g}, {y:g} km is off the map", key=key)
            if away[number] > self.width_m / 2 + grid.cell_m:
                raise ScenarioError(
                    f"the bridge at {x:g}, {y:g} km is {away[number]:.0f} m from the river",
                    key=key,
                    hint="A bridge is a point on the river.",
                )
            off = centres - bridge
            near = np.where(land, off[:, 0] * off[:, 0] + off[:, 1] * off[:, 1], np.inf)
            here = int(np.argmin(near))
            opposite = land & self.cuts(np.broadcast_to(centres[here], centres.shape), centres)
            if not opposite.any():
                raise ScenarioError(f"the bridge at {x:g}, {y:g} km leads to no other bank", key=key)
            joined.append((here, int(np.argmin(np.where(opposite, near, np.inf)))))
        return joined


def _side(a: Points, b: Points, p: Points) -> NDArray[np.float64]:
    """Positive where p lies left of the line from a to b, negative right of it, zero on it."""
    return (b[..., 0] - a[..., 0]) * (p[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (
        p[..., 0] - a[..., 0]
    )
