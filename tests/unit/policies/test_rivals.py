"""The lowest price around a shop."""

from __future__ import annotations

import math

import numpy as np
import pytest

from o2o_sim.city.grid import Grid
from o2o_sim.policies.rivals import LowestPrices

GRID = Grid(8, 8, 250.0)


@pytest.mark.parametrize("km", [0.0, 0.25, 0.5, 1.25, math.inf])
@pytest.mark.parametrize("shops", [0, 1, 2, 40])
def test_the_lowest_price_is_that_of_a_look_at_every_shop(shops, km):
    rng = np.random.default_rng(shops)
    # Few prices and cells, so that several shops of a cell ask the same, and 3-4-5 triangles end at 1.25 km.
    asked = [(float(rng.integers(8, 12)) / 10, n, int(rng.integers(64))) for n in range(shops)]
    lowest = LowestPrices(asked)
    for number in range(-1, shops):
        cell = asked[number][2] if number >= 0 else 0
        (y, x) = divmod(cell, GRID.nx)
        seen = [
            price
            for price, other, at in asked
            if other != number and math.dist((x, y), divmod(at, GRID.nx)[::-1]) * 250 / 1000 <= km
        ]
        assert lowest.seen_from(number, cell, GRID, km) == min(seen, default=math.inf)
