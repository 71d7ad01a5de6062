"""The grid numbers cells row by row from the south-west, and the projection keeps distances."""

import math

import numpy as np
import pytest

from o2o_sim.city.grid import EARTH_RADIUS_M, Grid, Projection


def haversine_m(lon1, lat1, lon2, lat2):
    """Distance on the sphere, as the independent yardstick of the projection."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    a = math.sin((p2 - p1) / 2) ** 2
    a += math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(a))


def test_cells_count_east_then_north():
    grid = Grid(4, 3, 250.0)
    assert grid.cells == 12
    assert grid.cell_of(10, 10) == 0
    assert grid.cell_of(260, 10) == 1
    assert grid.cell_of(10, 260) == 4
    assert grid.centre_of(5) == (375.0, 375.0)


def test_centres_lie_in_their_cells():
    grid = Grid(7, 5, 123.0)
    points = grid.centres()
    assert np.array_equal(grid.cell_of(points[:, 0], points[:, 1]), np.arange(35))


def test_the_far_edges_belong_to_the_last_cells():
    grid = Grid(4, 3, 250.0)
    assert grid.cell_of(1000, 750) == 11
    assert grid.contains(1000, 750)
    assert not grid.contains(1000.1, 10)


@pytest.mark.parametrize("point", [(-1, 5), (5, -1), (1001, 5), (5, 751), (math.nan, 5)])
def test_points_off_the_map_are_errors(point):
    with pytest.raises(ValueError, match="outside the map"):
        Grid(4, 3, 250.0).cell_of(*point)


@pytest.mark.parametrize("cell", [-1, 12])
def test_cells_off_the_map_are_errors(cell):
    with pytest.raises(ValueError, match="outside"):
        Grid(4, 3, 250.0).centre_of(cell)


def test_the_projection_matches_the_sphere_over_a_city():
    there = Projection(119.3, 26.08)
    for lon, lat in ((119.2, 26.08), (119.4, 26.08), (119.3, 26.0), (119.35, 26.1)):
        x, y = there.to_m(lon, lat)
        assert math.hypot(x, y) == pytest.approx(haversine_m(119.3, 26.08, lon, lat), rel=1e-3)


def test_the_projection_has_the_error_it_says():
    """East-west at the north end of a city 40 km high: off by tan(lat0) * (lat - lat0), 0.4 % at 51.5."""
    there, lat = Projection(0.0, 51.5), 51.5 + 20 / 111.2
    west, _ = there.to_m(-0.2, lat)
    east, _ = there.to_m(0.2, lat)
    excess = (east - west) / haversine_m(-0.2, lat, 0.2, lat) - 1
    assert excess == pytest.approx(math.tan(math.radians(51.5)) * math.radians(lat - 51.5), rel=0.02)
