"""Bind a choice rule to the shopping loop, and compile both."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba.core.compiler import Compiler

from ..inputs.files import digest_of
from ..inputs.memory import memory_digest
from ..streams import stream
from . import alone, culprit, interpreted, lanes, shopping
from .compiled import compilable, is_kept, kernel, part, rebind
from .consumers import MAX_EXTRA
from .records import BASE_ME, World
from .rounds import Loop

# Field k of a consumer stands in row _ROW[k] of the table of extra fields; of one that has a number for each
# category (_STEP[k] is 1, else 0) that is the row of the first. `_bind` puts those of a scenario in place.
_ROW = tuple(range(MAX_EXTRA))
_STEP = (0,) * MAX_EXTRA


def _extra_0(extra, i, c):
    return ()


def _extra_1(extra, i, c):
    return _extra_0(extra, i, c) + (np.float64(extra[_ROW[0] + c * _STEP[0], i]),)


def _extra_2(extra, i, c):
    return _extra_1(extra, i, c) + (np.float64(extra[_ROW[1] + c * _STEP[1], i]),)


def _extra_3(extra, i, c):
    return _extra_2(extra, i, c) + (np.float64(extra[_ROW[2] + c * _STEP[2], i]),)


def _extra_4(extra, i, c):
    return _extra_3(extra, i, c) + (np.float64(extra[_ROW[3] + c * _STEP[3], i]),)


def _extra_5(extra, i, c):
    return _extra_4(extra, i, c) + (np.float64(extra[_ROW[4] + c * _STEP[4], i]),)


def _extra_6(extra, i, c):
    return _extra_5(extra, i, c) + (np.float64(extra[_ROW[5] + c * _STEP[5], i]),)


def _extra_7(extra, i, c):
    return _extra_6(extra, i, c) + (np.float64(extra[_ROW[6] + c * _STEP[6], i]),)


def _extra_8(extra, i, c):
    return _extra_7(extra, i, c) + (np.float64(extra[_ROW[7] + c * _STEP[7], i]),)


def _lane_0(numbers, lane):
    return ()


def _lane_1(numbers, lane):
    return (np.float64(numbers[_AT[0] + lane]),)


def _lane_2(numbers, lane):
    return _lane_1(numbers, lane) + (np.float64(numbers[_AT[1] + lane]),)


def _lane_3(numbers, lane):
    return _lane_2(numbers, lane) + (np.float64(numbers[_AT[2] + lane]),)


def _lane_4(numbers, lane):
    return _lane_3(numbers, lane) + (np.float64(numbers[_AT[3] + lane]),)


def _lane_5(numbers, lane):
    return _lane_4(numbers, lane) + (np.float64(numbers[_AT[4] + lane]),)


def _lane_6(numbers, lane):
    return _lane_5(numbers, lane) + (np.float64(numbers[_AT[5] + lane]),)


def _lane_7(numbers, lane):
    return _lane_6(numbers, lane) + (np.float64(numbers[_AT[6] + lane]),)


def _lane_8(numbers, lane):
    return _lane_7(numbers, lane) + (np.float64(numbers[_AT[7] + lane]),)


# Written out, because compiled code needs to know how many there are, and the cache functions it can name.
_AT = tuple(np.uint64((len(BASE_ME) + k) * lanes.WIDE) for k in range(MAX_EXTRA))
_EXTRA = (_extra_0, _extra_1, _extra_2, _extra_3, _extra_4, _extra_5, _extra_6, _extra_7, _extra_8)
_LANE = (_lane_0, _lane_1, _lane_2, _lane_3, _lane_4, _lane_5, _lane_6, _lane_7, _lane_8)
assert len(_EXTRA) == len(_LANE) == MAX_EXTRA + 1


Layout = tuple[tuple[int, int], ...]
"""For each extra field: its row in the table of extra fields (of one per category: the first), and how many
rows further the next category has its own (0: the same row)."""


@dataclass(frozen=True)
class Rule:
    """A choice rule, known by the digest of all that it brings into compiled code: its source, the functions and
    values that it uses as they are now, its fields and where they stand."""

    function: Callable = field(compare=False)
    fields: tuple[str, ...]
    layout: Layout
    digest: str

    @classmethod
    def of(cls, function: Callable, fields: tuple[str, ...], layout: Layout | None = None) -> Rule:
        """The rule as it is now; by default its fields stand each in a row of its own."""
        layout = tuple((k, 0) for k in range(len(fields))) if layout is None else layout
        said = digest_of(f"{memory_digest(function)} {fields} {layout}")
        return cls(function, tuple(fields), layout, said[:24])


_LANES = (
    "person", "alternative", "chooser_of", "draw_keys", "lane_person", "enter", "limits", "expand", "meet", "standing",
    "go_through",
)  # fmt: skip
_PARTS = (*((lanes, p) for p in _LANES), (shopping, "furthest_first"), (shopping, "surplus_of"))
"""The functions of the loop, each after those it calls. Compiled they all dissolve in the loop, because handing over a
dozen arrays costs as much as they do."""


class _Apart(Compiler):
    """Numba's compiler, told that arrays handed to a function do not overlap: without that the compiled code would
    check it of the sheets of a group (lanes.py) again before each offer."""

    def define_pipelines(self) -> list[Any]:
        self.state.flags.noalias = True
        return super().define_pipelines()


def _bind(rule: Rule, compiled: bool) -> Loop:
    """A rule bound to the loop, compiled or not."""
    me = namedtuple("Me", BASE_ME + rule.fields)  # type: ignore[misc]
    k = len(rule.fields)
    names: dict[str, Any] = {
        "Me": me,
        "value": compilable(rule.function) if compiled else rule.function,
        "extra_lanes": _LANE[k],
        "_ROW": tuple(row for row, _ in rule.layout),
        "_STEP": tuple(step for _, step in rule.layout),
    }
    for number, function in enumerate(_EXTRA[: k + 1]):
        names[f"_extra_{number}"] = rebind(function, names)
    names["extra_fields"] = names[f"_extra_{k}"]
    if compiled:
        for name in ("extra_fields", "extra_lanes"):
            names[name] = compilable(names[name])
    else:
        names |= {"VECTOR": 1}
    for module, name in _PARTS:
        function = rebind(getattr(module, name), names)
        names[name] = part(function, forceinline=True) if compiled else function
    look = rebind(shopping.look_all, names)
    if compiled:
        look = kernel(look, rule=rule.digest, pipeline_class=_Apart)
    others = [shopping.enlist, shopping.share_out, shopping.sort, shopping.go_there]
    enlist, share_out, sort, go_there = others if compiled else [f.py_func for f in others]
    return Loop(me, enlist, share_out, sort, look, go_there, names)


# Numba keeps whatever it compiled or read back for as long as the process lives, which may be thousands of
# runs.
_bind_once = functools.lru_cache(maxsize=16)(_bind)


class Shopping:
    """The shopping loop with one rule in it.

    `rule(me, offer, trip, today)` returns utility; `fields` are the names of the extra consumer fields, in
    the order of the population, and `layout` says where they stand in its `extra` (by default each in a row
    of its own). With `compiled=False` the same functions run in the interpreter.
    `names` holds what the names in the loop stand for, for other loops over the same rule.
    """

    def __init__(
        self,
        rule: Callable,
        fields: tuple[str, ...] = (),
        layout: Layout | None = None,
        *,
        compiled: bool = True,
    ):
        self.rule, self.fields, self.compiled = rule, fields, compiled
        self.bound = Rule.of(rule, fields, layout)
        bind = _bind_once if compiled else _bind
        if compiled and not is_kept(self.bound.digest):
            alone.check(rule, tuple(fields))
        self._loop = bind(self.bound, compiled)
        self.me, self.names = self._loop.me, self._loop.names

    def day(
        self, world: World, needs_consumer: np.ndarray, needs_category: np.ndarray, seed: int, day: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every choice of one day: pick and visited (uint32 rows of the table), surplus (float32 utils).

        Raises RuleFault if the rule gives NaN or infinity, or fails, for anything that somebody sees."""
        given = world if self.compiled else interpreted.as_objects(world)
        with culprit.sought(self, world, needs_consumer, needs_category):
            found = self._loop.day(given, needs_consumer, needs_category, stream(seed, "taste", day))
        culprit.check(self, world, needs_consumer, needs_category, found.surplus)
        if not self.compiled:
            interpreted.write_back(given, world)
        return found.pick, found.visited, found.surplus
