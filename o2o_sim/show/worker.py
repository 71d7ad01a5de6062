"""The life of a worker process: it warms up, waits for one client, talks with it, and ends.

The line to the server is a pair of sockets. A message on it is a byte (what it is), four bytes (its length,
little endian), and the content: JSON, a frame, or the traceback of a fault of ours."""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import struct
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from statistics import median
from typing import TYPE_CHECKING, Any

from .. import processes
from ..errors import ScenarioError
from .catalogue import Offer, Offers, read, within
from .messages import Limits, without_paths

if TYPE_CHECKING:
    from ..scenario.schema import Spec

HEAD = struct.Struct("<BI")
FRAME, SAID, FAULT, READY = range(4)
NICE = 5
"""How far a simulation stands back behind the server, so that a busy machine still answers."""

PACE_DAYS = 5
"""Every so many days it is looked at how long one takes."""
PACE_CHANGE = 1.2

Answer = Callable[[dict[str, Any]], Iterator["dict[str, Any] | bytes"]]


def packed(kind: int, content: bytes = b"") -> bytes:
    """A message as it goes over the line."""
    return HEAD.pack(kind, len(content)) + content


def as_json(message: dict[str, Any]) -> bytes:
    """A message as text; what JSON has no word for (NaN) would be a fault of ours."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "replace"
    )


class Line:
    """The worker's end of the line. Sending waits until there is room: a slow reader slows the simulation
    down."""

    def __init__(self, sock: socket.socket):
        sock.setblocking(True)
        self._sock = sock

    def send(self, kind: int, content: bytes = b"") -> None:
        self._sock.sendall(packed(kind, content))

    def waiting(self) -> bool:
        """Has something come (or has the other side ended)?"""
        return bool(select.select([self._sock], [], [], 0)[0])

    def hear(self) -> dict[str, Any] | None:
        """The next message, None if nobody is there any more."""
        head = self._read(HEAD.size)
        content = self._read(HEAD.unpack(head)[1]) if head else b""
        return json.loads(content) if content else None

    def _read(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            part = self._sock.recv(missing)
            if not part:
                return b""
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


def live(
    sock: socket.socket, offered: Offers, limits: Limits, make: Callable[..., Any] | None = None
) -> None:
    """What a worker process runs. `make` makes the conversation instead of `live.Conversation` (for
    tests)."""
    processes.end_with_parent()
    line = Line(sock)
    with suppress(OSError):  # the server has ended
        try:
            talk = _conversation(offered, limits, make, lambda fault: line.send(FAULT, _trace(fault)))
            if hasattr(os, "nice"):
                os.nice(NICE)
            line.send(READY)
            converse(line, talk.answer)
        except OSError:
            raise
        except BaseException as fault:
            line.send(FAULT, _trace(fault))


def _conversation(
    offered: Offers,
    limits: Limits,
    make: Callable[..., Any] | None,
    on_fault: Callable[[BaseException], None],
) -> Any:
    if make is None:
        from .live import Conversation

        make = Conversation
        _warm_up(make)

    def load(name: str) -> Spec:
        if name not in offered:
            raise ScenarioError(f"there is no scenario '{name}' here")
        return read(offered[name])

    return make(load, check=lambda spec: within(spec, limits), on_fault=on_fault)


class DayPace:
    """How long a day takes to be simulated here, in seconds: the median of the last days (the first one takes
    longer than all others), told when it has changed by a fifth. The time that a slow reader takes does not
    count."""

    def __init__(self) -> None:
        self._days: list[float] = []
        self._told = 0.0

    def day(self, seconds: float) -> dict[str, Any] | None:
        """A day took so long. The message that tells the client, if there is something to tell."""
        self._days.append(seconds)
        if len(self._days) < PACE_DAYS:
            return None
        usual = median(self._days)
        self._days = []
        if self._told and 1 / PACE_CHANGE < usual / self._told < PACE_CHANGE:
            return None
        self._told = usual
        return {"say": "pace", "day_seconds": round(usual, 6)}


def converse(line: Line, answer: Answer) -> None:
    """Answer until the other side ends. Between two frames of a long `want` newer messages are answered.

    Of several wants that wait only the one that goes furthest counts, for each of them asks for all days up
    to its own. How long a day takes is told beside them."""
    running: Iterator[dict[str, Any] | bytes] | None = None
    pace = DayPace()
    further: dict[str, Any] | None = None
    while True:
        if running is None and further is not None:
            running, further = answer(further), None
        if running is None or line.waiting():
            message = line.hear()
            if message is None:
                return
            if message["do"] == "want":
                further = max(further or message, message, key=lambda want: want["day"])
                continue
            if message["do"] == "open":
                running, further, pace = None, None, DayPace()
            for said in answer(message):
                _send(line, said)
            continue
        began = time.perf_counter()
        said_next = next(running, None)
        if said_next is None:
            running = None
            continue
        told = pace.day(time.perf_counter() - began) if isinstance(said_next, bytes) else None
        _send(line, said_next)
        if told is not None:
            _send(line, told)


def _send(line: Line, said: dict[str, Any] | bytes) -> None:
    if isinstance(said, bytes):
        line.send(FRAME, said)
        return
    if said.get("say") == "error":
        said = {**said, "message": without_paths(str(said.get("message", "")))}
    line.send(SAID, as_json(said))


def _warm_up(make: Callable[..., Any]) -> None:
    """Simulate two days of a tiny city: everything is imported and the compiled code is loaded after it."""
    from ..scenario.load import load_scenario
    from ..scenario.shipped import STARTER

    tiny = Offer(str(STARTER), ("population=200", "residents=4000", "days=2"))
    talk = make(lambda name: load_scenario(tiny.path, tiny.overrides))
    for message in ({"do": "open", "scenario": "tiny"}, {"do": "want", "day": 1}):
        for said in talk.answer(message):
            if isinstance(said, dict) and said.get("say") == "error":
                raise RuntimeError(f"warming up: {said['message']}")
    talk.close()
    gc.collect()
    gc.freeze()  # libraries need not be looked through ever again


def _trace(fault: BaseException) -> bytes:
    return "".join(traceback.format_exception(fault)).encode("utf-8", "replace")


__all__ = ["live"]
