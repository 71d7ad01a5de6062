"""Compiling, and keeping what was compiled.

Numba keys its cache on the file a function stands in, but not on what that function calls. So that an edited
helper or another rule never meets a stale binary, everything compiled here is kept in a folder named by the
digest of all sources that can be compiled in.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CellType, FunctionType, ModuleType
from typing import Any

import numba
from numba.core import event
from numba.extending import register_jitable

from ..inputs.caching import cache_root, caching_in
from ..inputs.memory import names_in, version_of

# Division follows IEEE, and nothing in C calls it.
_PLAIN: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True}
_WITHIN: dict[str, Any] = {**_PLAIN, "no_cpython_wrapper": True}
_COMPILED_SOURCES = ("streams.py", "market")


@functools.cache
def package_digest() -> str:
    """Digest of the sources that are compiled, and of the compiler."""
    here = Path(__file__).resolve().parent.parent
    files = sorted(
        f
        for name in _COMPILED_SOURCES
        for f in ([here / name] if name.endswith(".py") else (here / name).glob("*.py"))
    )
    h = hashlib.sha256(f"{numba.__version__} {sys.version_info[:2]}".encode())
    for file in files:
        h.update(file.name.encode() + b"\0" + file.read_bytes())
    return h.hexdigest()[:16]


def _folder(rule: str) -> Path:
    """Where what is compiled with a rule is kept."""
    return cache_root() / "-".join(p for p in (package_digest(), rule) if p)


def is_kept(rule: str) -> bool:
    """Whether something was compiled with a rule (by digest) before, and is kept."""
    return _folder(rule).is_dir()


@contextmanager
def told_of_compiling(told: Callable[[int], None]) -> Iterator[None]:
    """While inside, `told(n)` is called before the n-th function (1, 2, ...) is compiled; what is found compiled in the
    cache does not count."""

    class Listener(event.Listener):
        functions = 0

        def on_start(self, _: Any) -> None:
            self.functions += 1
            told(self.functions)

        def on_end(self, _: Any) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield


class _Uncollected(event.Listener):
    """While Numba compiles, nothing is collected: it makes millions of objects that live on, and looking through them
    again and again takes a seventh of the time."""

    def __init__(self) -> None:
        self.within, self.before = 0, False

    def on_start(self, _: Any) -> None:
        if self.within == 0:
            self.before = gc.isenabled()
            gc.disable()
        self.within += 1

    def on_end(self, _: Any) -> None:
        self.within -= 1
        if self.within == 0 and self.before:
            gc.enable()


event.register("numba:compile", _Uncollected())


def kernel(function: Callable | None = None, *, rule: str = "", **options: Any) -> Any:
    """Decorate a module-level function to be compiled, once per machine.

    `rule` names (by digest) what else than the package's own sources is compiled in. No fast-math: a result
    must not depend on how a compiler likes to reorder a sum. Division follows IEEE (1/0 is infinite). It runs without
    the interpreter's lock, so that it can run in threads (threads.py).
    """
    if function is None:
        return functools.partial(kernel, rule=rule, **options)
    with caching_in(_folder(rule)):
        return numba.njit(cache=True, nogil=True, **_PLAIN, **options)(function)


def part(function: Callable, **options: Any) -> Any:
    """Compile a function that only other compiled functions call, without what it takes to be called from Python."""
    return numba.njit(**_WITHIN, **options)(function)


def rebind(function: Callable, names: Mapping[str, Any]) -> FunctionType:
    """The same function, but with other meanings for some of its global names.

    Unlike a closure, a rebound module-level function is found again in the cache by later processes.
    """
    source: Any = getattr(function, "py_func", function)
    return _copy(source, {**source.__globals__, **names}, source.__closure__)


def _copy(source: FunctionType, names: dict[str, Any], closure: tuple[CellType, ...] | None) -> FunctionType:
    copy = FunctionType(source.__code__, names, source.__name__, source.__defaults__, closure)
    copy.__kwdefaults__ = source.__kwdefaults__
    copy.__module__, copy.__qualname__ = source.__module__, source.__qualname__
    return copy


def compilable(function: Callable) -> Callable:
    """A copy of a plain Python function, and of the plain functions that it calls in turn, for compiled code to call.

    It is a copy because Numba keeps what it compiled of a function as long as the process lives, also when a function
    that this one calls, or a number that it uses, is no longer the same."""
    return _Copies().of(function)


class _Copies:
    """Copies of functions and modules by what they are copies of."""

    def __init__(self) -> None:
        self._done: dict[Any, Any] = {}

    def of(self, thing: Any, names: tuple[str, ...] = ()) -> Any:
        """The copy of a function, or of a module of which some `names` are used; anything else as it is."""
        if not isinstance(thing, FunctionType | ModuleType) or thing in self._done:
            return self._done.get(thing, thing) if isinstance(thing, FunctionType | ModuleType) else thing
        if version_of(thing.__name__ if isinstance(thing, ModuleType) else thing.__module__ or ""):
            return self._of_library(thing)
        if isinstance(thing, ModuleType):
            copy: Any = ModuleType(thing.__name__)
            self._done[thing] = copy
            vars(copy).update(vars(thing))
            self._fill(vars(copy), names)
            return copy
        cells = tuple(CellType() for _ in thing.__closure__ or ())
        copy = _copy(thing, dict(thing.__globals__), cells)
        # What is kept of a function names its module, and a plugin's has another name, or none, in the next process.
        copy.__module__ = __name__
        self._done[thing] = register_jitable(**_PLAIN)(copy)
        self._fill(copy.__globals__, tuple(names_in(thing.__code__)))
        for new, old in zip(cells, thing.__closure__ or ()):
            new.cell_contents = self.of(old.cell_contents)
        return copy

    def _of_library(self, thing: Any) -> Any:
        """Functions of libraries stay what they are, for Numba knows some of them by that."""
        self._done[thing] = thing
        if isinstance(thing, FunctionType):
            for name in thing.__code__.co_names:
                self.of(thing.__globals__.get(name))
            register_jitable(**_PLAIN)(thing)
        return thing

    def _fill(self, place: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in names:
            if name in place:
                place[name] = self.of(place[name], names)
