"""`platforms.NAME.acquire`: a platform buys chains of stores, and circles from their landlords."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..circles import STREETS
from ..faults import Fault, Faults, Key
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


class Acquisition(Block):
    """One deal: a platform buys a chain of stores, or a circle from its landlord."""

    date: Day | None = key(None, "It buys on the first day from this one on which its cash covers the price")
    share: float = key(
        1.0, "Share of the capital that it buys; it has the say with any share", unit="share", gt=0, le=1
    )
    price_yuan: float | None = key(
        None, "Price of the whole chain or circle, if it is agreed", unit="yuan", ge=0, le=1e13
    )
    # Listed Chinese supermarkets and department stores stood at 10 to 20 years of profit in 2014; unlisted
    # ones at less. A guess, as is the same number for the rent of a circle.
    profit_years: float = key(
        10.0,
        "Otherwise so many years of profit (of a circle: of rent), but no less than the stores' cash",
        unit="years",
        ge=0,
        le=100,
    )
    exclusive: bool = key(
        True, "Whether its stores, or the circle's tenants, may deal with no other platform"
    )


def check(spec: Spec) -> Faults:
    """Chains and circles that are there, each bought by one platform at most."""
    deals = [(name, target) for name, p in spec.platforms.items() for target in p.acquire]
    times = Counter(target for _, target in deals)
    for name, target in deals:
        at = ("platforms", name, "acquire", target)
        yield from _target(spec, target, at)
        if times[target] > 1:
            buyers = " and ".join(n for n, t in deals if t == target)
            yield Fault(at, f"'{target}' is bought by {buyers}", "one platform can own it", of_name=True)


def _target(spec: Spec, target: str, at: Key) -> Faults:
    """Whether a chain or circle of the name can be there."""
    if target == STREETS:
        hint = "a circle, or a chain such as 'supermarket chain 1'"
        yield Fault(at, "the streets belong to many", hint, of_name=True)
        return
