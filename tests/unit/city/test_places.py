"""Cities from files: London comes out right, and a bad file is told so by line and column."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from pydantic import PrivateAttr

from o2o_sim.city import census, places
from o2o_sim.city.build import build_city
from o2o_sim.city.grid import EARTH_RADIUS_M, Grid
from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.city import CitySpec, PlaceSpec
from o2o_sim.scenario.keys import Block, block
from o2o_sim.scenario.load import load_scenario
from o2o_sim.scenario.places import Origin

LONDON = Path(__file__).parents[3] / "scenarios" / "data" / "london"
COLUMNS = {"income": "income_gbp_per_household_year", "floorspace_m2": "floorspace_m2_2008"}

ZONES = "zone,x,y,population,income\nA,0,0,100,10\nB,4000,0,300,30\nC,0,4000,600,20\n"
CIRCLES = "circle,x,y,class,floorspace_m2\nold,100,100,major,5000\nnew,3900,200,,\n"
STORES = "store,x,y,category,format,area_m2,circle,chain\n"
STORES += "s1,0,0,clothing,shop,80,old,\ns2,50,60,fresh,market,900,,Y\n"


def load(folder, zones=ZONES, circles=None, stores=None, columns=None, **keys):
    """Write the files and build the city from them."""
    rule = {}
    for kind, text in (("zones", zones), ("circles", circles), ("stores", stores)):
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            (folder / f"{kind}.csv").write_bytes(data)
            rule[kind] = f"{kind}.csv"
    return build_city(CitySpec.model_validate({"import": {**rule, "columns": columns or {}}, **keys}), folder)


# -- London ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def london():
    rule = {"zones": "zones.csv", "circles": "circles.csv", "columns": COLUMNS}
    return build_city(CitySpec.model_validate({"import": rule, "cell_m": 500}), LONDON)


def test_london_loads(london):
    assert len(london.circles) == 49
    assert 57_000 < london.grid.width_m < 59_500 and 45_000 < london.grid.height_m < 47_500
    assert london.residents.sum() == london.jobs.sum() == 1.0
    assert (london.income * london.residents).sum() == pytest.approx(1, abs=1e-6)
    west_end = london.circles["West End"]
    assert (west_end.cls, west_end.floorspace_m2) == ("International", 995392)
    assert west_end.cell == london.grid.cell_of(west_end.x_m, west_end.y_m)


def test_londons_distances_are_those_of_the_globe(london):
    a, b = london.circles["West End"], london.circles["Canary Wharf"]
    p, q = math.radians(51.51509), math.radians(51.505431)
    half = math.sin((q - p) / 2) ** 2
    half += math.cos(p) * math.cos(q) * math.sin(math.radians(-0.023533 + 0.133648) / 2) ** 2
    there = 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))  # haversine
    assert math.hypot(a.x_m - b.x_m, a.y_m - b.y_m) == pytest.approx(there, rel=1e-3)


def test_londons_people_live_where_its_wards_are(london):
    """The centre of mass of the cells is that of the wards, to a tenth of a cell."""
    wards = np.genfromtxt(LONDON / "zones.csv", delimiter=",", skip_header=1, usecols=(1, 2, 3))
    lat, lon, households = wards.T
    assert len(lat) == 625
    x, y = london.projection.to_m(lon, lat)
    cx, cy = london.grid.centres().T
    assert (london.residents * cx).sum() == pytest.approx((households * x).sum() / households.sum(), abs=50)
    assert (london.residents * cy).sum() == pytest.approx((households * y).sum() / households.sum(), abs=50)


def test_londons_jobs_are_in_the_west_end(london):
    assert london.jobs.argmax() == london.circles["West End"].cell


def test_a_place_in_degrees_lies_where_the_files_say(london):
    west_end = london.circles["West End"]
    assert london.locate(PlaceSpec(lon=-0.133648, lat=51.51509)) == (west_end.x_m, west_end.y_m)
    with pytest.raises(ScenarioError, match="off the map"):
        london.locate(PlaceSpec(lon=2.35, lat=48.85))


def test_the_known_defect_is_left_alone(london):
    x, y = london.projection.to_m(-0.068463, 51.516918)
    assert (london.circles["Nags Head"].x_m, london.circles["Nags Head"].y_m) == (x, y)


# -- small files -------------------------------------------------------------------------------------------
def test_every_zone_keeps_its_people_and_its_income(tmp_path):
    c = load(tmp_path)
    x, y = c.grid.centres().T
    assert c.grid.width_m == c.grid.height_m == 10_000  # 4 km of zones and 3 km around them
    assert c.residents.sum() == 1.0
    # Zones 4 km apart: each within 4 km of its centroid, so the far corner is empty ...
    assert c.residents[np.hypot(x - 3000, y - 3000) < 300].max() > 0
    assert c.residents[(x > 8000) & (y > 8000)].max() == 0
    apart = load(tmp_path, "zone,x,y,population,income\nA,0,0,100,10\nB,9000,0,300,30\nC,0,400,600,20\n")
    x, _ = apart.grid.centres().T
    assert apart.income[x.argmax()] / apart.income[x.argmin()] == pytest.approx(30 / 20, rel=0.5)


def test_mass_is_conserved_zone_by_zone(tmp_path):
    """Two zones close together and one far away, whose kernel reaches nobody else's cells."""
    c = load(tmp_path, "zone,x,y,population\nA,0,0,1\nB,500,0,2\nC,9000,0,7\n")
    x, _ = c.grid.centres().T
    assert c.residents[x < 3000 + 1100].sum() < 0.4  # C's kernel reaches 8.5 km, thinly
    d = load(tmp_path, "zone,x,y,population\nA,0,0,1\nB,500,0,2\nC,9000,0,3\nD,9300,0,4\n")
    x, _ = d.grid.centres().T
    assert d.residents[x < 3000 + 4500].sum() == pytest.approx(0.3, abs=2e-12)


def test_the_kernel_of_a_zone_by_hand():
    """Zones 1 km apart: weights 1 - d**2 around each, in square kilometres, and nothing from 1 km on."""
    grid = Grid(16, 8, 250.0)
    zones = np.array([1125.0, 2125.0]), np.array([1125.0, 1125.0])
    (cells, weights), _ = census.zone_cells(grid, np.ones(grid.cells, dtype=bool), *zones)
    here = grid.cell_of(1125, 1125)
    found = dict(zip(cells.tolist(), weights.tolist()))
    assert found[here] == 1 and found[here + 2] == 0.75 and found[here + 3] == 1 - 0.75**2
    assert here + 4 not in found and min(found.values()) > 0


def test_a_lone_zone_sits_on_its_cell(tmp_path):
    c = load(tmp_path, "zone,x,y,population\nA,0,0,5\n", width_km=5, height_km=5)
    x, y = c.grid.centres()[c.residents > 0].T
    assert np.hypot(x - 2500, y - 2500).max() < 250


def test_circles_and_stores(tmp_path):
    c = load(tmp_path, circles=CIRCLES, stores=STORES)
    assert c.circles["old"].floorspace_m2 == 5000 and c.circles["new"].floorspace_m2 is None
    assert c.circles["new"].cls is None
    assert (c.circles["old"].x_m, c.circles["old"].y_m) == (3100, 3100)
    one, two = c.stores
    assert (one.name, one.category, one.format, one.area_m2, one.circle, one.chain) == (
        "s1", "clothing", "shop", 80, "old", None,
    )  # fmt: skip
    assert (two.circle, two.chain, two.row) == (None, "Y", 1)
    assert one.cell == c.grid.cell_of(3000, 3000)
    assert c.jobs.argmax() == c.circles["old"].cell


def test_jobs_can_be_imported(tmp_path):
    c = load(tmp_path, "zone,x,y,population,jobs\nA,0,0,9,0\nB,9000,0,1,5\n")
    x, _ = c.grid.centres().T
    assert (c.jobs * x).sum() > (c.residents * x).sum() + 4000


def test_quotes_bom_blank_lines_and_other_columns_are_fine(tmp_path):
    text = '\ufeffname,note,x,y,households\r\n"A, ""old""",n,0,0,5\r\n\r\nB,"two\nlines",1e3,+2.5,.5\r\n'
    assert load(tmp_path, text).residents.sum() == 1.0


def test_the_origin_may_be_the_scenario_file(tmp_path):
    load(tmp_path)
    (tmp_path / "city.yaml").write_text("x")
    spec = CitySpec.model_validate({"import": {"zones": "zones.csv"}})
    assert build_city(spec, tmp_path / "city.yaml").residents.sum() == 1.0


class Root(Block):
    """The part of a scenario that a city needs, so that these tests read real files."""

    city: CitySpec = block(CitySpec, "The ground")
    _origin: Origin | None = PrivateAttr(default=None)


def test_paths_start_from_the_file_that_names_them_and_faults_point_into_it(tmp_path):
    load(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "base.yaml").write_text("city:\n  import:\n    zones: zones.csv\n")
    scenario = tmp_path / "below" / "mine.yaml"
    scenario.write_text(
        "extends: ../base.yaml\ncity:\n  metro:\n    m:\n      stations_km: [[1, 1], [2, 99]]\n"
    )
    root = load_scenario(scenario, model=Root)
    with pytest.raises(ScenarioError, match="off the map") as caught:
        build_city(root.city, root._origin)
    problem = caught.value.problems[0]
    assert (Path(problem.file).name, problem.line, problem.column) == ("mine.yaml", 5, 29)
    scenario.write_text("extends: ../base.yaml\ncity:\n  import:\n    circles: zones.csv\n")
    root = load_scenario(scenario, model=Root)
    with pytest.raises(ScenarioError, match="no such file") as caught:
        build_city(root.city, root._origin)
    assert caught.value.problems[0].key == "city.import.circles"


# -- bad files ---------------------------------------------------------------------------------------------
HEAD = "zone,x,y,population,income\n"
GOOD = "A,0,0,100,10\n"
BAD = {
    "missing column": ("zone,x,y\nA,0,0\n", 1, "population"),
    "missing place": ("zone,x,population\nA,0,5\n", 1, "'x' and 'y'"),
    "two kinds of place": ("zone,x,y,lon,lat,population\nA,0,0,0,0,5\n", 1, "twice"),
    "column twice": ("zone,x,y,x,population\nA,0,0,0,5\n", 1, "'x' is there twice"),
    "text in a number": (HEAD + GOOD + "B,0,0,many,10\n", 3, "column 'population': 'many' is not a number"),
    "thousands": (HEAD + GOOD + 'B,0,0,"1,000",10\n', 3, "column 'population': '1,000'"),
    "underscores": (HEAD + GOOD + "B,0,0,1_000,10\n", 3, "column 'population'"),
    "other digits": (HEAD + GOOD + "B,0,0,٣,10\n", 3, "column 'population'"),
    "nan": (HEAD + GOOD + "B,0,nan,5,10\n", 3, "column 'y': 'nan' is not a finite number"),
    "inf": (HEAD + GOOD + "B,-inf,0,5,10\n", 3, "column 'x': '-inf' is not a finite number"),
    "overflow": (HEAD + GOOD + "B,1e999,0,5,10\n", 3, "column 'x'"),
    "empty number": (HEAD + GOOD + "B,0,,5,10\n", 3, "column 'y' is empty"),
    "empty name": (HEAD + GOOD + " ,0,0,5,10\n", 3, "column 'zone' is empty"),
    "negative": (HEAD + GOOD + "B,0,0,-5,10\n", 3, "column 'population': -5 is below 0"),
    "no income": (HEAD + GOOD + "B,0,0,5,0\n", 3, "column 'income': 0 must be above 0"),
    "duplicate": (HEAD + GOOD + "B,9,9,5,1\nA,5,5,5,5\n", 4, "column 'zone': 'A' is already on line 2"),
    "ragged short": (HEAD + GOOD + "B,0,0,5\n", 3, "4 fields where the header has 5"),
    "ragged long": (HEAD + GOOD + "B,0,0,5,6,7\n", 3, "6 fields where the header has 5"),
    "after a field of two lines": (HEAD + '"A\nA",0,0,5,6\nB,0,0,x,6\n', 4, "column 'population'"),
    "empty file": ("", None, "is empty"),
    "blank file": ("\n \n", None, "is empty"),
    "header only": (HEAD, 1, "no rows"),
    "not UTF-8": (HEAD.encode() + GOOD.encode() + "é,0,0,5,1\n".encode("latin-1"), 3, "not UTF-8"),
    "UTF-16": ((HEAD + GOOD).encode("utf-16"), 1, "not UTF-8"),
    "NUL": (HEAD + GOOD + "B\0,0,0,5,1\n", 3, "NUL"),
    "open quote": (HEAD + GOOD + '"B,0,0,5,1\n', 3, "not well-formed CSV"),
    "nobody": (HEAD + "A,0,0,0,1\n", 2, "nobody lives"),
    "longitude": ("zone,lon,lat,population\nA,190,5,5\n", 2, "column 'lon': 190 is above 180"),
    "swapped": ("zone,lon,lat,population\nA,26,119,5\n", 2, "column 'lat': 119 is above 85"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_zones_file_is_located(tmp_path, case):
    text, line, message = BAD[case]
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, text)
    problem = caught.value.problems[0]
    assert message in problem.message
    assert (problem.file, problem.line) == (str(tmp_path / "zones.csv"), line)
    assert problem.key == "city.import.zones"


@pytest.mark.parametrize(
    ("kind", "text", "line", "message"),
    [
        ("circles", "circle,x,y\nfar,90000,0\n", 2, "'far' lies outside the city"),
        ("circles", "circle,x,y,floorspace_m2\na,0,0,-1\n", 2, "column 'floorspace_m2': -1 is below 0"),
        ("circles", "circle,lon,lat\na,0,0\n", 1, "gives places as lon, lat, but the zones as x, y"),
        ("stores", "store,x,y,category,format\na,0,0,c,f\n", 1, "column 'area_m2' is missing"),
        (
            "stores",
            "store,x,y,format,area_m2,opens\na,0,0,f,5,1/2/2013\n",
            2,
            "not a date written YYYY-MM-DD",
        ),
        ("stores", "store,x,y,format,area_m2,rent\na,0,0,f,5,-1\n", 2, "column 'rent': -1 is below 0"),
        ("stores", "store,x,y,format,area_m2,sales\na,0,0,f,5,0\n", 2, "column 'sales': 0 must be above 0"),
        ("stores", "store,x,y,format,area_m2,quality\na,0,0,f,5,90\n", 2, "column 'quality': 90 is above 20"),
        (
            "stores",
            "store,x,y,category,format,area_m2\na,0,0,c,f,0\n",
            2,
            "column 'area_m2': 0 must be above 0",
        ),
        ("stores", "store,x,y,category,format,area_m2\na,0,-9e4,c,f,5\n", 2, "outside the city"),
    ],
)
def test_bad_circles_and_stores_are_located(tmp_path, kind, text, line, message):
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, **{kind: text})
    problem = caught.value.problems[0]
    assert message in problem.message
    assert (problem.file, problem.line, problem.key) == (
        str(tmp_path / f"{kind}.csv"), line, f"city.import.{kind}",
    )  # fmt: skip


def test_zones_must_fit_a_map_of_given_size(tmp_path):
    with pytest.raises(ScenarioError, match="outside the city") as caught:
        load(tmp_path, width_km=3, height_km=9)
    assert [p.line for p in caught.value.problems] == [2, 3, 4]
    assert "widen" in caught.value.problems[0].hint


def test_all_faults_are_told_but_not_a_million(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, HEAD + "A,x,0,5,1\nB,0,y,5,1\nC,0,0\n")
    assert [p.line for p in caught.value.problems] == [2, 3, 4]
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, HEAD + "".join(f"z{i},x,0,5,1\n" for i in range(1000)))
    assert len(caught.value.problems) == places.MAX_PROBLEMS + 1


def test_a_missing_column_comes_with_advice(tmp_path):
    with pytest.raises(ScenarioError, match=r"city\.import\.columns: \{population: name in the file\}"):
        load(tmp_path, "zone,x,y,people\nA,0,0,5\n")
    assert load(tmp_path, "zone,x,y,people\nA,0,0,5\n", columns={"population": "people"}).residents.sum() == 1


def test_a_renamed_column_must_exist(tmp_path):
    with pytest.raises(ScenarioError, match="no file has the column 'wages'") as caught:
        load(tmp_path, columns={"income": "wages"})
    assert caught.value.problems[0].key == "city.import.columns.income"


def test_long_and_unprintable_text_is_tamed(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, HEAD + "A,\x1b[2J" + "9" * 5000 + ",0,5,1\n")
    assert len(str(caught.value)) < 600 and "\x1b" not in str(caught.value)


def test_files_that_are_not_there_or_not_files(tmp_path, monkeypatch):
    spec = CitySpec.model_validate({"import": {"zones": "none.csv"}})
    with pytest.raises(ScenarioError, match="no such file"):
        build_city(spec, tmp_path)
    (tmp_path / "none.csv").mkdir()
    with pytest.raises(ScenarioError, match="not a regular file"):
        build_city(spec, tmp_path)
    monkeypatch.setattr(places, "MAX_BYTES", 20)
    with pytest.raises(ScenarioError, match="larger than"):
        load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "z.csv")
    with pytest.raises(ScenarioError, match="not a regular file"):
        build_city(CitySpec.model_validate({"import": {"zones": "z.csv"}}), tmp_path)
