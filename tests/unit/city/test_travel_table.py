"""Cities without a map: trips are those of a table, and a bad table is told so by line."""

from __future__ import annotations

import pickle
from datetime import date

import numpy as np
import pytest

from o2o_sim.city.build import build_city
from o2o_sim.city.travel_table import TableTravel
from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.city import CitySpec, PlaceSpec

ZONES = "name,population,income\nA,100,10\nB,300,30\n"
CIRCLES = "circle,floorspace_m2\nmall,5000\n"
STORES = "store,category,format,area_m2,circle\ns1,food,shop,80,mall\ns2,food,shop,90,\n"
TRAVEL = "from,to,minutes\nA,s2,7.3\nB,s2,0.1\nA,mall,11\nB,A,4\nA,B,5\n"


def load(folder, travel=TRAVEL, stores=STORES, circles=CIRCLES, columns=None, zones=ZONES, **keys):
    files = {"zones": zones, "stores": stores, "circles": circles, "travel": travel}
    for kind, text in files.items():
        (folder / f"{kind}.csv").write_text(text, encoding="utf-8")
    rule = {kind: f"{kind}.csv" for kind in files} | {"columns": columns or {}}
    return build_city(CitySpec.model_validate({"import": rule, **keys}), folder)


def cells(city) -> dict[str, int]:
    return {"A": 0, "B": 1, "mall": city.circles["mall"].cell} | {s.name: s.cell for s in city.stores}


def test_everything_has_a_cell_and_its_people(tmp_path):
    city = load(tmp_path)
    at = cells(city)
    assert city.grid.cells >= 5 and at == {"A": 0, "B": 1, "mall": 2, "s1": 2, "s2": 4}
    np.testing.assert_array_equal(city.residents[:5], [0.25, 0.75, 0, 0, 0])
    np.testing.assert_array_equal(city.jobs, city.residents)
    assert city.income[:2] == pytest.approx([0.4, 1.2])


def between(travel, a, b):
    """Minutes from cell a to cell b; infinity if there is no way."""
    cells, minutes = travel.minutes_from([a], np.inf).of(0)
    return dict(zip(cells.tolist(), minutes.tolist())).get(b, np.inf)


def test_trips_are_those_of_the_table_to_the_bit(tmp_path):
    city = load(tmp_path)
    at, travel = cells(city), city.travel
    assert isinstance(travel, TableTravel) and travel.epochs() == []
    # minutes_from(a place) is how long it takes to come there
    assert between(travel, at["s2"], at["A"]) == np.float32(7.3) == between(travel, at["A"], at["s2"])
    assert between(travel, at["s2"], at["B"]) == np.float32(0.1)
    both = between(travel, at["A"], at["B"]), between(travel, at["B"], at["A"])
    assert both == (4, 5), "each way as the table says"
    assert between(travel, at["mall"], at["B"]) == np.inf
    assert between(travel, at["A"], at["A"]) == np.float32(travel.access_min + travel.own_cell_min)


def test_reach_is_sorted_and_bounded(tmp_path):
    reach = load(tmp_path).travel.minutes_from([0, 4], 8.0, date(2020, 1, 1))
    cell, minutes = reach.of(0)
    assert cell.tolist() == [1, 0, 4] and (np.diff(minutes) >= 0).all() and minutes[-1] == np.float32(7.3)
    assert reach.of(1)[0].tolist() == [1, 4, 0] and reach.cell.dtype == np.int32


def test_kilometres_take_their_time(tmp_path):
    travel = "origin,to,km\nA,s2,3\nB,s2,0\nA,mall,1.5\n"
    city = load(tmp_path, travel, columns={"from": "origin"}, street_kmh=30, access_min=2)
    at = cells(city)
    assert between(city.travel, at["s2"], at["A"]) == 8
    assert between(city.travel, at["s2"], at["B"]) == 2
    assert between(city.travel, at["s1"], at["A"]) == 5


def test_it_may_be_sent_to_another_process(tmp_path):
    travel = load(tmp_path).travel
    there = pickle.loads(pickle.dumps(travel))
    assert between(there, 0, 4) == between(travel, 0, 4)


@pytest.mark.parametrize(
    "travel, says",
    [
        ("from,to,minutes\nA,s2,1\nA,mall,1\nC,s2,1\n", "travel.csv:4: .*no zone is called 'C'"),
        (
            "from,to,minutes\nA,s2,1\nA,mall,1\nB,s9,1\n",
            "travel.csv:4: .*no store, circle or zone is called 's9'",
        ),
        ("from,to,minutes\nA,s2,1\nA,mall,1\n", "no row is about the zone 'B'"),
        ("from,to,minutes\nA,mall,1\nB,mall,1\n", "no row is about the store 's2'"),
        ("from,to,minutes\nA,s2,1\nB,s2,1\n", "no row is about the circle 'mall'"),
        ("from,to,minutes\nA,s2,1\nB,s2,1\nA,s2,2\n", "'A', 's2' is already on line 2"),
        ("from,to\nA,s2\n", "neither 'minutes' nor 'km'"),
        ("from,to,minutes,km\nA,s2,1,1\n", "both 'minutes' and 'km'"),
        ("from,to,minutes\nA,s2,-1\n", "column 'minutes': -1 is below 0"),
        ("to,minutes\nA,1\n", "column 'from' is missing"),
    ],
)
def test_bad_tables(tmp_path, travel, says):
    with pytest.raises(ScenarioError, match=says):
        load(tmp_path, travel)


def test_a_store_needs_a_row_or_a_circle(tmp_path):
    stores = "store,category,format,area_m2,circle\ns1,food,shop,80,\ns2,food,shop,90,\n"
    with pytest.raises(ScenarioError, match="no row is about the store 's1'"):
        load(tmp_path, stores=stores)


def test_there_is_no_map_to_place_things_on(tmp_path):
    with pytest.raises(ScenarioError, match="only a travel table"):
        load(tmp_path).locate(PlaceSpec(x_km=0.1, y_km=0.1), "circles.new")
    with pytest.raises(ValueError, match="set river, width_km to null"):
        CitySpec.model_validate(
            {"import": {"zones": "z", "travel": "t"}, "width_km": 3, "river": {"points_km": [[0, 0], [1, 1]]}}
        )
