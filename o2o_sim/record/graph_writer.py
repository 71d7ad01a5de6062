"""Write a graph of objects; graph.py says what that is."""

from __future__ import annotations

import enum
import random
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from scipy.spatial import KDTree, cKDTree

from .graph import (
    ATOMS,
    FACTORIES,
    TEXT_COLUMNS,
    Names,
    Step,
    Unwritable,
    Written,
    attributes,
    class_name,
    code_name,
    is_code,
    is_plain,
)

_DICTS: dict[type, str] = {dict: "dict", Counter: "counter", OrderedDict: "ordered"}
_ALIGN = 64


def write(
    root: Any, names: Names, *, without: Mapping[int, frozenset[str]] | None = None, start: str = ""
) -> Written:
    """Write everything that can be reached from `root`. `without` gives, by `id`, attributes of an object that
    the twin keeps; `start` is what
    messages call the root; without, its items have their own names.

    Raises Unwritable for what is neither data nor named."""
    return _Writer(names, without or {}, start).all_of(root)


class _Writer:
    """Nodes get numbers in the order in which they are first seen, and are opened in that order; so whoever
    reads knows by itself where each was first seen."""

    def __init__(self, names: Names, without: Mapping[int, frozenset[str]], start: str):
        self._names, self._without, self._start = names, without, start
        self._number: dict[int, int] = {}
        self._things: list[Any] = []
        self._parents: list[tuple[int, Step]] = []
        self._at, self._step = -1, ("", None)
        self._classes: dict[str, int] = {}
        self._dtypes: dict[str, int] = {}
        self._dtype_said: list[Any] = []
        self._data: list[bytes] = []
        self._length = 0

    def all_of(self, root: Any) -> Written:
        nodes: list[list[Any]] = []
        self._reference(root)
        while len(nodes) < len(self._things):
            self._at = len(nodes)
            nodes.append(self._node(self._things[self._at]))
        said = {"nodes": nodes, "classes": list(self._classes), "dtypes": self._dtype_said}
        return Written(said, b"".join(self._data))

    # -- values ------------------------------------------------------------------------------------------
    def _value(self, thing: Any, step: Step) -> Any:
        kind = type(thing)
        if kind in ATOMS:
            return thing
        self._step = step
        inline = _INLINE.get(kind)
        if inline is not None:
            return inline(thing)
        if isinstance(thing, np.generic):
            return {"number": [self._dtype(thing.dtype), thing.tobytes().hex()]}
        return self._reference(thing)

    def _reference(self, thing: Any) -> list[int]:
        number = self._number.get(id(thing))
        if number is None:
            number = self._number[id(thing)] = len(self._things)
            self._things.append(thing)
            self._parents.append((self._at, self._step))
        return [number]

    def _items(self, things: Iterable[Any]) -> list[Any]:
        things = list(things)
        if ATOMS.issuperset(map(type, things)):
            return things
        return [self._value(thing, ("item", k)) for k, thing in enumerate(things)]

    def _mapping(self, kind: str, things: Mapping[Any, Any]) -> list[Any]:
        if all(type(key) is str for key in things):
            if ATOMS.issuperset(map(type, things.values())):
                return [kind, dict(things)]
            return [kind, {key: self._value(thing, ("item", key)) for key, thing in things.items()}]
        pairs = []
        for key, thing in things.items():
            pairs += [self._value(key, ("key", None)), self._value(thing, ("item", key))]
        return [kind, pairs]

    # -- nodes -------------------------------------------------------------------------------------------
    def _node(self, thing: Any) -> list[Any]:
        name = self._names.name_of(thing)
        if name is not None:
            return ["named", name]
        kind = type(thing)
        if kind in (list, tuple, set, frozenset):
            return [kind.__name__, self._items(thing)]
        if kind in _DICTS:
            return self._mapping(_DICTS[kind], thing)
        if kind is defaultdict:
            return self._defaultdict(thing)
        if kind is deque:
            return ["deque", thing.maxlen, self._items(thing)]
        if kind in (bytes, bytearray):
            return [kind.__name__, *self._store(bytes(thing))]
        if kind is np.ndarray:
            return self._array(thing)
        if is_code(thing):
            return self._code(thing)
        if isinstance(thing, enum.Enum):
            return ["enum", self._class(kind), thing.name]
        if isinstance(thing, tuple) and hasattr(kind, "_fields"):
            return ["named tuple", self._class(kind), self._items(thing)]
        if kind is random.Random:
            return ["random", self._value(thing.getstate(), ("state", None))]
        if kind is np.random.Generator:  # a user's own; the simulation has none
            return ["generator", self._value(thing.bit_generator.state, ("state", None))]
        return self._foreign(thing) or self._object(thing)

    def _foreign(self, thing: Any) -> list[Any] | None:
        kind = type(thing)
        if kind.__module__.partition(".")[0] == "pandas":
            import pandas as pd

            if kind is pd.DataFrame:
                return self._frame(thing)
        if kind in (cKDTree, KDTree):  # found again by its points
            data = self._value(np.asarray(thing.data), ("attribute", "data"))
            box = self._value(
                None if thing.boxsize is None else np.array(thing.boxsize), ("attribute", "boxsize")
            )
            return ["tree", kind.__name__, data, thing.leafsize, box]
        if kind.__module__ == "mesa.agent" and kind.__name__ == "AgentSet":
            return ["agents", self._items(thing)]
        if isinstance(thing, types.MethodType):
            return ["method", code_name(thing), self._value(thing.__self__, ("attribute", "__self__"))]
        return None

    def _object(self, thing: Any) -> list[Any]:
        kind = type(thing)
        if not is_plain(kind):  # type: ignore[arg-type]
            raise self._refused(thing)
        without = self._without.get(id(thing), frozenset())
        found = {
            name: self._value(value, ("attribute", name))
            for name, value in attributes(thing).items()
            if name not in without
        }
        return ["object", self._class(kind), found]

    def _defaultdict(self, thing: defaultdict[Any, Any]) -> list[Any]:
        factory = thing.default_factory
        if factory is not None and factory not in FACTORIES.values():
            raise self._refused(thing)
        name = None if factory is None else next(n for n, f in FACTORIES.items() if f is factory)
        return [*self._mapping("defaultdict", thing), name]

    def _code(self, thing: Any) -> list[Any]:
        for cell in getattr(thing, "__closure__", None) or ():
            # The twin's function holds the twin's own: an object is filled, a list or an array would be another.
            held = cell.cell_contents
            if type(held) not in ATOMS and not is_code(held) and not hasattr(held, "__dict__"):
                raise self._refused(thing, f"a function that keeps a {type(held).__name__}")
        return ["code", code_name(thing)]

    def _frame(self, thing: Any) -> list[Any]:
        import pandas as pd

        if not isinstance(thing.index, pd.RangeIndex) or thing.index.start != 0 or thing.index.step != 1:
            raise self._refused(thing, "a table with an index of its own")
        columns = []
        for label, column in thing.items():
            said = str(column.dtype)
            values = column.tolist() if said in TEXT_COLUMNS else column.to_numpy()
            columns.append([label, said, self._value(values, ("column", label))])
        return ["frame", len(thing), columns]

    # -- arrays ------------------------------------------------------------------------------------------
    def _array(self, thing: np.ndarray) -> list[Any]:
        if thing.dtype.hasobject:
            if thing.dtype.kind != "O":
                raise self._refused(thing, "an array of records with objects in them")
            return ["objects", list(thing.shape), self._items(thing.ravel().tolist())]
        owner = thing
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        dtype = self._dtype(thing.dtype)
        if owner is not thing and thing.size and _can_share(owner):
            start = thing.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
            whole = self._value(owner, ("base", None))
            return [
                "view",
                whole,
                dtype,
                list(thing.shape),
                list(thing.strides),
                start,
                thing.flags.writeable,
            ]
        order = "C" if thing.flags.c_contiguous or not thing.flags.f_contiguous else "F"
        offset, _ = self._store(thing.tobytes(order=order))  # type: ignore[arg-type]
        return ["array", dtype, list(thing.shape), order, offset, thing.flags.writeable]

    def _store(self, data: bytes) -> tuple[int, int]:
        """Where it begins among the bytes, and how many they are."""
        start = self._length
        padded = data + bytes(-len(data) % _ALIGN)
        self._data.append(padded)
        self._length += len(padded)
        return start, len(data)

    def _dtype(self, dtype: np.dtype) -> int:
        said = dtype_said(dtype)
        if repr(said) not in self._dtypes:
            self._dtypes[repr(said)] = len(self._dtype_said)
            self._dtype_said.append(said)
        return self._dtypes[repr(said)]

    def _class(self, kind: type) -> int:
        return self._classes.setdefault(class_name(kind), len(self._classes))

    def _refused(self, thing: Any, what: str = "") -> Unwritable:
        kind = type(thing)
        shown = (
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        )
        return Unwritable(f"{self._place(self._at)} is {what or 'a ' + shown}, which cannot be saved")

    def _place(self, number: int) -> str:
        said: list[str] = []
        while number > 0:
            number, (how, name) = self._parents[number]
            top = number == 0 and self._start == ""
            said.append(str(name) if top else f".{name}" if how == "attribute" else f"[{name!r}]")
        return self._start + "".join(reversed(said))


def _can_share(owner: np.ndarray) -> bool:
    """Whether a part of an array can be found again in what is written of the whole."""
    together = owner.flags.c_contiguous or owner.flags.f_contiguous
    return type(owner) is np.ndarray and together and not owner.dtype.hasobject and owner.itemsize > 0


def dtype_said(dtype: np.dtype) -> Any:
    """A dtype in a form that fits into JSON."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return [dtype_said(base), list(shape)]
    if dtype.names is None:
        return dtype.str
    fields = [dtype.fields[name] for name in dtype.names]  # type: ignore[index]
    return {
        "names": list(dtype.names),
        "formats": [dtype_said(f[0]) for f in fields],
        "offsets": [int(f[1]) for f in fields],
        "itemsize": dtype.itemsize,
        "aligned": dtype.isalignedstruct,
    }


_INLINE: dict[type, Callable[[Any], Any]] = {
    date: lambda d: {"date": d.isoformat()},
    datetime: lambda d: {"datetime": d.isoformat()},
    timedelta: lambda d: {"timedelta": [d.days, d.seconds, d.microseconds]},
    complex: lambda c: {"complex": [c.real, c.imag]},
    range: lambda r: {"range": [r.start, r.stop, r.step]},
    slice: lambda s: {"slice": [s.start, s.stop, s.step]},
    type(Ellipsis): lambda _: {"ellipsis": None},
}


__all__ = ["write"]
