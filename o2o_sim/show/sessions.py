"""Worker processes as the server sees them: one for each session, and a few that wait, warm.

A session has a process of its own, so that a heavy city never stops the others, and one that dies takes
nobody along."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .. import processes
from .catalogue import Offers
from .messages import Limits
from .worker import FAULT, FRAME, HEAD, READY, SAID, as_json, live, packed

PRELOADED = "o2o_sim.show.preload"
BUFFER = 64 * 1024
"""Bytes that may wait on either side of a line before the writer has to wait."""
MOST_FAILED_STARTS = 3


class NoWorkers(Exception):
    """Worker processes end before they have begun."""


class Worker:
    """A worker process and the line to it."""

    def __init__(self, process: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.process = process
        self._reader, self._writer = reader, writer
        self._ended = False

    @classmethod
    async def begin(cls, offered: Offers, limits: Limits, make: Callable[..., Any] | None = None) -> Worker:
        """Start a process; it is warm when it has said READY."""
        here, there = socket.socketpair()
        arguments = there, offered, limits, make
        try:
            process = await asyncio.to_thread(processes.start, live, arguments, preload=PRELOADED)
        except BaseException:
            here.close()
            raise
        finally:
            there.close()  # else its end would not be heard of
        try:
            reader, writer = await asyncio.open_connection(sock=here, limit=BUFFER)
        except BaseException:
            here.close()
            process.kill()
            raise
        return cls(process, reader, writer)

    async def tell(self, message: dict[str, Any]) -> None:
        """Send it a message. Raises OSError if it is dead."""
        self._writer.write(packed(SAID, as_json(message)))
        await self._writer.drain()

    async def hear(self) -> tuple[int, bytes] | None:
        """What it says next (SAID, FRAME, FAULT or READY, and the content); None if it is dead."""
        try:
            kind, length = HEAD.unpack(await self._reader.readexactly(HEAD.size))
            return kind, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            return None

    @property
    def alive(self) -> bool:
        return not self._ended and self.process.is_alive()

    def kill(self) -> None:
        """Let it end at once, whatever it does."""
        if not self._ended:
            self._writer.close()
            with suppress(ValueError, OSError):
                self.process.kill()

    async def end(self) -> str:
        """Let it end, and tell how it ended (so far as it ended by itself)."""
        if self._ended:
            return ""
        self._ended = True
        self._writer.close()
        # One that has closed its end is about to say how it ended.
        return await asyncio.to_thread(processes.end, self.process, 0.5 if self._reader.at_eof() else 0.0)


class Pool:
    """Workers to be had: `spares` of them wait, warm, and a new one is started for each that is taken.

    Only as many are started at a time as there are cores, so that those who came first are served first.
    `make` stands in for the conversation in tests."""

    def __init__(
        self, offered: Offers, limits: Limits, *, spares: int = 2, make: Callable[..., Any] | None = None
    ) -> None:
        self.spares = spares
        self._arguments = (offered, limits, make)
        self._warm: asyncio.Queue[Worker | None] = asyncio.Queue()
        self._births: set[asyncio.Task[None]] = set()
        self._living: set[Worker] = set()
        self._waiting = 0
        self._failed_starts = 0
        self._closed = False
        self.warm = asyncio.Event()
        """Set when the first worker is warm."""

    def start(self) -> None:
        """Begin to warm workers up."""
        self._tend()

    @property
    def ready(self) -> int:
        """How many warm workers wait."""
        return self._warm.qsize()

    @property
    def pids(self) -> list[int]:
        """The process numbers of all workers."""
        return [worker.process.pid for worker in self._living if not worker._ended]

    async def take(self) -> Worker:
        """A warm worker of one's own; `end` it with `give_back`. Raises NoWorkers if none can be started."""
        self._waiting += 1
        try:
            self._failed_starts = 0
            while True:
                self._tend()
                worker = await self._warm.get()
                if worker is None:
                    if self._failed_starts >= MOST_FAILED_STARTS:
                        raise NoWorkers
                    continue  # said to somebody who does not wait any more
                if worker.alive:
                    return worker
                await self.give_back(worker)
        finally:
            self._waiting -= 1
            self._tend()

    async def give_back(self, worker: Worker) -> str:
        """A worker has served; it ends, for the next session gets a fresh one. Tells how it ended."""
        try:
            return await worker.end()
        finally:
            self._living.discard(worker)

    def _tend(self) -> None:
        """See to it that enough workers are started."""
        missing = self._waiting + self.spares - self.ready - len(self._births)
        # The very first compiles, if nothing is compiled yet; a second one would do the same once more.
        most = processes.cores() if self.warm.is_set() else 1
        if self._closed or self._failed_starts >= MOST_FAILED_STARTS:
            return
        for _ in range(min(missing, most - len(self._births))):
            task = asyncio.create_task(self._birth())
            self._births.add(task)
            task.add_done_callback(self._born)

    async def _birth(self) -> None:
        worker = await Worker.begin(*self._arguments)
        self._living.add(worker)
        heard: tuple[int, bytes] | None = None
        try:
            heard = await worker.hear()
        finally:
            if heard is None or heard[0] != READY or self._closed:
                worker.kill()
        if heard is None or heard[0] != READY:
            self._failed_starts += 1
            end = await self.give_back(worker)
            log(f"a worker process ended before it had begun: {heard[1].decode() if heard else end}")
            return
        self._failed_starts = 0
        self._warm.put_nowait(worker)
        self.warm.set()

    def _born(self, task: asyncio.Task[None]) -> None:
        self._births.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            self._failed_starts += 1
            log(f"a worker process cannot be started: {type(fault).__name__}: {fault}")
        if self._failed_starts >= MOST_FAILED_STARTS:
            for _ in range(self._waiting):
                self._warm.put_nowait(None)
        self._tend()

    async def close(self) -> None:
        """End all workers, whatever they do."""
        self._closed = True
        for task in self._births:
            task.cancel()
        if self._births:
            await asyncio.gather(*self._births, return_exceptions=True)
        for worker in list(self._living):
            worker.kill()
        for worker in list(self._living):
            await self.give_back(worker)


def log(text: str) -> None:
    """Report to the operator of the server, on stderr."""
    with suppress(OSError, ValueError):  # the terminal may be closed
        print(f"o2o-sim serve: {text.rstrip()}", file=sys.stderr, flush=True)


__all__ = ["FAULT", "FRAME", "READY", "SAID", "NoWorkers", "Pool", "Worker", "log"]
