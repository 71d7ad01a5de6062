"""What would become too large is refused before anything is built, and the number that is odd is named."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.model import O2OModel
from o2o_sim.scenario import load_scenario
from o2o_sim.scenario.describe import starter_text
from o2o_sim.scenario.size import first_shops, too_large

MALLS = ", ".join(
    f"c{k}: {{x_km: 4, y_km: 4, units: {u}, rent_yuan_m2_month: 9}}" for k, u in enumerate([4] + [5000] * 5)
)
PLATFORMS = ", ".join(f"p{k}: {{kind: marketplace}}" for k in range(3000))
EVERYBODY = "citizens: {share: 1}"

ODD = [
    ("categories.groceries.ticket_yuan=300000", "categories.groceries.ticket_yuan", "shops"),
    ("categories.clothing.ticket_yuan=999999", "categories.clothing.ticket_yuan", "shops"),
    ("categories.restaurant.ticket_yuan=1e6", "categories.restaurant.ticket_yuan", "shops"),
    ("categories.clothing.every_days=0.01", "categories.clothing.every_days", "shops"),
    ("residents=1e9", "residents", "shops"),
    ("residents=200_000_000", "residents", "shops"),
    ("stores.formats.boutique.area_m2=0.5", "stores.formats.boutique.area_m2", "shops"),
    ("stores.formats.eatery.area_m2=1e-9", "stores.formats.eatery.area_m2", "shops"),
    ("stores.formats.eatery.area_m2=1e-300", "stores.formats.eatery.area_m2", "shops"),
    ("stores.formats.supermarket.sales_per_m2_year_yuan=15", "stores.formats.supermarket.sales_per_m2_year_yuan", "shops"),
    ("stores.formats.supermarket.sales_per_m2_year_yuan=1e-320", "stores.formats.supermarket.sales_per_m2_year_yuan", "shops"),
    (f"circles={{{MALLS}}}", "circles.c1.units", "units to let"),
    ("city={width_km: 500, height_km: 500, cell_m: 20}", "city.cell_m", "cells"),
    ("city={width_km: 500, height_km: 400, cell_m: 250}", "city.width_km", "cells"),
    ("city={width_km: 20, height_km: 500, cell_m: 150}", "city.height_km", "cells"),
    ("days=20000;limits.rows=100000", "days", "rows"),
    ("population=200_000;limits.memory_gb=0.05", "population", "memory"),
    ("population=50_000_000", "population", "residents"),
]  # fmt: skip


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("size") / "city.yaml"
    path.write_text(starter_text(), encoding="utf-8")
    return path


@pytest.mark.faults("Sizes")
@pytest.mark.parametrize(("said", "key", "of"), ODD, ids=[f"{key}-{k}" for k, (_, key, _) in enumerate(ODD)])
def test_the_number_that_is_odd_is_named(city, said, key, of):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(city, said.split(";"))
    problem = next(p for p in caught.value.problems if p.key == key)
    assert of in problem.message


@pytest.mark.faults("Sizes")
@pytest.mark.parametrize(
    "said",
    ["days=10000000", "population=1e12", f"platforms={{{PLATFORMS}}}"],
    ids=["days", "population", "platforms"],
)
def test_what_a_key_never_allows_is_refused_by_its_bound(city, said):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(city, [said])
    assert caught.value.problems[0].key == said.partition("=")[0]


def test_it_is_shown_in_the_file_and_the_line(city):
    text = city.read_text(encoding="utf-8").replace("area_m2: 400 ", "area_m2: 0.4 ")
    path = city.with_name("odd.yaml")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert "area_m2: 0.4" in text.split("\n")[problem.line - 1] and problem.file == str(path)


def test_a_limit_can_be_raised(city):
    assert load_scenario(city, ["residents=2e7", "limits.shops=30000"]).limits.shops == 30_000
    with pytest.raises(ScenarioError, match=r"raise limits\.shops"):
        load_scenario(city, ["residents=2e7"])


@pytest.mark.faults("Sizes")
@pytest.mark.parametrize(
    ("changed", "key"),
    [({"residents": 1e9}, "residents"), ({"population": 60_000, "residents": 1e8}, "residents")],
    ids=["residents", "both"],
)
def test_a_scenario_changed_in_memory_is_refused_before_it_is_built(city, changed, key):
    spec = load_scenario(city).model_copy(update=changed)
    with pytest.raises(ScenarioError) as caught:
        O2OModel(spec)
    assert caught.value.problems[0].key == key


def test_the_first_shops_are_as_many_as_estimated(tiny):
    """With incomes that change nothing the estimate is the number that is built."""
    spec = load_scenario(tiny, ["days=1"])
    flat = {name: c.model_copy(update={"income_elasticity": 0.0}) for name, c in spec.categories.items()}
    spec = spec.model_copy(update={"categories": flat})
    built = [s.format_name for s in O2OModel(spec).stores if s.name not in spec.stores.named]
    for name, expected in first_shops(spec).items():
        assert built.count(name) == round(expected)
    assert not list(too_large(spec)) and math.isfinite(sum(first_shops(spec).values()))
