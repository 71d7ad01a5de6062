"""Put a written graph of objects into its twin; graph.py says what that is."""

from __future__ import annotations

import enum
import functools
import importlib
import random
import re
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
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
    Unreadable,
    Written,
    attributes,
    children,
    class_name,
    code_name,
    is_code,
    slots_of,
)

_FILLED = {"list": list, "dict": dict, "set": set, "counter": Counter, "ordered": OrderedDict}
_PLAIN_DTYPE = re.compile(r"[<>|=][biufcSUVmM]\d{1,9}(\[[0-9a-zA-Z]{1,12}\])?")
_MOST_ELEMENTS = 1 << 40


def read(
    written: Written,
    twin: Any,
    names: Names,
    modules: frozenset[str],
    *,
    without: Mapping[int, frozenset[str]] | None = None,
) -> Any:
    """Put a graph into `twin`, which is changed only when all of it was understood; returns the root, which is
    `twin` if that is an object. `modules` are those whose classes new objects may have.

    Raises Unreadable for whatever `write` would not have written of such a twin."""
    try:
        return _Reader(written, names, modules, without or {}).all_of(twin)
    except Unreadable:
        raise
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as fault:
        raise Unreadable(f"it cannot be put back: {type(fault).__name__}: {fault}") from fault


_NOTHING = object()


class _Reader:
    def __init__(
        self,
        written: Written,
        names: Names,
        modules: frozenset[str],
        without: Mapping[int, frozenset[str]],
    ):
        said = written.nodes
        self._nodes, self._data = said["nodes"], written.data
        self._names, self._modules, self._without = names, modules, without
        self._classes = [str(name) for name in said["classes"]]
        self._dtypes = [_dtype_of(d) for d in said["dtypes"]]
        self._twins: list[Any] = [_NOTHING] * len(self._nodes)
        self._made: list[Any] = [_NOTHING] * len(self._nodes)
        self._making: set[int] = set()
        self._taken: set[int] = set()

    def all_of(self, twin: Any) -> Any:
        self._find_twins(twin)
        for number, node in enumerate(self._nodes):
            self._begin(number, node)
        self._check_code()
        # Objects before what finds them by their hash, which may need their attributes.
        filled: dict[int, dict[str, Any]] = {}
        for number, (kind, *said) in enumerate(self._nodes):
            if kind == "object":
                filled[number] = {self._word(name): self._value(value) for name, value in said[1].items()}
        for number, found in filled.items():
            _fill(self._made[number], found, self._without.get(id(self._made[number]), frozenset()))
        for number, node in enumerate(self._nodes):
            self._end(number, node)
        return self._whole(0)

    # -- where the twin has each -------------------------------------------------------------------------
    def _find_twins(self, twin: Any) -> None:
        seen = 1
        self._twins[0] = twin
        for number, node in enumerate(self._nodes):
            if number >= seen:
                raise Unreadable("it has a part that belongs to nothing")
            for value, step in children(node):
                if type(value) is list and value[0] == seen:
                    self._twins[seen] = _at(self._twins[number], step)
                    seen += 1
        if seen != len(self._nodes):
            raise Unreadable("it has a part that belongs to nothing")

    # -- making ------------------------------------------------------------------------------------------
    def _begin(self, number: int, node: list[Any]) -> None:
        """Make what others may refer to before it is filled."""
        kind, *said = node
        twin = self._twins[number]
        if kind in _FILLED:
            self._made[number] = _FILLED[kind]()
        elif kind == "defaultdict":
            self._made[number] = defaultdict(None if said[1] is None else FACTORIES[said[1]])
        elif kind == "deque":
            self._made[number] = deque(maxlen=said[0])
        elif kind == "objects":
            self._made[number] = np.empty(tuple(said[0]), object)
        elif kind == "named":
            self._made[number] = self._names.find(said[0])
        elif kind == "code":
            self._made[number] = self._same_code(said[0], twin)
        elif kind == "object":
            self._made[number] = self._instance(self._classes[said[0]], twin)
        elif kind in ("bytes", "bytearray"):
            content = self._bytes(said[0], said[1])
            self._made[number] = content if kind == "bytes" else bytearray(content)
        elif kind == "array":
            self._made[number] = self._array(*said)

    def _instance(self, name: str, twin: Any) -> Any:
        """The twin's object, or a new one of a class that may be made."""
        fits = twin is not _NOTHING and class_name(type(twin)) == name and self._names.name_of(twin) is None
        if fits and id(twin) not in self._taken:
            self._taken.add(id(twin))
            return twin
        return object.__new__(self._class(name))

    def _class(self, name: str) -> type:
        module, _, path = name.partition(":")
        found: Any = importlib.import_module(module) if module in self._modules else None
        for part in path.split("."):
            found = vars(found).get(part) if isinstance(found, type | types.ModuleType) else None
        right = isinstance(found, type) and class_name(found) == name and not issubclass(found, type)
        if not right:
            raise Unreadable(f"it holds an object of {name}, which a state may not bring with it")
        return found  # type: ignore[no-any-return]

    def _same_code(self, name: str, twin: Any) -> Any:
        if twin is _NOTHING or not is_code(twin) or code_name(twin) != name:
            raise Unreadable(f"it needs {name} where a city made anew has none")
        return twin

    def _check_code(self) -> None:
        """A function of the twin must hold nothing that the graph has replaced."""
        for number, (kind, *_) in enumerate(self._nodes):
            for cell in getattr(self._made[number], "__closure__", None) or () if kind == "code" else ():
                held = cell.cell_contents
                named = self._names.name_of(held) is not None
                if (
                    type(held) not in ATOMS
                    and not is_code(held)
                    and id(held) not in self._taken
                    and not named
                ):
                    raise Unreadable(f"{code_name(self._made[number])} keeps an object that is not saved")

    def _bytes(self, start: int, length: int) -> bytes:
        if not 0 <= start <= start + length <= len(self._data):
            raise Unreadable("it has an array that lies outside its bytes")
        return self._data[start : start + length]

    def _array(self, dtype: int, shape: list[int], order: str, start: int, writeable: bool) -> np.ndarray:
        kind = self._dtypes[dtype]
        elements = 1
        for n in shape:
            if type(n) is not int or n < 0:
                raise Unreadable("it has an array of an impossible shape")
            elements *= n
        data = bytearray(self._bytes(start, elements * kind.itemsize))
        array = (
            np.frombuffer(data, kind, elements) if elements and kind.itemsize else np.zeros(elements, kind)
        )
        # The memory is its own: what shares it must find this array as the owner.
        array = array.reshape(tuple(shape), order=order).copy(order=order)  # type: ignore[call-overload]
        array.setflags(write=writeable)
        return array  # type: ignore[no-any-return]

    # -- filling -----------------------------------------------------------------------------------------
    def _end(self, number: int, node: list[Any]) -> None:
        kind, *said = node
        made = self._made[number]
        if kind == "list":
            made.extend(map(self._value, said[0]))
        elif kind in ("dict", "counter", "ordered", "defaultdict"):
            self._fill_dict(made, said[0])
        elif kind == "set":
            made.update(map(self._value, said[0]))
        elif kind == "deque":
            made.extend(map(self._value, said[1]))
        elif kind == "objects":
            made.reshape(-1)[:] = [None] * made.size
            for k, value in enumerate(said[1]):
                made.reshape(-1)[k] = self._value(value)
        else:
            self._whole(number)

    def _fill_dict(self, made: dict[Any, Any], said: Any) -> None:
        if isinstance(said, dict):
            for key, value in said.items():
                made[key] = self._value(value)
        else:
            for key, value in zip(said[::2], said[1::2], strict=True):
                made[self._value(key)] = self._value(value)

    def _value(self, said: Any) -> Any:
        kind = type(said)
        if kind in ATOMS:
            return said
        if kind is list:
            (number,) = said
            return self._whole(number)
        ((how, value),) = said.items()
        if how == "number":
            dtype = self._dtypes[value[0]]
            return np.frombuffer(bytes.fromhex(value[1]), dtype, 1)[0]
        return _FROM_INLINE[how](value)

    def _whole(self, number: Any) -> Any:
        """The object of a number; those that cannot be filled afterwards are made now."""
        if type(number) is not int or not 0 <= number < len(self._nodes):
            raise Unreadable("it refers to a part that is not there")
        if self._made[number] is not _NOTHING:
            return self._made[number]
        if number in self._making:
            raise Unreadable("it has a part that holds itself")
        self._making.add(number)
        kind, *said = self._nodes[number]
        maker = _MAKERS.get(kind)
        if maker is None:
            raise Unreadable(f"it has a part of an unknown kind, {kind!r}")
        self._made[number] = maker(self, number, *said)
        return self._made[number]

    def _word(self, name: Any) -> str:
        if not isinstance(name, str) or not name.isidentifier():
            raise Unreadable(f"it has an attribute of an impossible name, {name!r}")
        return name

    # -- what is made whole ------------------------------------------------------------------------------
    def _tuple(self, _: int, said: list[Any]) -> tuple[Any, ...]:
        return tuple(map(self._value, said))

    def _frozenset(self, _: int, said: list[Any]) -> frozenset[Any]:
        return frozenset(map(self._value, said))

    def _named_tuple(self, _: int, kind: int, said: list[Any]) -> Any:
        found = self._class(self._classes[kind])
        if not issubclass(found, tuple) or len(said) != len(getattr(found, "_fields", ())):
            raise Unreadable("it has a record with other fields than it should")
        return tuple.__new__(found, map(self._value, said))

    def _enum(self, _: int, kind: int, name: str) -> Any:
        found = self._class(self._classes[kind])
        if not issubclass(found, enum.Enum):
            raise Unreadable("it has a choice among things that are no choices")
        return found.__members__[name]

    def _view(
        self,
        _: int,
        whole: Any,
        dtype: int,
        shape: list[int],
        strides: list[int],
        start: int,
        writeable: bool,
    ) -> np.ndarray:
        owner = self._value(whole)
        elements = functools.reduce(lambda a, b: a * b, shape, 1)
        if not isinstance(owner, np.ndarray) or elements > _MOST_ELEMENTS or owner.dtype.hasobject:
            raise Unreadable("it has a part of an array that is not there")
        view = _memory_of(owner, tuple(shape), self._dtypes[dtype], start, tuple(strides))
        if not writeable or view.flags.writeable:
            view.setflags(write=writeable)
        return view

    def _frame(self, _: int, rows: int, columns: list[Any]) -> Any:
        import pandas as pd

        found = {}
        for label, said, value in columns:
            values = self._value(value)
            if isinstance(values, np.ndarray):
                found[label] = pd.Series(values.copy())
            elif said in TEXT_COLUMNS:
                # A list that is filled later would still be empty here.
                number = value[0]
                content = [self._value(v) for v in self._nodes[number][1]]
                found[label] = pd.Series(content, dtype=said)
            else:
                raise Unreadable("it has a table with a column of an unknown kind")
        if any(len(column) != rows for column in found.values()):
            raise Unreadable("it has a table whose columns are of different lengths")
        return pd.DataFrame(found) if found else pd.DataFrame(index=pd.RangeIndex(rows))

    def _tree(self, _: int, kind: str, data: Any, leafsize: int, box: Any) -> cKDTree:
        found = KDTree if kind == "KDTree" else cKDTree
        return found(self._value(data), leafsize=leafsize, boxsize=self._value(box))

    def _agents(self, number: int, said: list[Any]) -> Any:
        from mesa.agent import AgentSet

        twin = self._twins[0]
        return AgentSet(
            list(map(self._value, said)), random=getattr(twin, "random", None) or random.Random(0)
        )

    def _random(self, number: int, state: Any) -> random.Random:
        twin = self._twins[number]
        found = twin if type(twin) is random.Random else random.Random(0)
        found.setstate(self._value(state))
        return found

    def _generator(self, number: int, state: Any) -> np.random.Generator:
        said = self._plain(state)
        kinds = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
        if said.get("bit_generator") not in kinds:
            raise Unreadable("it has a generator of random numbers of an unknown kind")
        bits = getattr(np.random, said["bit_generator"])(0)
        bits.state = said
        return np.random.Generator(bits)

    def _plain(self, reference: Any) -> Any:
        """A dict that may not be filled yet, with all that is in it."""
        if type(reference) is list and self._nodes[reference[0]][0] == "dict":
            return {key: self._plain(value) for key, value in self._nodes[reference[0]][1].items()}
        return self._value(reference)

    def _method(self, number: int, name: str, owner: Any) -> Any:
        twin = self._twins[number]
        right = isinstance(twin, types.MethodType) and code_name(twin) == name
        if not right or twin.__self__ is not self._value(owner):
            raise Unreadable(f"it needs {name} where a city made anew has none")
        return twin


_MAKERS: dict[str, Callable[..., Any]] = {
    "tuple": _Reader._tuple,
    "frozenset": _Reader._frozenset,
    "named tuple": _Reader._named_tuple,
    "enum": _Reader._enum,
    "view": _Reader._view,
    "frame": _Reader._frame,
    "tree": _Reader._tree,
    "agents": _Reader._agents,
    "random": _Reader._random,
    "generator": _Reader._generator,
    "method": _Reader._method,
}


def _memory_of(
    owner: np.ndarray, shape: tuple[int, ...], dtype: np.dtype, start: int, strides: tuple[int, ...]
) -> np.ndarray:
    """A part of the memory of an array, which NumPy checks to lie inside."""
    together = owner if owner.flags.c_contiguous else owner.T
    flat = together.reshape(-1).view(np.uint8)
    return np.ndarray(shape, dtype, flat, start, strides)  # type: ignore[arg-type]


def _at(thing: Any, step: Step) -> Any:
    """What an object has at a place, without running anything of its own; _NOTHING if there is no such place."""
    how, name = step
    if thing is _NOTHING:
        return _NOTHING
    if how == "attribute":
        if isinstance(thing, types.MethodType):
            return thing.__self__
        return attributes(thing).get(name, _NOTHING)
    if how != "item" or type(name) not in ATOMS:
        return _NOTHING
    if isinstance(thing, dict):
        return dict.get(thing, name, _NOTHING)
    if isinstance(thing, list | tuple) and type(name) is int:
        return thing[name] if name < len(thing) else _NOTHING
    return _NOTHING


def _fill(thing: Any, found: dict[str, Any], keep: frozenset[str]) -> None:
    """Give an object these attributes and no others, but for those it is to keep."""
    slots = slots_of(type(thing))
    has = getattr(thing, "__dict__", None)
    if has is not None:
        kept = {name: value for name, value in has.items() if name in keep}
        has.clear()
        has.update({**kept, **{name: value for name, value in found.items() if name not in slots}})
    elif stray := found.keys() - set(slots):
        raise Unreadable(f"it has an attribute {min(stray)!r} that a {type(thing).__name__} cannot have")
    for name in slots:
        if name in found:
            object.__setattr__(thing, name, found[name])
        elif name not in keep and hasattr(thing, name):
            object.__delattr__(thing, name)


def _dtype_of(said: Any) -> np.dtype:
    if isinstance(said, str) and _PLAIN_DTYPE.fullmatch(said):
        return np.dtype(said)
    if isinstance(said, list) and len(said) == 2:
        return np.dtype((_dtype_of(said[0]), tuple(said[1])))
    if isinstance(said, dict) and said.keys() == {"names", "formats", "offsets", "itemsize", "aligned"}:
        aligned = bool(said["aligned"])
        fields: Any = {name: said[name] for name in ("names", "offsets", "itemsize")}
        fields["formats"] = [_dtype_of(f) for f in said["formats"]]
        return np.dtype(fields, align=aligned)
    raise Unreadable("it has an array of an unknown kind")


_FROM_INLINE: dict[str, Callable[[Any], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "timedelta": lambda said: timedelta(*said),
    "complex": lambda said: complex(*said),
    "range": lambda said: range(*said),
    "slice": lambda said: slice(*said),
    "ellipsis": lambda _: Ellipsis,
}


__all__ = ["read"]
