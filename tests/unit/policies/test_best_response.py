"""The price that pays best while nobody else moves: its parts, and what a shop does with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.market.expected import Needs
from o2o_sim.market.ledger import LINE
from o2o_sim.market.offers import Offer
from o2o_sim.policies.best_response import ProfitCurve, _some, at_price, best_price, might_come

TOWN = Path(__file__).parents[2] / "verify" / "bertrand.yaml"
DISPLAYS = Path(__file__).parents[3] / "scenarios" / "classroom.yaml"


def town(*said: str, days: int = 33) -> O2OModel:
    """Two equal shops, everything but their prices the same."""
    alike = [
        "stores.named.second.format=shop",
        "stores.formats.dear=null",
        "stores.formats.shop.demand_share.goods=1",
    ]
    return O2OModel(load_scenario(TOWN, ["population=200", "residents=200", f"days={days}", *alike, *said]))


def test_what_grows_with_a_price_and_what_does_not():
    terms = {
        "price": 100.0,
        "usual": 80.0,
        "price_weight": 2.0,
        "discount": 10.0,
        "commission": 9.0,
        "subsidy": 5.0,
    }
    costs = {"goods": 40.0, "spoilage": 1.0, "handling": 2.0, "advertising": 3.0, "fee": 6.0, "delivery": 8.0}
    offer = Offer(np.uint64(1), "shop", "coupon", 0, seller=7, **terms, **costs)
    paid, left = at_price(offer, 1.1)
    assert paid == pytest.approx((110 - 11 - 5 + 6) / 80 * 2)
    assert left == pytest.approx(110 - 11 - 9.9 - 3.3 - 40 - 1 - 2 + 6 - 8)
    brought = Offer(np.uint64(1), "shop", "coupon", 0, seller=7, carrier=9, **terms, **costs)
    assert at_price(brought, 1.1)[1] == pytest.approx(left - 6 + 8), "another carries it, for the fee"


def test_the_higher_of_two_peaks():
    def two(x: float) -> float:
        return np.exp(-(((x - 0.5) / 0.2) ** 2)) + 1.1 * np.exp(-(((x - 2.51234) / 0.2) ** 2))

    assert best_price(two, 0.1, 3.0) == pytest.approx(2.51234, abs=1e-4)
    assert best_price(two, 0.1, 1.5) == pytest.approx(0.5, abs=1e-4)


def test_at_the_end_of_its_range_and_where_there_is_none():
    assert best_price(lambda x: x, 0.5, 2.0) == pytest.approx(2.0, abs=1e-5)
    assert best_price(lambda x: -x, 0.5, 2.0) == pytest.approx(0.5, abs=1e-5)
    assert best_price(lambda x: x, 1.0, 1.0) == 1.0


def test_a_platforms_display_in_the_shop_is_not_the_shops():
    tills = "platforms.swift.till={formats: [neighbourhood row], share: 1.0}"
    model = O2OModel(load_scenario(DISPLAYS, ["population=300", "days=2", tills]))
    model.step()
    store = next(s for s in model.stores if s.format_name == "neighbourhood row")
    table = model.table
    assert table is not None
    at_it = [r for r, offer in enumerate(table.rows) if offer.store == store.number]
    sellers = {table.rows[r].seller for r in at_it}
    assert store.account in sellers and len(sellers) == 2
    curve = ProfitCurve(store, model.spec.stores.best_response)
    assert curve.sells and {table.rows[r].seller for r in curve.rows} == {store.account}


def test_a_few_stand_for_all():
    needs = Needs(np.arange(10), np.zeros(10, int), np.arange(10.0))
    assert _some(needs, 10) is needs
    few = _some(needs, 5)
    assert few.consumer.tolist() == [1, 3, 5, 7, 9] and few.weight.tolist() == [2, 6, 10, 14, 18]


def test_only_those_who_see_it_count():
    model = town(
        "city.width_km=20",
        "categories.goods.reach_x=1",
        "consumers.radius_min.median=20",
        "consumers.radius_max_min=20",
    )
    model.step()
    rows = np.flatnonzero(model.table.store == 0)
    needs = might_come(model, rows, census=False)
    assert 0 < len(needs.consumer) < 200
    everybody = model.expected_sales().purchases[rows]
    assert everybody > 0
    assert model.expected_sales(needs).purchases[rows] == pytest.approx(everybody)


def test_the_curve_is_what_the_shop_would_earn():
    model = town("stores.best_response.people=1000")
    model.step()
    curve = ProfitCurve(model.stores[0], model.spec.stores.best_response)
    # Twenty needs a day; half of them at the price of the other, by logit at another price.
    assert curve(1.0) == pytest.approx(20 * 0.5 * 50)
    assert curve(1.5) == pytest.approx(20 / (1 + np.exp(0.5)) * 100)
    assert model.stores[0].price_x == 1.0 and curve(1.0) == pytest.approx(500), "and it changes nothing"


@pytest.mark.parametrize("engine", ["compiled", "python"])
def test_the_first_answer_is_the_formula_s(engine):
    """Where the other asks its price: p - c = 1 / (1 - s), in hundreds of yuan."""
    model = town(f"engine={engine}").run()
    found = model.stores[0].price_x
    share = 1 / (1 + np.exp(found - 1))
    assert found - 0.5 == pytest.approx(1 / (1 - share), abs=1e-4)
    assert [e["reason"] for e in model.events if e["who"] == "first"] == ["earns most at others' prices"]


def test_no_price_out_of_bounds():
    model = town("stores.best_response={lowest_x: 0.9, highest_x: 1.2}", days=95).run()
    assert {s.price_x for s in model.stores} == {1.2}


def test_nothing_between_the_bounds():
    with pytest.raises(ScenarioError, match=r"lowest_x.*is above highest_x"):
        town("stores.best_response={lowest_x: 1.3, highest_x: 1.2}")


def test_who_buys_well_pays_less_for_the_same_goods():
    usual, well = (town(f"stores.formats.shop.cost_x={x}").run() for x in (1, 0.8))
    paid = [
        s.months[0].lines[LINE["cost of goods"]] / s.months[0].customers
        for m in (usual, well)
        for s in m.stores
    ]
    assert paid == pytest.approx([-5000, -5000, -4000, -4000])
