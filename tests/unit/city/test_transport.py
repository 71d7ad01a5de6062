"""Travel times, checked by hand on small maps and by law on random ones."""

import math
import pickle
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o2o_sim.city.build import build_city
from o2o_sim.city.grid import Grid
from o2o_sim.city.river import River
from o2o_sim.city.transport import STEPS_PER_MINUTE, Travel, build_graph
from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.city import CitySpec

STEP = 1 / STEPS_PER_MINUTE


def city(width=2.0, height=2.0, **keys):
    """A small map of 250 m cells: one minute per cell at 15 km/h, and no access time unless asked for."""
    keys = {"access_min": 0, "street_kmh": 15, **keys}
    return build_city(CitySpec.model_validate({"width_km": width, "height_km": height, **keys}))


def at(c, x_km, y_km):
    return c.grid.cell_of(x_km * 1000, y_km * 1000)


def between(travel, a, b, on=None):
    """Minutes from cell a to cell b; infinity if there is no way."""
    cells, took = travel.minutes_from([a], math.inf, on).of(0)
    return dict(zip(cells.tolist(), took.tolist())).get(b, math.inf)


# -- streets -----------------------------------------------------------------------------------------------
def test_streets_by_hand():
    t = city().travel
    assert between(t, 0, 7) == 7  # seven cells east
    assert between(t, 0, 56) == 7  # seven cells north
    assert between(t, 0, 63) == pytest.approx(7 * math.sqrt(2), abs=STEP)  # the diagonal
    assert between(t, 0, 2 * 8 + 5) == pytest.approx(3 + 2 * math.sqrt(2), abs=STEP)


def test_access_is_paid_once_per_trip_and_own_cell_is_a_short_walk():
    t = city(access_min=4).travel
    assert between(t, 0, 7) == 11
    assert between(t, 9, 9) == pytest.approx(4 + 0.5214, abs=STEP)


def test_speed_scales_the_way_but_not_the_access():
    assert between(city(access_min=4, street_kmh=30).travel, 0, 6) == 7


def test_reach_is_sorted_complete_and_within_the_limit():
    c = city(access_min=4)
    reach = c.travel.minutes_from([27, 0, 27], 7.0)
    assert (
        reach.start.dtype == np.int64 and reach.cell.dtype == np.int32 and reach.minutes.dtype == np.float32
    )
    for place, home in enumerate((27, 0, 27)):
        cells, minutes = reach.of(place)
        assert cells[0] == home
        assert list(zip(minutes, cells)) == sorted(zip(minutes, cells))
        everywhere = {i: between(c.travel, home, i) for i in range(c.grid.cells)}
        assert dict(zip(cells.tolist(), minutes.tolist())) == {i: m for i, m in everywhere.items() if m <= 7}
    assert 7.0 in reach.minutes  # the limit itself is inside
    assert len(reach.of(0)[0]) > len(reach.of(1)[0])  # from a corner one reaches less


def test_many_places_are_the_same_as_each_alone():
    c = city(4, 4)
    places = np.arange(0, 256, 2)
    reach = c.travel.minutes_from(places, 6.0)
    for i in (0, 63, 64, 65, 127):
        alone = c.travel.minutes_from([places[i]], 6.0)
        assert np.array_equal(alone.cell, reach.of(i)[0]) and np.array_equal(alone.minutes, reach.of(i)[1])


def test_no_places_and_no_time():
    t = city(access_min=4).travel
    assert t.minutes_from([], 60).start.tolist() == [0]
    assert t.minutes_from([5, 6], 3.9).start.tolist() == [0, 0, 0]


@pytest.mark.parametrize("cell", [-1, 64])
def test_a_cell_off_the_map_is_an_error(cell):
    with pytest.raises(ValueError, match="outside"):
        city().travel.minutes_from([cell], 10)


def test_minutes_are_exact_in_float32():
    reach = city(4, 4).travel.minutes_from([100], 60)
    assert np.array_equal(reach.minutes * STEPS_PER_MINUTE, np.rint(reach.minutes * STEPS_PER_MINUTE))


def test_travel_survives_being_sent_to_another_process():
    c = city(river=RIVER)
    t = pickle.loads(pickle.dumps(c.travel))
    assert between(t, 0, 63) == between(c.travel, 0, 63)


# -- river -------------------------------------------------------------------------------------------------
# North to south through the middle of a 2 km map; narrow, so that no cell is water.
RIVER = {"points_km": [[1.0, -1.0], [1.0, 3.0]], "bridges_km": [[1.0, 0.1]], "width_m": 50}


def test_the_river_forces_the_bridge():
    c = city(river=RIVER)
    west, east = at(c, 0.9, 1.9), at(c, 1.1, 1.9)
    assert between(city().travel, west, east) == 1
    assert between(c.travel, west, east) == 7 + 1 + 7  # down to the southmost row, across, up
    assert between(c.travel, at(c, 0.9, 0.1), at(c, 1.1, 0.1)) == 1  # at the bridge nothing changes
    assert between(c.travel, at(c, 0.1, 0.1), at(c, 0.9, 1.9)) < 10  # nor on one bank


def test_without_a_bridge_there_is_no_way():
    c = city(river={**RIVER, "bridges_km": []})
    assert math.isinf(between(c.travel, 0, 7))
    cells, _ = c.travel.minutes_from([0], 1e6).of(0)
    assert len(cells) == 32 and (cells % 8 < 4).all()


def test_one_walks_round_the_end_of_a_river():
    c = city(river={"points_km": [[1.0, 0.5], [1.0, 3.0]], "width_m": 50})
    assert between(c.travel, at(c, 0.9, 0.6), at(c, 1.1, 0.6)) > 1
    assert math.isfinite(between(c.travel, at(c, 0.9, 1.9), at(c, 1.1, 1.9)))


def test_a_wide_river_is_water_and_its_bridge_is_long():
    c = city(river={**RIVER, "width_m": 600, "bridges_km": [[1.0, 1.125]]})
    assert np.flatnonzero(~c.land[:8]).tolist() == [3, 4]  # middles at 875 and 1125 m: within 300 m of 1000
    assert not c.residents[~c.land].any() and not c.jobs[~c.land].any()
    assert between(c.travel, at(c, 0.7, 1.125), at(c, 1.3, 1.125)) == 3  # 750 m
    assert c.cell_at(900, 100) == 2  # what stands in the water is moved to the bank


@pytest.mark.parametrize("slant", [0.0, 0.3, 1.0, 1.7])
def test_no_slanted_river_leaks(slant):
    c = city(3, 3, river={"points_km": [[1.5 - 2 * slant, -0.5], [1.5 + 2 * slant, 3.5]], "width_m": 10})
    cells, _ = c.travel.minutes_from([at(c, 0.05, 2.95)], 1e6).of(0)
    assert at(c, 2.95, 0.05) not in cells.tolist()


def test_a_river_bent_on_a_street_does_not_leak():
    """A corner of the river exactly on the way between two cells."""
    c = city(3, 3, river={"points_km": [[-1, 0.5], [1.5, 1.375], [4, 0.5]], "width_m": 10})
    cells, _ = c.travel.minutes_from([at(c, 0.05, 2.95)], 1e6).of(0)
    assert at(c, 1.45, 0.05) not in cells.tolist()


def test_touching_the_river_is_crossing_it():
    river = River(np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 5.0]]), np.zeros((0, 2)), 1.0)
    ways = {
        ((5, 1), (5, -1)): True,  # across
        ((5, 1), (5, 0)): True,  # down to the water
        ((10, -1), (12, 1)): False,  # past the corner
        ((9, -1), (11, 1)): True,  # through the corner
        ((11, 0), (13, 0)): False,  # in line with it, further on
        ((9, 0), (13, 0)): True,  # along it
        ((5, 1), (6, 1)): False,  # beside it
    }
    start, end = (np.array([w[i] for w in ways], dtype=float) for i in (0, 1))
    assert river.cuts(start, end).tolist() == list(ways.values())


@pytest.mark.parametrize(
    ("bridge", "message"), [([0.2, 1.0], "m from the river"), ([1.0, 5.0], "off the map")]
)
def test_bad_bridges_are_located(bridge, message):
    with pytest.raises(ScenarioError, match=message) as caught:
        city(river={**RIVER, "bridges_km": [bridge]})
    assert caught.value.problems[0].key == "city.river.bridges_km.0"


# -- metro -------------------------------------------------------------------------------------------------
LINE = {"stations_km": [[0.1, 0.1], [3.9, 0.1]], "kmh": 38, "wait_min": 2}  # 3.8 km: six minutes


def test_a_metro_ride_costs_half_the_wait_at_each_end():
    c = city(4, 4, metro={"one": LINE})
    assert between(c.travel, at(c, 0.1, 0.1), at(c, 3.9, 0.1)) == 1 + 6 + 1


def test_a_metro_shortens_only_where_it_should():
    without, c = city(4, 4), city(4, 4, metro={"one": LINE})
    west, east = at(c, 0.1, 0.1), at(c, 3.9, 0.1)
    for a in range(0, 256, 5):
        for b in range(0, 256, 17):
            before, after = between(without.travel, a, b), between(c.travel, a, b)
            walk = [(between(without.travel, p, q) if p != q else 0) for p, q in ((a, west), (b, east),
                    (a, east), (b, west))]  # fmt: skip
            by_metro = 8 + min(walk[0] + walk[1], walk[2] + walk[3])
            expected = before if a == b else min(before, by_metro)
            assert after == pytest.approx(expected, abs=2 * STEP)


def test_a_change_of_lines_costs_another_wait():
    second = {"stations_km": [[3.9, 0.1], [3.9, 3.9]], "kmh": 38, "wait_min": 4}
    c = city(4, 4, metro={"one": LINE, "two": second})
    assert between(c.travel, at(c, 0.1, 0.1), at(c, 3.9, 3.9)) == 6 + 2 + 6 + 4


def test_the_metro_crosses_the_river():
    c = city(4, 4, metro={"one": LINE}, river={"points_km": [[2, -1], [2, 5]], "width_m": 50})
    assert between(c.travel, at(c, 0.1, 0.1), at(c, 3.9, 0.1)) == 8


def test_lines_open_on_their_day():
    lines = {
        "late": {**LINE, "opens": "2015-05-01"},
        "early": {"stations_km": [[0.1, 0.1], [0.1, 3.9]], "kmh": 38, "wait_min": 2, "opens": "2014-03-01"},
        "old": {"stations_km": [[0.1, 0.1], [3.9, 3.9]], "kmh": 60, "wait_min": 2},
    }
    c = city(4, 4, metro=lines)
    assert c.travel.epochs() == [date(2014, 3, 1), date(2015, 5, 1)]
    corner, north, east, far = 0, at(c, 0.1, 3.9), at(c, 3.9, 0.1), at(c, 3.9, 3.9)

    def minutes(cell, *day):
        return between(c.travel, corner, cell, date(*day) if day else None)

    assert minutes(far) < 8 and minutes(north) > 8 and minutes(east) > 8
    assert minutes(north, 2014, 2, 28) > 8 and minutes(north, 2014, 3, 1) == 8
    assert minutes(east, 2015, 4, 30) > 8 and minutes(east, 2015, 5, 1) == 8
    assert minutes(north, 2020, 1, 1) == 8


def test_a_station_off_the_map_is_located():
    with pytest.raises(ScenarioError, match="off the map") as caught:
        city(metro={"one": LINE})
    assert caught.value.problems[0].key == "city.metro.one.stations_km.1"


# -- laws --------------------------------------------------------------------------------------------------
points = st.tuples(st.floats(0.01, 1.99), st.floats(0.01, 1.99)).map(list)


@st.composite
def cities(draw):
    """Maps with a river or a metro line anywhere, at any speed."""
    keys = {"access_min": draw(st.floats(0, 9)), "street_kmh": draw(st.floats(1, 80))}
    if draw(st.booleans()):
        keys["river"] = {"points_km": draw(st.lists(points, min_size=2, max_size=5)), "width_m": 30}
    if draw(st.booleans()):
        stations = draw(st.lists(points, min_size=2, max_size=4))
        keys["metro"] = {
            "m": {"stations_km": stations, "kmh": draw(st.floats(5, 90)), "wait_min": draw(st.floats(0, 5))}
        }
    return city(**keys)


@settings(max_examples=40, deadline=None)
@given(cities(), st.data())
def test_travel_is_symmetric_and_obeys_the_triangle(c, data):
    everywhere = c.travel.minutes_from(np.arange(c.grid.cells), np.inf)
    minutes = np.full((c.grid.cells, c.grid.cells), np.inf)
    for place in range(c.grid.cells):
        cells, took = everywhere.of(place)
        minutes[place, cells] = took
    assert np.array_equal(minutes, minutes.T)
    assert minutes.min() >= c.travel.access_min - STEP
    via = data.draw(st.integers(0, c.grid.cells - 1))
    detour = minutes[:, via][:, None] + minutes[via][None, :] - c.travel.access_min
    elsewhere = ~np.eye(c.grid.cells, dtype=bool)  # one's own cell has a way of its own
    elsewhere[via], elsewhere[:, via] = False, False
    assert (minutes <= detour + 2 * STEP)[elsewhere].all()


def test_a_graph_can_be_built_without_a_scenario():
    grid = Grid(3, 3, 1000.0)
    graph = build_graph(grid, 60.0, np.ones(9, dtype=bool))
    assert graph.number_of_edges() == 6 + 6 + 8
    assert between(Travel(grid, graph, 60.0, 0.0), 0, 2) == 2
