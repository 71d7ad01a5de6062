"""Stdin, stdout and stderr of a command, whatever they are: closed, a pipe that nobody reads any more, a full disk.

What a command writes to disk does not depend on who reads its output. A closed stream takes everything and shows
nothing; a stream that refuses is noticed at its first write, and takes everything from then on. At the end the exit
code says so: 141 (128 + SIGPIPE, as a shell shows programs that this signal ended) for a reader that has gone, 2 with
a message for everything else.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any

PIPE_CLOSED, REFUSED = 141, 2


class _Forgiving(io.FileIO):
    """A stream whose first failed write is its last: `lost` is why."""

    lost: OSError | None = None

    def write(self, data: Any) -> int | None:  # type: ignore[override]
        if self.lost is None:
            try:
                return super().write(data)
            except OSError as fault:
                self.lost = fault
                _to_nowhere(self.fileno())
        return memoryview(data).nbytes


def prepare() -> None:
    """Make the standard streams such that nothing which is printed can fail."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # Otherwise the next file that is opened would get this number, and what is printed.
            _to_nowhere(number)
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            stream = open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    for name in ("stdout", "stderr"):
        setattr(sys, name, _forgiving(getattr(sys, name)))


def _forgiving(stream: Any) -> Any:
    """The same stream, forgiving. A terminal that knows no Chinese shows escapes.

    Streams that are not of the system (those of notebooks and tests, a console of Windows) are left as they are."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if type(raw) is not io.FileIO or raw.fileno() not in (1, 2):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Forgiving(raw.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        newline=None if os.name == "nt" else "\n",
        line_buffering=stream.line_buffering or stream.write_through,
    )


def _to_nowhere(number: int) -> None:
    """Let a file number take everything, also what libraries and child processes write there."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def code_of(code: int) -> int:
    """The exit code of a command that ends with `code`, after everything was printed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        raw = getattr(getattr(stream, "buffer", None), "raw", None)
        if not isinstance(raw, _Forgiving):
            continue
        stream.flush()
        if raw.lost is None:
            continue
        if raw.lost.errno == errno.EPIPE:
            code = code or PIPE_CLOSED
        else:
            print(f"{name}: cannot be written: {raw.lost.strerror}", file=sys.stderr, flush=True)
            code = code or REFUSED
    return code


__all__ = ["code_of", "prepare"]
