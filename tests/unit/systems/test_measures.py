"""What is measured, against what one can count by hand in the hamlet."""

from __future__ import annotations

import math

import pytest

from o2o_sim import O2OModel, load_scenario

from .hamlet import HAMLET, hamlet, run_days

ONE_SHOP = "stores: {named: {right: null}}\n"
MARKET = """
platforms:
  bazaar: {kind: marketplace, members_start: 1, categories: [coats], advertising_share: 0.03,
           sellers_growth: 0.3, crowding_elasticity: 0.3, trust: 3}
"""


def row(model, month: int = -1) -> dict:
    return model.results()["city_monthly"].iloc[month].to_dict()


def test_all_purchases_but_the_first_of_each_kind_are_repeats_in_the_only_shop(tmp_path):
    """200 people, two kinds of need: 400 first purchases, in January; all others come back."""
    model = hamlet(tmp_path, "measures: [loyalty]\n" + ONE_SHOP)
    bought = 0
    for _ in range(31):
        model.step()
        bought += int(model.purchases.served.sum())
    assert row(model)["repeat/shop"] == pytest.approx((bought - 400) / bought, abs=1e-12)
    run_days(model, 28)
    assert row(model)["repeat/shop"] == 1.0


def test_loyalty_of_a_half_takes_five_purchases(tmp_path):
    """1 - 0.85^n passes a half at n = 5: with bread every second day everybody is there by the end of
    January, and counts once, though she buys coats, too."""
    model = hamlet(tmp_path, "measures: [loyalty]\n" + ONE_SHOP)
    run_days(model, 31)
    assert row(model)["loyal/shop"] == 200.0


def test_loyal_customers_are_counted_once_a_store_and_for_trading_stores_alone(tmp_path):
    model = hamlet(tmp_path, "measures: [loyalty]\nresidents: 600\n")
    people, (measures,) = model.consumers.columns, model.systems
    people.favourite[:3], people.loyalty[:3] = 0, 0.9  # three loyal to the left shop twice over
    people.favourite[3:5], people.loyalty[3:5] = [0, 1], 0.5  # two to both
    people.favourite[5], people.loyalty[5] = 1, 0.49  # not quite
    assert measures.figures()["loyal/shop"] == 3 * (5 + 2) / 2, "three people stand behind each"
    model.store("right").become("closed", "for the test")
    assert measures.figures()["loyal/shop"] == 3 * 5
    model.store("left").become("closed", "for the test")
    assert math.isnan(measures.figures()["loyal/shop"])


def test_a_purchase_is_a_repeat_only_where_the_favourite_was_before(tmp_path):
    model = hamlet(tmp_path, "measures: [loyalty]\n")
    again = bought = 0
    for _ in range(31):
        before = model.consumers.favourite.copy()
        model.step()
        who, what = model.purchases.consumer, model.purchases.category
        store = model.table.store[model.purchases.picks]
        bought += len(store)
        again += sum(before[i, c] == s for i, c, s in zip(who, what, store))
    assert 0 < again < bought
    assert row(model)["repeat/shop"] == pytest.approx(again / bought, abs=1e-12)


def test_what_sellers_bid_grows_with_their_crowd_and_rent_is_what_the_books_say(tmp_path):
    """0.03 of sales in January, 0.03 * 1.3^(0.3 / 12) in February; each shop rents 100 m2 at 1 yuan."""
    model = hamlet(tmp_path, "measures: [attention]\n" + MARKET)
    run_days(model, 59)
    first, second = row(model, 0), row(model, 1)
    assert first["advertising_share/bazaar"] == pytest.approx(0.03, abs=1e-12)
    assert second["advertising_share/bazaar"] == pytest.approx(0.03 * 1.3 ** (0.3 / 12), abs=1e-4)
    books = model.results()["stores_monthly"].groupby("month")["revenue_yuan"].sum()
    assert first["rent_share"] == first["rent_share/shop"] == pytest.approx(200 / books.iloc[0], abs=1e-12)
    assert second["advertising_to_rent/bazaar"] == pytest.approx(
        second["advertising_share/bazaar"] / second["rent_share"]
    )


def test_where_nothing_is_sold_a_share_is_undefined(tmp_path):
    shut = "platforms: {bazaar: {members_start: 0, membership: {innovation: 0, imitation: 0}}}\n"
    (tmp_path / "base.yaml").write_text(f"extends: {HAMLET}\nmeasures: [attention]\n" + MARKET)
    file = tmp_path / "shut.yaml"
    file.write_text("extends: base.yaml\n" + shut)
    model = O2OModel(load_scenario(file))
    run_days(model, 31)
    assert math.isnan(row(model)["advertising_share/bazaar"])
    assert "circle_share/old" not in row(model)


def test_circles_have_the_share_that_is_spent_there_on_the_spot(tmp_path):
    """Bread is sold in the mall and coats in the street, so that the mall has 10 of every 10 + 100 spent."""
    model = hamlet(
        tmp_path,
        "measures: [circles]\n"
        "circles: {mall: {x_km: 0.5, y_km: 0.5, units: 1, rent_yuan_m2_month: 1}}\n"
        "stores:\n  named:\n    left: {circle: mall, x_km: null, y_km: null, category: bread}\n"
        "    right: {category: coats}\n",
    )
    spent = {(g, c): 0 for g in range(2) for c in range(2)}
    for _ in range(31):
        model.step()
        who, what = model.purchases.consumer, model.purchases.category
        for i, c in zip(who, what):
            spent[int(model.consumers.cohort[i]), int(c)] += (10, 100)[c]
    for g, name in enumerate(("old", "young")):
        assert row(model)[f"circle_share/{name}"] == pytest.approx(spent[g, 0] / (spent[g, 0] + spent[g, 1]))


def test_what_is_measured_moves_nothing(tmp_path):
    plain, measured = (
        hamlet(tmp_path, MARKET),
        hamlet(tmp_path, "measures: [loyalty, attention, circles]\n" + MARKET),
    )
    run_days(plain, 40), run_days(measured, 40)
    assert plain.results()["daily"].equals(measured.results()["daily"])
