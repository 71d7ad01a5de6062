"""What was at a bound for months is told once, and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.agents.store import MOST_STAFF
from o2o_sim.policies.store import HIGHEST_PRICE_X, LOWEST_PRICE_X
from o2o_sim.record.bounds import MONTHS, Bounds
from o2o_sim.record.given import manifest_of
from o2o_sim.record.result import RunResult
from o2o_sim.studies.run import run
from tests.laws.cities import SMALL, city


class _Reports:
    """Stands for a system that reports, for the months that it is told."""

    def __init__(self, *months: list[str]):
        self._months = iter(months)

    def at_bounds(self):
        return [("the rate", "store", who, "at its most, 1") for who in next(self._months)]


def after(months: list[list[str]]) -> Bounds:
    """What is told after months in each of which these were at a bound."""
    model = city(population=50, days=1)
    model.circles, model.stores, model.platforms, model.users = {}, [], [], [0.5]
    model.systems = [_Reports(*months)]
    found = Bounds()
    for k in range(len(months)):
        model.day = 31 * k
        found.month(model)
    return found


@pytest.mark.parametrize(
    ("months", "told"),
    [
        ([["a"]] * (MONTHS - 1), set()),
        ([["a"]] * MONTHS, {"a"}),
        ([["a", "b"], ["a"], ["a", "b"], ["b"]], {"a"}),
        ([["a"], ["a"], [], ["a"], ["a"]], set()),
        ([["a"], ["a"], ["a"], [], ["a"]], {"a"}),
    ],
)
def test_only_what_was_so_in_a_row_is_told(months, told):
    found = after(months)
    assert {bound.who for bound in found.told} == told
    assert {bound.bound for bound in found.told} <= {"at its most, 1"}


def test_those_alike_are_one_entry_with_their_names():
    (entry,) = after([["a", "b"]] * 4).described()
    assert (entry["count"], entry["names"], entry["since"]) == (2, ["a", "b"], "2013-01-01")
    assert entry["until"] == date(2013, 1, 1).fromordinal(date(2013, 1, 1).toordinal() + 93).isoformat()


def at(model: O2OModel) -> set[tuple[str, str]]:
    """(What, whose) of all that is at a bound in a model now."""
    found = Bounds()
    found.month(model)
    return {(bound.what, bound.who) for bound in found.months}


@pytest.fixture(scope="module")
def traded() -> O2OModel:
    model = city(population=300, days=60)
    for _ in range(45):
        model.step()
    return model


def test_rents_on_the_floor_and_at_the_ceiling(traded):
    circle, rules = traded.circles["old street"], traded.spec.landlords
    before = circle.rent
    for x, is_bound in ((rules.rent_floor_x, True), (1.0, False), (rules.rent_ceiling_x, True)):
        circle.rent = x * circle.first_rent
        assert (("the rent", "old street") in at(traded)) == is_bound
    circle.rent = before


def test_prices_that_go_no_further(traded):
    store = next(s for s in traded.stores if s.is_here and s.months)
    for x, is_bound in ((LOWEST_PRICE_X, True), (1.0, False), (HIGHEST_PRICE_X, True)):
        store.price_x = x
        assert (("the price", store.name) in at(traded)) == is_bound
    store.price_x = 1.0


def test_staff_that_is_a_full_house(traded):
    store = next(s for s in traded.stores if s.is_here and s.months)
    usual = store.sales_per_m2_year_yuan
    sold = store.months[-1].revenue / 100 * 12 / store.area_m2
    for x, is_bound in ((0.99 * MOST_STAFF, False), (1.01 * MOST_STAFF, True)):
        store.sales_per_m2_year_yuan = sold / x
        assert (("the staff", store.name) in at(traded)) == is_bound
    store.sales_per_m2_year_yuan = usual


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("platforms.depot.parcel.days_least", "2.5", "the delivery promise"),
        ("platforms.bazaar.advertising_share", "0.9", "what sellers bid for attention"),
        ("platforms.bazaar.trust_ceiling", "0.3004", "the trust"),
    ],
)
def test_platforms_at_a_bound(key, value, what):
    sets = [f"{key}={value}", "population=50", "platforms.bazaar.trust_growth=0.1"]
    model = O2OModel(load_scenario(SMALL, sets))
    model.day = 60
    assert what in {bound for bound, _ in at(model)}
    assert what not in {bound for bound, _ in at(O2OModel(load_scenario(SMALL, sets[1:])))}


def test_floors_report_by_their_system():
    grows = "stores.floor_follows_sales={pace: 1, smallest_x: 0.9, largest_x: 1.1}"
    model = O2OModel(load_scenario(SMALL, [grows, "population=300"]))
    for _ in range(31):
        model.step()
    told = {b for b in model.recorder.bounds.months if b.what == "the floor"}
    assert told
    for bound in told:
        store = model.store(bound.who)
        assert store.area_m2 / store.format.area_m2 == pytest.approx(
            0.9 if "smallest" in bound.bound else 1.1
        )


def test_a_run_tells_of_them_and_its_tables_do_not(tmp_path):
    result = run(SMALL, out=tmp_path / "run", overrides=("population=300", "days=95"), plots=False)
    assert result.manifest["bounds"]
    lines = result.bounds()
    assert len(lines) == len(result.manifest["bounds"])
    assert all(line.endswith(").") and "for 3 months or longer" in line for line in lines)
    entry = next(e for e in result.manifest["bounds"] if e["kind"] == "store")
    assert entry["names"][0] in result.bounds(entry["names"][0])[0]
    assert result.bounds("no such store") == []
    assert not result.events["kind"].isin(["bound"]).any()
    text = (tmp_path / "run" / "manifest.json").read_bytes()
    manifest_of(text, "manifest.json")
    with pytest.raises(ValueError, match=r"bounds\.0\.names"):
        manifest_of(text.replace(b'"names": [', b'"names": [3, ', 1), "manifest.json")


def test_one_is_named_and_many_are_counted():
    entry = {
        "what": "the price",
        "kind": "store",
        "bound": "at its lowest, 0.85",
        "months": 3,
        "since": "2013-03-31",
    }
    one, many = {**entry, "count": 1, "names": ["a shop"]}, {**entry, "count": 12, "names": ["a shop", "b"]}
    result = RunResult(Path(), {"bounds": [one, many]}, {})
    assert [line.partition(" was ")[0] for line in result.bounds()] == [
        "The price of a shop",
        "The price of 12 stores",
    ]
    assert RunResult(Path(), {}, {}).bounds() == []
