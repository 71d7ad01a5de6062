"""What going on is worth against leaving: the formula against dynamic programming, its limits, and learning."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from o2o_sim.agents.owner import Belief
from o2o_sim.policies.worth import Stake

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def thresholds(spreads: list[float], discount: float, hazard: float = 0.0) -> list[float]:
    """The believed profits below which it is best to leave for nothing, by backward induction on a grid: month by month for
    spreads ahead that change, the last of them for ever."""
    grid = np.linspace(-0.8, 0.8, 1601)
    keep, stay = math.exp(-discount), math.exp(-hazard)
    value = np.maximum(grid / (1 - keep * stay), 0.0)

    def go_on(value: np.ndarray, spread: float) -> np.ndarray:
        ahead = sum(w * np.interp(grid + spread * z, grid, value) for z, w in zip(NODES, WEIGHTS))
        ahead[grid > 0.6] = grid[grid > 0.6] / (1 - keep * stay)  # so far above that nobody leaves
        return grid + keep * stay * ahead

    for _ in range(600):
        value = np.maximum(go_on(value, spreads[-1]), 0.0)
    found = []
    for spread in reversed(spreads):
        going = go_on(value, spread)
        k = int(np.argmax(going > 0))
        found.append(grid[k] - going[k] * (grid[k] - grid[k - 1]) / (going[k] - going[k - 1]))
        value = np.maximum(going, 0.0)
    return found[::-1]


@pytest.mark.parametrize(
    ("spread", "discount", "hazard"),
    [(0.01, 0.01, 0.0), (0.02, 0.01, 0.0), (0.01, 0.03, 0.0), (0.02, 0.01, 0.01)],
)
def test_who_knows_his_shop_leaves_where_dynamic_programming_says(spread, discount, hazard):
    stake = Stake(0.0, spread, discount, leaving=0.0, hazard=hazard)
    assert stake.critical == pytest.approx(thresholds([spread], discount, hazard)[0], rel=0.03)


@pytest.mark.parametrize("prior", [0.05, 0.12])
def test_who_learns_waits_about_as_long_as_dynamic_programming_says(prior):
    """One number for all months to come stands for spreads that shrink."""
    discount, belief, ahead, formula = 0.01, Belief(0.0, prior**2, 0.08, 0.006), [], []
    for _ in range(120):
        before = belief.variance + belief.drift**2
        ahead.append(before / math.sqrt(before + belief.noise**2))
        formula.append(Stake(0.0, belief.ahead(discount), discount, 0.0).critical)
        belief.learn(0.0)
    exact = thresholds(ahead, discount)
    for month, within in [(0, 0.15), (1, 0.15), (3, 0.1), (6, 0.1), (24, 0.05), (119, 0.03)]:
        assert formula[month] == pytest.approx(exact[month], rel=within), month


STAKE = Stake(profit=100.0, spread=50.0, discount=0.01, leaving=8000.0, waiting=0.0, hazard=0.002)


def test_without_chance_he_leaves_as_soon_as_leaving_earns_more():
    sure = replace(STAKE, spread=0.0)
    assert sure.critical == sure.forgone == 80.0
    assert replace(sure, profit=90.0).flow == 90.0
    assert replace(sure, profit=70.0).flow == 80.0
    assert sure.critical_for(95.0) == 95.0


def test_the_more_may_change_the_longer_he_waits_and_the_dearer_time_is_the_shorter():
    assert replace(STAKE, spread=100.0).patience == pytest.approx(2 * STAKE.patience)
    assert replace(STAKE, discount=0.02, leaving=4000.0).critical > STAKE.critical
    assert replace(STAKE, hazard=0.01).critical > STAKE.critical


def test_a_yuan_a_month_elsewhere_is_a_yuan_of_profit_here():
    """Profit, what is forgone and the threshold move together."""
    richer = replace(STAKE, profit=STAKE.profit + 30, leaving=STAKE.leaving + 30 / STAKE.discount)
    assert richer.critical == pytest.approx(STAKE.critical + 30)
    assert richer.flow == pytest.approx(STAKE.flow + 30)


def test_what_a_lease_costs_now_and_no_longer_in_a_month_is_waited_for():
    bound = replace(STAKE, leaving=STAKE.leaving - 500, waiting=100.0)
    assert bound.critical == pytest.approx(STAKE.critical - 0.01 * 500 - 100)


def test_value_matches_and_the_inverse_is_one():
    edge = replace(STAKE, profit=STAKE.critical)
    assert edge.flow == pytest.approx(STAKE.forgone)
    for profit in (STAKE.critical + 1e-6, 60.0, 100.0, 1000.0):
        there = replace(STAKE, profit=profit)
        assert there.flow > max(profit, STAKE.forgone)
        assert STAKE.critical_for(there.flow) == pytest.approx(profit, abs=0.1)
    assert STAKE.critical_for(0.0) == STAKE.critical


def test_a_belief_is_the_best_guess_of_what_was_seen():
    """Without drift it is the mean of the prior and of all months, each with its precision; its variance never falls to
    nothing with drift."""
    belief, seen = Belief(10.0, 4.0, 3.0, 0.0), [12.0, 20.0, 7.0]
    for profit in seen:
        belief.learn(profit)
    precision = 1 / 4 + 3 / 9
    assert belief.mean == pytest.approx((10 / 4 + sum(seen) / 9) / precision)
    assert belief.variance == pytest.approx(1 / precision)
    wandering = Belief(0.0, 100.0, 3.0, 0.5)
    for _ in range(400):
        wandering.learn(0.0)
    assert wandering.variance == pytest.approx(wandering.least_variance)
    assert wandering.ahead(0.01) == pytest.approx(0.5)
