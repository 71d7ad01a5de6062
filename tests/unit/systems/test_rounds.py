"""The rounds of a platform's couriers from a hub."""

from __future__ import annotations

import pytest

from o2o_sim import ScenarioError

from .hamlet import hamlet, run_days

PLATFORM = """
platforms:
  post: {{kind: self_operated, categories: [coats], members_start: 1, trust: {trust},
          parcel: {{per_order_yuan: 5, per_km_yuan: 2, hub_yuan_month: 0, fee_share: 0, cost_yearly_x: 1, rounds: {{{rounds}}}}}}}
"""


def cost(model) -> float:
    """Yuan per parcel, as the offer says."""
    t = model.table
    return float(t.fen["delivery"][t.columns["channel"] == t.channels.index("parcel")][0]) / 100


def test_a_single_parcel_a_day_is_a_trip_of_its_own(tmp_path):
    model = hamlet(tmp_path, PLATFORM.format(trust=-20, rounds="hub_km: 3"))
    run_days(model, 32)
    assert model.platforms[0].drops_a_day == 0
    assert cost(model) == 5 + 2 * (2 * 3)


def test_a_round_shares_the_way_to_the_hub_and_the_tour(tmp_path):
    """Twenty coats a day (200 people, every ten days) in rounds of two in a square kilometre: ten rounds, a
    tenth of the area each, and a tour of two doors is twice the mean distance of two points."""
    model = hamlet(tmp_path, PLATFORM.format(trust=20, rounds="drops_per_round: 2, hub_km: 3"))
    run_days(model, 32)
    drops = model.platforms[0].drops_a_day
    assert 15 < drops < 25
    tour = 2 * 0.5214054 * (1.0 * 2 / drops) ** 0.5
    assert cost(model) == pytest.approx(5 + 2 * (6 + tour) / 2, abs=0.006)


def test_the_hub_has_a_place_or_is_in_the_middle(tmp_path):
    def first(rounds):
        model = hamlet(tmp_path, PLATFORM.format(trust=0, rounds=rounds))
        model.step()
        return cost(model)

    middle, corner = first("drops_per_round: 1"), first("drops_per_round: 1, x_km: 0, y_km: 0")
    assert middle < first("drops_per_round: 1, x_km: 0.9, y_km: 0.5") < corner
    with pytest.raises(ScenarioError, match="either hub_km or the place"):
        first("hub_km: 2, x_km: 0.5, y_km: 0.5")
    with pytest.raises(ScenarioError, match="lies off the map"):
        first("x_km: 5, y_km: 0.5")
