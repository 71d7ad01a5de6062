"""The built-in choice rules: plain Python for one consumer and one offer, compiled by the shopping loop.

A rule is a function `value(me, offer, trip, today)` that returns a utility: a finite number, or minus infinity for
what is never chosen. It reads:

- `me`: `price_sensitivity`, `value_of_time` (utils/min), `income` (1 is the mean), `radius` (min),
  `literacy`, `cohort` (number), `pays_by_phone`, `online` (0 or 1), and the fields of its own that the
  scenario or the rule's `FIELDS` declare;
- `offer`: `appeal` (utils: quality, variety of the circle, floor space, trust), `price` (what the purchase
  costs me, as a multiple of the usual ticket, times the category's price weight), `queue` (min), `wait`
  (utils lost until delivered), `unseen` (utils lost by not touching), `payment` (utils lost by who does not
  pay by phone), and, where a rule of your own wants them, `area` (m2), `discount` (share), `days`,
  `channel` (number), `category` (number), `quality` (utils);
- `trip`: `minutes` (one way, door to door), `familiarity` (utils, with the offer's platform), `loyalty`
  (utils, to the offer's store), `follows` (0 or 1);
- `today`: `day`, `weekday`, `month`, `workday` (0 or 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from .compiled import rebind

FIELDS: dict[str, float] = {}


class CategoryName(str):
    """The name of a category in a rule's file, in whose place the rule gets the category's number."""


def category(name: str) -> Any:
    """A category that a rule compares with: `FOOD = category("groceries")` in its file, and
    `offer.category == FOOD` in the rule, where it is the number of that category in the scenario. A scenario
    without that category is refused."""
    return CategoryName(name)


def with_categories(rule: Callable, numbers: Mapping[str, int]) -> Callable:
    """The rule with the numbers of the categories that it, or a function that it calls, names. One that names
    none is returned as it is. Raises KeyError with the name of a category that is not there."""
    done: dict[Any, Callable] = {}

    def resolved(function: FunctionType) -> Callable:
        if function not in done:
            done[function] = function  # one that calls itself is met again on the way
            changed: dict[str, Any] = {}
            for name in function.__code__.co_names:
                used = function.__globals__.get(name)
                if isinstance(used, CategoryName):
                    changed[name] = float(numbers[used])
                elif isinstance(used, FunctionType) and (other := resolved(used)) is not used:
                    changed[name] = other
            if changed:
                done[function] = rebind(function, changed)
        return done[function]

    return resolved(rule) if isinstance(rule, FunctionType) else rule


def value(me, offer, trip, today):
    """The default rule: appeal against money, time, patience and doubt (model.md, section 7)."""
    return (
        offer.appeal
        - me.price_sensitivity * offer.price
        - me.value_of_time * (trip.minutes + offer.queue)
        - offer.wait
        - offer.unseen
        - offer.payment * (1.0 - me.pays_by_phone)
        + trip.familiarity
        + trip.loyalty
    )


class huff:
    """Huff (1964) as a logit: attraction is area^a * minutes^-b, so utility is a ln(area) - b ln(minutes)."""

    FIELDS = {"area_exponent": 1.0, "distance_exponent": 2.0}

    @staticmethod
    def value(me, offer, trip, today):
        return me.area_exponent * math.log(offer.area) - me.distance_exponent * math.log(
            max(trip.minutes, 1e-9)
        )
