"""What a client of the server may say: every message is checked here before a worker process hears of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

KINDS = ("store", "circle", "platform", "person")
MOST_LEVERS = 1000
LONGEST_NAME = 200
LARGEST_SEED = 2**63 - 1
LARGEST_VALUE = 1e18


@dataclass(frozen=True)
class Limits:
    """What a server allows: visitors at a time (two maps of one page count as one), pages that one of them may
    have open, consumers and days of a scenario, bytes of a message from a client, moves of levers and reports in a session,
    connections at a time in all and from one address, messages per second (and so many at once), how many
    senseless messages end a connection.

    Seconds: how long one waits for a place, may be silent (`idle`), takes to send the head of a request (`head`),
    to read an answer (`answer`), and to say a first word on a websocket (`hello`)."""

    places: int = 40
    pages_each: int = 3
    consumers: int = 50_000
    days: int = 4000
    message_bytes: int = 64 * 1024
    moves: int = 1000
    reports: int = 20
    connections: int = 600
    connections_each: int = 450
    rate: float = 50.0
    burst: int = 200
    nonsense: int = 30
    wait_seconds: float = 8.0
    idle_seconds: float = 3 * 3600.0
    head_seconds: float = 10.0
    answer_seconds: float = 120.0
    hello_seconds: float = 30.0


class Nonsense(Exception):
    """A message that makes no sense or asks for too much; its text goes back to the sender.

    `about` is what the message was about, as far as that is known.
    """

    def __init__(self, text: str, about: str = "message"):
        super().__init__(text)
        self.about = about


def error(text: str, about: str, *, fatal: bool = False, **more: Any) -> dict[str, Any]:
    """The message that says what went wrong."""
    return {"say": "error", "message": text, "about": about, "fatal": fatal, **more}


def parse(text: str, limits: Limits, offered: Container[str]) -> dict[str, Any]:
    """The message that `text` holds, with the known fields and nothing else. `offered` are the ids of
    scenarios.

    Raises Nonsense if it is not one of the conversation, or goes beyond the limits.
    """
    if len(text) > limits.message_bytes or len(text.encode("utf-8", "replace")) > limits.message_bytes:
        raise Nonsense(f"a message may have {limits.message_bytes} bytes")
    try:
        said = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Nonsense("a message must be JSON") from None
    if not isinstance(said, Mapping):
        raise Nonsense('a message must be an object such as {"do": "want", "day": 7}')
    do = said.get("do")
    if not isinstance(do, str) or do not in _CHECKS:
        raise Nonsense(f"'do' must be one of {', '.join(_CHECKS)}")
    return {"do": do, **_CHECKS[do](said, limits, offered)}


def _open(said: Mapping[str, Any], limits: Limits, offered: Container[str]) -> dict[str, Any]:
    name = said.get("scenario")
    if not isinstance(name, str) or len(name) > LONGEST_NAME or name not in offered:
        raise Nonsense("this server does not offer that scenario", "open")
    seed = said.get("seed")
    if seed is not None and not is_whole(seed, 0, LARGEST_SEED):
        raise Nonsense(f"'seed' must be null or a whole number from 0 to {LARGEST_SEED}", "open")
    values, moves = said.get("set") or {}, said.get("moves") or []
    if not isinstance(values, Mapping) or len(values) > MOST_LEVERS:
        raise Nonsense(f"'set' must give at most {MOST_LEVERS} levers their values", "open")
    if not isinstance(moves, list) or len(moves) > limits.moves:
        raise Nonsense(f"the moves of levers must be a list of at most {limits.moves}", "open")
    for key, value in values.items():
        _lever(key, value, "open")
    for move in moves:
        if not isinstance(move, list) or len(move) != 3 or not is_whole(move[0], 0, limits.days):
            raise Nonsense(f"a move must be a day from 0 to {limits.days}, a lever and a number", "open")
        _lever(move[1], move[2], "open")
    return {"scenario": name, "seed": seed, "set": dict(values), "moves": moves}


def _want(said: Mapping[str, Any], limits: Limits, _: Container[str]) -> dict[str, Any]:
    if not is_whole(said.get("day"), 0, 2**53):
        raise Nonsense("'day' must be a whole number from 0", "want")
    return {"day": min(said["day"], limits.days)}


def _move(said: Mapping[str, Any], *_: Any) -> dict[str, Any]:
    _lever(said.get("key"), said.get("value"), "move")
    return {"key": said["key"], "value": said["value"]}


def _inspect(said: Mapping[str, Any], *_: Any) -> dict[str, Any]:
    if said.get("kind") not in KINDS:
        raise Nonsense(f"'kind' must be one of {', '.join(KINDS)}", "inspect")
    if not is_whole(said.get("id"), 0, 2**53) or not is_whole(said.get("ask", 0), 0, 2**53):
        raise Nonsense("'id' and 'ask' must be whole numbers from 0", "inspect")
    day = said.get("day")
    if day is not None and not is_whole(day, 0, 2**53):
        raise Nonsense("'day' must be a whole number from 0, or null for the newest", "inspect")
    return {"kind": said["kind"], "id": said["id"], "ask": said.get("ask", 0), "day": day}


def _report(said: Mapping[str, Any], *_: Any) -> dict[str, Any]:
    if not is_whole(said.get("ask", 0), 0, 2**53):
        raise Nonsense("'ask' must be a whole number from 0", "report")
    return {"ask": said.get("ask", 0)}


def _shown(said: Mapping[str, Any], limits: Limits, _: Container[str]) -> dict[str, Any]:
    if not is_whole(said.get("day"), 0, 2**53) or not isinstance(said.get("playing"), bool):
        raise Nonsense("'day' must be a whole number from 0, 'playing' true or false", "shown")
    return {"day": min(said["day"], limits.days), "playing": said["playing"]}


_CHECKS = {
    "open": _open,
    "want": _want,
    "move": _move,
    "inspect": _inspect,
    "report": _report,
    "shown": _shown,
}


def _lever(key: Any, value: Any, about: str) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_NAME:
        raise Nonsense("a lever's key must be text such as levers.rent_x", about)
    if not is_number(value):
        raise Nonsense("a lever's value must be a number", about)


def is_whole(value: Any, low: int, high: int) -> TypeGuard[int]:
    """Whether something that was said is a whole number within these limits."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_number(value: Any) -> bool:
    """Whether something that was said is a number that a lever could have; not if it is infinite, or NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_VALUE


def _no_number(name: str) -> Any:
    raise ValueError(name)


class Pace:
    """A bucket that fills with `rate` messages a second up to `burst`: who drinks it empty has to wait."""

    def __init__(self, rate: float, burst: int):
        self.rate, self.burst = rate, float(burst)
        self._left, self._at = float(burst), time.monotonic()

    def next(self) -> float:
        """Take one message; the seconds to wait before it may be heard."""
        now = time.monotonic()
        self._left = min(self.burst, self._left + (now - self._at) * self.rate) - 1
        self._at = now
        return max(0.0, -self._left / self.rate)


# A slash inside words (yuan/m2) is no path; one at the beginning of a word, or after a drive's letter, is.
_PATH = re.compile(
    r"(?:(?<![\w/\\.])|(?<=\bfile:))(?:[A-Za-z]:[\\/]|~?/|\.{1,2}[\\/])(?:[^\s'\"<>:|]+[\\/])*"
)


def without_paths(text: str) -> str:
    """`text` with the folders taken off every path in it: clients have no use for them."""
    return _PATH.sub("", text)
