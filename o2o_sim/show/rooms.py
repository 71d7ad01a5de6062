"""A connection to a browser, and the room where everybody has a session of their own (others:
broadcast.py)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Container, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

from .admission import Holder, Places
from .messages import Limits, Nonsense, Pace, error, parse
from .sessions import FAULT, FRAME, NoWorkers, Pool, Worker, log

GOING_AWAY, UNWELCOME, FAULTY, TRY_LATER = 1001, 1008, 1011, 1013
"""Codes that a websocket is closed with."""

FAULT_OF_OURS = "This is a fault of ours, not of yours; the log of the server says more."
DIED = "The process that simulated this city ended unexpectedly ({}). Nobody else is affected; open it again."
NO_WORKERS = "No simulation can be started here; the log of the server says more."


LAST_WORDS_SECONDS = 2.0


class Gone(Exception):
    """The client is not there any more."""


class Client:
    """One websocket: what it says is checked, paced and bounded here."""

    def __init__(
        self,
        socket: Any,
        limits: Limits,
        offered: Container[str],
        *,
        holder: Holder,
        teacher: bool = False,
        on_hello: Callable[[], None] = lambda: None,
    ):
        self.socket, self.limits, self.offered, self.teacher = socket, limits, offered, teacher
        self.holder = holder
        self._on_hello, self._greeted = on_hello, False
        self._pace = Pace(limits.rate, limits.burst)
        self._nonsense = 0
        self._moves = self._reports = 0

    async def hear(self) -> dict[str, Any] | None:
        """The next message that makes sense, None when the client is gone (or was sent away)."""
        greeting_ends = time.monotonic() + self.limits.hello_seconds
        while True:
            greeting = greeting_ends - time.monotonic()
            try:
                async with asyncio.timeout(self.limits.idle_seconds if self._greeted else greeting):
                    event = await self.socket.receive()
            except TimeoutError:
                long = "for hours" if self._greeted else f"for {self.limits.hello_seconds:g} seconds"
                await self.leave(GOING_AWAY, f"Nothing was heard {long}; load the page again.")
                return None
            if event["type"] == "websocket.disconnect":
                return None
            # A page that sends messages too fast is read more slowly.
            await asyncio.sleep(self._pace.next())
            try:
                message = self._understood(event.get("text"))
                self._heard()
                return message
            except Nonsense as fault:
                await self.say(error(str(fault), fault.about, fatal=fault.about == "open"))
                self._nonsense += 1
            if self._nonsense > self.limits.nonsense:
                await self.leave(UNWELCOME, "Too many messages made no sense.")
                return None

    def _heard(self) -> None:
        self.holder.heard = time.monotonic()
        if not self._greeted:
            self._greeted = True
            self._on_hello()

    def _understood(self, text: str | None) -> dict[str, Any]:
        if text is None:
            raise Nonsense("a message must be text")
        message = parse(text, self.limits, self.offered)
        if message["do"] == "open":
            self._moves = len(message["moves"])
        elif message["do"] == "move":
            self._moves += 1
            if self._moves > self.limits.moves:
                raise Nonsense(
                    f"levers were moved {self.limits.moves} times already, which is enough", "move"
                )
        elif message["do"] == "report":
            self._reports += 1
            if self._reports > self.limits.reports:
                raise Nonsense(f"the report was asked for {self.limits.reports} times already", "report")
        return message

    async def say(self, message: dict[str, Any] | str | bytes) -> None:
        """Send a message; waits while the client reads slowly. Raises Gone."""
        try:
            if isinstance(message, bytes):
                await self.socket.send_bytes(message)
            else:
                text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
                await self.socket.send_text(text)
        except (OSError, RuntimeError) as fault:
            raise Gone from fault
        except Exception as fault:
            if type(fault).__name__ != "WebSocketDisconnect":
                raise
            raise Gone from fault

    async def leave(self, code: int, reason: str) -> None:
        """Close the connection."""
        with suppress(OSError, RuntimeError):
            await self.socket.close(code, reason[:120])


class Room(Protocol):
    """Something to connect to."""

    async def host(self, client: Client) -> None:
        """Talk with a client until it is gone."""
        ...

    async def close(self) -> None: ...


async def first_done(*work: Coroutine[Any, Any, None]) -> None:
    """Do things at the same time until one of them is done; the others are stopped. Raises what that one
    raises."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


class LiveRoom:
    """Everybody has a session of their own."""

    def __init__(self, pool: Pool, limits: Limits):
        self.pool, self.limits = pool, limits
        self.places = Places(limits)

    async def host(self, client: Client) -> None:
        said: asyncio.Queue[dict[str, Any]] = asyncio.Queue(64)

        async def listen() -> None:
            while (message := await client.hear()) is not None:
                await said.put(message)

        with suppress(Gone):
            await first_done(listen(), self._serve(client, said), self._replaced(client))
        if client.holder.replaced.done():
            await self._tell_replaced(client, client.holder.replaced.result())

    async def _replaced(self, client: Client) -> None:
        await asyncio.wait([client.holder.replaced])

    async def _tell_replaced(self, client: Client, reason: str) -> None:
        with suppress(Gone, TimeoutError):  # it may read slowly, or not at all
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await client.say(error(reason, "session", fatal=True))
        await client.leave(TRY_LATER, reason)

    async def _serve(self, client: Client, said: asyncio.Queue[dict[str, Any]]) -> None:
        while (message := await said.get())["do"] != "open":
            await client.say(error("no city is open yet", message["do"], **ask_of(message)))
        if not self.places.admit(client.holder):
            await client.say({"say": "busy", "message": "Waiting for a place"})
            try:
                await self.places.take(client.holder)
            except TimeoutError:
                taken = f"All {self.limits.places} places of this server are taken"
                hint = "try again when somebody has closed the page, or ask for more places (--places)."
                await client.say(error(f"{taken}; {hint}", "open", fatal=True))
                await client.leave(TRY_LATER, f"{taken}.")
                return
        try:
            await self._session(client, said, message)
        finally:
            self.places.leave(client.holder)

    async def _session(
        self, client: Client, said: asyncio.Queue[dict[str, Any]], message: dict[str, Any]
    ) -> None:
        if not self.pool.ready:
            await client.say({"say": "busy", "message": "A place is being made ready"})
        try:
            worker = await self.pool.take()
        except NoWorkers:
            await client.say(error(NO_WORKERS, "open", fatal=True))
            await client.leave(FAULTY, NO_WORKERS)
            return
        try:
            with suppress(OSError):  # it has just died: the relay reports it
                await worker.tell(message)
            feeding = asyncio.create_task(self._feed(worker, said))
            try:
                await self._relay(worker, client)
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
        finally:
            await asyncio.shield(self.pool.give_back(worker))

    async def _feed(self, worker: Worker, said: asyncio.Queue[dict[str, Any]]) -> None:
        while True:
            message = await said.get()
            if message["do"] != "shown":
                await worker.tell(message)

    async def _relay(self, worker: Worker, client: Client) -> None:
        faulty = False
        while (heard := await worker.hear()) is not None:
            kind, content = heard
            if kind == FAULT:
                faulty = True
                log(content.decode())
            else:
                await client.say(content if kind == FRAME else content.decode())
        end = await self.pool.give_back(worker)
        log(f"a session ended: {end}")
        await client.say(error(FAULT_OF_OURS if faulty else DIED.format(end), "session", fatal=True))
        await client.leave(FAULTY, "The simulation ended unexpectedly.")

    async def close(self) -> None:
        pass


def ask_of(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"ask": message["ask"]} if "ask" in message else {}


__all__ = ["Client", "LiveRoom", "Room"]
