"""Processes that draw the pictures of a run beside the one that simulates it.

Matplotlib takes a while to load, and a picture is drawn on one core. So the command forks one process before it
simulates, which loads Matplotlib meanwhile, and which forks itself once more for every further core when the run is
done and there is something to draw. What they draw is what this process would draw, byte for byte; whatever keeps
them from it (no memory left, a signal, a system that cannot fork) this process draws itself.

Artists have a process group of their own, which Ctrl-C does not reach, and end when the pipe to the command ends,
also if that is killed."""

from __future__ import annotations

import atexit
import gc
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..processes import cores
from ..studies.shown import Drawing
from .ground import Ground

if TYPE_CHECKING:
    import pandas as pd

    from ..model import O2OModel

_MOST = 4  # processes that draw: more would wait for the slowest picture

_ready: ContextVar[Artists | None] = ContextVar("artists", default=None)


def draw_run(
    frames: Mapping[str, pd.DataFrame],
    manifest: Mapping[str, Any],
    folder: Path,
    *,
    model: O2OModel,
    drawing: Drawing | None = None,
) -> None:
    """Draw every picture of a run as PNG into `folder`, as `plots.draw_all` does: by the artists that are ready, if any
    are, else here."""
    artists = _ready.get()
    if artists is None or not artists.draw(frames, manifest, Ground.of(model), folder, drawing):
        from . import plots

        plots.draw_all(frames, manifest, folder, model=model, drawing=drawing)


@contextmanager
def artists_ready(wanted: bool = True) -> Iterator[None]:
    """Inside the block `draw_run` has pictures drawn by processes that get ready from now on, if they are `wanted`,
    there is a core for them, and this process may fork. They end with the block."""
    artists = Artists.started() if wanted and cores() > 1 and may_fork() else None
    token = _ready.set(artists)
    try:
        yield
    finally:
        _ready.reset(token)
        if artists is not None and artists.are_there:
            artists.end()


def may_fork() -> bool:
    """Whether a fork of this process works: on Linux, while it has no threads of Python's or of compiled code. (Those
    that the libraries of linear algebra keep see to forks themselves.)"""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    parallel = sys.modules.get("numba.np.ufunc.parallel")
    return not getattr(parallel, "_is_initialized", False)


class Artists:
    """Processes that draw, as the one that has them sees them: a pipe on which the first of them is told what to draw,
    and one from each of them, on which they tell what they do."""

    def __init__(self, first: int, orders: Connection, news: list[Connection]):
        self._first, self._orders, self._news = first, orders, news

    @property
    def are_there(self) -> bool:
        """Whether they have not ended."""
        return bool(self._news)

    @classmethod
    def started(cls) -> Artists | None:
        """The first of them, who loads what the others need, too; None if the system refuses."""
        with suppress(OSError):
            orders = Pipe(duplex=False)
            news = [Pipe(duplex=False) for _ in range(min(cores(), _MOST))]
            first = _fork()
            if first == 0:
                _live(orders, news)
            with suppress(OSError):
                os.setpgid(first, first)  # as it does itself, perhaps later
            orders[0].close()
            for _, there in news:
                there.close()
            return cls(first, orders[1], [here for here, _ in news])
        return None

    def draw(
        self,
        frames: Mapping[str, pd.DataFrame],
        manifest: Mapping[str, Any],
        ground: Ground,
        folder: Path,
        drawing: Drawing | None = None,
    ) -> bool:
        """Have the pictures drawn, and tell whether all were; the artists have ended then. Warnings of theirs are given
        here. Raises OSError if the disk refuses."""
        try:
            order = pickle.dumps((frames, manifest, ground, str(folder)))
        except (
            pickle.PicklingError,
            AttributeError,
            TypeError,
        ):  # a model of the user's own can hold anything
            return False
        done, ended = dict.fromkeys(self._news, 0), 0
        try:
            self._orders.send_bytes(order)
            for line, (kind, *said) in self._heard():
                if kind == "drawing":
                    done[line], in_all, name = said
                    if drawing is not None and name:
                        drawing(sum(done.values()), in_all, name)
                elif kind == "warning":
                    warnings.warn_explicit(*said)  # type: ignore[arg-type]
                elif kind == "refused":
                    raise OSError(*said)
                else:
                    ended += 1
        except BrokenPipeError:
            return False  # the first of them is dead
        finally:
            self.end()
        if ended == len(done) and drawing is not None:
            drawing(sum(done.values()), sum(done.values()), "")
        return ended == len(done)

    def _heard(self) -> Iterator[tuple[Connection, tuple[Any, ...]]]:
        """What artists tell, and on which line, until the last of them has ended."""
        while self._news:
            for line in wait(self._news):
                assert isinstance(line, Connection)
                try:
                    yield line, line.recv()
                except (EOFError, OSError):
                    self._news.remove(line)

    def end(self) -> None:
        """End them all, whatever they do, and wait until they have."""
        self._orders.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._first, signal.SIGKILL)
        for _ in self._heard():  # those that are no children of this process end their lines
            pass
        with suppress(ChildProcessError):
            os.waitpid(self._first, 0)


def _fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 and later count the threads of libraries.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


# -- in the processes that draw ------------------------------------------------------------------------------
def _live(orders: tuple[Connection, Connection], news: list[tuple[Connection, Connection]]) -> None:
    """The life of the first artist. Never returns: what this process would do at its end is the command's affair."""
    code = 1
    try:
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        atexit._clear()
        with open(os.devnull, "wb") as nobody:
            os.dup2(nobody.fileno(), 1)  # who reads what the command prints must not wait for this process
        sys.stdout, sys.stderr = (open(k, "w", closefd=False) for k in (1, 2))  # noqa: SIM115
        orders[1].close()
        for here, _ in news:
            here.close()
        _draw(orders[0], [there for _, there in news])
        atexit._run_exitfuncs()  # Matplotlib may have made a folder
        code = 0
    finally:
        os._exit(code)


def _draw(orders: Connection, news: list[Connection]) -> None:
    from . import plots

    gc.collect()
    gc.freeze()  # else it would be looked through again and again
    try:
        frames, manifest, ground, folder = pickle.loads(orders.recv_bytes())
    except EOFError:
        return
    mine = 0
    others: list[int] = []
    for k in range(1, len(news)):
        child = _fork()
        if child == 0:
            mine = k
            break
        others.append(child)
    for k, line in enumerate(news):
        if k != mine:
            line.close()
    pictures = plots.pictures_of(frames, manifest, ground)
    share = dict(list(pictures.items())[mine :: len(news)])
    _draw_share(share, len(pictures), Path(folder), news[mine].send)
    if mine:
        os._exit(0)
    for child in others:
        os.waitpid(child, 0)


def _draw_share(share: Any, in_all: int, folder: Path, tell: Callable[[Any], None]) -> None:
    """Draw some of the pictures, and tell of each before it is drawn, of warnings, of a disk that refuses, and of the
    end."""
    from . import style

    def drawing(done: int, _: int, name: str) -> None:
        tell(("drawing", done, in_all, name))

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            style.draw_each(share, folder, drawing)
        except OSError as fault:
            tell(("refused", fault.errno, fault.strerror, fault.filename))
    for warning in found:
        tell(("warning", str(warning.message), warning.category, warning.filename, warning.lineno))
    tell(("done",))


__all__ = ["artists_ready", "draw_run"]
