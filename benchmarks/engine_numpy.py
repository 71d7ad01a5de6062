"""The shopping as padded NumPy matrices: shoppers x the largest number of alternatives, float32.

Shoppers are taken in chunks small enough for the rectangles to stay in the cache, every step writes into a
buffer made once. The Gumbel draw is -log(-log(u)): NumPy's float32 logarithm is vectorised, so that two of
them cost less than an exponential draw (a ziggurat, one at a time) and one, and far less than
Generator.gumbel."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.world import PLATFORMS, SHOPPING, Padded, World, count, nbytes, pad

TINY = np.float32(2**-25)  # a uniform draw may be exactly 0
CHUNK = 2048  # rows; 2048 x 42 x 4 bytes = 340 kB a buffer


class Chooser:
    """A stream of draws and the buffers of one chunk."""

    def __init__(self, world: World, table: Padded, seed: np.random.SeedSequence) -> None:
        self.world, self.table = world, table
        self.rng = np.random.default_rng(seed)
        self.value, self.term = np.empty((2, CHUNK, table.offer.shape[1]), np.float32)
        self.row = np.arange(CHUNK)

    def choose(self, who: np.ndarray) -> np.ndarray:
        """The offer that each of these consumers takes."""
        world, table, n = self.world, self.table, len(who)
        value, term, row, home = self.value[:n], self.term[:n], self.row[:n], world.home[who]
        np.take(table.appeal, home, axis=0, out=value, mode="clip")  # "clip" writes without a buffer between
        np.take(table.price, home, axis=0, out=term, mode="clip")
        term *= world.price_sensitivity[who, None]
        value -= term
        np.take(table.minutes, home, axis=0, out=term, mode="clip")
        term *= world.value_of_time[who, None]
        value -= term
        value[:, :PLATFORMS] += world.familiarity[who]
        value[row, table.favourite[who]] += world.loyalty[who]
        self.rng.random(dtype=np.float32, out=term)
        np.log(np.maximum(term, TINY, out=term), out=term)
        value -= np.log(np.negative(term, out=term), out=term)
        return table.offer[home, value.argmax(axis=1)]

    def day(self, low: int, high: int) -> np.ndarray:
        """Buyers of each offer among the consumers low..high who go shopping today."""
        who = low + np.flatnonzero(self.rng.random(high - low, dtype=np.float32) < SHOPPING)
        return count(np.concatenate([self.choose(who[i : i + CHUNK]) for i in range(0, len(who), CHUNK)]))


def run(world: World, days: int, seed: int = 12, threads: int = 1) -> tuple[np.ndarray, float, int]:
    """Simulate days: (buyers of each offer, seconds without set-up, bytes of the arrays)."""
    table = pad(world)
    choosers = [Chooser(world, table, s) for s in np.random.SeedSequence(seed).spawn(threads)]
    bounds = np.linspace(0, world.consumers, threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        # Touch every buffer and wake the threads before the clock starts.
        list(pool.map(Chooser.day, choosers, [0] * threads, [min(CHUNK, world.consumers)] * threads))
        begin = time.perf_counter()
        buyers = [b for _ in range(days) for b in pool.map(Chooser.day, choosers, bounds[:-1], bounds[1:])]
        seconds = time.perf_counter() - begin
    return np.sum(buyers, axis=0), seconds, nbytes(world, table)


def run_threads(world: World, days: int) -> tuple[np.ndarray, float, int]:
    """The same on two threads: NumPy lets go of the lock inside its loops."""
    return run(world, days, threads=2)
