"""What the own deliveries of shops cost by the minutes of the way."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim import ScenarioError
from o2o_sim.market.ledger import COURIERS, LINE

from .hamlet import hamlet, run_days

DELIVERS = """
modes: {social: {appeal: 20, delivery_reach_min: 30, per_order_yuan: 0, delivery_cost_yuan: 8}}
stores: {named: {left: {modes: [social]}}}
categories: {coats: {delivery_reach_min: 0}}
"""


def ways(model, store="left"):
    """(orders of the day that the shop delivered, each one's minutes from its cell to the home: one a
    cell)."""
    t, pick = model.table, model.purchases.picks
    mine = t.columns["channel"][pick] == t.channels.index("social delivery")
    home = model.consumers.home[model.purchases.consumer[mine]]
    shop, nx = model.store(store).cell, model.city.grid.nx
    off = np.hypot(home % nx - shop % nx, home // nx - shop // nx)
    # 250 m at 15 km/h are one minute; within the cell the mean way between two of its points.
    return int(mine.sum()), np.where(off == 0, 0.5214054, off)


def test_a_delivery_costs_the_way_out_and_back(tmp_path):
    text = DELIVERS + "couriers: {yuan_per_min: 0.7, handover_min: 3}\n"
    model = hamlet(tmp_path, text)
    model.step()
    orders, minutes = ways(model)
    assert orders > 50
    paid = -int(model.ledger.books[LINE["delivery"], model.store("left").account])
    assert paid == int(model.ledger.cash(COURIERS))
    assert paid / 100 == pytest.approx(float((0.7 * (2 * minutes + 3)).sum()), abs=0.02 * orders)


def test_orders_of_a_trip_share_the_way_and_the_speed_shortens_it(tmp_path):
    text = DELIVERS + "couriers: {yuan_per_min: 0.7, handover_min: 3, orders_per_trip: 4, speed_x: 2}\n"
    model = hamlet(tmp_path, text)
    model.step()
    orders, minutes = ways(model)
    paid = -int(model.ledger.books[LINE["delivery"], model.store("left").account])
    assert paid / 100 == pytest.approx(float((0.7 * (minutes / 4 + 3)).sum()), abs=0.02 * orders)


def test_goods_spoil_on_the_way_by_the_minute(tmp_path):
    text = DELIVERS + "couriers: {handover_min: 4, spoil_per_min: {bread: 0.01}}\n"
    model = hamlet(tmp_path, text)
    model.step()
    orders, minutes = ways(model)
    lost = -int(model.ledger.books[LINE["spoilage"], model.store("left").account])
    # Bread costs 6 yuan; it lies for the way out and half the handover.
    assert lost / 100 == pytest.approx(float((6 * (1 - 0.99 ** (minutes + 2))).sum()), abs=0.02 * orders)


def test_by_itself_it_spoils_as_in_the_shop_times_the_heat(tmp_path):
    text = DELIVERS.replace("coats:", "bread: {spoilage_per_day: 0.072, stock_days: 0}, coats:")
    model = hamlet(tmp_path, text + "couriers: {handover_min: 0, heat_x: 40}\n")
    model.step()
    orders, minutes = ways(model)
    lost = -int(model.ledger.books[LINE["spoilage"], model.store("left").account])
    assert lost / 100 == pytest.approx(float((6 * (1 - (1 - 0.002) ** minutes)).sum()), abs=0.02 * orders)


def test_the_mode_is_judged_by_what_it_really_cost(tmp_path):
    """The books of the channel agree with the ledger: sales less goods, spoilage and couriers."""
    model = hamlet(tmp_path, DELIVERS + "couriers: {yuan_per_min: 2, spoil_per_min: {bread: 0.02}}\n")
    run_days(model, 30)
    left, channel = model.store("left"), model.channels.index("social delivery")
    books = model.ledger.books[:, left.account]
    walked_in = model.month.channel_margin[left.number, model.channels.index("walk-in")]
    earned = sum(int(books[LINE[n]]) for n in ("sales", "cost of goods", "spoilage", "delivery"))
    assert model.month.channel_margin[left.number, channel] + walked_in == earned
    assert model.ledger.is_balanced()
    model.step()
    row = model.results()["city_monthly"].iloc[0]
    assert row["deliveries"] > 1000
    assert row["courier_yuan_order"] == pytest.approx(2 * (2 * row["courier_way_min"] + 4), rel=0.01)


def test_nothing_is_booked_where_nobody_delivers(tmp_path):
    model = hamlet(tmp_path, "couriers: {}\n")
    run_days(model, 31)
    assert model.ledger.cash(COURIERS) == 0
    row = model.results()["city_monthly"].iloc[0]
    assert row["deliveries"] == row["courier_yuan_order"] == row["spoiled_on_way_share"] == 0


def test_a_river_makes_the_way_longer(tmp_path):
    """The only bridge is in the south, the shop on the west bank in the north."""
    text = DELIVERS + "couriers: {handover_min: 0, yuan_per_min: 1}\n"
    text = text.replace("named: {left: {", "named: {left: {x_km: 0.1, y_km: 0.9, ")
    dry = hamlet(tmp_path, text)
    water = "city: {river: {width_m: 10, points_km: [[0.5, -1], [0.5, 2]], bridges_km: [[0.5, 0.1]]}}\n"
    wet = hamlet(tmp_path, text + water)
    for model in (dry, wet):
        model.step()
    shop, far = dry.store("left").cell, 15
    # Three cells east along the north edge: 3 minutes; by the bridge 2 south with a step east, 1 across, 2
    # north.
    assert dry.systems[-1].ways.minutes_from(shop)[far] == pytest.approx(3, abs=0.02)
    assert wet.systems[-1].ways.minutes_from(shop)[far] > 5
    assert wet.ledger.cash(COURIERS) > dry.ledger.cash(COURIERS)


def test_unknown_goods_are_named_with_what_was_meant(tmp_path):
    with pytest.raises(ScenarioError) as fault:
        hamlet(tmp_path, "couriers: {spoil_per_min: {braed: 0.1}}\n")
    assert "did you mean bread?" in str(fault.value) and "couriers.spoil_per_min" in str(fault.value)
    with pytest.raises(ScenarioError, match="share from 0 to 1"):
        hamlet(tmp_path, "couriers: {spoil_per_min: {bread: 1.5}}\n")
