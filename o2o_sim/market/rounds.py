"""A day of shopping in rounds: what is seen from home, then around the work place, then by followers, and at last on the
phone of who stands in a shop. In each round the needs are sorted by the list that they go through, and those of one
list go through it together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lanes import NEVER, WIDE
from .records import World
from .shopping import CLASSES, FOLLOWED, HOME, PHONE, WORK, sheets
from .threads import in_threads

Ints = NDArray[np.int64]


class Choices(NamedTuple):
    """By need: the `best` time so far, the offer taken (`pick`) and the one visited before it (rows of the table), and
    the `surplus` in utils, NaN where the rule went wrong."""

    best: NDArray[np.float32]
    pick: NDArray[np.uint32]
    visited: NDArray[np.uint32]
    surplus: NDArray[np.float32]


class _Room(NamedTuple):
    """By need, what a round notes of it (see `arrange`): made once a day, for fresh memory costs as much as the sorting
    does."""

    listing: NDArray[np.int32]
    order: NDArray[np.uint32]
    class_of: NDArray[np.uint8]
    by_class: NDArray[np.uint32]


class Loop(NamedTuple):
    """A rule bound to the loop: the record of a consumer (`me`), the functions of a round (shopping.py), and what the
    names in them stand for."""

    me: type
    arrange: Callable
    look: Callable
    go_there: Callable
    names: dict[str, Any]

    def day(self, world: World, consumer: np.ndarray, category: np.ndarray, key: np.uint64) -> Choices:
        """What everybody chooses for the needs of a day (rows of the population, numbers of categories); `key` is that of
        the day's draws."""
        n = len(consumer)
        pick, visited = np.zeros(n, np.uint32), np.zeros(n, np.uint32)
        found = Choices(np.full(n, NEVER, np.float32), pick, visited, np.zeros(n, np.float32))
        room = _Room(
            np.empty(n, np.int32), np.empty(n, np.uint32), np.empty(n, np.uint8), np.empty(n, np.uint32)
        )
        for look, first, lists in _rounds(world):
            self._round(world, consumer, category, look, first, lists, key, found, room)
        self.go_there(world.people, world.offers, consumer, np.where(visited > 0, visited, pick))
        return found

    def _round(
        self, world: World, consumer: np.ndarray, category: np.ndarray, look: int, first: int, lists: int,
        key: np.uint64, found: Choices, room: _Room,
    ) -> None:  # fmt: skip
        n, w, start = len(consumer), world, np.zeros(lists + 1, np.int64)
        self.arrange(
            w.people, w.offers, w.touch, w.scales, w.tile_of, consumer, category, found.pick, look, start,
            np.zeros(CLASSES + 1, np.int64), *room,
        )  # fmt: skip
        begins, ends = groups_of(start)
        in_threads(
            self.look, n, *w, consumer, category, room.listing, first, room.order, begins, ends, look, key, *found,
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


def groups_of(start: Ints, most: int = WIDE) -> tuple[Ints, Ints]:
    """Where groups of at most so many needs of one list begin and end (int64[groups] each); those of list k begin at
    start[k]."""
    parts = -(-np.diff(start) // most)
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    begins = np.repeat(start[:-1], parts) + within * most
    return begins, np.minimum(begins + most, np.repeat(start[1:], parts))
