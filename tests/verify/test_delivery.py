"""What couriers' ways cost: tours through finitely many doors, and out and back from the middle of a square.

Both are read from the books: with a fee of so many yuan per km, or per minute, and nothing else to pay, what
couriers were paid is how far they went.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.market.ledger import COURIERS

from .rows import Row, assert_passed, published

HERE = Path(__file__).parent
TOURS = [row for row in published() if row["test"].startswith("TSP tour")]
(ROUND_TRIP,) = [row for row in published() if row["test"].startswith("mean centre-to-point")]
SIDE_KM, STREET_KMH, CELLS = 4.25, 15.0, 17
YUAN_PER_KM = 100.0
PARCELS = """{post: {kind: self_operated, members_start: 1, parcel: {
  per_order_yuan: 0, per_km_yuan: 100, fee_share: 0, cost_yearly_x: 1, rounds: {hub_km: 0, drops_per_round: %d}}}}"""


def city(*said: str) -> O2OModel:
    return O2OModel(load_scenario(HERE / "square.yaml", list(said)))


@cache
def tour(number: int) -> Row:
    """Many rounds share the city: each is a tour through n doors in its part, n / (drops a day) of the
    square."""
    said = TOURS[number]
    n = int(said["config"][2:])
    known = float(said["reference_value"].split(" ")[0])
    model = city("stores.named.middle.modes=[]", f"platforms={PARCELS % n}".replace("\n", " "))
    expected = model.platforms[0].drops_a_day  # by which its rounds of the first month are planned
    model.step()
    count = int(
        (model.table.columns["channel"][model.purchases.picks] == model.table.channels.index("parcel")).sum()
    )
    paid = float(model.ledger.cash(COURIERS)) / 100
    km = paid / YUAN_PER_KM / (count * model.expansion_factor)
    assert expected > 10 * n, "more than a round"
    found = km * np.sqrt(expected / SIDE_KM**2)
    return Row(
        said["test"], said["config"], "length", known, found, 0.02 * known, "2 %", "km per parcel booked"
    )


@cache
def round_trip() -> Row:
    known = float(re.findall(r"[0-9.]+", ROUND_TRIP["reference_value"])[0])
    people = 6000
    model = city(
        f"population={people}",
        f"residents={people}",
        "couriers={yuan_per_min: 1, handover_min: 0, heat_x: 0}",
    )
    orders = 0
    homes = []
    for _ in range(3):
        model.step()
        channel = model.table.columns["channel"][model.purchases.picks]
        mine = channel == model.table.channels.index("social delivery")
        homes.append(model.consumers.home[model.purchases.consumer[mine]])
        orders += int(mine.sum())
    minutes = float(model.ledger.cash(COURIERS)) / 100 / model.expansion_factor / orders
    home = np.concatenate(homes)
    way = 2 * np.hypot(home % CELLS - CELLS // 2, home // CELLS - CELLS // 2) / CELLS
    error = float(way.std()) / np.sqrt(min(orders, people))  # who orders again orders from the same home
    found = minutes / (SIDE_KM / STREET_KMH * 60)
    tolerance = f"3 s.e. of {min(orders, people)} homes"
    return Row(
        ROUND_TRIP["test"], ROUND_TRIP["config"], "length", known, found, 3 * error, tolerance, "minutes paid"
    )


def rows() -> list[Row]:
    return [*(tour(k) for k in range(len(TOURS))), round_trip()]


@pytest.mark.parametrize("number", range(len(TOURS)), ids=lambda k: TOURS[k]["config"])
def test_rounds_are_as_long_as_tours(number):
    assert_passed(tour(number))


def test_couriers_go_out_and_back():
    found = round_trip()
    assert_passed(found)
    assert found.allowed < 0.03
