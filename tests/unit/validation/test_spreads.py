"""How the spreads of shops are fitted to real ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spreads
from test_vital import lives as shops


@pytest.mark.parametrize(("base", "slope", "target"), [(0.4, 1.0, 1.5), (0.2, 2.0, 0.9), (0.0, 0.5, 1.0)])
def test_it_finds_the_spread_of_which_sales_are_the_sum_of_squares(base, slope, target):
    asked = []

    def measure(x: float) -> float:
        asked.append(x)
        return math.sqrt(base**2 + (slope * x) ** 2)

    found = spreads.fit(measure, target, first=0.5, most=5.0)
    assert measure(found) == pytest.approx(target, rel=spreads.CLOSE) and len(asked) <= 5


def test_what_is_there_without_any_spread_and_what_is_out_of_reach():
    assert spreads.fit(lambda x: 2.0, 1.0, first=1.0, most=2.0) == 0
    assert spreads.fit(lambda x: 0.1 * x, 5.0, first=1.0, most=2.0) == 2


def test_the_spread_is_within_trades_and_of_whole_years():
    rng = np.random.default_rng(3)
    level = np.repeat([0.0, 4.0], 200) + rng.normal(0, 0.7, 400)
    sales = np.exp(level)[:, None] * np.ones((400, 13))
    sales[:20, 3] = np.nan
    found = spreads.yearly_spread(shops(sales, group=np.repeat(["a", "b"], 200)))
    assert found == pytest.approx(0.7, rel=0.1)
