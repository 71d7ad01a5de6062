"""The shopping done by the package itself: its own loop and rule, on the benchmark's world."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

from benchmarks.world import CELLS, OFFERS, PLATFORMS, SHOPPING, SHOPS, SIDE, TOUCH, World, nbytes
from o2o_sim.city.grid import Grid
from o2o_sim.market import needs, rules
from o2o_sim.market.binding import Shopping
from o2o_sim.market.consumers import NOBODY, ONLINE, PERSON
from o2o_sim.market.lists import Tiles, best_sides, tiles_of
from o2o_sim.market.offers import ROW
from o2o_sim.market.records import Scales, Today
from o2o_sim.market.records import World as MarketWorld
from o2o_sim.streams import mix

SEED, NEVER = 1, 30_000


def market(world: World) -> MarketWorld:
    """The benchmark's world in the package's own records; everything is visible, nobody has a work place."""
    n = world.consumers
    people = np.zeros(n, PERSON)
    people["id"], people["home"], people["at"] = np.arange(n), world.home, world.home
    people["work"] = people["follows"] = NOBODY
    people["access"], people["income"], people["radius"] = ONLINE, 1.0, 1000.0
    people["price_sensitivity"], people["value_of_time"] = world.price_sensitivity, world.value_of_time
    familiarity = np.zeros((n, PLATFORMS + 1), np.float32)
    familiarity[:, 1:] = world.familiarity
    offers = np.zeros(OFFERS + 1, ROW)
    offers["reach"][0] = -1.0
    rows = offers[1:]
    with np.errstate(over="ignore"):
        rows["key"] = mix(np.arange(1, OFFERS + 1, dtype=np.uint64))
    rows["appeal"], rows["price"], rows["queue"] = world.quality, world.price, world.queue
    rows["wait"], rows["unseen"] = world.days * np.float32(0.1), world.unseen * TOUCH
    rows["store"][:SHOPS] = np.arange(1, SHOPS + 1)
    rows["platform"][SHOPS:] = np.arange(1, PLATFORMS + 1)
    rows["reach"] = np.where(np.arange(OFFERS) < SHOPS, -1.0, np.inf)
    rows["walk"][:SHOPS] = 1
    tiles = tiles_of(
        Grid(SIDE, SIDE, 100.0), best_sides(np.bincount(world.home, minlength=CELLS), np.array([SHOPPING]))
    )
    start, listed, nearest, minutes = _lists(world, tiles)
    scales = Scales(1.0, 1.0, False, 1000.0, SHOPS, tiles.count, 2 * tiles.count, 2 * tiles.count + 1)
    return MarketWorld(
        people, familiarity, world.favourite.reshape(-1, 1).astype(np.int32), world.loyalty.reshape(-1, 1),
        np.zeros((0, n), np.float32), offers, start, listed, nearest,
        start[: 2 * tiles.count + 1] * tiles.slots.astype(np.uint64), minutes, tiles.tile, tiles.slot, tiles.slots,
        np.ones(1), np.zeros(1), scales, Today(0.0, 0.0, 1.0, 0.0),
    )  # fmt: skip


def _lists(world: World, tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shops around each tile sorted by minutes, then no deliveries, then the platforms."""
    cell = np.repeat(np.arange(CELLS), np.diff(world.start))
    pair, entry = np.unique(tiles.tile[0, cell].astype(np.int64) * SHOPS + world.shop, return_inverse=True)
    minutes = np.full((len(pair), tiles.slots[0]), np.inf, np.float32)
    minutes[entry, tiles.slot[0, cell]] = world.minutes
    order = np.lexsort((minutes.min(axis=1), pair // SHOPS))
    count = np.bincount(pair // SHOPS, minlength=2 * tiles.count + 1)
    count[-1] = PLATFORMS
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.uint64)
    listed = np.concatenate([pair[order] % SHOPS + 1, np.arange(SHOPS + 1, OFFERS + 1)]).astype(np.uint32)
    nearest = np.concatenate([minutes.min(axis=1)[order], np.zeros(PLATFORMS, np.float32)])
    return start, listed, nearest, minutes[order].ravel()


def run(world: World, days: int) -> tuple[np.ndarray, float, int]:
    """Simulate days: (buyers of each offer, seconds without set-up and compilation, bytes held).

    Buyers are int64[OFFERS], summed over the days: shops 0..SHOPS-1, then the platforms (world.py).
    """
    w, shopping = market(world), Shopping(rules.value)
    n = world.consumers
    due, draw = np.zeros((n, 1), np.int16), np.zeros(n, np.float32)
    buyers, seconds = np.zeros(OFFERS, np.int64), 0.0
    # Who goes shopping is drawn on as many threads as there are, as the other engines do it.
    threads = numba.get_num_threads()
    sources = [np.random.default_rng(s) for s in np.random.SeedSequence(SEED).spawn(threads)]
    parts = [slice(n * k // threads, n * (k + 1) // threads) for k in range(threads)]
    pool = ThreadPoolExecutor(threads)

    def draw_needs(source: np.random.Generator, part: slice) -> None:
        source.random(dtype=np.float32, out=draw[part])
        np.multiply(draw[part] >= SHOPPING, NEVER, out=due[part, 0], dtype=np.int16)

    for day in range(days + 1):
        began = time.perf_counter()
        list(pool.map(draw_needs, sources, parts))
        consumer, category = needs.find_due(w.people, due, day, True, 0, np.zeros(1), np.uint64(0))
        pick, _, _ = shopping.day(w, consumer, category, SEED, day)
        bought = np.bincount(pick, minlength=OFFERS + 1)[1:]
        if day > 0:  # the first day compiles
            seconds += time.perf_counter() - began
            buyers += bought
    held = nbytes(*(a for a in w if isinstance(a, np.ndarray)), due)
    return buyers, seconds, held
