"""A graph of objects as plain data (JSON) and one piece of bytes, and back.

`write` follows every attribute, item and array from one object on, whatever they are called, and leaves nothing
out: what it cannot write is refused (graph_writer.py). `read` (graph_reader.py) puts the graph back into a twin, an object of the same kind that was
just made anew: objects that the twin has at the same place are filled, others are made without calling anything
of theirs. Who is one object stays one object, arrays that share memory share it again.

What is not data is never written, but taken from the twin: functions, classes and modules (their names must be
the same), and objects with a name of their own (`Names`, such as the blocks of a scenario). Classes are looked
up by name only in modules that the caller lists, and functions not at all, so that a file of somebody else can
call nothing."""

from __future__ import annotations

import copyreg
import functools
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Step = tuple[str, Any]
"""("attribute", name) or ("item", key)."""
Name = list[Any]
"""What is the same for an object and for its twin, and fits into JSON."""

ATOMS = frozenset({type(None), bool, int, float, str})
FACTORIES: dict[str, type] = {"int": int, "float": float, "list": list, "dict": dict, "set": set}
"""What a `defaultdict` may make."""
TEXT_COLUMNS = ("object", "str", "string")
"""Kinds of column of a table that are written value by value."""
_CODE = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, np.ufunc)


class Unwritable(Exception):
    """Something that cannot be written: where it was found, and what it is."""


class Unreadable(Exception):
    """Data that no `write` made, or not for this twin."""


@dataclass(frozen=True)
class Written:
    """What `write` made of a graph: `nodes` fits into JSON, `data` are the bytes of its arrays."""

    nodes: dict[str, Any]
    data: bytes


class Names:
    """Objects that stay what they are: `name_of` an object that has one, and the object of a `name`."""

    def __init__(self) -> None:
        self._names: dict[int, Name] = {}
        self._objects: dict[str, Any] = {}
        self._held: list[Any] = []

    def add(self, thing: Any, name: Name) -> bool:
        """Give it a name, or one more by which it is found; returns whether it had none."""
        self._objects.setdefault(repr(name), thing)
        if id(thing) in self._names:
            return False
        self._names[id(thing)] = name
        self._held.append(thing)
        return True

    def name_of(self, thing: Any) -> Name | None:
        return self._names.get(id(thing))

    def find(self, name: Any) -> Any:
        """Raises Unreadable if nothing has the name."""
        found = self._objects.get(repr(name), self)
        if found is self:
            raise Unreadable(f"it names {name!r}, which is not there")
        return found


def class_name(kind: type) -> str:
    """The name that a class is known by."""
    return f"{kind.__module__}:{kind.__qualname__}"


def code_name(thing: Any) -> str:
    """The name of a function, a class or a module."""
    owner = getattr(thing, "__module__", None)
    return f"{owner}:{getattr(thing, '__qualname__', None) or getattr(thing, '__name__', '')}"


def is_code(thing: Any) -> bool:
    """Whether it is a function, a class, a module, or a compiled function."""
    return isinstance(thing, _CODE) or (callable(thing) and type(thing).__module__.startswith("numba."))


def slots_of(kind: type) -> list[str]:
    """The attributes of a class that stand in no dictionary, but for references that keep nothing alive."""
    return [name for name in copyreg._slotnames(kind) if name != "__weakref__"]  # type: ignore[attr-defined]


def attributes(thing: Any) -> dict[str, Any]:
    """All that an object has of its own, by name."""
    found = dict(getattr(thing, "__dict__", {}))
    for name in slots_of(type(thing)):
        try:
            found[name] = object.__getattribute__(thing, name)
        except AttributeError:
            continue  # declared, but not set
    return found


def children(node: list[Any]) -> Iterator[tuple[Any, Step]]:
    """The values of a node in the order in which `write` saw them, each with the way to it."""
    kind, *said = node
    if kind in ("list", "tuple", "set", "frozenset", "agents"):
        yield from _numbered(said[0])
    elif kind in ("deque", "objects", "named tuple"):
        yield from _numbered(said[1])
    elif kind in ("dict", "counter", "ordered", "defaultdict"):
        if isinstance(said[0], dict):
            yield from ((value, ("item", key)) for key, value in said[0].items())
        else:
            for key, value in zip(said[0][::2], said[0][1::2], strict=True):
                yield key, ("key", None)
                yield value, ("item", key)
    elif kind == "object":
        yield from ((value, ("attribute", name)) for name, value in said[1].items())
    elif kind == "frame":
        yield from ((value, ("column", None)) for _, _, value in said[1])
    elif kind in ("random", "generator"):
        yield said[0], ("state", None)
    elif kind == "view":
        yield said[0], ("base", None)
    elif kind == "tree":
        yield said[1], ("attribute", "data")
        yield said[3], ("attribute", "boxsize")
    elif kind == "method":
        yield said[1], ("attribute", "__self__")


def _numbered(values: list[Any]) -> Iterator[tuple[Any, Step]]:
    return ((value, ("item", k)) for k, value in enumerate(values))


@functools.cache
def is_plain(kind: type) -> bool:
    """Whether an object of the class is no more than its attributes: a class written in Python, with nothing that
    C code adds to it."""
    usual = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    own = [vars(base) for base in kind.__mro__[:-1]]
    slots = sum(len([s] if isinstance(s := names.get("__slots__", ()), str) else s) for names in own)
    small = kind.__basicsize__ <= object.__basicsize__ + 16 + 8 * slots
    return usual and small and (not own or any("__dict__" in names or "__slots__" in names for names in own))


__all__ = [
    "ATOMS",
    "FACTORIES",
    "TEXT_COLUMNS",
    "Name",
    "Names",
    "Step",
    "Unreadable",
    "Unwritable",
    "Written",
    "attributes",
    "children",
    "class_name",
    "code_name",
    "is_code",
    "is_plain",
    "slots_of",
]
