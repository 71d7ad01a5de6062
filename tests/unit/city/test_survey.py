"""Files of a city against the rest of its scenario: every fault has its row and its column."""

from __future__ import annotations

import textwrap
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from o2o_sim.city.survey import survey
from o2o_sim.cli import app
from o2o_sim.errors import ScenarioError
from o2o_sim.model import O2OModel
from o2o_sim.scenario import load_scenario
from o2o_sim.scenario.foresee import slips

ZONES = "name,x,y,population\nNorth,1000,4000,6000\nSouth,1000,1000,4000\n"
CIRCLES = "name,x,y,class,floorspace_m2\nCentre,1000,2500,main,50000\n"
STORES = "name,x,y,format,area_m2,category,circle,rent,sales,quality,opens,integration\n"
SCENARIO = (
    """
days: 40
population: 300
residents: 10000
categories:
  food: {every_days: 3, ticket_yuan: 40, gross_margin: 0.3, shippable: false}
  clothes: {every_days: 30, ticket_yuan: 200, gross_margin: 0.5}
cohorts: {all: {share: 1}}
stores:
  formats:
    grocer: {demand_share: {food: 1}, area_m2: 300, sales_per_m2_year_yuan: 10000}
    mall: {demand_share: {clothes: 1}, area_m2: 900, sales_per_m2_year_yuan: 10000}
    both: {demand_share: {food: 0, clothes: 0}, area_m2: 900, sales_per_m2_year_yuan: 10000}
  named:
    Ada: {format: grocer, circle: Centre}
circles:
  Later: {x_km: 3, y_km: 3, units: 5, rent_yuan_m2_month: 100, opens: 2013-01-20}
platforms:
  tuan: {kind: local_services, categories: [food]}
city: {import: {zones: zones.csv, circles: circles.csv, stores: stores.csv}}
""".replace("food: 0, clothes: 0", "food: 0.5, clothes: 0.5")
    .replace("{food: 1}", "{food: 0.5}")
    .replace("{clothes: 1}", "{clothes: 0.5}")
)


def load(
    folder: Path, stores: str, *overrides: str, zones: str = ZONES, circles: str = CIRCLES, head: str = STORES
):
    for name, text in (("zones", zones), ("circles", circles), ("stores", head + textwrap.dedent(stores))):
        (folder / f"{name}.csv").write_text(text)
    (folder / "city.yaml").write_text(SCENARIO)
    return load_scenario(folder / "city.yaml", overrides)


GOOD = """\
    s1,1000,2000,grocer,200,food,,55,900000,0.5,1999-05-01,social
    s2,1000,3000,both,400,,Centre,,,,,
    s3,1000,3100,both,400,clothes,,,,,2013-01-10,social+partnership
"""


def test_what_a_file_leaves_blank_is_drawn_and_what_it_says_wins(tmp_path):
    rows = "s1,1000,2000,grocer,,food,,,900000,,,\ns2,1000,3000,grocer,400,food,,,,0.25,,\n"
    keys = ("stores.cost_spread=0.2", "stores.formats.grocer.area_spread=1.5", "stores.quality_spread=2")
    drawn, said = O2OModel(load(tmp_path, rows, *keys)).stores[:2]
    assert drawn.area_m2 != 300 and drawn.usual_sales_yuan() == pytest.approx(75_000)
    assert drawn.quality != 0 and drawn.cost_x != 1
    assert (said.area_m2, said.quality) == (400, 0.25)
    head = STORES.replace("area_m2", "cost_x,area_m2")
    one = O2OModel(load(tmp_path, "s1,1000,2000,grocer,0.8,300,food,,,,,,\n", *keys, head=head)).stores[0]
    assert one.cost_x == 0.8


def test_what_the_columns_say_is_what_the_stores_have(tmp_path):
    spec = load(tmp_path, GOOD.replace("clothes,,,,,2013", ",,,,,2013"))
    model = O2OModel(spec)
    one, two = model.stores[:2]
    assert (one.name, one.fixed_rent_yuan_m2, one.quality, one.opened) == ("s1", 55, 0.5, date(1999, 5, 1))
    assert (one.usual_sales_yuan(), list(one.modes)) == (75_000, ["social"])
    assert set(two.floor) == {"food", "clothes"} and two.fixed_rent_yuan_m2 is None
    assert not two.modes and two.opened == spec.start
    assert two.usual_sales_yuan() == two.area_m2 * 10_000 / 12
    assert "s3" not in model.store_names
    while model.date <= date(2013, 1, 10):
        model.step()
    late = model.store("s3")
    assert (late.opened, list(late.modes)) == (date(2013, 1, 10), ["social", "partnership"])
    assert late.modes["partnership"].platform is model.platforms[0]
    model.run()
    opened = [e for e in model.events if e["who"] == "s3" and e["reason"] == "opening date"]
    assert [e["date"] for e in opened] == [date(2013, 1, 10)]
    fate = model.results()["outcomes"].set_index("name").loc["s1"]
    assert fate["opened"] == "1999-05-01"


BAD = [
    ("s,0,2000,kiosk,5,food,,,,,,\n", 2, "column 'format': there is no format 'kiosk'"),
    ("s,0,2000,grocr,5,food,,,,,,\n", 2, "did you mean grocer?"),
    ("s,0,2000,grocer,5,shoes,,,,,,\n", 2, "column 'category': there is no category 'shoes'"),
    ("s,0,2000,grocer,5,,Center,,,,,\n", 2, "did you mean Centre?"),
    ("a,0,2000,grocer,5,,,,,,,\nAda,0,2000,grocer,5,,,,,,,\n", 3, "is placed by hand"),
    ("s,0,2000,grocer,5,,,,,,,sozial\n", 2, "column 'integration': there is no way of integrating called 'sozial'"),
    ("s,0,2000,grocer,5,,,,,,,social+\n", 2, "column 'integration'"),
    ("s,0,2000,mall,5,,,,,,,partnership\n", 2, "no local_services platform that carries"),
    ("s,0,2000,grocer,5,,Later,,,,,\n", 2, "column 'circle': 'Later' opens on 2013-01-20 only"),
    ("s,0,2000,grocer,5,,Later,,,,2013-01-19,\n", 2, "opens on 2013-01-20 only"),
    ("s,0,2000,grocer,5,,,x,,,,\n", 2, "column 'rent': 'x' is not a number"),
    ("s,0,2000,grocer,5,,,,-3,,,\n", 2, "column 'sales': -3 must be above 0"),
    ("s,0,2000,grocer,5,,,,,99,,\n", 2, "column 'quality': 99 is above 20"),
    ("s,0,2000,grocer,5,,,,,,12.3.2013,\n", 2, "column 'opens': '12.3.2013' is not a date"),
]  # fmt: skip


@pytest.mark.faults("Imported stores")
@pytest.mark.parametrize(("stores", "line", "message"), BAD, ids=[message for _, _, message in BAD])
def test_a_bad_row_is_refused_with_its_place(tmp_path, stores, line, message):
    spec = load(tmp_path, stores)
    with pytest.raises(ScenarioError) as caught:
        survey(spec)
    problem = caught.value.problems[0]
    assert (problem.line, Path(problem.file).name) == (line, "stores.csv")
    assert message in f"{problem.message} {problem.hint}"


ROW = "s,0,2000,grocer,5,,,,,,,\n"
ODD = [
    ("zones", {"zones": ZONES + "Far,1000,900000000,5\n"}, (), "zones.csv", 4, "'Far' lies 899,9"),
    (
        "floor",
        {"circles": CIRCLES + "Big,0,0,,6e8\n"},
        (),
        "circles.csv",
        3,
        "column 'floorspace_m2': 600,000,000 m2",
    ),
    (
        "unit",
        {},
        ("imported_circles.m2_per_unit=0.5",),
        "--set imported_circles.m2_per_unit=0.5",
        None,
        "units to let",
    ),
    ("cells", {}, ("city.cell_m=20", "limits.cells=1000"), "zones.csv", 2, "limits.cells"),
    ("width", {}, ("city.width_km=500", "city.height_km=500"), "--set city.width_km=500", None, "cells"),
    ("shops", {}, ("limits.shops=12",), "circles.csv", 2, "shops"),
    ("streets", {"circles": CIRCLES + "streets,0,0,,\n"}, (), "circles.csv", 3, "the street shops"),
]


@pytest.mark.faults("Sizes")
@pytest.mark.parametrize(
    ("files", "overrides", "file", "line", "message"), [c[1:] for c in ODD], ids=[c[0] for c in ODD]
)
def test_an_imported_city_that_is_too_large_is_refused_at_the_row(
    tmp_path, files, overrides, file, line, message
):
    stores = "".join(f"s{k},1000,2000,grocer,5,,,,,,,\n" for k in range(5))
    spec = None
    with pytest.raises(ScenarioError) as caught:
        spec = load(tmp_path, stores, *overrides, **files)
        survey(spec)
    problem = caught.value.problems[0]
    assert (Path(problem.file).name, problem.line) == (file, line)
    assert message in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("circles.Centr={units: 3, rent_yuan_m2_month: 1}", "circles.Centr"),
        ("stores.named.Ada.circle=Centra", "stores.named.Ada.circle"),
    ],
    ids=["circle", "named"],
)
def test_a_name_that_the_files_do_not_have_is_refused(tmp_path, more, key):
    spec = load(tmp_path, ROW, more)
    with pytest.raises(ScenarioError) as caught:
        survey(spec)
    (problem,) = caught.value.problems
    assert problem.key == key and "did you mean Centre?" in problem.hint


def told(spec) -> list[str]:
    return [f"{p.key}: {p.message}" for p in slips(spec, survey(spec))]


@pytest.mark.faults("Slips in own cities")
@pytest.mark.parametrize(
    ("stores", "overrides", "said"),
    [
        ("s,1000,2000,both,5,clothes,,,,,,\n", (), "sells clothes only"),
        ("s,1000,2000,grocer,5,food,,,,,,\n", (), "categories.clothes: no shop sells it"),
        (ROW, ("city.cell_m=10000", "city.import.margin_km=0"), "city.cell_m: the whole city is one cell"),
    ],
    ids=["one category", "no shop", "one cell"],
)
def test_what_looks_like_a_slip_is_warned_of(tmp_path, stores, overrides, said):
    spec = load(tmp_path, stores, *overrides)
    assert any(said in text for text in told(spec))
    assert not told(load(tmp_path, "s,1000,2000,both,5,,,,,,,\n"))


def test_check_warns_and_says_which_policies_will_act(tmp_path):
    load(tmp_path, ROW)
    result = CliRunner().invoke(app, ["check", str(tmp_path / "city.yaml")])
    assert result.exit_code == 0 and "no shop sells it" in result.output
    assert "Rents change every month" in result.output and "Shops that nobody named open" in result.output
    still = ["--set", "landlords.policy=fixed", "--set", "entry.policy=none"]
    result = CliRunner().invoke(app, ["check", str(tmp_path / "city.yaml"), *still])
    assert "Rents change" not in result.output and "Shops that nobody named" not in result.output
    load(tmp_path, "s,1000,2000,kiosk,5,,,,,,,\n")
    assert CliRunner().invoke(app, ["check", str(tmp_path / "city.yaml")]).exit_code == 2
