"""Compiling, and keeping what was compiled.

Numba keys its cache on the file a function stands in, but not on what that function calls. So that an edited
helper or another rule never meets a stale binary, everything compiled here is kept in a folder named by the
digest of all sources that can be compiled in.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
from numba.extending import register_jitable

_COMPILED_SOURCES = ("streams.py", "market")


def _user_cache() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return Path(base) if base else Path.home() / ".cache"


@functools.cache
def _writable_root() -> Path:
    """The user's cache folder, or a temporary one where that cannot be written to."""
    try:
        root = _user_cache() / "o2o_sim"
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            return root
    except (OSError, RuntimeError):
        return Path(tempfile.mkdtemp(prefix="o2o_sim-"))


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


@contextmanager
def _caching_in(folder: Path) -> Iterator[None]:
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        settings.CACHE_DIR = before


def _folder(rule: str) -> Path:
    """Where what is compiled with a rule is kept."""
    return _writable_root() / "-".join(p for p in (package_digest(), rule) if p)


def is_kept(rule: str) -> bool:
    """Whether something was compiled with a rule (by digest) before, and is kept."""
    return _folder(rule).is_dir()


def kernel(function: Callable | None = None, *, rule: str = "", **options: Any) -> Any:
    """Decorate a module-level function to be compiled, once per machine.

    `rule` names (by digest) what else than the package's own sources is compiled in. No fast-math: a result
    must not depend on how a compiler likes to reorder a sum. Division follows IEEE (1/0 is infinite).
    """
    if function is None:
        return functools.partial(kernel, rule=rule, **options)
    with _caching_in(_folder(rule)):
        return numba.njit(cache=True, error_model="numpy", **options)(function)


def rebind(function: Callable, names: Mapping[str, Any]) -> FunctionType:
    """The same function, but with other meanings for some of its global names.

    Unlike a closure, a rebound module-level function is found again in the cache by later processes.
    """
    source: Any = getattr(function, "py_func", function)
    clone = FunctionType(
        source.__code__, {**source.__globals__, **names}, source.__name__, source.__defaults__
    )
    clone.__module__, clone.__qualname__ = source.__module__, source.__qualname__
    return clone


def compilable(function: Callable, _seen: set | None = None) -> Callable:
    """Let compiled code call a plain Python function, and the plain functions that it calls in turn."""
    seen = _seen if _seen is not None else set()
    if function in seen or not isinstance(function, FunctionType):
        return function
    seen.add(function)
    for name in function.__code__.co_names:
        used = function.__globals__.get(name)
        if isinstance(used, FunctionType):
            compilable(used, seen)
    return register_jitable(error_model="numpy")(function)
