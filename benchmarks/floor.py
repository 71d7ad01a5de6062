"""The floor: a bare compiled loop of one hash and one logarithm per (consumer, offer) pair.

No value is computed, nothing is looked up but how many offers the consumer sees. Whoever wants an independent
draw per pair is only faster than this by vectorising the hash and the logarithm, or by skipping logarithms.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit, prange

from benchmarks.world import SHOPPING, World, nbytes

BLOCKS = 64


@njit("uint64(uint64)", inline="always", cache=True)
def _mix(x):
    """splitmix64's finaliser."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(cache=True)
def _block(day, home, alternatives, low, high):
    """Draws of the consumers low..high: (decisions, pairs, the sum of the largest draws)."""
    tiny, one = np.float32(2.0**-24), np.uint64(1)
    golden = np.uint64(0x9E3779B97F4A7C15)
    shopping = np.uint64(SHOPPING * 2.0**40)
    decisions, pairs, total = 0, 0, 0.0
    for i in range(low, high):
        key = _mix(_mix(np.uint64(day)) + golden * np.uint64(i))
        if key >> np.uint64(24) >= shopping:
            continue
        decisions += 1
        best = np.float32(-np.inf)
        n = alternatives[home[i]]
        pairs += n
        for o in range(n):
            u = np.float32((_mix(key + golden * (np.uint64(o) + one)) >> np.uint64(40)) + one) * tiny
            best = max(best, np.log(u))
        total += float(best)
    return decisions, pairs, total


@njit(parallel=True, cache=True)
def _day(day, home, alternatives):
    """One day, in blocks of equal numbers of consumers."""
    decisions, pairs, total = np.zeros(BLOCKS, np.int64), np.zeros(BLOCKS, np.int64), np.zeros(BLOCKS)
    for b in prange(BLOCKS):
        low, high = b * len(home) // BLOCKS, (b + 1) * len(home) // BLOCKS
        decisions[b], pairs[b], total[b] = _block(day, home, alternatives, low, high)
    return decisions.sum(), pairs.sum(), total.sum()


def run(world: World, days: int) -> tuple[np.ndarray, float, int]:
    """Simulate days: (all decisions as if of one offer, seconds without compilation, bytes of the arrays)."""
    alternatives = world.alternatives.astype(np.int32)
    _day(0, world.home, alternatives)
    decisions = 0
    begin = time.perf_counter()
    for day in range(1, days + 1):
        decisions += _day(day, world.home, alternatives)[0]
    seconds = time.perf_counter() - begin
    return np.array([decisions]), seconds, nbytes(world.home, alternatives)
