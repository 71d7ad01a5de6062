"""A digest of functions and classes as they are in memory, with all that they use.

For compiled code, which holds the values that global names had when it was compiled, and for what a notebook
defines, which stands in no file."""

from __future__ import annotations

import enum
import functools
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .libraries import is_installed, is_standard, owner_of
from .sources import sources_of

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), date, time, timedelta, range)
_OF_PYTHON = {
    "__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__",
    "__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__abstractmethods__",
    "_abc_impl", "__qualname__",
}  # fmt: skip
"""What Python puts into a class by itself; none of it changes what the class does."""


def plain(function: Any) -> Any:
    """The Python function of one that Numba compiles; anything else as it is."""
    return getattr(function, "py_func", function)


def names_in(code: CodeType) -> Iterator[str]:
    """All names that a function looks up, and those of functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


def made_with(function: Any) -> tuple[Any, ...]:
    """What a function has beside its file: its code, default values, and the values of names around it."""
    function = plain(function)
    if not isinstance(function, FunctionType):
        return ()
    cells = tuple(_content(cell) for cell in function.__closure__ or ())
    return function.__code__, function.__defaults__, function.__kwdefaults__, cells


def memory_digest(*things: Any, lasting: bool = False) -> str:
    """SHA-256 (64 hex digits) over functions, classes and values as they are now: code, constants, defaults,
    closures, and what the global names in them stand for, in turn. Functions of libraries count by name and version,
    those of other files also by all files that these need (sources.py).

    Objects of other classes count by their class and what they hold, or if nothing can be told, by the class. With
    `lasting`, global names of what can be changed in passing (lists, arrays, objects) count by class alone."""
    walk = _Walk(lasting)
    for thing in things:
        walk.add(thing)
    return walk.digest.hexdigest()


class _Walk:
    def __init__(self, lasting: bool) -> None:
        self._lasting = lasting
        self.digest = hashlib.sha256()
        self._met: dict[int, int] = {}
        self._keep: list[Any] = []  # what was met must live as long as its number stands for it

    def say(self, *parts: object) -> None:
        for part in parts:
            data = str(part).encode("utf-8", "surrogatepass")
            self.digest.update(len(data).to_bytes(8, "little") + data)

    def add(self, thing: Any) -> None:
        thing = plain(thing)
        if isinstance(thing, enum.Enum):
            self.say("enum", type(thing).__qualname__, thing.name)
        elif isinstance(thing, _PLAIN):
            self.say(type(thing).__name__, repr(thing))
        elif isinstance(thing, np.generic | np.ndarray):
            self._array(np.asarray(thing))
        elif id(thing) in self._met:
            self.say("again", self._met[id(thing)])
        else:
            self._met[id(thing)] = len(self._met)
            self._keep.append(thing)
            self._compound(thing)

    def _compound(self, thing: Any) -> None:
        if isinstance(thing, tuple | list):
            self.say(type(thing).__name__, len(thing))
            for part in thing:
                self.add(part)
        elif isinstance(thing, Mapping):
            self.say(type(thing).__name__, len(thing))
            for name, part in thing.items():
                self.add(name)
                self.add(part)
        elif isinstance(thing, set | frozenset):
            self.say("set", *sorted(memory_digest(part, lasting=self._lasting) for part in thing))
        elif isinstance(thing, CodeType):
            self._code(thing)
        elif isinstance(thing, FunctionType):
            self._function(thing)
        elif isinstance(thing, type):
            self._class(thing)
        elif isinstance(thing, ModuleType):
            self.say("module", thing.__name__, *version_of(thing.__name__).items())
        else:
            self._object(thing)

    def _array(self, array: np.ndarray) -> None:
        self.say("array", array.dtype.str, array.shape)
        if array.dtype.hasobject:
            for part in array.ravel().tolist():
                self.add(part)
        else:
            self.digest.update(np.ascontiguousarray(array).tobytes())

    def _code(self, code: CodeType) -> None:
        self.say("code", code.co_name, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount,
                 code.co_flags, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)  # fmt: skip
        self.digest.update(code.co_code + getattr(code, "co_exceptiontable", b""))
        for constant in code.co_consts:
            self.add(constant)

    def _function(self, function: FunctionType) -> None:
        if self._is_known(function):
            return
        self.say("function", function.__qualname__)
        self._files(function.__code__.co_filename)
        for part in made_with(function):
            self.add(part)
        self._used(tuple(dict.fromkeys(names_in(function.__code__))), function.__globals__, set())

    def _used(self, names: tuple[str, ...], place: Mapping[str, Any], modules: set[int]) -> None:
        """What some names stand for in a module, and in the modules that these name."""
        for name in names:
            if name in place:
                used = place[name]
                self.say("name", name)
                self.add(used if not self._lasting or _lasts(used) else type(used))
                if isinstance(used, ModuleType) and id(used) not in modules and not version_of(used.__name__):
                    modules.add(id(used))
                    self._used(names, vars(used), modules)

    def _class(self, cls: type) -> None:
        if self._is_known(cls):
            return
        self.say("class", cls.__qualname__)
        for base in cls.__bases__:
            self.add(base)
        for name, part in sorted(vars(cls).items()):
            if name not in _OF_PYTHON:
                self.say("has", name)
                self.add(part)

    def _object(self, thing: Any) -> None:
        if isinstance(thing, functools.partial):
            self.add((thing.func, thing.args, thing.keywords))
        elif isinstance(thing, staticmethod | classmethod | MethodType):
            self.say(type(thing).__name__)
            self.add(thing.__func__)
            self.add(getattr(thing, "__self__", None))
        elif isinstance(thing, property):
            self.add((thing.fget, thing.fset, thing.fdel))
        elif isinstance(thing, BuiltinFunctionType | np.ufunc):
            self.say("built in", getattr(thing, "__module__", ""), thing.__name__)
        else:
            self.add(type(thing))
            if not version_of(type(thing).__module__):
                self.add(getattr(thing, "__dict__", None))

    def _is_known(self, thing: Callable | type) -> bool:
        """Whether a function or class is one of a library, which goes by its name and version."""
        version = version_of(getattr(thing, "__module__", None) or "")
        if version:
            self.say("of", thing.__module__, thing.__qualname__, *version.items())
        return bool(version)

    def _files(self, name: str) -> None:
        """The files that stand behind a function, for a decorator may use what the function does not name."""
        path = Path(name)
        try:
            if path.is_file() and not _is_package(path):
                self.say("file", sources_of(path).digest)
        except OSError:
            pass


def _lasts(thing: Any) -> bool:
    """Whether a global name stands for something that a run does not change: code, a number, a text."""
    kinds = (*_PLAIN, enum.Enum, FunctionType, ModuleType, type, tuple, np.generic)
    return isinstance(plain(thing), kinds)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that has no value yet
        return None


def _is_package(path: Path) -> bool:
    from . import package

    return path.resolve().is_relative_to(package.top().resolve())


@functools.lru_cache(maxsize=4096)
def version_of(module: str) -> dict[str, str]:
    """What a module of Python or of a library goes by; empty for one of the user's own or of this package."""
    top = module.partition(".")[0]
    if top in sys.builtin_module_names or top == "builtins":
        return {"python": "built in"}
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or module in ("__main__", "__mp_main__"):  # which may be a program that runs the user's code
        return {}
    path = Path(file).resolve()
    if is_standard(path):
        return {"python": ".".join(map(str, sys.version_info[:2]))}
    owner = owner_of(module, path, package=path.name == "__init__.py")
    return owner or ({module: "installed"} if is_installed(path) else {})
