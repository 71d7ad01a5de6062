"""Shops that differ in nothing but the taste for them set prices against each other: logit Bertrand.

Best answers p - c = mu / (1 - s), s being a shop's own share (Anderson, de Palma and Thisse 1992, "Discrete
Choice Theory of Product Differentiation", chapter 7); one util is worth mu = 1. Every second shop begins at
four times the price of the first."""

from __future__ import annotations

import math
from functools import cache

import pytest

from .prices import Settled, began, settled
from .rows import Row, assert_passed

COST = 0.5
INSIDE, OUTSIDE = "Logit Bertrand, n symmetric firms, no outside", "Logit duopoly with outside good"
ONE_PERCENT = "1 % after best-response convergence"
MORE = {"third": "shop", "fourth": "dear", "fifth": "shop"}
SHOP = "{{format: {}, x_km: 0.5, y_km: 0.5, area_m2: 1000, quality: 0, rent_yuan_m2_month: 0}}"


@cache
def alone(n: int) -> Settled:
    """n shops, and nobody can go without."""
    more = [f"stores.named.{name}={SHOP.format(kind)}" for name, kind in list(MORE.items())[: n - 2]]
    return settled("bertrand.yaml", *more, counted=3)


@cache
def with_outside() -> Settled:
    """Two shops worth 2 utils at cost, and going without at 0."""
    quality = [f"stores.named.{name}.quality={2 + COST}" for name in ("first", "second")]
    return settled("bertrand.yaml", *quality, "categories.goods.outside_option=0", counted=12)


def worst(found, reference: float) -> float:
    """The one of several figures that is furthest off."""
    return float(max(found, key=lambda x: abs(x - reference)))


def no_outside(n: int, reference: float) -> list[Row]:
    town = alone(n)
    found = worst(town.price - COST, reference)
    return [Row(INSIDE, f"mu=1 n={n}", "p-c", reference, found, 0.01 * reference, ONE_PERCENT, began(town))]


def outside() -> list[Row]:
    town, said = with_outside(), (OUTSIDE, "v-c=2 mu=1")
    found = worst(town.price - COST, 1.59894)
    rows = [Row(*said, "p-c", 1.59894, found, 0.01 * 1.59894, ONE_PERCENT, began(town))]
    figures = [("s", 0.37459, worst(town.share, 0.37459)), ("outside", 0.25083, 1 - float(town.share.sum()))]
    for quantity, reference, found in figures:
        allowed = 3 * math.sqrt(reference * (1 - reference) / town.choices)
        note = "of simulated choices, at the prices found"
        rows.append(Row(*said, quantity, reference, found, allowed, "3 s.e.", note))
    return rows


def rows() -> list[Row]:
    return [*no_outside(2, 2.0), *no_outside(5, 1.25), *outside()]


@pytest.mark.parametrize(("n", "margin"), [(2, 2.0), (5, 1.25)])
def test_prices_of_shops_that_share_everybody(n, margin):
    assert_passed(*no_outside(n, margin))


def test_prices_and_shares_where_one_can_go_without():
    assert_passed(*outside())
