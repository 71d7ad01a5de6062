"""The shopping as a loop for Numba: each consumer goes through the offers that her cell sees, and takes the best.

The offers of a cell lie one behind the other (as in a sparse matrix by rows), figures are float32, consumers are dealt to
threads in blocks by `prange`, and `fastmath` is on. A decision takes three short loops over a buffer, two of which the
compiler turns into vector code; of equal draws the one with least work is taken: the smallest Exponential * exp(-value) is the
largest value + Gumbel. Random numbers are hashes of day, consumer and offer. Of what was tried (one loop, Gumbel draws, 64-bit
hashes, `np.random.random`, which took five times as long) this was the fastest. Numba's logarithm and exponential are
scalar unless Intel's SVML is installed.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit, prange

from benchmarks.world import CELLS, OFFERS, PLATFORMS, SHOPPING, World, nbytes, pad

BLOCKS = 64
WIDEST = 256  # offers of a cell
HALF, UNIT = np.float32(0.5), np.float32(2.0**-24)
GOLDEN, GOLDEN_32 = np.uint64(0x9E3779B97F4A7C15), np.uint32(0x9E3779B9)


@njit(inline="always", cache=True)
def _mix(x):
    """splitmix64's finaliser."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(inline="always", cache=True)
def _mix_32(x):
    """A finaliser of 32 bits (Wellons 2018, "lowbias32"); Numba widens each product."""
    x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D))
    x = np.uint32((x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))


@njit(parallel=True, fastmath=True, cache=True)
def _day(
    day, start, offer, appeal, price, minutes, home, price_sensitivity, value_of_time, familiarity, favourite, loyalty
):  # fmt: skip
    """Buyers of each offer on one day."""
    n = len(home)
    buyers = np.zeros((BLOCKS, OFFERS), np.int64)
    for block in prange(BLOCKS):
        value = np.empty(WIDEST, np.float32)
        for i in range(block * n // BLOCKS, (block + 1) * n // BLOCKS):
            key = _mix(_mix(np.uint64(day)) + GOLDEN * np.uint64(i))
            if np.float32(key >> np.uint64(40)) * UNIT >= np.float32(SHOPPING):
                continue
            first, seen = start[home[i]], start[home[i] + 1] - start[home[i]]
            per_yuan, per_minute = price_sensitivity[i], value_of_time[i]
            for k in range(seen):
                value[k] = appeal[first + k] - per_yuan * price[first + k] - per_minute * minutes[first + k]
            for k in range(PLATFORMS):
                value[k] += familiarity[i, k]
            value[favourite[i]] += loyalty[i]
            low = np.uint32(key)
            for k in range(seen):
                bits = _mix_32(np.uint32(low + np.uint32(k) * GOLDEN_32))
                u = (np.float32(bits >> np.uint32(8)) + HALF) * UNIT
                value[k] = -np.log(u) * np.exp(-value[k])
            taken = 0
            for k in range(1, seen):
                if value[k] < value[taken]:
                    taken = k
            buyers[block, offer[first + taken]] += 1
    return buyers.sum(axis=0)


def run(world: World, days: int) -> tuple[np.ndarray, float, int]:
    """Simulate days: (buyers of each offer, seconds without set-up and compilation, bytes of the arrays)."""
    table = pad(world)
    real = np.isfinite(table.appeal)
    start = np.zeros(CELLS + 1, np.int64)
    np.cumsum(real.sum(axis=1), out=start[1:])
    assert real.sum(axis=1).max() <= WIDEST
    given = (
        start, *(getattr(table, name)[real] for name in ("offer", "appeal", "price", "minutes")), world.home,
        world.price_sensitivity, world.value_of_time, world.familiarity, table.favourite, world.loyalty,
    )  # fmt: skip
    _day(0, *given)
    buyers = np.zeros(OFFERS, np.int64)
    begin = time.perf_counter()
    for day in range(1, days + 1):
        buyers += _day(day, *given)
    seconds = time.perf_counter() - begin
    return buyers, seconds, nbytes(world, *given)
