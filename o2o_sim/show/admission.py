"""Who has a place at a server of live cities: so many visitors as the machine carries, and each of them a few.

A visitor is a browser, known by a cookie; a program without one is known by its address alone, so that all such
programs of one address are one visitor. A whole class may come from one address (behind one router), therefore an
address as such has no quota. What one page opens, one map or two, is one place."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..processes import cores
from .messages import Limits

MAPS = 2
"""Maps of one page."""
DAYS_PER_SECOND = 5
"""What every map is to play at least, when all play at once."""
MEMORY_SHARE = 0.6
"""The part of the free memory that sessions may fill."""
SESSION_BYTES, CONSUMER_BYTES = 50e6, 4e3
"""Memory of a session, and more for each consumer (measured: 45 MB with 2,000, 108 MB with 20,000)."""
DAY_SECONDS, CONSUMER_SECONDS = 1e-3, 1.5e-6
"""Processor time of a day with its frame, and more for each consumer (measured: 2 ms with 2,000, 30 ms with
20,000)."""
FILES_PER_SESSION, FILES_PER_PLACE, OTHER_FILES = 4, 6, 192
"""Open files of a session, connections of one page while it loads, and files for everything else."""
MOST = 500


# -- how many -------------------------------------------------------------------------------------------------
def carried(consumers: int, files: int) -> int:
    """How many visitors this machine carries, each with two maps of a city of so many consumers, when a process
    may have `files` open files; at least 1."""
    day = DAY_SECONDS + CONSUMER_SECONDS * consumers
    by_cores = cores() / (MAPS * DAYS_PER_SECOND * day)
    by_memory = MEMORY_SHARE * free_memory() / (MAPS * (SESSION_BYTES + CONSUMER_BYTES * consumers))
    by_files = (files - OTHER_FILES) / (MAPS * FILES_PER_SESSION + FILES_PER_PLACE)
    return max(1, int(min(by_cores, by_memory, by_files, MOST)))


def connections(places: int, files: int) -> int:
    """How many connections a server may have open beside the sessions of so many visitors; at least 32."""
    return min(max(32, files - OTHER_FILES - places * MAPS * FILES_PER_SESSION), 2000)


def free_memory() -> float:
    """Bytes that processes can still get: of the machine, or of the container if that has less. Infinity where
    the system does not tell."""
    found = [float("inf")]
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(1024.0 * int(line.split()[1]))
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):  # "max" is no number: there is no bound
        most = int((group / "memory.max").read_text())
        found.append(float(most - int((group / "memory.current").read_text())))
    if len(found) == 1:
        with suppress(AttributeError, OSError, ValueError):  # a Mac tells what is built in, not what is free
            found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2)
    return max(0.0, min(found))


# -- who ------------------------------------------------------------------------------------------------------
@dataclass(eq=False)
class Holder:
    """A session that has a place, or asks for one: whose it is, and of which page of theirs ("": a program, each
    of whose sessions counts). `replaced` gets the reason when the place is given to another."""

    address: str
    cookie: str = ""
    page: str = ""
    heard: float = field(default_factory=time.monotonic)
    replaced: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def visitor(self) -> str:
        return self.cookie or f"address {self.address}"

    @property
    def seat(self) -> object:
        return (self.visitor, self.page) if self.page else self


class Places:
    """The places of a server, and who has them. Everybody who has none yet comes before a second page of another.

    A visitor's page beyond `pages_each` takes the place of their own oldest one. When all places are taken, so
    does any second page; a visitor who has none gets the oldest place of whoever has most, if that is more than
    one. If an address holds more than half of all places, it yields the one longest silent to a visitor from an
    address that has none: a single person can make up any number of cookies."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self._seats: dict[object, list[Holder]] = {}  # the oldest first
        self._freed = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self._seats) >= self.limits.places

    async def take(self, holder: Holder) -> None:
        """Get a place; waits for one until TimeoutError (`wait_seconds`)."""
        async with asyncio.timeout(self.limits.wait_seconds):
            while not self.admit(holder):
                freed = self._freed
                await freed.wait()

    def leave(self, holder: Holder) -> None:
        """Give a place back, if it was not given to another already."""
        seat = self._seats.get(holder.seat, [])
        if holder in seat:
            seat.remove(holder)
            if not seat:
                del self._seats[holder.seat]
            self._freed.set()
            self._freed = asyncio.Event()

    def admit(self, holder: Holder) -> bool:
        """Give a place, perhaps that of another, if there is one for this visitor."""
        seat = self._seats.get(holder.seat)
        if seat is None:
            if not self._room_for(holder):
                return False
            seat = self._seats[holder.seat] = []
        elif len(seat) >= MAPS:
            self._replace(seat[:1], f"This page has opened another city; it may have {MAPS} at a time.")
        seat.append(holder)
        return True

    def _room_for(self, holder: Holder) -> bool:
        own = self._held_by(holder.visitor)
        if len(own) >= self.limits.pages_each:
            said = f"You have opened {len(own)} other pages here, which is as many as a visitor may have"
            return self._replace(own[0], f"{said}. To go on here, close one of them and reconnect.")
        if not self.full:
            return True
        taken = f"All {self.limits.places} places of this server are taken"
        if own:
            said = f"{taken}, and you have opened another page. To go on here, close that one and reconnect."
            return self._replace(own[0], said)
        visitor, pages = Counter(seat[0].visitor for seat in self._seats.values()).most_common(1)[0]
        if pages > 1:
            said = f"{taken}, and you had {pages} pages open: one is given to somebody who had none."
            return self._replace(self._held_by(visitor)[0], f"{said} Close this page and go on in another.")
        return self._yielded(holder, taken)

    def _yielded(self, holder: Holder, taken: str) -> bool:
        """A place of an address that holds most of them."""
        held = Counter(seat[0].address for seat in self._seats.values())
        address, most = held.most_common(1)[0]
        if holder.address in held or 2 * most <= self.limits.places:
            return False
        theirs = [seat for seat in self._seats.values() if seat[0].address == address]
        silent = min(theirs, key=lambda seat: max(one.heard for one in seat))
        said = f"{taken}, most of them from your address: the one that was silent longest is given to another"
        return self._replace(silent, f"{said}. Reconnect when somebody has closed the page.")

    def _held_by(self, visitor: str) -> list[list[Holder]]:
        """The places of a visitor, the oldest first."""
        return [seat for seat in self._seats.values() if seat[0].visitor == visitor]

    def _replace(self, holders: list[Holder], reason: str) -> bool:
        for holder in list(holders):
            self.leave(holder)
            if not holder.replaced.done():
                holder.replaced.set_result(reason)
        return True


__all__ = ["Holder", "Places", "carried", "connections", "free_memory"]
