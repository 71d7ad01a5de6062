"""The sales of a month by groups of offers."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.record.sales import MonthSales, Rows


@pytest.fixture
def model(tiny):
    city = O2OModel(load_scenario(tiny))
    city.step()
    return city


def one_by_one(model, days):
    """What every row of every table brought, added up by its own words."""
    circle, found = list(model.circles), {}
    for table, bought in days:
        for k in range(1, len(table)):
            row, store = table.rows[k], int(table.store[k])
            place = circle.index(model.stores[store].circle.name) if store >= 0 else -1
            spent = int(table.fen["price"][k] - table.fen["discount"][k] + table.fen["fee"][k])
            group = (row.channel, row.category, place, row.platform)
            if bought[:, k].any():
                sums = found.setdefault(group, np.zeros((2, len(bought)), np.int64))
                sums += np.stack([bought[:, k], bought[:, k] * spent])
    return found


@pytest.mark.parametrize("tables", [(1,), (1, 1, 1), (1, 2, 2, 1)], ids=["a day", "one table", "two tables"])
def test_sales_of_a_month_are_those_of_its_days(model, tables):
    rng, month, days = np.random.default_rng(2), MonthSales(), []
    rows = {k: Rows(model, model.table) for k in sorted(set(tables))}
    for k in tables:
        bought = rng.integers(0, 3, (2, len(model.table))) * (rng.random(len(model.table)) < 0.1)
        bought[:, 0] = 0
        days.append((model.table, bought))
        month.add(rows[k], bought)
    found, wanted = month.by_group(), one_by_one(model, days)
    assert found.keys() == wanted.keys()
    assert all((found[group] == wanted[group]).all() for group in wanted)
    month.clear()
    assert month.by_group() == {}


def test_asking_on_the_way_changes_no_sum(model):
    once, twice, rows = MonthSales(), MonthSales(), Rows(model, model.table)
    bought = np.ones((2, len(model.table)), np.int64)
    for _ in range(2):
        once.add(rows, bought)
        twice.add(rows, bought)
        twice.by_group()
    assert once.by_group().keys() == twice.by_group().keys()
    assert all((sums == twice.by_group()[group]).all() for group, sums in once.by_group().items())
