"""Trust that comes to an end, and promises that become no shorter."""

from __future__ import annotations

import math

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.agents.platform import Platform
from o2o_sim.errors import ScenarioError
from tests.laws.cities import SMALL

DAYS = (0, 100, 1000, 7000)


def bazaar(*said: str) -> Platform:
    """The marketplace of the small town, with keys of its own."""
    sets = [f"platforms.bazaar.{one}" for one in said]
    return O2OModel(load_scenario(SMALL, ["population=50", *sets])).platforms[0]


def over(platform: Platform, what: str) -> list[float]:
    """Its trust or its promise on several days."""
    found = []
    for day in DAYS:
        platform.model.day = day
        found.append(getattr(platform, what)())
    return found


def test_without_a_ceiling_trust_grows_in_a_straight_line():
    trust = over(bazaar("trust=0.3", "trust_growth=0.2"), "trust")
    assert trust == [0.3 + 0.2 * (day / 365.25) for day in DAYS]


@pytest.mark.parametrize(("growth", "ceiling"), [(0.2, 1.5), (-0.2, -0.5)])
def test_with_one_it_follows_the_logistic_curve(growth, ceiling):
    """That with the same slope at first, and half of its way behind it there (Verhulst 1838)."""
    room = ceiling - 0.3
    trust = over(bazaar("trust=0.3", f"trust_growth={growth}", f"trust_ceiling={ceiling}"), "trust")
    for day, found in zip(DAYS, trust):
        rate = 2 * growth / room
        assert found == pytest.approx(0.3 - room + 2 * room / (1 + math.exp(-rate * day / 365.25)))
    assert abs(trust[-1] - ceiling) < 0.01
    assert trust[1] == pytest.approx(0.3 + growth * 100 / 365.25, rel=0.02)


def test_a_ceiling_where_trust_is_already_keeps_it():
    assert over(bazaar("trust=0.3", "trust_growth=0.2", "trust_ceiling=0.3"), "trust") == [0.3] * 4


@pytest.mark.parametrize(("growth", "ceiling"), [(0.2, 0.1), (-0.2, 1.0)])
def test_a_ceiling_on_the_other_side_is_refused(growth, ceiling):
    with pytest.raises(
        ScenarioError, match=r"platforms\.bazaar\.trust_ceiling: trust of 0\.3 .* never comes there"
    ):
        bazaar("trust=0.3", f"trust_growth={growth}", f"trust_ceiling={ceiling}")


def test_promises_become_no_shorter_than_the_least():
    days = over(bazaar("parcel.days=3", "parcel.days_yearly_x=0.5", "parcel.days_least=1"), "days")
    assert days[:2] == [3, 3 * 0.5 ** (100 / 365.25)]
    assert days[2:] == [1, 1]


def test_a_least_above_the_promise_makes_nobody_slower():
    assert over(bazaar("parcel.days=1", "parcel.days_yearly_x=1", "parcel.days_least=3"), "days") == [1] * 4
