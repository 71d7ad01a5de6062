"""Expected sales: what the simulated counts scatter around, and the same in both engines."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.market.expected import Needs, look_again, usual_needs

LAWS = Path(__file__).parents[2] / "laws"
TEMPTED = ["categories.clothes.touch=1", "categories.clothes.online_price_x=0.6"]


def test_who_looks_again_buys_as_often_as_draws_say():
    """The closed form of showrooming, against four million races."""
    utility = np.array([1.0, 0.3, 0.2, -0.4, 0.6])
    second = np.array([-np.inf, -np.inf, 1.7, 1.1, 0.6])  # on the phone: three of them, the last as before
    here, w, n = 1.4, 0, 5
    gone, order = np.zeros(n), np.zeros(n, np.int64)
    stays = look_again(n, w, utility, second, here, order, gone)
    rng = np.random.default_rng(1)
    draws = 4_000_000
    g = -np.log(rng.exponential(size=(draws, n)))
    came = (utility + g).argmax(axis=1) == w
    now = np.append(np.full(1, here), second[1:]) + g
    final = now.argmax(axis=1)[came]
    found = np.bincount(final, minlength=n) / draws
    wanted = np.append(stays, gone[1:])
    assert stays + gone.sum() == pytest.approx(math.exp(utility[0]) / np.exp(utility).sum(), rel=1e-12)
    assert wanted[2] > 0.02 and wanted[3] > 0.005 and wanted[4] == 0 and wanted[1] == 0
    assert np.abs(found - wanted).max() < 4 * math.sqrt(0.25 / draws)


def day_by_day(seed: int, days: int, said: list[str]) -> tuple[dict, dict, np.ndarray]:
    """Expected and counted choices by channel in the small town; the errors of the surplus in utils."""
    model = O2OModel(load_scenario(LAWS / "small.yaml", said), seed)
    expected: dict[str, float] = {}
    counted: dict[str, float] = {}
    errors = []

    def peek(m: O2OModel) -> None:  # behind the choice, before anybody learns from it
        who, category = m.purchases.consumer, m.purchases.category
        e = m.expected_sales(Needs(who, category, np.ones(len(who))))
        assert e.purchases.sum() == pytest.approx(len(who), rel=1e-12)
        picks, visits = (
            np.bincount(x, minlength=len(m.table)) for x in (m.purchases.picks, m.purchases.visited)
        )
        for row, offer in enumerate(m.table.rows[1:], start=1):
            # Which local seller of a marketplace an order goes to is drawn later.
            name = "parcel" if offer.channel == "marketplace shop" else offer.channel
            expected[name] = expected.get(name, 0.0) + e.purchases[row]
            counted[name] = counted.get(name, 0.0) + picks[row]
            expected["looked"] = expected.get("looked", 0.0) + e.looked[row]
            counted["looked"] = counted.get("looked", 0.0) + visits[row]
        seen = np.isfinite(e.logsum)
        assert (m.purchases.picks[~seen] == 0).all()
        errors.append((m.purchases.surplus - e.logsum)[seen])

    names = [name for name, _ in model.schedule]
    model.schedule.insert(names.index("shop") + 1, ("peek", peek))
    model.day_seconds["peek"] = 0.0
    for _ in range(days):
        model.step()
    return expected, counted, np.concatenate(errors)


def test_counts_scatter_around_the_expected():
    """Every channel, showrooming, work places, followed shops: within sampling error."""
    expected, counted, errors = day_by_day(3, 30, TEMPTED)
    assert {"walk-in", "parcel", "without", "social delivery", "app delivery", "coupon"} <= expected.keys()
    assert all(e > 80 for e in expected.values()), expected
    z = {name: (counted[name] - e) / math.sqrt(e) for name, e in expected.items()}
    assert max(abs(x) for x in z.values()) < 3.5, z
    assert abs(errors.mean() - 0.5772156649) < 3 * math.pi / math.sqrt(6 * len(errors))


def test_both_engines_agree():
    found = []
    for engine in ("compiled", "python"):
        model = O2OModel(load_scenario(LAWS / "small.yaml", [*TEMPTED, "population=200", f"engine={engine}"]))
        model.step()
        e = model.expected_sales()
        found.append((e.purchases, e.looked, e.logsum))
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def town(*said: str) -> O2OModel:
    model = O2OModel(load_scenario(LAWS / "town.yaml", ["consumers.value=huff", *said]))
    model.step()
    return model


def test_other_columns_change_nothing_in_the_model():
    model = town()
    before = model.expected_sales()
    columns = model.table.columns.copy()
    row = next(r for r, o in enumerate(model.table.rows) if o.maker == "corner")
    columns["area"][row] *= 2
    after = model.expected_sales(columns=columns)
    assert after.purchases[row] > 1.1 * before.purchases[row]
    assert after.purchases.sum() == pytest.approx(before.purchases.sum(), rel=1e-12)
    np.testing.assert_array_equal(model.expected_sales().purchases, before.purchases)


def test_turnover_is_purchases_at_the_price():
    model = town()
    e = model.expected_sales()
    np.testing.assert_allclose(e.turnover_yuan, 100 * e.purchases)
    stores = e.by_store(e.turnover_yuan, len(model.stores))
    assert stores.sum() == pytest.approx(e.turnover_yuan.sum()) and (stores > 0).all()
    assert e.purchases.sum() == pytest.approx(4000 / 0.5), "a need each half a day"


def test_needs_of_the_city_weigh_cells_by_their_residents():
    model = town("population=40000", "residents=40000")
    people, homes = model.consumers.columns, model.city.residents
    needs = usual_needs(people, np.array([0.5]), np.array([0.0]), homes)
    by_cell = np.bincount(people.record["home"], needs.weight, minlength=len(homes))
    np.testing.assert_allclose(by_cell, homes * 40000 / 0.5, rtol=1e-12)


def test_who_lives_nowhere_cannot_be_weighed():
    with pytest.raises(ValueError, match="enlarge `population`"):
        town("population=50", "residents=50").expected_sales(as_city=True)


def test_no_offers_before_the_first_day():
    with pytest.raises(RuntimeError, match="publish"):
        O2OModel(load_scenario(LAWS / "town.yaml")).expected_sales()
