"""Conversations that stand in for a city, for tests of what carries them: quick, and misbehaving when told
to."""

from __future__ import annotations

import os
import signal
import time
from typing import Any


class Talker:
    """Speaks like `Conversation`; frames are short texts. Moves of the lever `do.X` make it misbehave."""

    def __init__(self, load: Any, *, check: Any = None, on_fault: Any = None, **_: Any):
        self.load, self.on_fault = load, on_fault
        self.day, self.opened, self.seconds = 0, 0, 0.0
        self.size = 0

    def close(self) -> None:
        pass

    def answer(self, message: dict[str, Any]):
        yield from getattr(self, f"_{message['do']}")(message)

    def _open(self, message):
        self.day, self.opened = 0, self.opened + 1
        yield {"say": "busy", "message": "The city is being built"}
        yield {"say": "opened", "scenario": message["scenario"], "levers": [], "days": 1000}
        yield f"key {message['scenario']} {message['seed']} {message['set']}".encode()

    def _want(self, message):
        mine = self.opened
        while self.day <= message["day"] and mine == self.opened:
            time.sleep(self.seconds)
            self.day += 1
            yield f"frame {self.day - 1}".encode() + b"." * self.size

    def _move(self, message):
        match message["key"]:
            case "do.die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "do.fail":
                raise KeyError("/secret/place/of/ours.py")
            case "do.slow":
                self.seconds = message["value"]
            case "do.large":
                self.size = int(message["value"])
            case "do.say_path":
                yield {"say": "error", "about": "move", "message": "/secret/dir/x.yaml:2: no", "fatal": False}
        yield {"say": "moved", "day": self.day, "key": message["key"], "value": message["value"]}

    def _inspect(self, message):
        yield {"say": "inspected", "ask": message["ask"], "card": {"title": f"store {message['id']}"}}


class EndsAtStart:
    """A conversation that cannot even begin."""

    def __init__(self, *_: Any, **__: Any):
        raise RuntimeError("no city today")
