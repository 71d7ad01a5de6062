"""`entry.search`: newcomers who look at a few empty places each, with savings and without knowing any of them well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class Search(Block):
    """Newcomers who search. It takes the place of `entry.policy` and `entry.share_per_month`."""

    rate_yearly: float = key(
        0.18, "People a year who think of opening a shop, per unit of the city", unit="1/year", ge=0, le=20
    )
    looks: int = key(3, "Empty places that each of them looks at", ge=1, le=100)
    successor: float = key(
        0.1,
        "Chance that somebody looks at a place as soon as its tenant is leaving",
        unit="share",
        ge=0,
        le=1,
    )
    margin_noise: float = key(
        0.06,
        "Standard deviation of the error in the margin that a newcomer expects of a place",
        unit="share",
        ge=0,
        le=1,
    )
    savings_months: float = key(
        7.0, "Median savings of newcomers, in months of their usual fixed cost", unit="months", ge=0, le=240
    )
    savings_spread: float = key(0.5, "Standard deviation of the log of savings", ge=0, le=3)
    ramp_utils: float = key(
        0.0, "Appeal that a new shop lacks when it opens; 0, as here: none", unit="utils", ge=0, le=20
    )
    ramp_months: int = key(
        6, "Months until a new shop has its full appeal, of which it gains as much each month", ge=1, le=120
    )


def check(spec: Spec) -> Faults:
    """No rule of one's own for what the search replaces."""
    if spec.entry.search is not None and spec.entry.policy != "best_category":
        message = "does nothing where newcomers search"
        yield Fault(("entry", "policy"), message, "leave out entry.policy, or entry.search")
