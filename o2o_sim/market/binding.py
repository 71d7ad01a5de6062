"""Bind a choice rule to the shopping loop, and compile both."""

from __future__ import annotations

import hashlib
import inspect
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from ..streams import stream
from . import shopping
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


# Written out, because compiled code needs to know how many there are, and the cache needs functions it can name.
_EXTRA = (_extra_0, _extra_1, _extra_2, _extra_3, _extra_4, _extra_5, _extra_6, _extra_7, _extra_8)
assert len(_EXTRA) == MAX_EXTRA + 1


def _source_digest(rule: Callable) -> str:
    """Digest of the file a rule stands in (its helpers are there too)."""
    file = inspect.getsourcefile(rule)
    text = Path(file).read_bytes() if file and Path(file).is_file() else inspect.getsource(rule).encode()
    return hashlib.sha256(text + rule.__qualname__.encode()).hexdigest()[:16]


class Shopping:
    """The shopping loop with one rule in it.

    `rule(me, offer, trip, today)` returns utility; `fields` are the names of the extra consumer fields, in
    the order of the population's `extra`. With `compiled=False` the same functions run in the interpreter.
    """

    def __init__(self, rule: Callable, fields: tuple[str, ...] = (), *, compiled: bool = True):
        self.rule, self.fields, self.compiled = rule, fields, compiled
        self.me = namedtuple("Me", BASE_ME + tuple(fields))  # type: ignore[misc]
        names: dict[str, Any] = {"Me": self.me, "value": rule, "extra_fields": _EXTRA[len(fields)]}
        if compiled:
            compilable(rule)
            for extra in _EXTRA[: len(fields) + 1]:
                compilable(extra)
        for part in ("person", "seen_offer", "end_within", "race", "choose", "shop_block"):
            function = rebind(getattr(shopping, part), names)
            names[part] = numba.njit(error_model="numpy")(function) if compiled else function
        loop = rebind(shopping.shop_all, names)
        if compiled:
            digest = _source_digest(rule) + "-" + hashlib.sha256(" ".join(fields).encode()).hexdigest()[:8]
            loop = kernel(loop, rule=digest, parallel=True)
        self._shop_all = loop
        self._names = names

    def day(self, world, needs_consumer, needs_category, starts, seed: int, day: int):
        """Every choice of one day: pick and visited (uint32 rows of the table), surplus (float32 utils)."""
        n = len(needs_consumer)
        pick, visited = np.zeros(n, np.uint32), np.zeros(n, np.uint32)
        surplus = np.zeros(n, np.float32)
        order = shopping.dealing_order(len(starts) - 1)
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
        return pick, visited, surplus
