"""For whom and for what a choice rule went wrong.

The compiled loops only mark the needs for which a rule gave NaN or infinity, because more would cost time. Such
a need, or all of them if an interpreted rule failed, is gone through once more in the interpreter.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import interpreted

if TYPE_CHECKING:
    from .binding import Shopping
    from .records import World


class RuleFault(Exception):
    """What a choice rule did wrong: `consumer` (an id) needed a `category` (number) and saw the
    offer in row `offer` of the table. `said` tells what the rule `returned`, unless it raised the exception that
    this one comes `from`; `read` is what it was given by name, such as `me.income`."""

    def __init__(
        self, rule: Callable, consumer: int, category: int, offer: int, said: str, read: dict[str, Any]
    ):
        super().__init__(said)
        self.rule, self.consumer, self.category, self.offer = rule, consumer, category, offer
        self.said, self.read = said, read


@contextmanager
def sought(shopping: Shopping, world: World, consumers: np.ndarray, categories: np.ndarray) -> Iterator[None]:
    """Around a loop over needs in the interpreter or compiled: raise RuleFault for the need at which its rule failed."""
    try:
        with np.errstate(all="ignore"):
            yield
    except Exception:
        if not shopping.compiled:
            find(shopping, world, consumers, categories)
        raise


def check(
    shopping: Shopping, world: World, consumers: np.ndarray, categories: np.ndarray, worth: np.ndarray
) -> None:
    """After such a loop, which wrote `worth` (float[needs]): raise RuleFault for the first need that is NaN."""
    odd = np.flatnonzero(np.isnan(worth))
    if len(odd):
        find(shopping, world, consumers[odd], categories[odd])
        said = "returned NaN or infinity for one of the offers"
        who = int(world.people["id"][consumers[odd[0]]])
        raise RuleFault(shopping.rule, who, int(categories[odd[0]]), 0, said, {})


class _Noted(list):
    """Rows of a table; the last one that was asked for is the one that is looked at."""

    last = 0

    def __getitem__(self, k: Any) -> Any:
        self.last = int(k)
        return super().__getitem__(k)


class _People(dict):
    """The people of a world as objects, each made when she is asked for."""

    def __init__(self, records: np.ndarray):
        super().__init__()
        self.records = records

    def __missing__(self, k: Any) -> Any:
        names: Any = self.records.dtype.names
        self[k] = found = SimpleNamespace(**dict(zip(names, self.records[k].item())))
        return found


def find(shopping: Shopping, world: World, consumers: np.ndarray, categories: np.ndarray) -> None:
    """Go through needs one by one; raise RuleFault at the first for which the rule fails or gives no finite
    number (minus infinity is one: it says that she would never take it)."""
    from .binding import _bind

    offers = _Noted(interpreted.as_objects(world._replace(people=world.people[:0])).offers)
    need = [0, 0]

    def watched(me: Any, offer: Any, trip: Any, today: Any) -> Any:
        fault: Exception | None = None
        returned = said = None
        try:
            returned = shopping.rule(me, offer, trip, today)
        except Exception as raised:
            fault, said = raised, f"{type(raised).__name__}: {raised}"
        else:
            said = wrong_value(returned)
        if said is None:
            return returned
        groups = {"me": me, "offer": offer, "trip": trip, "today": today}
        read = {f"{g}.{n}": v for g, group in groups.items() for n, v in group._asdict().items()}
        who = int(world.people["id"][need[0]])
        raise RuleFault(shopping.rule, who, need[1], offers.last, said, read) from fault

    loop = _bind(replace(shopping.bound, function=watched), False)
    objects = interpreted.as_objects(world._replace(people=world.people[:0], offers=world.offers[:1]))
    objects = objects._replace(people=_People(world.people), offers=offers)
    with np.errstate(all="ignore"):
        for i, c in zip(consumers.tolist(), categories.tolist()):
            need[:] = i, c
            one = np.array([i], np.int64), np.array([c], np.int64)
            loop.day(objects, *one, np.uint64(0))


def wrong_value(returned: Any) -> str | None:
    """What is wrong with what a rule returned, or None."""
    if returned is None:
        return "returned nothing; a choice rule must return a number on every path"
    if isinstance(returned, np.ndarray | tuple | list):
        return f"returned {_a(returned)}; a choice rule must return one number"
    if isinstance(returned, np.generic):
        returned = returned.item()
    if not isinstance(returned, numbers.Real):
        return f"returned {_a(returned)}; a choice rule must return a number"
    if not float(returned) < np.inf:
        which = "infinity" if float(returned) > 0 else "NaN"
        return f"returned {which}; a choice rule must return a finite number, or minus infinity for never"
    return None


def _a(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    words: dict[type, str] = {str: "a text", tuple: "a tuple", list: "a list", dict: "a dict"}
    return words.get(type(value), f"an object of the type {type(value).__name__}")
