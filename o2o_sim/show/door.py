"""The connections of the server: how many there may be in all and from one address, and how long one may be silent.

uvicorn waits for ever for the head of a request, and opens as many files as connections come. A connection that
is not being answered ("waits") is closed when its time is over, or when another one needs its place: the oldest
first, so that whoever really asks for something gets in."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from .messages import Limits

State = Literal["waits", "greets", "is answered", "talks", "closes"]
LINGER_SECONDS = 10.0
"""How long a connection that is being closed may take to read what was sent to it."""
SWEEP_SECONDS = 1.0
BACKLOG = 128
"""Connections that are accepted at once, before any of them is counted."""


@dataclass(eq=False)
class Line:
    """One connection: of which address and port, what it does, and since when."""

    transport: asyncio.Transport
    peer: tuple[str, int]
    state: State
    since: float

    @property
    def is_closed(self) -> bool:
        return bool(self.transport.get_extra_info("socket").fileno() < 0)

    @property
    def is_silent(self) -> bool:
        return self.state in ("waits", "greets")


class Door:
    """Counts the connections of one server (`enter`), knows what they do (`mark`), and closes some."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self._lines: dict[tuple[str, int], Line] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    def enter(self, transport: asyncio.Transport) -> None:
        """Another connection. Beyond a limit the oldest silent one is closed, or this one if none is silent."""
        self._drop_closed()
        line = Line(transport, _peer(transport), "waits", time.monotonic())
        self._lines[line.peer] = line
        each = Counter(address for address, _ in self._lines)
        of_mine = [one for one in self._lines.values() if one.peer[0] == line.peer[0]]
        if each[line.peer[0]] > self.limits.connections_each:
            self._make_room(of_mine, line)
        elif len(self._lines) > self.limits.connections:
            # Who holds most of them gives one up.
            heaviest = each.most_common(1)[0][0]
            theirs = [one for one in self._lines.values() if one.peer[0] == heaviest]
            self._make_room(
                theirs if any(one.is_silent for one in theirs) else list(self._lines.values()), line
            )
        if self._sweeping is None:
            self._sweep()

    def mark(self, peer: Any, state: State) -> None:
        """A connection does something else now."""
        line = self._lines.get(tuple(peer or ())[:2])  # type: ignore[arg-type]
        if line is not None and line.state != state:
            line.state, line.since = state, time.monotonic()

    def _make_room(self, lines: list[Line], newest: Line) -> None:
        silent = [one for one in lines if one.is_silent and one is not newest]
        self._shut(min(silent, key=lambda one: one.since, default=newest))

    def _shut(self, line: Line) -> None:
        line.transport.abort()
        self._lines.pop(line.peer, None)

    def _drop_closed(self) -> None:
        for line in [one for one in self._lines.values() if one.is_closed]:
            del self._lines[line.peer]

    def _sweep(self) -> None:
        """Close what has been silent for too long; again in a second, as long as there are connections."""
        limits, now = self.limits, time.monotonic()
        longest = {
            "waits": limits.head_seconds,
            "greets": limits.hello_seconds + LINGER_SECONDS,  # the room closes it first, and says why
            "is answered": limits.answer_seconds,
            "talks": float("inf"),
            "closes": LINGER_SECONDS,
        }
        self._drop_closed()
        for line in list(self._lines.values()):
            if line.transport.is_closing():
                self.mark(line.peer, "closes")
            if now - line.since > longest[line.state]:
                self._shut(line)
        loop = asyncio.get_running_loop()
        self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep) if self._lines else None


def guarded(door: Door) -> Any:
    """uvicorn's HTTP protocol, which tells `door` what its connections do."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Guarded(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            door.enter(transport)

        def handle_events(self) -> None:
            super().handle_events()
            if self.cycle is not None and not self.cycle.response_complete:
                door.mark(_peer(self.transport), "is answered")

        def on_response_complete(self) -> None:
            door.mark(_peer(self.transport), "waits")
            super().on_response_complete()

        def handle_websocket_upgrade(self, event: Any) -> None:
            door.mark(_peer(self.transport), "greets")
            super().handle_websocket_upgrade(event)

    return Guarded


def _peer(transport: asyncio.BaseTransport) -> tuple[str, int]:
    """Address and port of the other side; a connection that is gone already has none, only a number of its own."""
    found = transport.get_extra_info("peername")
    return (found[0], found[1]) if found else ("", id(transport))


__all__ = ["BACKLOG", "Door", "guarded"]
