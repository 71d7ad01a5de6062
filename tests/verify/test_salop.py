"""Shops around a circle, where the way costs t once round (Salop 1979, "Monopolistic competition with outside
goods").

Free entry is not simulated, because the theory lets all others move along to equal distances when one more
enters: n equal shops are set up for each n, and the n at which they just pay their rent is read off what they
earned. Every second shop begins at three and a half times the price of the others."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from .prices import Settled, began, settled
from .rows import Row, assert_passed

CIRCLE = ("Salop circle", "t=1 F=0.04 N(cons)=1")
NAMES = ("first", "second", "third", "fourth", "fifth", "sixth")
CELLS, CELL_KM, UTILS = 120, 0.02, 60
FEE, EULER = 0.04, 0.5772156649015329


@cache
def circle(n: int) -> Settled:
    """n shops at equal distances."""
    said = []
    for k, name in enumerate(NAMES):
        x_km = (k * CELLS // n + 0.5) * CELL_KM
        kind = ("shop", "dear")[k % 2]
        place = f"{{format: {kind}, x_km: {x_km:.2f}, y_km: 0.01, area_m2: 1000, quality: 0, rent_yuan_m2_month: 97.4}}"
        if k < n:
            said.append(f"stores.named.{name}={place}")
        elif k < 5:  # so many the file has
            said.append(f"stores.named.{name}=null")
    return settled("salop.yaml", *said, months=14)


def price() -> list[Row]:
    found = float(max(circle(5).price, key=lambda p: abs(p - 0.2)))
    return [Row(*CIRCLE, "p-c with 5 shops", 0.2, found, 0.02 * 0.2, "2 %", began(circle(5)))]


def numbers() -> list[Row]:
    """The n at which a shop's profit is nil, and the n at which what all have of it is most."""
    profit = {n: float(circle(n).profit.mean()) for n in (4, 5, 6)}
    assert profit[4] > profit[5] > profit[6]
    # Profits fall with n: between which two they change sign, and where on the straight line.
    at = np.interp(0.0, [profit[6], profit[5], profit[4]], [6.0, 5.0, 4.0])
    gain = {
        n: (circle(n).surplus - EULER) / UTILS + float(circle(n).price.mean()) - n * FEE for n in (2, 3, 4)
    }
    bend = gain[2] - 2 * gain[3] + gain[4]
    best = 3 + (gain[2] - gain[4]) / (2 * bend)
    entry = "equal shops for each n; free entry would need those who are there to move"
    return [
        Row(*CIRCLE, "n at which profit is nil", 5, float(at), 1, "n within 1", entry),
        Row(
            *CIRCLE,
            "n at which welfare is largest",
            2.5,
            float(best),
            1,
            "n within 1",
            "parabola through n = 2, 3, 4",
        ),
    ]


def rows() -> list[Row]:
    return [*price(), *numbers()]


def test_the_price_of_five():
    assert_passed(*price())


@pytest.mark.slow
def test_how_many_can_live_and_how_many_would_be_best():
    assert_passed(*numbers())
