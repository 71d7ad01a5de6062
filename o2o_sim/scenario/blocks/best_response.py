"""`stores.best_response`: how far the policy `best_response` goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class BestResponse(Block):
    """How far the policy `best_response` goes for the price that earns most, others' prices being as they
    are."""

    lowest_x: float = key(
        0.85, "Lowest price that it considers, relative to its format's", unit="x", gt=0, le=100
    )
    highest_x: float = key(
        1.15, "Highest price that it considers, relative to its format's", unit="x", gt=0, le=100
    )
    people: int = key(
        1000,
        "Most consumers whose choices it works out, spread evenly over all who might come; more take longer",
        unit="consumers",
        ge=1,
        le=100_000_000,
    )
    census: bool = key(
        False,
        "Whether it counts the residents of each cell, instead of the simulated consumers who live there",
    )


def check(spec: Spec) -> Faults:
    """A range of prices in which there is one."""
    prices = spec.stores.best_response
    if prices.lowest_x > prices.highest_x:
        message = f"is above highest_x, {prices.highest_x:g}, so that no price is left"
        yield Fault(("stores", "best_response", "lowest_x"), message)
