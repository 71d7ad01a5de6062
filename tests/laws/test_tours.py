"""What a courier's way costs, against lengths that are known: tours through finitely many doors, and out and
back."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.agents.tours import SHORT_TOURS, tour_length
from o2o_sim.market.ledger import COURIERS

REFERENCE = Path(__file__).parents[1] / "verify" / "analytic_reference_values.csv"
TOURS = {10: 0.9112, 20: 0.8567, 50: 0.8044, 100: 0.7764, 200: 0.7581, 500: 0.7387}
"""Tour length over sqrt(drops * area) in the unit square (mean optimal tours; standard errors up to 0.6
%)."""
OUT_AND_BACK = 0.765196
"""Mean round trip from the middle of a unit square to a random point."""

SQUARE = """
name: Square city
days: 31
population: {population}
residents: {residents}
city: {{cell_m: 250, width_km: 4.25, height_km: 4.25, background: 1, jobs_at_homes: 1}}
calendar: {{weekend: []}}
categories:
  things: {{every_days: 5, ticket_yuan: 100, gross_margin: 0.5, touch: 0, delivery_reach_min: 240, income_elasticity: 0, outside_option: -5}}
cohorts:
  all: {{share: 1, smartphone_start: 1, literacy: 1, works: 0}}
consumers: {{income_spread: 0, radius_min: {{median: 60, spread: 0}}}}
stores:
  policy: never_integrate
  formats:
    shop: {{demand_share: {{things: 1}}, area_m2: 1000000, area_spread: 0, sales_per_m2_year_yuan: 1000000}}
  named:
    middle: {{format: shop, x_km: 2.125, y_km: 2.125, area_m2: 100, modes: [social]}}
modes: {{social: {{appeal: 20, delivery_reach_min: 240, per_order_yuan: 0}}}}
landlords: {{policy: fixed}}
entry: {{policy: none}}
"""
POST = """
platforms:
  post:
    kind: self_operated
    members_start: 1
    parcel: {{per_order_yuan: 0, per_km_yuan: 100, fee_share: 0, cost_yearly_x: 1, rounds: {{hub_km: {hub_km}, drops_per_round: {n}}}}}
"""
SIDE_KM = 4.25


def square(folder: Path, more: str, residents: float = 100_000, population: int = 500) -> O2OModel:
    file = folder / "square.yaml"
    file.write_text(SQUARE.format(residents=residents, population=population) + more, encoding="utf-8")
    return O2OModel(load_scenario(file))


def km_per_drop(folder: Path, n: float, residents: float, hub_km: float = 0.0) -> tuple[float, float]:
    """(km per parcel that the platform's cost says, parcels a day) on the first day."""
    model = square(folder, POST.format(n=n, hub_km=hub_km), residents)
    model.step()
    t = model.table
    row = int(np.flatnonzero(t.columns["channel"] == t.channels.index("parcel"))[0])
    return float(t.fen["delivery"][row]) / 100 / 100 / model.expansion_factor, model.platforms[0].drops_a_day


@pytest.mark.parametrize(("n", "known"), TOURS.items())
def test_rounds_are_as_long_as_tours_through_so_many_doors(tmp_path, n, known):
    """Many rounds share the city: each is a tour through n drops in its part. Within two per cent."""
    km, drops = km_per_drop(tmp_path, n, residents=5e6)
    assert drops > 10 * n
    assert km * np.sqrt(drops / SIDE_KM**2) == pytest.approx(known, rel=0.02)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the file of references is not here")
def test_the_known_lengths_are_those_of_the_file():
    with REFERENCE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["config"].startswith("n=")]
    said = {
        int(r["config"][2:]): float(r["reference_value"].split(" ")[0]) for r in rows if "TSP" in r["test"]
    }
    assert said == TOURS


def test_a_city_served_in_one_round_pays_its_hub_trip_once(tmp_path):
    """One round for everything: the tour of all drops, and the way to the hub and back, per drop."""
    km, drops = km_per_drop(tmp_path, 1_000, residents=2_000, hub_km=6)
    assert 20 < drops < 1_000
    tour = 0.7124 * (1 + 0.9 / np.sqrt(drops)) * np.sqrt(drops) * SIDE_KM
    assert km == pytest.approx((12 + tour) / drops, rel=1e-3)


def test_the_denser_the_drops_the_less_each_costs(tmp_path):
    costs = [km_per_drop(tmp_path, 40, residents, hub_km=5)[0] for residents in (500, 5e3, 5e4, 5e5, 5e6)]
    assert costs == sorted(costs, reverse=True) and costs[0] > 3 * costs[-1]
    # What is left in the end is the way to the hub and back, shared by a full round.
    assert costs[-1] == pytest.approx(2 * 5 / 40, rel=0.2)


def test_tours_grow_with_every_door_and_near_the_long_tour():
    lengths = [tour_length(n) for n in np.arange(0, 30, 0.25)]
    assert lengths == sorted(lengths) and lengths[0] == 0
    assert tour_length(9.999) == pytest.approx(tour_length(10), rel=1e-4)
    assert tour_length(1e8) / 1e4 == pytest.approx(0.7124, rel=1e-3)


def test_short_tours_are_those_of_random_doors():
    """Three doors: the sum of the sides. Four: the shortest of three orders."""
    at = np.random.default_rng(1).random((40_000, 4, 2))

    def side(a, b):
        return np.hypot(*(at[:, a] - at[:, b]).T)

    three = side(0, 1) + side(1, 2) + side(2, 0)
    four = np.minimum.reduce(
        [
            side(a, b) + side(b, c) + side(c, d) + side(d, a)
            for a, b, c, d in ((0, 1, 2, 3), (0, 2, 1, 3), (0, 1, 3, 2))
        ]
    )
    for tour, known in ((three, SHORT_TOURS[3]), (four, SHORT_TOURS[4])):
        assert tour.mean() == pytest.approx(known, abs=4 * tour.std() / 200)


def test_couriers_go_out_and_back_as_far_as_a_square_is_wide(tmp_path):
    """Orders from all over a square city to the shop in its middle: mean round trip, within three standard
    errors."""
    model = square(tmp_path, "couriers: {yuan_per_min: 1, handover_min: 0, heat_x: 0}\n", population=6000)
    round_trips = []
    for _ in range(3):
        model.step()
        t, pick = model.table, model.purchases.picks
        mine = t.columns["channel"][pick] == t.channels.index("social delivery")
        home = model.consumers.home[model.purchases.consumer[mine]]
        x, y = home % 17 - 8, home // 17 - 8
        round_trips.append(2 * np.where((x == 0) & (y == 0), 0.52, np.hypot(x, y)) / 17)
    trips = np.concatenate(round_trips)
    assert len(trips) > 2000
    minutes_across = SIDE_KM / 15 * 60
    paid = float(model.ledger.cash(COURIERS)) / 100 / model.expansion_factor / len(trips)
    # Everybody orders several times from the same home: only homes count as draws.
    error = trips.std() / np.sqrt(min(len(trips), len(model.consumers)))
    assert paid / minutes_across == pytest.approx(OUT_AND_BACK, abs=3 * error)
    assert error < 0.01
