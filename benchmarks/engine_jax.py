"""The shopping in JAX on the CPU: compiled, padded, float32, in chunks of one static shape.

The shoppers of the day are drawn with NumPy and cut into chunks of equal size (the last one filled up), so
that nobody who stays at home is computed; XLA fuses the value, the Gumbel draw and the choice. Calls return
at once, so that the chunks of a day follow each other without waiting for Python.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.world import OFFERS, PLATFORMS, SHOPPING, World, count, nbytes, pad

CHUNK = 8_192  # the fastest of 2,048 ... 65,536


@jax.jit
def _choose(key, number, who, table, consumers):
    """The offer that each of these consumers takes."""
    offer, appeal, price, minutes = table
    home, price_sensitivity, value_of_time, familiarity, favourite, loyalty = (c[who] for c in consumers)
    value = appeal[home] - price_sensitivity[:, None] * price[home] - value_of_time[:, None] * minutes[home]
    # Added by comparing columns: a scatter would keep XLA from fusing all this into one loop.
    column = jnp.arange(value.shape[1])
    for p in range(PLATFORMS):
        value += jnp.where(column == p, familiarity[:, p, None], 0)
    value += jnp.where(column == favourite[:, None], loyalty[:, None], 0)
    value += jax.random.gumbel(jax.random.fold_in(key, number), value.shape, jnp.float32, mode="low")
    # The first column that holds the maximum: on the CPU faster than jnp.argmax, which is not vectorised.
    best = jnp.where(value == value.max(axis=1, keepdims=True), column, len(column) - 1).min(axis=1)
    return offer[home, best]


def run(world: World, days: int, seed: int = 13, impl: str = "threefry2x32") -> tuple[np.ndarray, float, int]:
    """Simulate days: (buyers of each offer, seconds without set-up and compilation, bytes of the arrays)."""
    padded = pad(world)
    table = tuple(map(jnp.asarray, (padded.offer, padded.appeal, padded.price, padded.minutes)))
    columns = (world.home, world.price_sensitivity, world.value_of_time, world.familiarity)
    consumers = tuple(map(jnp.asarray, (*columns, padded.favourite, world.loyalty)))
    key, rng = jax.random.key(seed, impl=impl), np.random.default_rng(seed)

    def choose(number: int, who: np.ndarray) -> jax.Array:
        return _choose(key, np.uint32(number), who, table, consumers)

    choose(0, np.zeros(CHUNK, np.int32)).block_until_ready()
    buyers, number = np.zeros(OFFERS, np.int64), 0
    begin = time.perf_counter()
    for _ in range(days):
        who = np.flatnonzero(rng.random(world.consumers, dtype=np.float32) < SHOPPING).astype(np.int32)
        chunks = np.pad(who, (0, -len(who) % CHUNK)).reshape(-1, CHUNK)
        picks = [choose(number + i, chunk) for i, chunk in enumerate(chunks, 1)]
        number += len(chunks)
        buyers += count(np.concatenate([np.asarray(p) for p in picks])[: len(who)])
    seconds = time.perf_counter() - begin
    return buyers, seconds, nbytes(world, padded)


def run_rbg(world: World, days: int) -> tuple[np.ndarray, float, int]:
    """The same with XLA's own, cheaper generator."""
    return run(world, days, impl="unsafe_rbg")
