"""Who sees which offers: lists of rows of the offer table, by tile of neighbouring cells.

People who live (or work) near one another see nearly the same offers. So the map is cut into square tiles, and what
can be seen from any cell of a tile stands on one list, nearest first, with the minutes from each of its cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..city.grid import Grid
from ..city.transport import Reach
from .compiled import kernel
from .offers import AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS, Table

Ints = NDArray[np.int64]
FULL = 40.0
"""Needs of a category that a tile should have on a day: then most lanes of a group are full (lanes.py)."""
SIDES = (1, 2, 4, 8)


@dataclass(frozen=True)
class Tiles:
    """Square tiles of cells, for each category of a size of its own, because people who need rare things live further
    apart. They are numbered through all categories: `tile` and `slot` (int32[categories, cells]) say for each cell its
    tile and its place in it, `slots` (int64[categories]) how many cells a whole tile has; `count` is how many tiles
    there are."""

    tile: NDArray[np.int32]
    slot: NDArray[np.int32]
    slots: NDArray[np.int64]
    count: int


def tiles_of(grid: Grid, sides: Sequence[int]) -> Tiles:
    """The grid in tiles, for each category of `side` by `side` cells; those at the northern and eastern edge may be cut
    off."""
    cell = np.arange(grid.cells)
    x, y = cell % grid.nx, cell // grid.nx
    tile, slot = (np.zeros((len(sides), grid.cells), np.int32) for _ in range(2))
    count = 0
    for c, side in enumerate(sides):
        across = -(-grid.nx // side)
        tile[c] = count + (y // side) * across + x // side
        slot[c] = (y % side) * side + x % side
        count += across * -(-grid.ny // side)
    return Tiles(tile, slot, np.square(np.asarray(sides, np.int64)), count)


def best_sides(lived_in: NDArray[np.integer], needs_a_day: NDArray[np.float64]) -> list[int]:
    """For each category the side of the smallest tiles in which a day's needs fill a group.

    `lived_in` (int[cells]) is how many people live in each cell, `needs_a_day` (float64[categories]) how many needs one
    consumer has a day. What counts is how crowded it is where people live: the mean number of people of a cell, as its
    residents see it."""
    crowd = lived_in.astype(float)
    seen = float((crowd**2).sum() / max(crowd.sum(), 1.0))
    return [next((s for s in SIDES if seen * often * s**2 >= FULL), SIDES[-1]) for often in needs_a_day]


class Lists(NamedTuple):
    """All lists of visible offers in one array: list k is `offer[start[k]:start[k+1]]` (rows, uint32; start: uint64).

    List k of the first `delivered` holds the offers at places of the category of tile k that are seen from it, sorted by
    `nearest` (float32), the minutes from that cell of the tile which is nearest to them; list `delivered + k` the
    deliveries to it. From `everywhere` on there is a list for each category; from `followers` on one for each category
    and store, number `category * stores + store`. `minutes[first[k] + e * slots + slot]` (float32; first: uint64) are
    those from a cell of the tile to entry e of list k, infinite where it is not seen from."""

    start: NDArray[np.uint64]
    offer: NDArray[np.uint32]
    nearest: NDArray[np.float32]
    first: NDArray[np.uint64]
    minutes: NDArray[np.float32]
    delivered: int
    everywhere: int
    followers: int
    tiles: Tiles


def build_lists(
    table: Table, reach: Reach, place_of_cell: NDArray[np.int32], tiles: Tiles, categories: int, stores: int,
    limit_min: NDArray[np.float64], delivery_min: NDArray[np.float64],
) -> Lists:  # fmt: skip
    """Who sees what: by tile for offers at places and for deliveries, by category for what is
    seen everywhere, by (category, store) for what only followers see.

    `reach` holds the cells around each place cell, `place_of_cell` (int32[cells]) the number of a place
    there, `limit_min` (float64[categories]) how far the most mobile consumer goes for a category,
    `delivery_min` how far deliveries to followers go."""
    c = table.columns
    category = c["category"].astype(np.int64)
    kinds = [(1 + np.flatnonzero(table.seen[1:] == kind)).astype(np.uint32) for kind in range(4)]
    shops, away, here, theirs = (kinds[k] for k in (AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS))
    rows = np.concatenate([shops, away])
    furthest = np.where(
        table.seen[rows] == AT_PLACE, limit_min[category[rows]],
        np.maximum(c["reach"][rows], delivery_min[category[rows]]),
    )  # fmt: skip
    delivered, everywhere, followers = tiles.count, 2 * tiles.count, 2 * tiles.count + categories
    first = np.where(table.seen[rows] == AT_PLACE, 0, delivered)
    place = place_of_cell[c["cell"][rows]].astype(np.int64)
    seen_from = (category[rows], first, place, furthest, reach.start, reach.cell, reach.minutes, tiles.tile)
    held = _seen_from(*seen_from, *_nothing_met(tiles), *_entries(0))
    group, of, nearest = _entries(held)
    _seen_from(*seen_from, *_nothing_met(tiles), group, of, nearest)
    # By list and then by way: the bits of a float that is not negative are in its order.
    order = np.argsort((group.astype(np.uint64) << np.uint64(32)) | nearest.view(np.uint32), kind="stable")
    at_once = np.concatenate([here, theirs])
    by = np.concatenate(
        [
            everywhere + category[here],
            followers + category[theirs] * stores + c["store"][theirs].astype(int) - 1,
        ]
    ).astype(np.int64)
    groups = followers + categories * stores
    entries = np.bincount(group, minlength=groups)
    start = np.concatenate([[0], np.cumsum(entries + np.bincount(by, minlength=groups))])
    slots = np.tile(np.repeat(tiles.slots, np.diff(_begins(tiles))), 2)
    begin = np.concatenate([[0], np.cumsum(entries[:everywhere] * slots)])
    rank = np.argsort(order)
    minutes = np.full(begin[-1], np.inf, np.float32)
    _minutes_from(
        category[rows], place, furthest, reach.start, reach.cell, reach.minutes, tiles.tile, tiles.slot,
        begin[group] + (rank - start[group]) * slots[group], *_nothing_met(tiles), minutes,
    )  # fmt: skip
    return Lists(
        start.astype(np.uint64),
        np.concatenate([rows[of[order]], at_once[np.argsort(by, kind="stable")]]).astype(np.uint32),
        np.concatenate([nearest[order], np.zeros(len(at_once), np.float32)]),
        begin.astype(np.uint64),
        minutes,
        delivered,
        everywhere,
        followers,
        tiles,
    )


def _begins(tiles: Tiles) -> NDArray[np.int64]:
    """The number of each category's first tile, and behind them how many tiles there are."""
    return np.append(tiles.tile[:, 0], tiles.count).astype(np.int64)


def _nothing_met(tiles: Tiles) -> tuple[Ints, Ints]:
    """What `_meet` notes of each tile, before it has met any."""
    return np.full(tiles.count, -1, np.int64), np.zeros(tiles.count, np.int64)


def _entries(held: int) -> tuple[Ints, Ints, NDArray[np.float32]]:
    """Room for so many entries of lists: the list, the number of the offer, the minutes to it."""
    return np.zeros(held, np.int64), np.zeros(held, np.int64), np.zeros(held, np.float32)


# The functions below get all arrays that they fill, because Numba would first compile how to make them.
@kernel
def _meet(tile_of, cell, minutes, furthest, entry, since, first):
    """The tiles of the cells around a place (nearest first) that lie within `furthest` minutes: `entry` of each becomes
    its number, from `since` on in the order in which they are met, and `first` the cell by which it was. Returns how
    many cells and how many tiles there are; `entry` holds lower numbers, or -1, for all other tiles."""
    tiles = 0
    for j in range(len(cell)):
        if minutes[j] > furthest:
            return j, tiles
        tile = tile_of[cell[j]]
        if entry[tile] < since:
            entry[tile], first[tiles] = since + tiles, j
            tiles += 1
    return len(cell), tiles


@kernel
def _seen_from(
    category, first, place, furthest, start, cell, minutes, tile_of, entry, by, group, of, nearest
):
    """From which tiles each offer is seen, "cells around each place" being given. Returns how many entries that makes;
    where there is room for them `group` becomes the list of each, `nearest` the minutes to it, and `of` the number of
    its offer."""
    total = np.int64(0)
    for k in range(len(place)):
        a, b = start[place[k]], start[place[k] + 1]
        new = _meet(tile_of[category[k]], cell[a:b], minutes[a:b], furthest[k], entry, total, by)[1]
        for e in range(new if len(group) > 0 else 0):
            j = a + by[e]
            group[total + e], of[total + e] = first[k] + tile_of[category[k], cell[j]], k
            nearest[total + e] = minutes[j]
        total += new
    return total


@kernel
def _minutes_from(category, place, furthest, start, cell, minutes, tile_of, slot_of, at, entry, by, away):
    """The minutes of all entries from each cell of their tiles (`away`, infinite before); `at` is where those of each
    entry begin, in the order in which `_seen_from` met them."""
    total = np.int64(0)
    for k in range(len(place)):
        a, b = start[place[k]], start[place[k] + 1]
        c = category[k]
        cells, new = _meet(tile_of[c], cell[a:b], minutes[a:b], furthest[k], entry, total, by)
        for j in range(a, a + cells):
            away[at[entry[tile_of[c, cell[j]]]] + slot_of[c, cell[j]]] = minutes[j]
        total += new
