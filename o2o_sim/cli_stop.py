"""How Ctrl-C and SIGTERM end a command: at any moment, without a traceback, with 130 or 143.

This is the first module that a command imports, so it imports next to nothing itself. Before a command works and
after it (while the program is imported, reads its options, and ends) there is nothing to clear away, and a signal
ends the process at once. While it works (`working`) a signal raises `Stopped`, so that folders half written are
removed, and workers end.
"""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

PATIENCE = 2.0
"""Seconds in which further signals do not disturb the clearing away that the first one began; people press Ctrl-C
more than once. After them a signal ends the process at once."""


class _State:
    """What this process knows of signals: whether they are listened to, raise `Stopped`, and which one came when."""

    listening = False
    raising = False
    asked = 0
    since = 0.0


def asked() -> int:
    """The signal that asked this process to stop; 0 if none did."""
    return _State.asked


def listen() -> None:
    """Listen to Ctrl-C and SIGTERM from now on, to the end of the process."""
    try:
        signal.signal(signal.SIGINT, _hear)
        signal.signal(signal.SIGTERM, _hear)
    except ValueError:
        return  # not the main thread, which alone hears signals
    _State.listening = True
    sys.unraisablehook = _swallowed


class working:
    """Inside the block a signal raises `Stopped`."""

    def __enter__(self) -> None:
        _State.raising = _State.listening

    def __exit__(self, *exception: Any) -> None:
        _State.raising = False


def _hear(number: int, frame: FrameType | None) -> None:
    if not _State.raising:
        _end_at_once(number)
    now = time.monotonic()
    if _State.asked:
        if now - _State.since > PATIENCE:
            _end_at_once(number)
        return
    _State.asked, _State.since = number, now
    from .errors import Stopped

    raise Stopped(code=128 + number)


def _end_at_once(number: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # none there, or in the middle of being written to
            continue
    try:  # noqa: SIM105  (to import contextlib takes time in which nobody listens)
        os.write(2, b"Stopped.\n")
    except OSError:
        pass
    os._exit(128 + number)


def _swallowed(fault: Any) -> None:
    """An exception that nobody can catch (of a weak reference, of code that C calls). If it is a signal's, the signal
    comes again a moment later."""
    if not isinstance(fault.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(fault)
        return
    import threading

    number = _State.asked or signal.SIGINT
    _State.asked = 0
    again = threading.Timer(0.05, _signal_again, (number,))
    again.daemon = True
    again.start()


def _signal_again(number: int) -> None:
    """A true signal, which also ends a wait of the system; on Windows, where it would end the process, a pretended one."""
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main(number)
    else:
        os.kill(os.getpid(), number)


__all__ = ["asked", "listen", "working"]
