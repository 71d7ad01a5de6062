"""What holds in every scenario that is shipped, whatever is switched on in it: for 90 days each."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.systems import SYSTEMS

from .test_money import wrong_months

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(SCENARIOS.glob("*.yaml"))
SMALLER = {"population": 1500}
STARTS: dict[str, str] = {
    "double_eleven": "2013-10-01",
    "platform_partnership": "2013-03-01",
    "coupon_squeeze": "2013-06-01",
    "luxury_last": "2013-12-15",
    "young_customers": "2013-06-15",
    "franchise": "2013-06-15",
    "subsidy_war": "2014-03-01",
    "boycott": "2013-09-01",
}
"""Where the 90 days begin, if what the scenario is about does not happen in its first 90."""


NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


@pytest.mark.faults("The day that is shown")
@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_question_about_a_length_of_time_asks_about_the_length_of_the_run(file: Path) -> None:
    spec = load_scenario(file)
    head = file.read_text(encoding="utf-8").partition("\nname:")[0]
    for text in (spec.question, head):
        for number, unit in re.findall(
            r"(?:in|whose|of its|the) (\w+) (year|month)s? ?(?:run|\?|if|,)", text
        ):
            if number in NUMBERS:
                days = NUMBERS[number] * {"year": 365, "month": 30}[unit]
                assert abs(spec.days - days) <= 10, text


def small(file: Path) -> O2OModel:
    """A shipped scenario with fewer consumers, on the days that matter."""
    changes = {**SMALLER, "days": 90}
    if file.stem in STARTS:
        changes["start"] = STARTS[file.stem]
    return O2OModel(load_scenario(file, [f"{key}={value}" for key, value in changes.items()]))


def live(model: O2OModel, days: int) -> None:
    """Simulate some days and look at the laws that hold every evening."""
    for _ in range(days):
        model.step()
        assert int(model.ledger.balance.sum()) == 0, f"{model.date}: money was made or lost"
        people = model.consumers.columns
        for name in ("familiarity", "loyalty"):
            values = getattr(people, name)
            assert np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1, (
                f"{model.date}: {name}"
            )
        assert np.isfinite(model.purchases.surplus).all()
        assert (model.table.columns["area"] > 0).all()
        for money in ("price", "fee", "goods", "delivery"):
            assert (model.table.fen[money] >= 0).all(), f"{model.date}: a negative {money}"
        paid = model.table.fen["price"] - model.table.fen["discount"] - model.table.fen["subsidy"]
        assert (paid >= 0).all(), f"{model.date}: somebody is paid for buying"


def laws_hold(model: O2OModel) -> None:
    """What must be true of the tables of a run, with whatever switched on."""
    assert wrong_months(model) == [], "cash is profit and capital"
    closed = [s for s in model.stores if not s.is_trading]
    assert all(model.ledger.cash(s.account) == 0 for s in closed), "a closed store owns and owes nothing"
    for name, frame in model.results().items():
        numbers = frame.select_dtypes("number")
        assert not np.isinf(numbers.to_numpy(float)).any(), name
        if name in ("daily", "stores_monthly", "sales_monthly", "ledger"):
            assert not numbers.isna().any().any(), f"{name}: {list(numbers.columns[numbers.isna().any()])}"
        counts = [c for c in ("needs", "purchases", "turned_away", "visits", "customers") if c in frame]
        assert (frame[counts] >= 0).all().all(), name
    sales = model.results()["sales_monthly"]
    daily = model.results()["daily"]
    closed_days = daily[[d <= sales["month"].max() for d in daily["date"]]] if len(sales) else daily.iloc[:0]
    assert sales["purchases"].sum() + closed_days["turned_away"].sum() == closed_days["needs"].sum()


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: f.stem)
def test_laws_hold_in_every_scenario(file):
    model = small(file)
    live(model, 90)
    laws_hold(model)


def test_nothing_special_is_on_in_the_base_city():
    model = O2OModel(load_scenario(SCENARIOS / "base.yaml", ["population=1000", "days=1"]))
    assert model.systems == []


def test_every_system_is_on_in_some_scenario():
    specs = [load_scenario(file) for file in SHIPPED]
    missing = [s.__name__ for s in SYSTEMS if not any(s.wanted(spec) for spec in specs)]
    assert missing == []


def test_every_scenario_opens_with_the_question_it_asks():
    for file in SHIPPED:
        lines = file.read_text(encoding="utf-8").splitlines()
        spec = load_scenario(file)
        assert spec.question and lines[0].startswith("# yaml-language-server"), file.name
        opening = " ".join(line.lstrip("# ") for line in lines[1 : lines.index("#")])
        assert "?" in opening, f"{file.name} should open with its question"


def test_tables_are_those_of_before_where_nothing_is_on():
    """Results of the small town of the baselines have no column that a system would add."""
    model = O2OModel(load_scenario(SCENARIOS / "classroom.yaml", ["days=40"])).run()
    city = model.results()["city_monthly"]
    known = ("smartphone", "pays_by_phone", "month")
    assert all(c in known or c.split("/")[0] in ("members", "cash_yuan", "subsidy_yuan_order") for c in city)
    assert isinstance(city, pd.DataFrame)
