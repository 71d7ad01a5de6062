"""Worker processes: how one is started, how it lives, and how it ended.

Studies keep some for all their runs (studies/engines.py), the server has one for each session
(show/sessions.py); what they say to each other is theirs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("NUMBA", "OMP", "OPENBLAS", "MKL")}
"""Environment of a worker: threads that its libraries would start would only take the cores from the
others."""

RUNS = "o2o_sim.studies.preload"
"""What a server imports from which workers are forked that carry out runs."""

_STARTING = threading.Lock()


def cores() -> int:
    """The cores this process may use."""
    with suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# -- in the process that has workers ------------------------------------------------------------------------
def start(target: Callable[..., Any], args: tuple[Any, ...], *, preload: str | None = None) -> BaseProcess:
    """Start a worker that calls `target(*args)`, with one thread, and which Ctrl-C does not reach.

    It is a fresh process, not forked off this one, which may have threads. With the name of a module to
    `preload` it is forked off a server that has imported that module, on systems that have such servers. The
    worker should call `end_with_parent` first."""
    method = "forkserver" if preload and serve(preload) else "spawn"
    context: Any = multiprocessing.get_context(method)
    with _STARTING, _environment(ONE_THREAD), _interrupts_blocked():
        how = {"daemon": True, "name": "o2o-sim worker"}
        process: BaseProcess = context.Process(target=_enter, args=(dict(os.environ), target, args), **how)
        process.start()
    return process


def serve(*preload: str) -> bool:
    """Have the server running that workers are forked off, which imports these modules when it starts; whether the
    system has such servers. It gets ready by itself: who will need workers soon calls this early."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    from multiprocessing import forkserver

    with _STARTING, _environment(ONE_THREAD), _interrupts_blocked():
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
        forkserver.ensure_running()
    return True


def end(process: BaseProcess, patience: float = 0.0) -> str:
    """End a worker, if it does not end by itself within `patience` seconds, and tell how it ended."""
    process.join(patience)
    process.kill()
    process.join()
    code = process.exitcode or 0
    process.close()
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """What is started here never hears of Ctrl-C, which reaches every process of the terminal, not even while
    it begins."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # when it starts it lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(said: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# -- in the worker ------------------------------------------------------------------------------------------
def _enter(environment: dict[str, str], target: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """What a worker begins with; one that is forked off a server has the environment that the server started in."""
    # Numba makes a lock with a name wherever processes are forked, which one that is killed leaves behind.
    multiprocessing.set_start_method("spawn", force=True)
    if os.environ != environment:
        os.environ.clear()
        os.environ.update(environment)
    target(*args)


def end_with_parent() -> None:
    """From now on this worker ends when the process that started it ends, also if that is killed; Ctrl-C is
    for that process alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
