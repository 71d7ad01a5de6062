"""`run.log`: what was asked, with which versions, and what the terminal said, in the folder that came of it.

It is for people: no program reads it, it is not in the list of a run's files, and no two are alike. The outermost
`logged` collects for everything inside it, so that a command has one log however many functions it calls. A log that
cannot be written costs nothing but itself."""

from __future__ import annotations

import os
import platform
import re
import stat
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..scenario.textfile import escaped
from .listing import RUN_LOG

_MOST_LINES = 5000
_MOST_BYTES = 4_000_000
_CONTROL = re.compile(r"(\x1b\[[0-9;?]*[A-Za-z]|\r\n|\n|\r)")
_current: ContextVar[Log | None] = ContextVar("log", default=None)


class Log:
    """What is told while a command or function runs, and the folders to keep it in."""

    def __init__(self, command: str):
        self.command = command
        self.began = datetime.now(UTC)
        self.folders: dict[Path, Mapping[str, Any]] = {}
        self._lines, self._return = [""], False

    def take(self, text: str) -> None:
        """Add what was written to the terminal, as it looks there in the end: without colours, and without bars
        that were written over."""
        for part in _CONTROL.split(text):
            if part in ("\n", "\r\n"):
                self._lines.append("")
                self._return = False
            elif part == "\r":
                self._return = True
            elif part.startswith("\x1b["):
                self._obey(part[2:-1], part[-1])
            elif part:
                self._lines[-1] = part if self._return else self._lines[-1] + part
                self._return = False
        del self._lines[:-_MOST_LINES]

    def _obey(self, number: str, what: str) -> None:
        """Erase a line, or go up: bars do that."""
        if what == "K":
            self._lines[-1] = ""
        elif what == "A":
            self._lines = self._lines[: -(int(number) if number.isdecimal() else 1)] or [""]

    def text(self, facts: Mapping[str, Any], ending: str) -> str:
        """The log for a folder, of which `facts` are known."""
        ended = datetime.now(UTC)
        seconds = (ended - self.began).total_seconds()
        known = {
            "command": self.command,
            "began": self.began.isoformat(timespec="seconds"),
            "ended": f"{ended.isoformat(timespec='seconds')}, after {seconds:.1f} s, {ending}",
            **{name: value for name, value in facts.items() if name != "versions"},
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "versions": ", ".join(f"{name} {number}" for name, number in facts.get("versions", {}).items()),
        }
        head = [f"{name}: {value}" for name, value in known.items()]
        said = "\n".join(line.rstrip() for line in self._lines).strip("\n")
        whole = "\n".join([*head, "", said, "", ""] if said else [*head, "", ""])
        return escaped(whole)


@contextmanager
def logged(command: str, *, terminal: bool = False) -> Iterator[Log]:
    """Collect, inside the block, what is told: with `terminal` all that goes to stdout and stderr, else warnings.
    When it ends, every folder that `log_into` named gets it. Inside another such block this one does nothing."""
    if (outer := _current.get()) is not None:
        yield outer
        return
    log, ending = Log(command), "done"
    token = _current.set(log)
    try:
        with _terminal(log) if terminal else _warned(log):
            yield log
    except BaseException as fault:
        code = getattr(fault, "exit_code", None)
        ending = f"stopped by {type(fault).__name__}" if code is None else f"exit code {code}"
        raise
    finally:
        _current.reset(token)
        for folder, facts in log.folders.items():
            _append(folder / RUN_LOG, log.text(facts, ending))


def log_into(folder: Path, facts: Mapping[str, Any]) -> None:
    """Keep the log in this folder, too; `facts` are what its head says, `versions` among them."""
    if (log := _current.get()) is not None:
        log.folders[folder.absolute()] = facts


def _append(path: Path, text: str) -> None:
    flags = (
        os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    )
    with suppress(OSError), open(os.open(path, flags, 0o666), "ab") as file:
        found = os.fstat(file.fileno())
        if stat.S_ISREG(found.st_mode):
            if found.st_size > _MOST_BYTES:
                file.truncate(0)
            file.write(text.encode("utf-8", "backslashreplace"))


@contextmanager
def _warned(log: Log) -> Iterator[None]:
    """Also add the warnings that are shown. Threads share how they are shown, so that only the main one does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = warnings.showwarning

    def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
        log.take(f"{category.__name__}: {message}\n")
        usual(message, category, *where, **more)

    warnings.showwarning = show
    try:
        yield
    finally:
        if warnings.showwarning is show:
            warnings.showwarning = usual


@contextmanager
def _terminal(log: Log) -> Iterator[None]:
    usual = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Tee(stream, log) for stream in usual)  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdout, sys.stderr = usual


class _Tee:
    """A stream whose text is also added to a log; in all else it is the stream."""

    def __init__(self, stream: Any, log: Log):
        self._stream, self._log = stream, log

    def write(self, text: str) -> int:
        written: int = self._stream.write(text)
        self._log.take(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


__all__ = ["Log", "log_into", "logged"]
