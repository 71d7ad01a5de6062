"""Customers beyond the city: what they buy, who is paid, and what it changes in the city."""

from __future__ import annotations

import pytest

from o2o_sim.market.ledger import COURIERS, PROVIDERS, SUPPLIERS

from .hamlet import hamlet, line, run_days, system

CITY = """
residents: 600
categories: {{coats: {{online_price_x: 0.8, online_appeal: 3}}}}
platforms:
  bazaar:
    {{kind: marketplace, members_start: 1, categories: [coats], commission: 0.05, advertising_share: 0.02,
      parcel: {{per_order_yuan: 5, per_km_yuan: 0, days: 1}}}}
modes:
  marketplace: {{market_share: 0.3, per_order_yuan: 1, setup_yuan: 0, fixed_yuan_month: 0, beyond_x: {times}}}
stores:
  named:
    left: {{modes: [marketplace], quality: {quality}}}
"""


def city(tmp_path, times=5.0, quality=0.0):
    return hamlet(tmp_path, CITY.format(times=times, quality=quality))


def beyond(model):
    return system(model, "Beyond")


def test_they_order_as_the_city_does_and_all_are_paid(tmp_path):
    model, wanted = city(tmp_path), 0.0
    for _ in range(30):
        model.step()
        count = model.purchases.bought.sum(axis=0)
        ((row, (weights, shops)),) = model.board.local_sellers.items()
        wanted += 5 * (count[row] + count[shops].sum()) * weights[0] / (1 + weights[0])
    assert wanted > 20
    left, people = model.stores[0], 3 * wanted
    money = beyond(model)
    assert money.orders == pytest.approx(wanted)
    assert line(model, "sales", money.customers) == pytest.approx(-80 * people, rel=1e-4)
    assert line(model, "delivery fees", money.customers) == pytest.approx(-5 * people, rel=1e-4)
    assert model.month.channel_sales[left.number].sum() > 100 * 80 * people * 0.99
    assert model.ledger.is_balanced()


@pytest.mark.parametrize("times", [0.0, 2.0, 20.0])
def test_what_an_order_from_elsewhere_costs_is_what_one_from_here_costs(tmp_path, times):
    """Commission and advertising of 7 % of 80 yuan, 50 yuan of goods, 1 of handling, and 5 to the courier, who is paid by
    the fee; the difference to a city without customers elsewhere is all theirs, for the city itself buys the same."""
    plain, more = (run_days(city(tmp_path, times=x), 30) for x in (0.0, times))
    assert plain.purchases.bought.sum(axis=0).tolist() == more.purchases.bought.sum(axis=0).tolist()
    sold = line(more, "sales", more.stores[0].account) - line(plain, "sales", plain.stores[0].account)
    assert (sold > 0) == (times > 0)
    lines = {
        "cost of goods": (SUPPLIERS, 50 / 80),
        "handling": (PROVIDERS, 1 / 80),
        "delivery": (COURIERS, 5 / 80),
        "commission": (more.platforms[0].account, 0.05),
        "advertising": (more.platforms[0].account, 0.02),
    }
    for name, (account, share) in lines.items():
        assert line(more, name, account) - line(plain, name, account) == pytest.approx(
            sold * share, abs=0.5
        ), name
    margin = (more.month.channel_margin - plain.month.channel_margin)[0].sum() / 100
    assert margin == pytest.approx(sold * (1 - 0.07 - 51 / 80), abs=0.5)


def test_they_buy_more_from_a_better_shop(tmp_path):
    sold = [beyond(run_days(city(tmp_path, quality=q), 30)).orders for q in (-1.0, 0.0, 1.0)]
    assert sold[0] < 0.7 * sold[1] < 0.7 * sold[2]


def test_tables_of_the_city_do_not_count_them_and_a_series_does(tmp_path):
    plain, more = (run_days(city(tmp_path, times=x), 31).results() for x in (0.0, 8.0))
    assert plain["sales_monthly"].equals(more["sales_monthly"])
    assert plain["daily"].equals(more["daily"])
    left = [frame["stores_monthly"].set_index("name")["sales_yuan"]["left"] for frame in (plain, more)]
    theirs = more["city_monthly"]["beyond_sales_yuan"].iloc[0]
    assert left[1] - left[0] == pytest.approx(theirs) and theirs > 0
    assert "beyond_sales_yuan" not in plain["city_monthly"]


def test_a_store_hopes_for_them(tmp_path):
    hoped = []
    for times in (0.0, 3.0):
        model = run_days(city(tmp_path, times=times), 31)
        right, way = model.stores[1], model.modes["marketplace"]
        hoped.append(way.expects(right, model.view, 1.0, 0.4, model.platforms[0])[0])
    assert hoped[1] == pytest.approx(4 * hoped[0]) and hoped[0] > 0
