"""What is compared in single precision is compared exactly."""

import numpy as np
import pytest

from o2o_sim.market.lanes import down

NEAR = np.float32(12.3)
LIMITS = [
    0.0,
    1e-50,
    0.1,
    30.0 * 1.1,
    float(NEAR),
    np.nextafter(float(NEAR), 0),
    np.nextafter(float(NEAR), 99),
]


@pytest.mark.parametrize("limit", [*LIMITS, 1e300, np.inf, -1.0])
def test_the_single_number_below_a_limit_is_the_nearest(limit):
    with np.errstate(over="ignore"):
        found = down(np.float64(limit))
        above = np.nextafter(found, np.float32(np.inf))
    assert found.dtype == np.float32
    assert np.float64(found) <= limit
    assert np.float64(above) > limit or found == np.inf
