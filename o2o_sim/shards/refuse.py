"""What a run over shards cannot do yet: everything that looks at consumers one by one from outside."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..scenario.use import uses

if TYPE_CHECKING:
    from ..scenario.schema import Spec

KEYS = (
    "boycott",
    "calendar.festivals",
    "calendar.seasons",
    "circles.*.smart",
    "closed_loop",
    "consumers.word_of_mouth",
    "couriers",
    "drivers.income",
    "drivers.phones",
    "drivers.tourists",
    "drivers.zones",
    "franchise",
    "messages",
    "mobile_payment",
    "platforms.*.fresh_hub",
    "platforms.*.from_stores",
    "platforms.*.funding",
    "platforms.*.group_deals",
    "platforms.*.last_kilometre",
    "platforms.*.member_data",
    "platforms.*.recruit",
    "platforms.*.till",
    "provider",
    "stores.formats.*.places",
    "stores.owners",
    "stores.try_then_buy",
    "timeline.*.begin",
)
"""Keys whose mechanisms need people one by one; `*` stands for any name."""
READ_BY_PEOPLE = ("consumers.familiarity_weight", "consumers.loyalty_weight", "consumers.work_anchor")
"""Keys that are read where people stand, each time anew: they cannot change on a date there (`timeline`)."""
POLICIES = ("best_response",)
"""Policies that do."""
MEASURES_ON_SUMS = ("integration",)
"""Measures that need none; the others look at people."""
OWN = ("systems", "channels", "phases")
"""Keys of plugins' classes and functions that may look at everything."""

HINT = "Leave it out, or run without shards."


def refuse(spec: Spec) -> None:
    """Raise ScenarioError, with every key of a scenario that names what cannot be done over shards."""
    problems = [
        spec.problem_at(key, f"cannot be had in a run over shards: {why}", HINT) for key, why in _found(spec)
    ]
    if problems:
        raise ScenarioError(problems)


def _found(spec: Spec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    by_one = "it looks at consumers one by one, and these stand in other processes"
    for pattern in KEYS:
        for said in _said(spec, tuple(pattern.split(".")), ()):
            yield said, by_one
    for k, measure in enumerate(spec.measures):
        if measure not in MEASURES_ON_SUMS:
            yield ("measures", k), by_one
    for key, _, use in uses(spec):
        if str(use) in POLICIES:
            yield key, by_one
    for name, happening in spec.timeline.items():
        for path in happening.set:
            if any(fnmatchcase(path, pattern) for pattern in READ_BY_PEOPLE):
                yield ("timeline", name, "set", path), "people read it, and these stand in other processes"
        for k, who in enumerate(happening.close):
            if who in spec.platforms:
                yield ("timeline", name, "close", k), by_one
    might = "a plugin may look at consumers there, and these stand in other processes"
    for name in OWN:
        yield from (((name, k), might) for k in range(len(getattr(spec, name))))


def _said(block: Any, pattern: tuple[str, ...], key: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The keys that a pattern stands for and that say something."""
    if not pattern:
        if block is not None and block is not False and block != [] and block != {}:
            yield key
        return
    name, *rest = pattern
    if name == "*":
        for each, value in block.items():
            yield from _said(value, tuple(rest), (*key, each))
    elif block is not None:
        yield from _said(getattr(block, name), tuple(rest), (*key, name))


__all__ = ["refuse"]
