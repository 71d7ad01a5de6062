"""Whether two graphs of objects are the same in all that they hold, whoever made them.

Written without a look at how the package saves them: it follows whatever Python lets it follow."""

from __future__ import annotations

import copyreg
import random
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import mesa
import networkx as nx
import numpy as np
import pandas as pd
from numba.core.dispatcher import Dispatcher
from pydantic import BaseModel
from scipy.spatial import cKDTree

from o2o_sim.extend import Plugins

OF_MESA = {"_agents", "_agents_by_type", "_all_agents", "step", "_user_step"}
"""Kept by Mesa in a model: its lists of agents (compared as `model.agents`), and its own `step`."""
OF_MESA |= {"_scenario", "_default_schedule", "_event_list", "_event_generators", "data_registry"}
"""The same in Mesa 3.5 and later: its calendar, in which models and events are numbered through the process."""
CLOCKS = {"day_seconds", "seconds"}
"""How long something took, which is never the same twice."""
CACHES = {"_matrices", "_origin", "__pydantic_private__", "__pydantic_fields_set__"}
"""Made again when they are asked for, or what the writer of a scenario said and where."""
CODE = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, types.ModuleType, Dispatcher)


def differences(a: Any, b: Any, most: int = 10) -> list[str]:
    """Where two graphs differ: in kind, in value, or in which places hold one and the same object."""
    found: list[str] = []
    one: dict[int, Any] = {}
    other: dict[int, Any] = {}
    todo: deque[tuple[str, Any, Any]] = deque([("", a, b)])
    while todo and len(found) < most:
        where, x, y = todo.popleft()
        if type(x) is not type(y):
            found.append(f"{where}: {type(x)} and {type(y)}")
            continue
        if is_value(x):
            if repr(x) != repr(y):
                found.append(f"{where}: {x!r} and {y!r}")
            continue
        if isinstance(x, CODE):
            if x is not y and getattr(x, "__qualname__", x) != getattr(y, "__qualname__", y):
                found.append(f"{where}: {x} and {y}")
            continue
        # Python itself shares tuples, and a scenario blocks of defaults, which nobody changes.
        if not isinstance(x, tuple | BaseModel):
            known, back = one.get(id(x)), other.get(id(y))
            if known is y and back is x:
                continue
            if known is not None or back is not None:
                found.append(f"{where}: one object here, two there")
                continue
            one[id(x)], other[id(y)] = y, x
        todo += parts(where, x, y, found)
    return found


def is_value(x: Any) -> bool:
    """Whether its text says all about it."""
    return isinstance(
        x, int | float | complex | str | bytes | types.NoneType | np.generic | slice | range
    ) or (type(x).__module__ == "datetime")


def parts(where: str, x: Any, y: Any, found: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """What two objects of one kind hold, side by side; what they hold different numbers of is `found`."""
    if isinstance(x, np.ndarray):
        yield from arrays(where, x, y, found)
    elif isinstance(x, pd.DataFrame):
        if not x.equals(y) or list(x.dtypes) != list(y.dtypes):
            found.append(f"{where}: another table")
    elif isinstance(x, random.Random):
        yield where, x.getstate(), y.getstate()
    elif isinstance(x, np.random.Generator):
        yield where, x.bit_generator.state, y.bit_generator.state
    elif isinstance(x, cKDTree):
        yield where, np.asarray(x.data), np.asarray(y.data)
    elif isinstance(x, nx.Graph):
        yield where, list(x.nodes(data=True)), list(y.nodes(data=True))
        yield where, list(x.edges(data=True)), list(y.edges(data=True))
    elif isinstance(x, dict):
        yield where + ".keys", list(x), list(y)
        yield from ((f"{where}[{k!r}]", v, w) for (k, v), w in zip(x.items(), y.values()))
    elif isinstance(x, list | tuple | deque):
        if len(x) != len(y) or getattr(x, "maxlen", 0) != getattr(y, "maxlen", 0):
            found.append(f"{where}: {len(x)} and {len(y)} things")
        yield from ((f"{where}[{k}]", v, w) for k, (v, w) in enumerate(zip(x, y)))
    elif isinstance(x, set | frozenset):
        yield where, sorted(x, key=repr), sorted(y, key=repr)
    elif isinstance(x, mesa.agent.AgentSet):
        yield where, list(x), list(y)
    if isinstance(x, Plugins):  # known by the identity of what the scenario says
        yield where + "._policies", list(x._policies.values()), list(y._policies.values())
    if isinstance(x, mesa.Model):
        yield where + ".agents", list(x.agents), list(y.agents)
    mine, theirs = of(x), of(y)
    if mine.keys() != theirs.keys():
        found.append(f"{where}: has or lacks {sorted(mine.keys() ^ theirs.keys())}")
    yield from ((f"{where}.{name}", mine[name], theirs[name]) for name in mine.keys() & theirs.keys())


def of(x: Any) -> dict[str, Any]:
    """Every attribute of an object."""
    if isinstance(x, np.ndarray | pd.DataFrame | nx.Graph | cKDTree | random.Random | np.random.Generator):
        return {}
    slots = {name: getattr(x, name) for name in copyreg._slotnames(type(x)) if hasattr(x, name)}
    own = {**getattr(x, "__dict__", {}), **slots}
    left = (
        CLOCKS
        | CACHES
        | ({"_classes", "_policies"} if isinstance(x, Plugins) else set())
        | (OF_MESA if isinstance(x, mesa.Model) else set())
    )
    return {name: value for name, value in own.items() if name not in left}


def arrays(where: str, x: np.ndarray, y: np.ndarray, found: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """Same bits, laid out in memory alike, and parts of the same whole."""
    if x.dtype != y.dtype or x.dtype.isalignedstruct != y.dtype.isalignedstruct or x.shape != y.shape:
        found.append(f"{where}: {x.dtype}{x.shape} and {y.dtype}{y.shape}")
    elif x.dtype.hasobject:
        yield where, x.tolist(), y.tolist()
    elif bits(x) != bits(y) or x.flags.writeable != y.flags.writeable or layout(x) != layout(y):
        found.append(f"{where}: another array")
    elif isinstance(x.base, np.ndarray) and isinstance(y.base, np.ndarray):
        yield where + ".base", x.base, y.base


def layout(x: np.ndarray) -> tuple[int, ...]:
    """How an array lies in memory, which decides the order of sums; one of no elements lies nowhere."""
    return x.strides if x.size else ()


def bits(x: np.ndarray) -> list[bytes]:
    """What an array holds, without what lies between the fields of its records."""
    return [x.tobytes()] if x.dtype.names is None else [b for name in x.dtype.names for b in bits(x[name])]
