"""Bind a choice rule to the shopping loop, and compile both."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from ..streams import stream
from . import interpreted, lanes, shopping
from .compiled import compilable, kernel, rebind
from .consumers import MAX_EXTRA
from .shopping import BASE_ME


def _extra_0(extra, i):
    return ()


def _extra_1(extra, i):
    return (np.float64(extra[0, i]),)


def _extra_2(extra, i):
    return (np.float64(extra[0, i]), np.float64(extra[1, i]))


def _extra_3(extra, i):
    return (np.float64(extra[0, i]), np.float64(extra[1, i]), np.float64(extra[2, i]))


def _extra_4(extra, i):
    return _extra_3(extra, i) + (np.float64(extra[3, i]),)


def _extra_5(extra, i):
    return _extra_4(extra, i) + (np.float64(extra[4, i]),)


def _extra_6(extra, i):
    return _extra_5(extra, i) + (np.float64(extra[5, i]),)


def _extra_7(extra, i):
    return _extra_6(extra, i) + (np.float64(extra[6, i]),)


def _extra_8(extra, i):
    return _extra_7(extra, i) + (np.float64(extra[7, i]),)


def _lane_0(traits, lane):
    return ()


def _lane_1(traits, lane):
    return (traits[_AT[0] + lane],)


def _lane_2(traits, lane):
    return _lane_1(traits, lane) + (traits[_AT[1] + lane],)


def _lane_3(traits, lane):
    return _lane_2(traits, lane) + (traits[_AT[2] + lane],)


def _lane_4(traits, lane):
    return _lane_3(traits, lane) + (traits[_AT[3] + lane],)


def _lane_5(traits, lane):
    return _lane_4(traits, lane) + (traits[_AT[4] + lane],)


def _lane_6(traits, lane):
    return _lane_5(traits, lane) + (traits[_AT[5] + lane],)


def _lane_7(traits, lane):
    return _lane_6(traits, lane) + (traits[_AT[6] + lane],)


def _lane_8(traits, lane):
    return _lane_7(traits, lane) + (traits[_AT[7] + lane],)


# Written out, because compiled code needs to know how many there are, and the cache functions it can name.
_AT = tuple(np.uint64((len(BASE_ME) + k) * lanes.WIDE) for k in range(MAX_EXTRA))
_EXTRA = (_extra_0, _extra_1, _extra_2, _extra_3, _extra_4, _extra_5, _extra_6, _extra_7, _extra_8)
_LANE = (_lane_0, _lane_1, _lane_2, _lane_3, _lane_4, _lane_5, _lane_6, _lane_7, _lane_8)
assert len(_EXTRA) == len(_LANE) == MAX_EXTRA + 1


def _source_digest(rule: Callable) -> str:
    """Digest of the file a rule stands in (its helpers are there too)."""
    file = inspect.getsourcefile(rule)
    text = Path(file).read_bytes() if file and Path(file).is_file() else inspect.getsource(rule).encode()
    return hashlib.sha256(text + rule.__qualname__.encode()).hexdigest()[:16]


def rule_digest(rule: Callable, fields: tuple[str, ...]) -> str:
    """Digest of all that a rule brings into compiled code: its source and its fields."""
    return _source_digest(rule) + "-" + hashlib.sha256(" ".join(fields).encode()).hexdigest()[:8]


_ALONE = (
    "person",
    "alternative",
    "end_within",
    "look_along",
    "race_along",
    "race",
    "chooser_of",
    "look_from_home",
    "is_settled",
    "surplus_of",
    "decide",
)
_TOGETHER = (
    "lane_person",
    "enter",
    "think_together",
    "race_together",
    "go_through",
    "by_reach",
    "look_together",
)
_PARTS = (*((shopping, p) for p in _ALONE), *((lanes, p) for p in _TOGETHER), (shopping, "shop_block"))
"""The functions of the loop, each after those it calls."""
_APART = ("race", "think_together", "race_together", "look_together", "look_along", "race_along")


def _compile(function: Callable, part: str) -> Callable:
    """Compiled for use inside other compiled functions; small ones dissolve in who calls them, because
    handing over a dozen arrays costs as much as they do."""
    return numba.njit(error_model="numpy", forceinline=part not in _APART)(function)


def _bind(rule: Callable, fields: tuple[str, ...], compiled: bool) -> tuple[type, Callable, dict[str, Any]]:
    """The record of a consumer, the loop with a rule in it, and what the names in the loop stand for."""
    me = namedtuple("Me", BASE_ME + fields)  # type: ignore[misc]
    k = len(fields)
    names: dict[str, Any] = {
        "Me": me,
        "value": rule,
        "extra_fields": _EXTRA[k],
        "extra_lanes": _LANE[k],
    }
    names |= {"WIDE": lanes.WIDE, "FEWEST": lanes.FEWEST, "FAMILIARITY": lanes.FAMILIARITY}
    if compiled:
        for function in (rule, *_EXTRA[: k + 1], *_LANE[: k + 1]):
            compilable(function)
    for module, part in _PARTS:
        function = rebind(getattr(module, part), names)
        names[part] = _compile(function, part) if compiled else function
    loop = rebind(shopping.shop_all, names)
    if compiled:
        loop = kernel(loop, rule=rule_digest(rule, fields), parallel=True)
    return me, loop, names


# Numba keeps whatever it compiled or read back for as long as the process lives, which may be thousands of
# runs.
_bind_once = functools.lru_cache(maxsize=16)(_bind)


class Shopping:
    """The shopping loop with one rule in it.

    `rule(me, offer, trip, today)` returns utility; `fields` are the names of the extra consumer fields, in
    the order of the population's `extra`. With `compiled=False` the same functions run in the interpreter.
    `names` holds what the names in the loop stand for, for other loops over the same rule.
    """

    def __init__(self, rule: Callable, fields: tuple[str, ...] = (), *, compiled: bool = True):
        self.rule, self.fields, self.compiled = rule, fields, compiled
        bind = _bind_once if compiled else _bind
        self.me, self._shop_all, self.names = bind(rule, tuple(fields), compiled)

    def day(self, world, needs_consumer, needs_category, starts, seed: int, day: int):
        """Every choice of one day: pick and visited (uint32 rows of the table), surplus (float32 utils)."""
        n = len(needs_consumer)
        pick, visited = np.zeros(n, np.uint32), np.zeros(n, np.uint32)
        surplus = np.zeros(n, np.float32)
        order = shopping.dealing_order(len(starts) - 1)
        given = world
        if not self.compiled:
            world = interpreted.as_objects(given)
        with np.errstate(all="ignore"):
            self._shop_all(
                *world,
                needs_consumer,
                needs_category,
                starts,
                order,
                stream(seed, "taste", day),
                pick,
                visited,
                surplus,
            )
        if not self.compiled:
            interpreted.write_back(world, given)
        return pick, visited, surplus
