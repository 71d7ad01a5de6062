"""The lines to shards: each takes a message and gives back the answer, in the order of the messages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, Protocol

from .. import processes
from ..errors import ScenarioError
from .shard import Shard


class Lost(Exception):
    """That a shard is not there any more; the text says how it ended."""


class Line(Protocol):
    """A line to one shard."""

    def send(self, message: bytes) -> None:
        """Hand over a message. Raises Lost."""
        ...

    def receive(self) -> bytes:
        """The answer to the message handed over first of those that have none. Raises Lost."""
        ...

    def close(self) -> None:
        """End the shard, whatever it does."""
        ...


class ProcessLine:
    """The line to a shard in a process of this machine, with one thread, that ends with this one."""

    def __init__(self) -> None:
        self._line, there = Pipe()
        self._process = processes.start(_live, (there,), preload="o2o_sim.shards.shard")
        there.close()  # else its end would not be heard of
        self._open = True

    def send(self, message: bytes) -> None:
        try:
            self._line.send_bytes(message)
        except OSError:
            raise Lost(self._end(5.0)) from None

    def receive(self) -> bytes:
        try:
            return self._line.recv_bytes()
        except (EOFError, OSError):
            raise Lost(self._end(5.0)) from None

    def _end(self, patience: float) -> str:
        self._open = False
        self._line.close()
        return f"its process ended by {processes.end(self._process, patience)}"

    def close(self) -> None:
        if self._open:
            self._end(0.0)


def _live(line: Connection) -> None:
    """The life of a shard's process."""
    processes.end_with_parent()
    shard = Shard()
    with suppress(EOFError, OSError):  # nobody is there any more
        while True:
            line.send_bytes(shard.answer(line.recv_bytes()))


class WorkerLine:
    """The line to a shard on a worker of a Dask cluster: an actor there."""

    def __init__(self, client: Any, worker: str, patience: float):
        self._client, self._worker, self._answers = client, worker, list[Any]()
        made = client.submit(Shard, workers=[worker], actor=True, pure=False)
        self._actor = self._heard(lambda: made.result(timeout=patience))

    def send(self, message: bytes) -> None:
        self._answers.append(self._heard(lambda: self._actor.answer(message)))

    def receive(self) -> bytes:
        answer = self._answers.pop(0)
        found: bytes = self._heard(answer.result)
        return found

    def _heard(self, ask: Callable[[], Any]) -> Any:
        try:
            with self._client.as_current():  # an actor looks for its client there
                return ask()
        except ImportError as fault:
            message = f"the worker {self._worker} lacks what it needs: {fault}"
            raise ScenarioError(message, hint="Install the same o2o_sim everywhere.") from None
        except Exception as fault:  # Dask raises many kinds when it loses a worker
            said = str(fault).partition("\n")[0]
            raise Lost(f"the worker {self._worker} does not answer: {type(fault).__name__}: {said}") from None

    def close(self) -> None:
        self._answers.clear()
        self._actor = None
