"""Who sells what was ordered on a marketplace."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.market.sellers import Rivals, share_orders
from o2o_sim.streams import exponential, extend, high_half, low_half, name_bits, pair_bits, stream

ROWS, PEOPLE = 40, 500
RNG = np.random.default_rng(5)
KEYS = RNG.integers(0, 2**63, ROWS).astype(np.uint64)
SELLERS = {
    "none": {},
    "one shop": {3: (np.array([0.5]), np.array([7], np.uint32))},
    "several marketplaces": {
        30: (np.array([0.2, 1.5, 0.8]), np.array([8, 9, 10], np.uint32)),
        2: (np.array([4.0]), np.array([11], np.uint32)),
    },
}


def one_by_one(sellers, ids, consumer, picks, draws):
    """The same by the definition: the smallest Exponential / weight wins, outside sellers weigh 1."""
    found, outside = picks.copy(), name_bits("outside sellers")
    for n, row in enumerate(picks.tolist()):
        if row not in sellers:
            continue
        weights, shops = sellers[row]
        key, others = extend(extend(draws, np.uint64(ids[consumer[n]])), KEYS[row]), [outside, *KEYS[shops]]
        halves = [(low_half(key), high_half(key), low_half(other), high_half(other)) for other in others]
        times = np.array([float(exponential(pair_bits(*four))) for four in halves]) / [1.0, *weights]
        found[n] = [row, *shops][int(np.argmin(times))]
    return found


@pytest.mark.parametrize("sellers", SELLERS.values(), ids=SELLERS)
def test_orders_go_to_whom_the_draws_say(sellers):
    ids = RNG.permutation(PEOPLE).astype(np.uint32)
    consumer = np.sort(RNG.integers(0, PEOPLE, 800)).astype(np.uint32)
    picks = RNG.choice(np.array([0, 1, 2, 3, 30], np.uint32), 800)
    draws = stream(1, "seller", 9)
    with np.errstate(over="ignore"):
        wanted = one_by_one(sellers, ids, consumer, picks, draws)
    share_orders(Rivals.of(sellers, ROWS), KEYS, ids, consumer, picks, draws)
    np.testing.assert_array_equal(picks, wanted)
