"""Exact sums of numbers in single precision."""

from __future__ import annotations

import math

import numpy as np
import pytest

from o2o_sim.market import exact

RNG = np.random.default_rng(4)
CASES = {
    "none": np.zeros(0, np.float32),
    "utils": RNG.gumbel(1.0, 2.0, 10_000).astype(np.float32),
    "of all sizes": np.ldexp(RNG.normal(size=2_000), RNG.integers(-148, 120, 2_000)).astype(np.float32),
    "that cancel": np.array([1e30, 1e-30, -1e30, 2**-149, np.finfo(np.float32).max], np.float32),
}


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
@pytest.mark.parametrize("cuts", [(), (1,), (3, 3, 500)])
def test_a_sum_is_that_of_its_parts_however_they_are_cut_and_ordered(x, cuts):
    pieces = np.split(x[::-1], [min(cut, len(x)) for cut in cuts])
    found = sum((exact.parts(piece) for piece in pieces), exact.nothing())
    assert exact.total(found) == exact.total(exact.parts(x)) == math.fsum(x.astype(float))
