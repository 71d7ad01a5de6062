"""Where people live: nobody is lost, density falls from centres, and every NumPy agrees."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim.city import census
from o2o_sim.city.build import build_city
from o2o_sim.city.grid import Grid
from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.city import CitySpec, PlaceSpec

CENTRES = {
    "old": {"x_km": 4.0, "y_km": 4.0, "weight": 3, "spread_km": 1.0},
    "new": {"x_km": 12.0, "y_km": 4.0, "weight": 1, "spread_km": 1.0},
}


def city(seed=1, **keys):
    return build_city(
        CitySpec.model_validate({"width_km": 16, "height_km": 8, "centres": CENTRES, **keys}), seed=seed
    )


# -- apportioning ------------------------------------------------------------------------------------------
@given(
    st.lists(st.floats(0, 1e9), min_size=1, max_size=50).filter(lambda w: sum(w) > 1e-9),
    st.integers(0, 1 << 40),
)
def test_apportioning_loses_nothing_and_is_within_a_unit(weights, units):
    w = np.array(weights)
    parts = census.apportion(w, units)
    assert parts.sum() == units and (parts >= 0).all()
    assert (parts[w == 0] == 0).all()
    assert (np.abs(parts - w / math.fsum(w) * units) <= 1.001).all()


def test_apportioning_by_hand():
    assert census.apportion(np.array([1.0, 1.0, 1.0]), 10).tolist() == [4, 3, 3]
    assert census.apportion(np.array([0.0, 2.0, 1.0]), 3).tolist() == [0, 2, 1]
    with pytest.raises(ValueError, match="zero"):
        census.apportion(np.zeros(3))


# -- synthesised -------------------------------------------------------------------------------------------
def test_shares_sum_to_exactly_one_in_any_order():
    c = city(river={"points_km": [[8, -1], [8, 9]], "width_m": 700})
    for share in (c.residents, c.jobs):
        assert share.dtype == np.float64 and (share >= 0).all()
        assert share.sum() == share[::-1].sum() == np.cumsum(share)[-1] == 1.0
    assert (c.income * c.residents).sum() == pytest.approx(1, abs=1e-6)
    assert (c.income > 0).all()


def test_density_falls_by_e_per_spread():
    """Clark's law, with one centre and nobody in the background."""
    c = city(centres={"one": {"x_km": 8.125, "y_km": 4.125, "spread_km": 1.0}}, background=0)
    centre = c.grid.cell_of(8125, 4125)
    for cells in (4, 8, 12):
        assert c.residents[centre] / c.residents[centre + cells] == pytest.approx(
            math.exp(cells / 4), rel=1e-4
        )
        assert c.residents[centre + cells] == pytest.approx(c.residents[centre - cells], rel=1e-6)


def test_centres_have_people_by_weight_and_background_is_even():
    c = city(background=0.2)
    x = c.grid.centres()[:, 0]
    # On each half: its centre's share of 80 %, half of the background; centres overlap by next to nothing.
    assert c.residents[x < 8000].sum() == pytest.approx(0.8 * 0.75 + 0.1, abs=0.01)
    assert city(background=1.0).residents == pytest.approx(np.full(c.grid.cells, 1 / c.grid.cells))


def test_jobs_are_nearer_to_centres_than_homes():
    c = city(background=0)
    points = c.grid.centres()
    away = np.minimum(*(np.hypot(points[:, 0] - x, points[:, 1] - 4000) for x in (4000, 12000)))
    assert (c.jobs * away).sum() < 0.85 * (c.residents * away).sum()
    assert np.array_equal(city(jobs_at_homes=1.0).jobs, city().residents)
    assert city(jobs_spread_x=0.2).jobs.max() > city(jobs_spread_x=1.0).jobs.max()


def test_income_gradient_has_the_ratio_it_says():
    c = city(income={"centre_x": 2.0, "spread_km": 1.0, "noise": 0})
    old, far = c.grid.cell_of(4000, 4000), c.grid.cell_of(15900, 100)
    assert c.income[old] / c.income[far] == pytest.approx(1 + math.exp(-0.125 * math.sqrt(2)), rel=1e-3)
    poor = city(income={"centre_x": 0.5, "noise": 0})
    assert poor.income[old] < poor.income[far]


def test_income_noise_is_smooth_keyed_and_as_large_as_it_says():
    points = Grid(200, 200, 100.0).centres()
    noise = census.smooth_noise(points, 700.0, 5).reshape(200, 200)
    assert noise.mean() == pytest.approx(0, abs=0.1) and noise.std() == pytest.approx(1, abs=0.1)
    assert np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1] > 0.9
    assert abs(np.corrcoef(noise[:, :-30].ravel(), noise[:, 30:].ravel())[0, 1]) < 0.1
    assert not np.array_equal(noise, census.smooth_noise(points, 700.0, 6).reshape(200, 200))


def test_a_finer_grid_samples_the_same_income_field():
    coarse, fine = Grid(20, 20, 300.0), Grid(60, 60, 100.0)
    same = fine.cell_of(*coarse.centres().T)
    a = census.smooth_noise(coarse.centres(), 900.0, 1)
    assert np.allclose(a, census.smooth_noise(fine.centres(), 900.0, 1)[same])


def test_the_seed_moves_only_income():
    a, b = city(seed=1), city(seed=2)
    assert np.array_equal(a.residents, b.residents) and np.array_equal(a.jobs, b.jobs)
    assert not np.array_equal(a.income, b.income)
    assert np.array_equal(a.income, city(seed=1).income)


def test_an_empty_block_is_a_city_with_one_centre_in_the_middle():
    c = build_city(CitySpec())
    assert (c.grid.nx, c.grid.ny) == (64, 64)
    assert c.residents.argmax() in {31 * 64 + 31, 31 * 64 + 32, 32 * 64 + 31, 32 * 64 + 32}
    assert c.circles == {} and c.stores == [] and c.projection is None


def test_arrays_cannot_be_written_to():
    c = city()
    for array in (c.residents, c.jobs, c.income, c.land):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_every_library_version_builds_the_same_city():
    """If this fails without a change to the model, two versions of a library place people differently."""
    c = city(
        river={"points_km": [[8, -1], [7, 4], [8, 9]], "bridges_km": [[7, 4]], "width_m": 300},
        metro={"m": {"stations_km": [[3, 3], [9, 5]]}},
    )
    reach = c.travel.minutes_from(np.arange(0, c.grid.cells, 40), 45)
    digest = hashlib.sha256()
    for array in (c.residents, c.jobs, c.income, reach.start, reach.cell, reach.minutes):
        digest.update(np.ascontiguousarray(array).tobytes())
    assert digest.hexdigest()[:16] == "8d762db45ce7e835"


# -- faults ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"centres": {"a": {"x_km": 30, "y_km": 1}}}, "city.centres.a"),
        ({"river": {"points_km": [[0, 4], [16, 4]], "width_m": 20000}}, "city.river.width_m"),
        ({"cell_m": 20}, "city.cell_m"),
        ({"river": {"points_lonlat": [[0, 51], [1, 51]]}}, "city.river.points_lonlat"),
    ],
)
def test_impossible_cities_are_located(keys, key):
    with pytest.raises(ScenarioError) as caught:
        city(**keys)
    assert caught.value.problems[0].key == key


def test_places_are_located():
    c = city()
    assert c.locate(PlaceSpec(x_km=1, y_km=2)) == (1000, 2000)
    for place, message in (
        (PlaceSpec(), "no place"),
        (PlaceSpec(x_km=17, y_km=2), "off the map"),
        (PlaceSpec(lon=119.3, lat=26.0), "degrees"),
    ):
        with pytest.raises(ScenarioError, match=message) as caught:
            c.locate(place, "circles.a")
        assert caught.value.problems[0].key == "circles.a"


@pytest.mark.parametrize(
    "keys",
    [
        {"x_km": 1},
        {"lon": 1},
        {"x_km": 1, "y_km": 1, "lon": 1, "lat": 1},
        {"x_km": math.nan, "y_km": 1},
    ],
)
def test_half_places_are_refused(keys):
    with pytest.raises(ValueError, match=r"together|not both|finite"):
        PlaceSpec.model_validate(keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"river": {"points_km": [[1, 1]]}},
        {"river": {"points_km": [[1, 1], [2, 2]], "points_lonlat": [[1, 1], [2, 2]]}},
        {"metro": {"m": {"stations_km": [[1, 1]]}}},
        {"metro": {"m": {"stations_km": [[1, 1], [2]]}}},
        {"centres": CENTRES, "import": {"zones": "z.csv"}},
        {"cell_m": True},
        {"cell_m": "250"},
        {"celm": 250},
    ],
)
def test_nonsense_is_refused_by_the_schema(keys):
    with pytest.raises(ValueError):
        CitySpec.model_validate(keys)
