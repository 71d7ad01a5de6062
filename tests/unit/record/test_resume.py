"""What-if questions to a saved city: which keys may change, from when on, and what is said of the others."""

from __future__ import annotations

import pytest

from o2o_sim import O2OModel
from o2o_sim.errors import ScenarioError
from o2o_sim.levers import move
from tests.laws.cities import small, stepped


@pytest.fixture
def city(tmp_path):
    """A city of five days, saved, and its file."""
    model = stepped(small(tmp_path, start="2013-01-27"), 3)
    model.save(tmp_path / "city.o2os")
    return model, tmp_path / "city.o2os"


def sales(model: O2OModel) -> list[float]:
    return [float(v) for v in model.results()["daily"]["sales_yuan"]]


def test_a_lever_acts_as_if_it_had_been_moved_in_the_running_city(city):
    model, file = city
    branch = O2OModel.load(file, overrides=["levers.rent_x=3", "platforms.bazaar.commission=0.2"])
    move(model, "levers.rent_x", 3.0)
    move(model, "platforms.bazaar.commission", 0.2)
    for each in (model, branch):
        each.run()
    assert branch.spec.levers.rent_x == 3
    assert branch.platforms[0].commission == model.platforms[0].commission
    assert (branch.ledger.balance == model.ledger.balance).all()
    assert branch.past == [
        {
            "day": 3,
            "date": "2013-01-30",
            "changes": {"levers.rent_x": 3.0, "platforms.bazaar.commission": 0.2},
        }
    ]


def test_a_lever_can_be_put_back_to_where_the_scenario_has_it(city, tmp_path):
    model, _ = city
    street = next(c for c in model.circles.values() if c.is_street)
    street.rent *= 2  # as its landlord may have done
    model.save(tmp_path / "dear.o2os")
    said = model.spec.landlords.street_rent_yuan_m2_month
    dear = O2OModel.load(tmp_path / "dear.o2os")
    cheap = O2OModel.load(tmp_path / "dear.o2os", overrides=[f"landlords.street_rent_yuan_m2_month={said}"])
    assert dear.circles[street.name].rent == street.rent
    assert cheap.circles[street.name].rent == said


def test_a_key_that_built_nothing_may_change_and_acts(city):
    model, file = city
    branch = O2OModel.load(file, overrides=["consumers.familiarity_weight=9", "consumers.loyalty_weight=9"])
    model.run()
    branch.run()
    assert sales(branch)[:3] == sales(model)[:3]
    assert sales(branch)[3:] != sales(model)[3:]


def test_the_end_may_come_later_but_not_before_today(city, tmp_path):
    _, file = city
    longer = O2OModel.load(file, overrides=["days=15"]).run()
    never_stopped = stepped(small(tmp_path, start="2013-01-27", days=15), 15)
    assert sales(longer) == sales(never_stopped)
    with pytest.raises(ScenarioError, match="days: must be 3 or more"):
        O2OModel.load(file, overrides=["days=2"])


@pytest.mark.parametrize(
    "said",
    ["population=300", "seed=7", "start=2014-01-01", "city.cell_m=300", "consumers.income_spread=0.9",
     "mobile_payment={}", "stores.supply_x=2", "circles.mall.units=3", "engine=python"],
)  # fmt: skip
def test_a_key_that_built_something_is_refused_by_name(city, said):
    _, file = city
    key = said.partition("=")[0]
    with pytest.raises(ScenarioError) as caught:
        O2OModel.load(file, overrides=["levers.rent_x=2", said])
    assert [p.key for p in caught.value.problems] == [key], caught.value
    assert caught.value.problems[0].file == f"--set {said}"


def test_a_key_that_is_none_is_refused_as_in_a_scenario(city):
    _, file = city
    with pytest.raises(ScenarioError, match=r"--set levers\.rent=2: levers\.rent: is not a key"):
        O2OModel.load(file, overrides=["levers.rent=2"])
    with pytest.raises(ScenarioError, match=r"levers\.rent_x: must be"):
        O2OModel.load(file, overrides=["levers.rent_x=-2"])


def test_a_branch_can_be_saved_and_branched_again(city, tmp_path):
    _, file = city
    first = O2OModel.load(file, overrides=["levers.rent_x=2"])
    first.step()
    first.save(tmp_path / "branch.o2os")
    second = O2OModel.load(tmp_path / "branch.o2os", overrides=["levers.subsidy_x=0"])
    assert second.spec.levers.rent_x == 2
    assert [turn["changes"] for turn in second.past] == [{"levers.rent_x": 2.0}, {"levers.subsidy_x": 0.0}]
