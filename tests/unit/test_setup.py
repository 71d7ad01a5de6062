"""How unlike the first day's shops are: floors, appeal and costs within a format."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.scenario.describe import starter_text
from o2o_sim.setup import SMALLEST_M2

FORMATS = ("supermarket", "boutique", "eatery")
SMALL = ["population=300", "residents=60000", "days=32"]


def city(folder, *overrides: str) -> O2OModel:
    path = folder / "my_city.yaml"
    path.write_text(starter_text(), encoding="utf-8")
    return O2OModel(load_scenario(path, [*SMALL, *overrides]))


def of_format(model: O2OModel, name: str, what: str) -> np.ndarray:
    return np.array([getattr(s, what) for s in model.stores if s.format_name == name])


def test_spreads_of_zero_change_nothing_and_each_changes_only_its_own(tmp_path):
    plain = city(tmp_path)
    for key, what in {
        "stores.cost_spread=0.1": "cost_x",
        "stores.quality_spread=1.5": "quality",
        "stores.formats.boutique.area_spread=1.2": "area_m2",
    }.items():
        other = city(tmp_path, key)
        for name in ("cost_x", "quality", "area_m2", "skill", "chain", "cell"):
            same = [
                getattr(a, name) == getattr(b, name) for a, b in zip(plain.stores, other.stores, strict=True)
            ]
            assert all(same) == (name != what)
    assert {s.cost_x for s in plain.stores} == {1.0}


@pytest.mark.parametrize(
    ("general", "own", "what", "scale"),
    [
        ("stores.cost_spread", "stores.formats.boutique.cost_spread", "cost_x", np.log),
        ("stores.quality_spread", "stores.formats.boutique.quality_spread", "quality", np.asarray),
    ],
)
def test_a_format_has_its_own_spread_if_it_says_so(tmp_path, general, own, what, scale):
    model = city(tmp_path, f"{general}=0.1", f"{own}=0.4", "residents=600000")
    spread = {f: scale(of_format(model, f, what)).std() for f in model.spec.stores.formats}
    assert spread["boutique"] == pytest.approx(0.4, rel=0.25)
    assert all(s < 0.2 for f, s in spread.items() if f != "boutique")


def test_costs_are_in_the_goods_of_every_offer_and_their_mean_is_the_formats(tmp_path):
    model = city(
        tmp_path, "stores.cost_spread=0.2", "residents=3000000", "stores.formats.boutique.cost_x=0.9"
    )
    assert of_format(model, "boutique", "cost_x").mean() == pytest.approx(0.9, rel=0.03)
    model.step()
    for row in model.table.rows:
        if row.channel == "walk-in":
            c = list(model.spec.categories.values())[row.category]
            goods = c.ticket_yuan * (1 - c.gross_margin) * model.stores[row.store].cost_x
            assert row.goods == pytest.approx(goods)


@pytest.mark.parametrize("spread", [0.25, 1.2, 2.0])
def test_floors_are_together_what_demand_supports_if_that_is_wanted(tmp_path, spread):
    keys = [f"stores.formats.{f}.area_spread={spread}" for f in FORMATS]
    model = city(tmp_path, *keys, "stores.supply_exact=true")
    for name, form in model.spec.stores.formats.items():
        floors = of_format(model, name, "area_m2")
        assert floors.mean() == pytest.approx(form.area_m2) and len(floors) > 1
    drawn = city(tmp_path, *keys)
    ratio = of_format(model, "boutique", "area_m2") / of_format(drawn, "boutique", "area_m2")
    assert np.ptp(ratio) < 1e-9 and abs(ratio[0] - 1) > 1e-3


def test_a_city_of_very_unlike_shops_runs_and_its_books_balance(tmp_path):
    """Twenty square metres beside a department store: staff, rents, capacity and names hold."""
    keys = [f"stores.formats.{f}.area_spread=2" for f in FORMATS]
    model = city(tmp_path, *keys, "stores.quality_spread=1", "stores.cost_spread=0.05")
    model.run()
    floors = np.array([s.area_m2 for s in model.stores])
    assert floors.min() >= SMALLEST_M2 and floors.max() / floors.min() > 100
    assert all(s.capacity > 0 and s.rent_yuan() > 0 and s.wages_yuan() > 0 for s in model.stores if s.is_here)
    assert model.ledger.is_balanced()
    books = model.results()["stores_monthly"]
    assert (books["revenue_yuan"] > 0).mean() > 0.5
