"""Graphs of objects: what is read back is what was written, and what is neither data nor named is refused."""

from __future__ import annotations

import enum
import functools
import json
import random
import tempfile
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import KDTree, cKDTree

from o2o_sim.record.graph import Names, Unreadable, Unwritable, Written
from o2o_sim.record.graph_reader import read
from o2o_sim.record.graph_writer import write
from tests.laws.objects import differences

HERE = frozenset({__name__})


class Kind(enum.Enum):
    A, B = "a", "b"


class Point(NamedTuple):
    x: float
    y: np.ndarray


@dataclass(frozen=True)
class Frozen:
    name: str
    of: tuple[Any, ...] = ()


@dataclass(slots=True)
class Slotted:
    number: int
    there: Any = None


class Thing:
    def __init__(self, **attributes: Any):
        self.__dict__.update(attributes)


@dataclass
class World:
    """What a test puts into it, and a function of its own."""

    found: dict[str, Any] = field(default_factory=dict)
    act: Any = None


def back(world: Any, twin: Any, names: Names | None = None, twins: Names | None = None) -> Any:
    """Written, sent through JSON, and read into a twin."""
    written = write(world, names or Names(), start="world")
    said = json.loads(json.dumps(written.nodes))
    return read(Written(said, written.data), twin, twins or names or Names(), HERE)


def test_what_is_read_is_what_was_written():
    shared = [1, 2]
    record = np.zeros(5, np.dtype([("a", np.uint8), ("b", np.float64)], align=True))
    record["b"] = [0.0, -0.0, np.inf, np.nan, 1e-310]
    matrix = np.arange(12.0).reshape(3, 4)
    fixed = np.arange(3)
    fixed.setflags(write=False)
    me = Thing(name="me", friends=[])
    me.friends.append(me)
    found = {
        "atoms": [None, True, 0, -(2**80), 1.5, -0.0, float("inf"), "\ud800\U0001f3ea"],
        "twice": (shared, {"again": shared}),
        "days": [date(2013, 1, 2), datetime(2013, 1, 2, 3, 4, 5, 6), timedelta(3, 4, 5)],
        "odd keys": {(1, "a"): 1, date(2013, 1, 1): shared, None: 3, True: 4, 2.5: 5},
        "sets": [{3, 1}, frozenset({"x"}), {Frozen("a"), Frozen("b", (1, (2,)))}],
        "kinds": [Kind.B, Point(1.0, matrix), Frozen("f", (me,)), Slotted(3), Slotted(4, shared)],
        "more": [deque([1, shared], 5), Counter("aab"), OrderedDict(b=1, a=2), defaultdict(list, a=[1])],
        "bytes": [b"\0\xff", bytearray(b"x"), 1 + 2j, range(3, 9, 2), slice(None, 3)],
        "numbers": [np.float32(1.1), np.int64(-5), np.bool_(True), np.datetime64("2013-01-01")],
        "record": record,
        "parts": [record["b"], record[1:3], matrix.T, matrix[::2, 1:], matrix[:, ::-1], matrix[0, 0:0]],
        "whole": matrix,
        "orders": [np.asfortranarray(matrix), np.zeros((0, 8), np.int64), np.array(3.0), fixed],
        "objects": np.array([[1, "a"], [None, shared]], object),
        "texts": np.array(["a", "bcd"]),
        "me": me,
        "chance": random.Random(3),
        "draws": np.random.default_rng(4),
        "table": pd.DataFrame({"n": [1, 2], "x": [0.5, None], "s": ["a", "b"], "d": [date(2013, 1, 1)] * 2}),
        "empty": pd.DataFrame(),
        "trees": [cKDTree(matrix.reshape(6, 2)), KDTree([[0.0, 1.0]], leafsize=3, boxsize=2.0)],
    }
    found["draws"].random(5)
    found["chance"].random()
    world = World(found)
    again = back(world, twin := World())
    assert again is twin
    assert differences(world, again) == []
    assert again.found["trees"][1].leafsize == 3 and again.found["trees"][1].boxsize.tolist() == [2.0, 2.0]
    again.found["whole"][0, 1] = -7
    assert again.found["parts"][2][1, 0] == -7, "a part is a part of the whole again"
    assert again.found["chance"].random() == found["chance"].random()
    assert again.found["draws"].random() == found["draws"].random()


def test_the_twin_keeps_its_functions_and_named_objects():
    block, other = Thing(price=1), Thing(price=2)
    names, twins = Names(), Names()
    names.add(block, ["scenario", "block"])
    twins.add(other, ["scenario", "block"])
    mine, theirs = World({"blocks": [block, block]}), World()
    mine.act, theirs.act = (functools.partial(setattr, world, "found", 3).func for world in (mine, theirs))
    again = back(mine, theirs, names, twins)
    assert again.found["blocks"] == [other, other]
    assert again.act is theirs.act


def test_a_function_that_knows_its_object_knows_the_object_that_was_filled():
    def made(number: int) -> World:
        world = World({"number": number})
        world.act = lambda: world.found["number"]
        return world

    again = back(made(3), made(0))
    assert again.act() == 3


def opened() -> Any:
    return (k for k in range(3))


@pytest.mark.parametrize(
    "what",
    [
        opened,
        threading.Lock,
        tempfile.TemporaryFile,
        lambda: functools.partial(print, 1),
        lambda: iter([1]),
    ],
)
def test_what_is_no_data_is_refused_with_its_place(what):
    thing = what()
    with pytest.raises(Unwritable, match=r"^world\.found\['a'\]\[1\] is a .*cannot be saved"):
        write(World({"a": [0, thing]}), Names(), start="world")


def test_a_function_with_a_memory_is_refused():
    memory: list[int] = []
    with pytest.raises(Unwritable, match=r"world\.act is a function that keeps a list"):
        write(World(act=lambda: memory.append(1)), Names(), start="world")


class Bomb:
    """What a pickle would run."""

    exploded = False

    def __init__(self) -> None:
        Bomb.exploded = True

    def __reduce__(self) -> Any:
        return Bomb, ()

    def __setstate__(self, state: Any) -> None:
        Bomb.exploded = True


class Quiet:
    """A class whose making, filling and comparing would be noticed."""

    def __init__(self) -> None:
        Bomb.exploded = True

    def __setattr__(self, name: str, value: Any) -> None:
        Bomb.exploded = True

    def __setstate__(self, state: Any) -> None:
        Bomb.exploded = True

    def __getattr__(self, name: str) -> Any:
        Bomb.exploded = True
        raise AttributeError(name)


def said(
    *nodes: list[Any], classes: list[str] | None = None, dtypes: list[Any] | None = None, data: bytes = b""
):
    return Written({"nodes": list(nodes), "classes": classes or [], "dtypes": dtypes or []}, data)


def test_nothing_that_a_file_brings_is_called():
    Bomb.exploded = False
    with pytest.raises(Unwritable):
        write(World({"a": object.__new__(Bomb)}), Names())
    brought = said(["dict", {"a": [1]}], ["object", 0, {"x": 1}], classes=[f"{__name__}:Quiet"])
    found = read(brought, {}, Names(), HERE)
    assert found["a"].__dict__ == {"x": 1}
    assert not Bomb.exploded


@pytest.mark.parametrize(
    "name",
    ["os:_Environ", "subprocess:Popen", "builtins:object", "builtins:type", f"{__name__}:opened", f"{__name__}:np.ndarray",
     f"{__name__}:Thing.__init__", f"{__name__}:Any", f"{__name__}:json.JSONDecoder", f"{__name__}:nowhere", "x", ""],
)  # fmt: skip
def test_only_listed_classes_can_be_brought(name):
    with pytest.raises(Unreadable, match="may not bring"):
        read(said(["list", [[1]]], ["object", 0, {}], classes=[name]), [], Names(), HERE)


ARRAY = ["array", 0, [2], "C", 0, True]


@pytest.mark.parametrize(
    "hostile",
    [
        said(["list", [[1]]], ["code", "os:system"]),
        said(["list", [[1]]], ["named", ["scenario"]]),
        said(["list", [[1]]], ["method", "os:system", [0]]),
        said(["list", [[7]]]),
        said(["list", [[-1]]]),
        said(["list", [1]], ["list", []]),
        said(["list", [[1]]], ["tuple", [[2]]], ["tuple", [[1]]]),
        said(["list", [[1]]], ["nonsense"]),
        said(["list", [{"date": "soon"}]]),
        said(["list", [{"what": 1}]]),
        said(["list", [[1]]], ARRAY, dtypes=["<f8"], data=b"1234567"),
        said(["list", [[1]]], ["array", 0, [1 << 60], "C", 0, True], dtypes=["<f8"], data=bytes(16)),
        said(["list", [[1]]], ["array", 0, [-1], "C", 0, True], dtypes=["<f8"], data=bytes(16)),
        said(["list", [[1]]], ["array", 0, [1], "C", -8, True], dtypes=["<f8"], data=bytes(16)),
        said(["list", [[1]]], ["array", 0, [1], "C", 0, True], dtypes=["O"], data=bytes(16)),
        said(["list", [[1]]], ["array", 0, [1], "C", 0, True], dtypes=["|O8"], data=bytes(16)),
        said(["list", [[1]]], ["view", [2], 0, [3], [8], 0, True], ARRAY, dtypes=["<f8"], data=bytes(16)),
        said(["list", [[1]]], ["view", [2], 0, [2], [8], -8, True], ARRAY, dtypes=["<f8"], data=bytes(16)),
        said(["list", [[1]]], ["view", [2], 0, [2], [-8], 0, True], ARRAY, dtypes=["<f8"], data=bytes(16)),
        said(
            ["list", [[1]]], ["view", [2], 0, [1 << 41], [0], 0, True], ARRAY, dtypes=["<f8"], data=bytes(16)
        ),
        said(["list", [[1]]], ["object", 0, {"a b": 1}], classes=[f"{__name__}:Thing"]),
        said(["list", [[1]]], ["object", 0, {"other": 1}], classes=[f"{__name__}:Slotted"]),
        said(["list", [[1]]], ["object", 9, {}]),
        said(["list", [[1]]], ["enum", 0, "C"], classes=[f"{__name__}:Kind"]),
        said(["list", [[1]]], ["named tuple", 0, [1]], classes=[f"{__name__}:Point"]),
        said(["list", [[1]]], ["generator", [2]], ["dict", {"bit_generator": "os"}]),
        said(["list", [[1]]], ["frame", 3, [["a", "<f8", [2]]]], ARRAY, dtypes=["<f8"], data=bytes(16)),
        said(["set", [[1]]], ["list", []]),
        said(["list", [[[0]]]]),
        said(["list", [{}]]),
    ],
)
def test_hostile_nodes_are_refused(hostile):
    with pytest.raises(Unreadable):
        read(hostile, [], Names(), HERE)
