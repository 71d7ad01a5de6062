"""docs/five_plugins.md: each plugin is short, compiled where it is a rule, does what it says, and a study varies it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from documents import ROOT, command_lines, marked_files
from numba.core.registry import CPUDispatcher

import o2o_sim as o2o
from tests.laws.objects import differences

PAGE = ROOT / "docs/five_plugins.md"
FILES = marked_files(ROOT / "docs/extending.md") | marked_files(PAGE)
STUDIES = [name for name in FILES if name.endswith("_study.yaml")]
MOST_LINES = 40
SMALL = ("population=800", "days=62")


@pytest.fixture
def beside(beside_my_city):
    for name, content in FILES.items():
        (beside_my_city / name).write_text(content, encoding="utf-8")
    return beside_my_city


def simulated(name: str, *overrides: str) -> o2o.O2OModel:
    return o2o.O2OModel(o2o.load_scenario(name, [*SMALL, *overrides]), seed=1).run()


def test_there_are_five_and_each_is_short():
    names = [study.removesuffix("_study.yaml") for study in STUDIES]
    assert names == ["budget", "undercut", "collect", "courier", "friends"]
    for name in names:
        assert len([line for line in FILES[f"{name}.py"].splitlines() if line.strip()]) <= MOST_LINES, name
    assert f"o2o-sim sweep {STUDIES[0]} --report" in command_lines(PAGE)


SCENARIOS = [name for name, said in FILES.items() if name.endswith(".yaml") and "extends:" in said]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_city_with_it_goes_on_from_a_file_as_if_it_had_not_stopped(name, beside):
    model = o2o.O2OModel(o2o.load_scenario(name, SMALL), seed=1)
    for _ in range(33):
        model.step()
    model.save("city.o2os")
    loaded = o2o.O2OModel.load("city.o2os")
    assert differences(model, loaded) == []
    model.run()
    loaded.run()
    assert differences(model, loaded) == []


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_of_two_values_of_its_setting_finds_that_it_matters(study, beside):
    overrides = [*(f"set.{said}" for said in SMALL), "replicates=1"]
    found = o2o.sweep(study, overrides=overrides, work=o2o.Work(workers=0))
    assert found.results.failures.empty
    low, high = found.summary()["mean"]
    assert np.isfinite([low, high]).all() and low != high


def test_who_has_spent_the_budget_buys_less_until_the_month_is_over(beside):
    model = o2o.O2OModel(o2o.load_scenario("budgets.yaml", [*SMALL, "systems.0.strain=50"]), seed=1)
    (budget,) = (s for s in model.systems if type(s).__name__ == "Budget")
    compiled = [x for x in (model.shoppers.shopping._loop.look,) if isinstance(x, CPUDispatcher)]
    while model.date.day < 28:
        model.step()
    over = budget.is_over()
    assert 0 < over.mean() < 1
    before = budget.spent.copy()
    while model.date.month == 1:
        model.step()
    paid = budget.spent - before
    assert paid[over].sum() == 0 < paid[~over].sum()
    assert any(loop.nopython_signatures for loop in compiled)
    spent = model.results()["daily"].filter(regex="^sales/").to_numpy().sum()
    subsidies = model.results()["daily"]["subsidy_yuan"].sum()
    assert budget.spent.sum() * model.expansion_factor == pytest.approx(spent - subsidies, rel=1e-6)
    model.step()
    assert budget.spent.sum() < before.sum() and model.date.month == 2


def test_boutiques_ask_less_than_the_nearest_of_them_did(beside):
    model = simulated("undercutting.yaml", "stores.formats.boutique.policy.by=0.1")
    events = model.results()["events"]
    mine = events[events["reason"] == "undercuts the nearest rival"]
    assert {model.store(name).format_name for name in mine["who"]} == {"boutique"}
    first = mine[mine["date"] == mine["date"].min()]
    assert len(first) > 3
    boutiques = [s for s in model.stores if s.format_name == "boutique"]
    assert np.mean([s.price_x for s in boutiques]) < 0.95
    assert all(s.price_x > 0.5 for s in boutiques)  # goods cost half the price, and some margin is kept


def test_orders_that_wait_in_the_shop_are_sales_of_the_shops_that_have_them(beside):
    model = simulated("collecting.yaml", "stores.formats.supermarket.modes=[click_and_collect]")
    daily = model.results()["daily"]
    assert daily["sales/click and collect"].sum() > 0
    collects = [s for s in model.stores if any("click and collect" in m.sales_by_channel for m in s.months)]
    assert collects and {s.format_name for s in collects} == {"supermarket"}


def test_the_courier_firm_earns_its_fees_and_moves_its_price(beside):
    model = simulated("couriers.yaml")
    (firm,) = (s for s in model.systems if type(s).__name__ == "Courier")
    assert model.results()["daily"]["sales/courier"].sum() > 0
    assert model.ledger.is_balanced()
    assert firm.profit > 0 and firm.price != firm.settings.first_price
    turns = model.results()["events"].query("kind == 'courier'")
    assert turns["who"].tolist() == ["courier firm"] * 2


def test_the_courier_firm_turns_back_when_its_profit_falls(beside):
    model = simulated("couriers.yaml", "days=213", "systems.0.first_price=20", "systems.0.step=8")
    turns = [json.loads(f) for f in model.results()["events"].query("kind == 'courier'")["figures"]]
    price, profit = (np.array([t[name] for t in turns]) for name in ("price_yuan", "profit_yuan"))
    steps = np.diff([20, *price]) / 8
    fell = np.diff([0, *profit]) < 0
    assert fell.any() and not fell.all()
    assert steps.tolist() == np.cumprod(np.where(fell, -1, 1)).tolist()


def test_who_joins_had_more_members_among_friends(beside):
    model = o2o.O2OModel(o2o.load_scenario("friendly.yaml", [*SMALL, "population=4000"]), seed=1)
    (friends,) = (s for s in model.systems if type(s).__name__ == "Friends")
    assert friends.ties.shape == (4000, 4000) and (friends.ties != friends.ties.T).nnz == 0
    assert 7 < friends.friends.mean() < 8.1
    before, share = model.consumers.access >> 2 & 1, friends.members_among_friends(2)
    model.run()
    joined = (model.consumers.access >> 2 & 1) > before
    online = (model.consumers.access & 1) == 1
    stayed = online & ~joined & (before == 0)
    assert joined.sum() > 50
    assert share[joined].mean() > share[stayed].mean() + 0.02
    usual = simulated("my_city.yaml", "population=4000")
    assert model.platforms[0].members > usual.platforms[0].members
