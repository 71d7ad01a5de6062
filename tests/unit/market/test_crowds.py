"""How many people are in a shop does not depend on how many of them are simulated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from o2o_sim.market.crowds import RESTS_ON, Crowds, Rates, cases

SHOPS, DAYS = 100, 400


def turned_away(each: float, people: float, room: float, weekend_x: float = 1.0) -> tuple[float, float]:
    """(Share of consumers turned away, the exact one of real people) where `people` come on a usual day and `weekend_x`
    times as many on one day in seven."""
    draw = np.random.default_rng(7)
    crowds, came, away, exact = Crowds(), 0.0, 0.0, 0.0
    for day in range(DAYS):
        mean = people * (weekend_x if day % 7 == 6 else 1.0)
        here = draw.poisson(mean / each, SHOPS)
        others, spread = crowds.meet(here, each, np.full(SHOPS, room))
        crowd, chance = cases(here, others, spread)
        share = (np.minimum(1, room / np.maximum(crowd, 1e-9)) * chance).sum(axis=1)
        if day >= 100:
            came, away = came + here.sum(), away + (here * (1 - share)).sum()
            k = np.arange(int(mean * 3))
            exact += (np.maximum(k - room, 0) * poisson.pmf(k, mean)).sum() / mean * mean
    total = people * (DAYS - 100) * (1 + (weekend_x - 1) / 7)
    return away / came, exact / total


@pytest.mark.parametrize(
    ("people", "room", "weekend_x"),
    [(110, 120, 1.0), (110, 160, 1.0), (150, 120, 1.0), (40, 44, 1.0), (100, 130, 1.6), (2000, 2050, 1.0)],
)
@pytest.mark.parametrize("each", [1, 4, 32])
def test_the_share_turned_away_is_that_of_real_people(each, people, room, weekend_x):
    found, exact = turned_away(each, people, room, weekend_x)
    assert found == pytest.approx(exact, rel=0.1, abs=0.015)


def test_where_everybody_stands_for_herself_nobody_else_is_there():
    others, spread = Crowds().meet(np.array([3, 0, 8]), 1.0, np.array([5.0, 5.0, 5.0]))
    crowd, chance = cases(np.array([3, 0, 8]), others, spread)
    assert crowd.tolist() == [[3.0], [0.0], [8.0]] and chance.tolist() == [1.0]


def test_a_shop_that_is_shut_or_new_has_no_crowd_of_the_past():
    crowds = Crowds()
    for _ in range(40):
        crowds.meet(np.array([6, 2]), 10.0, np.array([100.0, 100.0]))
    others, _ = crowds.meet(np.array([6, 0, 2]), 10.0, np.array([100.0, 0.0, 100.0]))
    assert others[1] == 0 and others[0] == pytest.approx(6 * 9, rel=0.15) and others[2] > 0


def test_rates_rest_on_the_last_events_only():
    """A rate that has doubled is known after a few times as many events as are remembered."""
    rates, one, draw = Rates(RESTS_ON), np.ones(1), np.random.default_rng(1)
    for mean in (2.0, 4.0):
        for _ in range(int(4 * RESTS_ON / mean)):
            found = rates.learn(draw.poisson(mean, 1), one, one)
        assert found[0] == pytest.approx(mean, rel=0.15)
    assert rates.seen[0] <= RESTS_ON
