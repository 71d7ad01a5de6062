"""Levers of a live city: each acts, and acts as if the scenario had said so; none does anything by being
there."""

from __future__ import annotations

from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.levers import checked, find_levers, levers_of, move, own_copy, set_levers
from o2o_sim.model import O2OModel
from o2o_sim.record.archive import tables_digest
from o2o_sim.scenario.describe import json_schema
from o2o_sim.scenario.load import load_scenario

HAMLET = Path(__file__).parent / "systems" / "hamlet.yaml"
# Everything that has a lever: a mall with a turnover lease, three kinds of platform, couriers, phone payment,
# and shops that look and order. A month's end comes on day 20, another on day 50.
EVERYTHING = """
extends: {hamlet}
start: 2013-01-11
days: 60
consumers: {{touch_weight: 6, payment_friction: 0.1}}
categories:
  coats: {{every_days: 5, touch: 0.5, online_price_x: 0.9, online_appeal: 0.5, plan_ahead: 0}}
circles:
  mall: {{x_km: 0.5, y_km: 0.5, units: 3, rent_yuan_m2_month: 2, appeal: 0.1, opens: 2013-01-11}}
landlords:
  policy: vacancy
  turnover: {{base_x: 0.8, share: 0.1}}
stores:
  try_then_buy: {{commission: 0.05}}
  formats: {{shop: {{modes: [app, partnership]}}}}
  named:
    inner: {{format: shop, circle: mall, area_m2: 100, cash_yuan: 100000}}
modes:
  app: {{appeal: 3, delivery_reach_min: 60, delivery_days: 0}}
  partnership: {{appeal: 2}}
couriers: {{yuan_per_min: 0.5, orders_per_trip: 1}}
mobile_payment: {{fee_share: 0.006}}
platforms:
  bazaar: {{kind: marketplace, members_start: 1, categories: [coats], subsidy: {{per_order_yuan: 1, budget_yuan_month: 200}}}}
  swift: {{kind: self_operated, members_start: 1, categories: [coats], parcel: {{days: 1}}, subsidy: {{policy: match_rival}}}}
  tuan: {{kind: local_services, members_start: 1, coupon_discount: 0.1, subsidy: {{policy: buy_share, per_order_yuan: 1, until_spent_yuan: 1e9}}}}
"""
OTHERS = {
    "levers.subsidy_x": 3,
    "levers.rent_x": 2,
    "levers.logistics_x": 2,
    "categories.coats.online_appeal": 3,
    "categories.coats.online_price_x": 0.7,
    "circles.mall.rent_yuan_m2_month": 5,
    "circles.mall.appeal": 2,
    "landlords.street_rent_yuan_m2_month": 4,
    "landlords.turnover.base_x": 0.2,
    "landlords.turnover.share": 0.01,
    "platforms.bazaar.price_x": 0.8,
    "platforms.bazaar.commission": 0.2,
    "platforms.bazaar.parcel.days": 9,
    "platforms.bazaar.subsidy.per_order_yuan": 20,
    "platforms.bazaar.subsidy.budget_yuan_month": 3,
    "platforms.swift.price_x": 0.8,
    "platforms.swift.parcel.days": 9,
    "platforms.swift.subsidy.per_order_yuan": 20,
    "platforms.swift.subsidy.budget_yuan_month": 3,
    "platforms.tuan.commission": 0.3,
    "platforms.tuan.coupon_discount": 0.3,
    "platforms.tuan.subsidy.per_order_yuan": 3,
    "platforms.tuan.subsidy.budget_yuan_month": 3,
    "couriers.yuan_per_min": 2,
    "couriers.orders_per_trip": 4,
    "mobile_payment.fee_share": 0.1,
    "stores.try_then_buy.commission": 0.3,
}
"""Another value for every lever of that scenario."""
MOVED_ON = 25


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("levers") / "everything.yaml"
    path.write_text(EVERYTHING.format(hamlet=HAMLET), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def unmoved(file) -> str:
    return tables_digest(O2OModel(load_scenario(file)).run().results())


def moved_run(file: Path, day: int, key: str, value: float) -> O2OModel:
    model = O2OModel(own_copy(load_scenario(file)))
    while model.day < day:
        model.step()
    move(model, key, value)
    return model.run()


def test_every_adjustable_key_of_the_schema_is_tried_here(file):
    """A key that somebody marks adjustable must be added above, and so be shown to act."""
    tried = {lever.pattern[-1] for key, lever in find_levers(load_scenario(file)).items() if key in OTHERS}
    known = {
        name
        for definition in (json_schema(), *json_schema()["$defs"].values())
        for name, field in definition.get("properties", {}).items()
        if field.get("adjustable")
    }
    assert tried == known
    assert {d["key"] for d in levers_of(load_scenario(file))} == set(OTHERS)


@pytest.mark.parametrize("key", OTHERS)
def test_a_lever_moved_while_the_city_runs_changes_what_comes(key, file, unmoved):
    model = moved_run(file, MOVED_ON, key, OTHERS[key])
    assert tables_digest(model.results()) != unmoved
    before = O2OModel(load_scenario(file))
    while before.day < MOVED_ON:
        before.step()
    past = model.results()["daily"].head(MOVED_ON)
    now = before.results()["daily"]
    assert past[list(now.columns)].equals(now), "what is past stays"


@pytest.mark.parametrize("key", OTHERS)
def test_a_lever_moved_to_where_it_is_changes_nothing(key, file, unmoved):
    model = O2OModel(own_copy(load_scenario(file)))
    while model.day < MOVED_ON:
        model.step()
    shown = {d["key"]: d["value"] for d in levers_of(model.spec, model)}
    model.offers_changed = False
    move(model, key, shown[key])
    assert not model.offers_changed
    assert tables_digest(model.run().results()) == unmoved


@pytest.mark.parametrize("key", OTHERS)
def test_a_lever_set_from_the_first_day_is_the_scenario_written_so(key, file):
    written = load_scenario(file, [f"{key}={OTHERS[key]}"])
    spec = set_levers(load_scenario(file), {key: OTHERS[key]})
    assert spec == written
    wanted = tables_digest(O2OModel(written).run().results())
    assert tables_digest(moved_run(file, 0, key, OTHERS[key]).results()) == wanted, (
        "also if it is moved on day 0"
    )


def test_nobody_else_holds_the_scenario_of_a_live_city(file):
    spec = load_scenario(file)
    model = O2OModel(own_copy(spec))
    assert model.spec == spec
    for key, value in OTHERS.items():
        move(model, key, value)
    assert spec == load_scenario(file) and model.spec != spec
    assert spec._origin is model.spec._origin, "where it was written is not copied"


def test_no_two_levers_move_the_same_number(file):
    """Blocks that are declared as defaults might be one object for all platforms."""
    levers = find_levers(own_copy(load_scenario(file))).values()
    assert len({(id(lever.block), lever.name) for lever in levers}) == len(levers)


def test_rents_move_to_the_value_and_the_landlord_goes_on_from_there(file):
    model = O2OModel(own_copy(load_scenario(file)))
    while model.day < MOVED_ON:
        model.step()
    circle = model.circles["mall"]
    drifted, first = circle.rent, circle.first_rent
    assert drifted != first, "the landlord has decided once"
    move(model, "circles.mall.rent_yuan_m2_month", 6)
    assert circle.rent == 6 and circle.first_rent == pytest.approx(6 * first / drifted)
    model.run()
    assert 5 < circle.rent < 7 and circle.rent != 6


def test_a_subsidy_that_answers_a_rival_is_not_cut_by_less_of_its_own(file):
    model = O2OModel(own_copy(load_scenario(file)))
    while model.day < MOVED_ON:
        model.step()
    swift = model.platforms[1]
    assert swift.subsidy_yuan == 1, "what bazaar pays"
    move(model, "platforms.swift.subsidy.per_order_yuan", 0.5)
    assert swift.subsidy_yuan == 1
    move(model, "platforms.swift.subsidy.per_order_yuan", 2)
    assert swift.subsidy_yuan == 2


def test_a_platform_that_has_stopped_for_good_pays_nothing_more(file):
    from o2o_sim.policies.subsidy import Stopped

    model = O2OModel(own_copy(load_scenario(file)))
    model.platforms[0].policy, model.platforms[0].subsidy_yuan = Stopped(), 0.0
    with pytest.raises(ScenarioError, match="bazaar has stopped paying subsidies for good"):
        move(model, "platforms.bazaar.subsidy.per_order_yuan", 3)
    assert model.spec.platforms["bazaar"].subsidy.per_order_yuan == 1


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("levers.rent_x", 101, "levers.rent_x: must be a number from 0 to 100, found 101"),
        ("levers.rent_x", -1, "found -1"),
        ("levers.rent_x", "2", "found '2'"),
        ("levers.rent_x", True, "found True"),
        ("levers.rent_x", None, "found None"),
        ("levers.rent_x", float("nan"), "found nan"),
        ("levers.rent_x", 10**400, "must be a number"),
        ("platforms.bazaar.price_x", 0, "must be a number more than 0 and at most 5, found 0"),
        ("levers.rent", 2, "did you mean levers.rent_x?"),
        ("platforms.bazar.commission", 0.1, "did you mean platforms.bazaar.commission?"),
        ("population", 2, "there is no lever 'population'"),
        (7, 2, "there is no lever 7"),
        ("x" * 5000, 2, "there is no lever 'xxx"),
    ],
)
def test_what_cannot_be_moved_is_said_and_nothing_moves(key, value, said, file):
    spec = own_copy(load_scenario(file))
    with pytest.raises(ScenarioError) as fault:
        checked(spec, key, value)
    assert said in str(fault.value) and len(str(fault.value)) < 400
    model = O2OModel(spec)
    with pytest.raises(ScenarioError):
        move(model, key, value)
    assert model.spec == load_scenario(file)


def test_levers_that_contradict_one_another_are_refused_together(file):
    """A coupon and what the landlord adds may not be more than nine tenths of the price."""
    pact = "circles.mall.alliance={platform: tuan, extra_discount: 0.5}"
    spec = own_copy(load_scenario(file, [pact]))
    assert checked(spec, "platforms.tuan.coupon_discount", 0.4) == 0.4
    with pytest.raises(ScenarioError, match=r"more than 0\.9 of the price"):
        checked(spec, "platforms.tuan.coupon_discount", 0.5)
    with pytest.raises(ScenarioError, match=r"more than 0\.9 of the price"):
        set_levers(spec, {"platforms.tuan.coupon_discount": 0.5})
    assert spec.platforms["tuan"].coupon_discount == 0.1


def test_a_descriptor_says_all_that_a_slider_needs(file):
    spec = load_scenario(file)
    found = {d["key"]: d for d in levers_of(spec)}
    rent = found["levers.rent_x"]
    assert rent == {
        "key": "levers.rent_x", "group": "All shops and platforms", "label": "Rents",
        "about": "Factor on every rent", "unit": "x", "value": 1.0, "default": 1.0, "min": 0.0, "max": 100.0,
        "low": 0.0, "high": 3.0, "step": 0.05,
    }  # fmt: skip
    assert found["platforms.tuan.commission"]["group"] == "Platform tuan"
    assert found["circles.mall.appeal"]["group"] == "Circle mall"
    for d in found.values():
        assert d["min"] <= d["low"] <= d["high"] <= d["max"] and 0 < d["step"] <= d["high"] - d["low"]
        assert d["low"] <= d["value"] <= d["high"] or d["unit"] == "yuan/month"
        checked(spec, d["key"], d["low"]), checked(spec, d["key"], d["high"])


def test_levers_that_move_nothing_here_are_not_offered(file):
    keys = set(find_levers(load_scenario(file))) - {d["key"] for d in levers_of(load_scenario(file))}
    assert {k for k in keys if k.startswith(("platforms", "categories"))} == keys
    assert "platforms.bazaar.coupon_discount" in keys and "categories.bread.online_price_x" in keys


def test_who_else_moves_a_key_is_told(file):
    spec = load_scenario(file, ["platforms.bazaar.subsidy.start=2013-02-01"])
    found = {d["key"]: d["about"] for d in levers_of(spec)}
    assert "Paid from 2013-02-01 only." in found["platforms.bazaar.subsidy.per_order_yuan"]
    assert "stops by itself" in found["platforms.tuan.subsidy.per_order_yuan"]
    assert "landlord goes on" in found["circles.mall.rent_yuan_m2_month"]


def test_what_a_link_sets_is_not_the_default_and_both_are_on_the_slider(file):
    base = load_scenario(file)
    for key, other in OTHERS.items():
        usual = {d["key"]: d["value"] for d in levers_of(base)}[key]
        found = {d["key"]: d for d in levers_of(set_levers(base, {key: other}), base=base)}[key]
        assert (found["value"], found["default"]) == (other, usual)
        assert (
            found["unit"] == "yuan/month"
            or found["low"] <= min(other, usual) < max(other, usual) <= found["high"]
        )
