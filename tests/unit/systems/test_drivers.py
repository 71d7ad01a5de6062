"""A world that moves: what each driver does, and that nothing else moves."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.levers import as_written
from o2o_sim.market.consumers import ONLINE
from o2o_sim.record.result import people_each
from o2o_sim.shards.refuse import refuse
from tests.laws.cities import SMALL
from tests.laws.test_scenarios import laws_hold


def town(folder: Path, days: int = 0, **drivers) -> O2OModel:
    """The small town after some days, in a world that so moves."""
    file = folder / "moved.yaml"
    said = {"extends": str(SMALL), "population": 600, "days": 400, "drivers": drivers}
    file.write_text(yaml.safe_dump(said), encoding="utf-8")
    model = O2OModel(load_scenario(file))
    for _ in range(days):
        model.step()
    return model


def of_day(day: date, yearly: float) -> float:
    return (1 + yearly) ** ((day - date(2013, 1, 1)).days / 365.25)


def test_nothing_moves_before_the_first_of_a_month(tmp_path):
    moved = town(tmp_path, 31, income={"yearly": 1}, wages={"yearly": 1}, prices={"yearly": 1})
    still = town(tmp_path, 31, wages={})
    assert moved.events == still.events
    assert (moved.purchases.picks == still.purchases.picks).all()
    moved.step()
    assert moved.spec.categories["food"].ticket_yuan != still.spec.categories["food"].ticket_yuan


def test_incomes_raise_how_often_things_are_needed(tmp_path):
    model = town(tmp_path, income={"yearly": 0.5})
    before = model.habits.every_days.copy(), model.consumers.price_sensitivity.copy()
    for _ in range(33):
        model.step()
    x = of_day(date(2013, 2, 1), 0.5)
    assert model.habits.every_days == pytest.approx(before[0] / x**model.habits.elasticity)
    rule = model.spec.consumers.price_sensitivity_income
    assert model.consumers.price_sensitivity == pytest.approx(before[1] * x**rule, rel=1e-5)


def test_incomes_and_a_season_both_count(tmp_path):
    town(tmp_path, income={"yearly": 0.5})
    file = tmp_path / "moved.yaml"
    said = yaml.safe_load(file.read_text())
    said["calendar"] = {"seasons": {"spring": {"first": "02-10", "last": "02-20", "demand_x": 2}}}
    file.write_text(yaml.safe_dump(said))
    model = O2OModel(load_scenario(file))
    usual = model.habits.every_days.copy()
    days = {}
    for _ in range(60):
        model.step()
        days[model.date] = model.habits.every_days[0]
    x = of_day(date(2013, 2, 1), 0.5)
    assert days[date(2013, 2, 15)] == pytest.approx(usual[0] / x / 2)
    assert days[date(2013, 2, 25)] == pytest.approx(usual[0] / x)


def test_prices_move_goods_and_what_is_usual_and_nothing_else(tmp_path):
    model = town(tmp_path, prices={"yearly": 0.3})
    store = model.stores[0]
    before = (
        store.usual_sales_yuan(),
        model.spec.categories["food"].ticket_yuan,
        model.spec.stores.wage_yuan_month,
    )
    parcel = model.platforms[0].spec.parcel.per_order_yuan
    for _ in range(60):
        model.step()
    x = of_day(date(2013, 3, 1), 0.3)
    assert store.usual_sales_yuan() == pytest.approx(before[0] * x)
    assert model.spec.categories["food"].ticket_yuan == pytest.approx(before[1] * x)
    assert model.spec.stores.wage_yuan_month == before[2]
    assert model.platforms[0].spec.parcel.per_order_yuan == parcel
    assert as_written(model).categories["food"].ticket_yuan == before[1]


def test_wages_move_wages(tmp_path):
    model = town(tmp_path, 60, wages={"yearly": 0.2})
    assert model.wage_yuan() == pytest.approx(3000 * of_day(date(2013, 3, 1), 0.2))


def test_more_residents_are_more_people_for_each_consumer(tmp_path):
    model = town(tmp_path, 62, residents={"yearly": 1.0})
    x = of_day(date(2013, 3, 1), 1.0)
    assert model.expansion_factor == pytest.approx(30_000 / 600 * x)
    assert model.spec.residents == pytest.approx(30_000 * x)
    still = town(tmp_path, 62, wages={})
    fen = [m.table.fen["price"][m.table.store == 0][0] for m in (model, still)]
    assert fen[0] / fen[1] == pytest.approx(x, rel=0.05)
    laws_hold(model)


def test_a_consumer_stands_for_one_person_at_least(tmp_path):
    town(tmp_path, residents={"yearly": -0.9})
    file = tmp_path / "moved.yaml"
    model = O2OModel(load_scenario(file, ["residents=650"]))
    for _ in range(33):
        model.step()
    assert model.spec.residents == 600
    assert model.expansion_factor == 1


def test_a_quarter_that_grows_needs_more_and_the_others_need_what_they_did(tmp_path):
    zone = {"x_km": 1.0, "y_km": 1.0, "radius_km": 0.8}
    purchases = {}
    for yearly in (0.0, 8.0):
        model = town(tmp_path, zones={"new": {**zone, "yearly": yearly}})
        drivers = next(s for s in model.systems if type(s).__name__ == "Drivers")
        inside = drivers.zones[0].inside
        bought = np.zeros(2)
        for day in range(90):
            model.step()
            if day >= 31:
                here = inside[model.purchases.consumer]
                bought += (here.sum() * model.expansion_factor, (~here).sum() * model.expansion_factor)
        purchases[yearly] = bought
    x = np.mean([of_day(date(2013, m, 1), 8.0) for m in (2, 3)])
    grown = purchases[8.0] / purchases[0.0]
    assert grown[0] == pytest.approx(x, rel=0.15)
    assert grown[1] == pytest.approx(1.0, abs=0.06)


def test_tourists_shop_in_shops_only_and_come_and_go(tmp_path):
    stay = {"x_km": 2.0, "y_km": 2.0, "people": 4000, "needs_x": 2.0, "yearly": 1.0}
    model = town(tmp_path, 40, tourists={"old town": stay})
    still = town(tmp_path, 40, wages={})
    visitors = model.consumers.id >= 600
    assert visitors.sum() >= 4000 / 50
    who = visitors[model.purchases.consumer]
    assert who.any()
    assert (model.table.columns["platform"][model.purchases.picks[who]] == 0).all()
    assert (model.consumers.access[visitors] == 0).all()
    assert model.users == pytest.approx(still.users)
    sold = [m.results()["daily"]["purchases"].sum() for m in (model, still)]
    assert sold[0] > 1.1 * sold[1]
    figures = model.results()["city_monthly"]["tourists/old town"]
    assert figures.iloc[-1] == pytest.approx(4000, abs=50)
    laws_hold(model)


def test_tourists_who_left_need_nothing(tmp_path):
    (tmp_path / "guests.csv").write_text("date,value\n2013-01-31,100\n2013-02-01,1\n", encoding="utf-8")
    stay = {"x_km": 2.0, "y_km": 2.0, "people": 4000, "needs_x": 4.0, "file": "guests.csv"}
    model = town(tmp_path, 31, tourists={"old town": stay})
    visitors = model.consumers.id >= 600
    assert visitors[model.purchases.consumer].sum() > 20
    bought = set()
    for _ in range(14):
        model.step()
        bought |= {int(k) for k in model.purchases.consumer if visitors[k]}
    assert len(bought) == 1  # forty people are one consumer
    assert model.results()["city_monthly"]["tourists/old town"].tolist() == [4000]


def test_residents_choose_as_they_would_without_tourists_until_shops_feel_them(tmp_path):
    """Nobody else's draws change by them."""
    stay = {"x_km": 2.0, "y_km": 2.0, "people": 50, "radius_km": 0.3}
    model = town(tmp_path, 1, tourists={"old town": stay})
    still = town(tmp_path, 1, wages={})
    mine = model.consumers.id[model.purchases.consumer] < 600
    ids = [m.consumers.id[m.purchases.consumer] for m in (model, still)]
    assert sorted(zip(ids[0][mine], model.purchases.category[mine])) == sorted(
        zip(ids[1], still.purchases.category)
    )


def test_phones_reach_the_share_that_is_said(tmp_path):
    model = town(tmp_path, 95, phones={"yearly": 0.6})
    start = float(town(tmp_path, phones={}).users[0])
    wanted = min(start * of_day(date(2013, 4, 1), 0.6), 1.0)
    have = float((model.consumers.access & ONLINE != 0).mean())
    assert have == pytest.approx(wanted, abs=0.03)
    assert have > start + 0.03


def test_a_file_says_how_it_moves(tmp_path):
    (tmp_path / "wages.csv").write_text("date,index\n2013-01-01,100\n2013-03-01,159\n", encoding="utf-8")
    model = town(tmp_path, 32, wages={"file": "wages.csv", "column": "index"})
    assert model.wage_yuan() == pytest.approx(3000 * (1 + 0.59 * 31 / 59))
    assert model.inputs.files.keys() == {"drivers.wages.file"}
    assert model.results()["city_monthly"]["driver/wages"].iloc[-1] == 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,value\n2013-01-01,-3\n", "must be above 0"),
        ("date,value\n2013-02-01,3\n2013-01-01,3\n", "earlier than the row before"),
        ("date,value\n2013-01-01,3\n2013-01-01,4\n", "already on line 2"),
        ("day,value\n2013-01-01,3\n", "column 'date' is missing"),
        ("date,value\nJanuary,3\n", "not a date written YYYY-MM-DD"),
        (None, "there is no such file"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(text, said, tmp_path):
    if text is not None:
        (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=said) as fault:
        town(tmp_path, income={"file": "x.csv"})
    assert "drivers.income.file" in str(fault.value)


@pytest.mark.parametrize(
    ("drivers", "said"),
    [
        ({"income": {"yearly": 0.1, "file": "x.csv"}}, "is not read: the file says how it grows"),
        ({"income": {"column": "x"}}, "is a column of no file"),
        ({"zones": {"a": {"radius_km": 1}}}, "has no place"),
        ({"tourists": {"a": {"people": 5, "x_km": 99, "y_km": 0}}}, "lies off the map"),
    ],
)
def test_what_makes_no_sense_is_refused(drivers, said, tmp_path):
    with pytest.raises(ScenarioError, match=said):
        town(tmp_path, **drivers)


def test_orders_of_a_growing_city_are_of_as_many_people_as_there_were(tmp_path):
    """Each day counts with the people whom a consumer stood for on it."""
    model = town(tmp_path, 59, residents={"yearly": 3.0})
    frames = model.results()
    each = people_each(frames, {"residents": 30_000, "population": 600})
    x = of_day(date(2013, 2, 1), 3.0)
    assert each == pytest.approx(np.repeat([50.0, 50.0 * x], [31, 28]))
    still = town(tmp_path, 59, wages={})
    said = {"residents": 30_000, "population": 600}
    assert people_each(still.results() | {"city_monthly": frames["city_monthly"][["month"]]}, said) == 50.0


@pytest.mark.parametrize("key", ["income", "phones"])
def test_drivers_that_look_at_people_are_refused_over_shards(key, tmp_path):
    town(tmp_path, **{key: {"yearly": 0.1}})
    with pytest.raises(ScenarioError, match=f"drivers.{key}: cannot be had in a run over shards"):
        refuse(load_scenario(tmp_path / "moved.yaml"))


def test_drivers_that_do_not_are_had_over_shards(tmp_path):
    town(tmp_path, wages={"yearly": 0.1}, prices={"yearly": 0.1}, residents={"yearly": 0.1})
    refuse(load_scenario(tmp_path / "moved.yaml"))


def test_what_owners_could_earn_elsewhere_grows_with_wages_alone(tmp_path):
    """Also for those who open when prices have grown."""
    town(tmp_path, wages={"yearly": 1.0}, prices={"yearly": 1.0})
    file = tmp_path / "moved.yaml"
    said = yaml.safe_load(file.read_text()) | {"stores": {"owners": {}}}
    file.write_text(yaml.safe_dump(said))
    model = O2OModel(load_scenario(file))
    first = next(s for s in model.stores if s.run_by is not None and s.run_by.outside_yuan > 0)
    before, prior = first.run_by.earns_outside(first), first.run_by.outside_yuan
    for _ in range(33):
        model.step()
    x = of_day(date(2013, 2, 1), 1.0)
    assert first.run_by.earns_outside(first) == pytest.approx(before * x)
    assert type(first.run_by)(first, model.spec.stores.owners).outside_yuan == pytest.approx(prior)
