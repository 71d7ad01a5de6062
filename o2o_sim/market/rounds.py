"""A day of shopping in rounds: what is seen from home, then around the work place, then by followers, and at last on the
phone of who stands in a shop. In each round the needs are sorted by the list that they go through, and those of one
list go through it together, in runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lanes import NEVER
from .records import World
from .shopping import FOLLOWED, HOME, PHONE, RUN, WORK, sheets
from .threads import WORTH, in_threads

Ints = NDArray[np.int64]
BLOCK = 4096
"""People in one block when they go where they have chosen to: their records stay in a processor's own memory meanwhile."""
LIGHT = 16
"""How many needs are less work to sort than one is to decide: so many more are worth a thread."""
PARTS, MANY = 8, 2 * LIGHT * WORTH
"""Parts in which needs are sorted, if there are as many needs as are worth two threads."""


class Choices(NamedTuple):
    """By need: the `best` time so far, the offer taken (`pick`) and the one visited before it (rows of the table), and
    the `surplus` in utils, NaN where the rule went wrong."""

    best: NDArray[np.float32]
    pick: NDArray[np.uint32]
    visited: NDArray[np.uint32]
    surplus: NDArray[np.float32]


class Loop(NamedTuple):
    """A rule bound to the loop: the record of a consumer (`me`), the functions of a round (shopping.py), and what the
    names in them stand for."""

    me: type
    enlist: Callable
    share_out: Callable
    sort: Callable
    look: Callable
    go_there: Callable
    names: dict[str, Any]

    def day(self, world: World, consumer: np.ndarray, category: np.ndarray, key: np.uint64) -> Choices:
        """What everybody chooses for the needs of a day (rows of the population, numbers of categories); `key` is that of
        the day's draws."""
        n = len(consumer)
        pick, visited = np.zeros(n, np.uint32), np.zeros(n, np.uint32)
        found = Choices(np.full(n, NEVER, np.float32), pick, visited, np.zeros(n, np.float32))
        # Made once a day, for fresh memory costs as much as the sorting does.
        listing, order = np.empty(n, np.int32), np.empty(n, np.uint32)
        for look, first, lists in _rounds(world):
            self._round(world, consumer, category, look, first, lists, key, found, listing, order)
        people = len(world.people)
        blocks = np.minimum(np.arange(-(-people // BLOCK) + 1) * BLOCK, people)
        begins = np.searchsorted(consumer, blocks.astype(consumer.dtype))
        in_threads(
            self.go_there, n // LIGHT, world.people, world.offers, consumer, pick, visited, blocks, begins
        )
        return found

    def _round(
        self, world: World, consumer: np.ndarray, category: np.ndarray, look: int, first: int, lists: int,
        key: np.uint64, found: Choices, listing: NDArray[np.int32], order: NDArray[np.uint32],
    ) -> None:  # fmt: skip
        n, w = len(consumer), world
        parts = PARTS if n >= MANY else 1
        held = np.zeros((parts, lists), np.int64)
        in_threads(
            self.enlist, n // LIGHT, w.people, w.offers, w.touch, w.scales, w.tile_of, consumer, category, found.pick,
            look, held, listing,
        )  # fmt: skip
        start = np.empty(lists + 1, np.int64)
        self.share_out(held, start)
        in_threads(self.sort, n // LIGHT, listing, held, order)
        begins, ends = runs_of(start)
        in_threads(
            self.look, n, *w, consumer, category, listing, first, order, begins, ends, look, key, *found,
            own=lambda: sheets(w.familiarity.shape[1]),
        )  # fmt: skip


def _rounds(world: World) -> Iterator[tuple[int, int, int]]:
    """The rounds of a day: (which, the number of its first list, how many lists)."""
    scales, categories = world.scales, len(world.reach_x)
    around, followed = scales.delivered, len(world.start) - 1 - scales.followers
    yield HOME, 0, around
    if world.today.workday > 0.5 and scales.work_anchor:
        yield WORK, 0, around
    if followed:
        yield FOLLOWED, scales.followers, followed
    if (world.touch > 0).any():
        yield PHONE, scales.everywhere, categories


def runs_of(start: Ints, most: int = RUN) -> tuple[Ints, Ints]:
    """Where runs of at most so many needs of one list begin and end (int64[runs] each); those of list k begin at
    start[k]."""
    parts = -(-np.diff(start) // most)
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    begins = np.repeat(start[:-1], parts) + within * most
    return begins, np.minimum(begins + most, np.repeat(start[1:], parts))
