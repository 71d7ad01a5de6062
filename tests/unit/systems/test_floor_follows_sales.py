"""Floors that follow sales."""

from __future__ import annotations

import pytest

from o2o_sim import load_scenario
from o2o_sim.agents.store import ONLINE_ONLY, SHOWROOM
from o2o_sim.errors import ScenarioError
from o2o_sim.systems.floor_follows_sales import Floors

from .hamlet import hamlet, run_days


def following(folder, rule: str, more: str = "", **dates):
    """The hamlet with a format of usual units of 200 m2, of which none is founded by itself."""
    text = "".join(f"{k}: {v}\n" for k, v in dates.items())
    text += f"stores:\n  supply_x: 1.0e-12\n  floor_follows_sales: {rule}\n"
    text += f"  formats: {{shop: {{area_m2: 200, sales_per_m2_year_yuan: 5000}}}}\n{more}"
    return hamlet(folder, text)


def yearly(store, days: int) -> float:
    return store.months[-1].revenue / 100 / days * 365.25


def test_off_unless_it_is_written(tmp_path):
    model = run_days(hamlet(tmp_path), 31)
    assert not [s for s in model.systems if isinstance(s, Floors)]
    assert {s.area_m2 for s in model.stores} == {100}


def test_a_floor_goes_a_part_of_the_way_to_what_its_sales_keep(tmp_path):
    """January has 31 days; a m2 of a usual unit sells for 5000 yuan a year."""
    model = run_days(following(tmp_path, "{pace: 0.2}"), 31)
    for store in model.stores:
        sales = yearly(store, 31)
        assert sales > 300_000
        assert store.area_m2 == pytest.approx(100 + 0.2 * (sales / 5000 - 100))
        before, sold = store.area_m2, store.months[-1].revenue
        assert store.months[-1].revenue == sold and before != 100
    row = model.results()["city_monthly"].iloc[0]
    assert row["floor_m2/shop"] == pytest.approx(sum(s.area_m2 for s in model.stores))
    old = [s.area_m2 for s in model.stores]
    run_days(model, 28)
    for store, area in zip(model.stores, old):
        assert store.area_m2 == pytest.approx(area + 0.2 * (yearly(store, 28) / 5000 - area))


def test_a_larger_floor_is_on_offer_the_next_day(tmp_path):
    model = run_days(following(tmp_path, "{pace: 1}"), 32)
    floors = model.table.columns["area"][model.table.store == 0]
    assert floors.sum() == pytest.approx(model.stores[0].area_m2, rel=1e-6)
    assert model.stores[0].area_m2 != 100


def test_what_a_square_metre_must_sell_can_be_more_than_usual(tmp_path):
    usual = run_days(following(tmp_path, "{pace: 1}"), 31)
    strict = run_days(following(tmp_path, "{pace: 1, sales_per_m2_x: 1.25}"), 31)
    for a, b in zip(usual.stores, strict.stores):
        assert b.area_m2 == pytest.approx(a.area_m2 / 1.25)


def test_bounds(tmp_path):
    large = run_days(following(tmp_path, "{pace: 1, sales_per_m2_x: 0.01, largest_x: 1.5}"), 31)
    small = run_days(following(tmp_path, "{pace: 1, sales_per_m2_x: 100, smallest_x: 0.4}"), 31)
    assert {s.area_m2 for s in large.stores} == {300}
    assert {s.area_m2 for s in small.stores} == {80}


def test_a_month_that_is_begun_late_counts_its_days(tmp_path):
    """From 22 January there are ten days; the floor follows what they come to in a year."""
    model = run_days(following(tmp_path, "{pace: 1}", start="2013-01-22"), 10)
    for store in model.stores:
        assert store.area_m2 == pytest.approx(yearly(store, 10) / 5000)


def test_only_the_formats_that_are_named(tmp_path):
    kiosk = "    kiosk: {demand_share: {bread: 0.5}, area_m2: 50, sales_per_m2_year_yuan: 9000}\n"
    named = "  named:\n    third: {format: kiosk, x_km: 0.5, y_km: 0.5, area_m2: 50, cash_yuan: 100000}\n"
    text = "stores:\n  supply_x: 1.0e-12\n  floor_follows_sales: {pace: 1, formats: [kiosk]}\n  formats:\n"
    model = run_days(hamlet(tmp_path, text + kiosk + named), 31)
    assert [s.area_m2 == 100 for s in model.stores if s.format_name == "shop"] == [True, True]
    assert model.store("third").area_m2 != 50


def test_a_showroom_is_judged_by_its_floor_and_who_left_his_unit_has_none(tmp_path):
    model = following(tmp_path, "{pace: 1}")
    left, right = model.stores
    left.become(SHOWROOM, "a try")
    right.become(ONLINE_ONLY, "a try")
    run_days(model, 31)
    assert left.area_m2 == pytest.approx(yearly(left, 31) / 5000 / 0.5)
    assert right.area_m2 == 100


def test_a_shop_without_a_month_of_its_own_waits(tmp_path):
    model = following(tmp_path, "{pace: 1}")
    run_days(model, 30)
    new = model.open_store("new", "shop", model.stores[0].circle, model.stores[0].cell, area_m2=70.0)
    system = next(s for s in model.systems if isinstance(s, Floors))
    assert not system.moves(new)
    system.month_end()
    assert new.area_m2 == 70


def test_unknown_formats_are_refused(tmp_path):
    file = tmp_path / "wrong.yaml"
    hamlet(tmp_path)  # writes the file it extends
    text = (tmp_path / "case.yaml").read_text(encoding="utf-8")
    file.write_text(f"{text}stores: {{floor_follows_sales: {{formats: [shops]}}}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="shops"):
        load_scenario(file)
