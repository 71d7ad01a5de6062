"""`platforms.NAME.harvest`: no subsidies and a rising commission, once a platform is large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, Day, key
from .network import NO_SHOPS, WHO_HAS_PARTNERS

if TYPE_CHECKING:
    from ..schema import Spec


class Harvest(Block):
    """First stores and users, then profit: from some point on no subsidies, and a commission that rises.

    Harvest begins with the end of the month in which any one of the targets is reached.
    """

    from_members: float | None = key(
        None, "Begins when this share of the consumers are members", unit="share", gt=0, le=1
    )
    from_stores: int | None = key(
        None, "Begins when this many shops have signed with it", unit="shops", ge=1, le=100_000
    )
    from_date: Day | None = key(None, "Begins at the end of the month of this day")
    # Guesses: coupon platforms took 5-10 % in 2013-14 and about twice that when few of them were left.
    commission_step: float = key(
        0.01, "What is added to the commission at each step", unit="share", ge=0, le=0.9
    )
    every_months: int = key(1, "Months from one step to the next", unit="months", ge=1, le=120)
    commission_ceiling: float = key(
        0.15, "The commission at which it stops rising", unit="share", ge=0, le=0.9
    )


def check(spec: Spec) -> Faults:
    """A platform with partners, a target at which harvest begins, and a ceiling above the commission."""
    for name, p in spec.platforms.items():
        h, at = p.harvest, ("platforms", name, "harvest")
        if h is None:
            continue
        if p.kind == "self_operated":
            yield Fault(at, NO_SHOPS, WHO_HAS_PARTNERS)
        if h.from_members is None and h.from_stores is None and h.from_date is None:
            hint = "give from_members, from_stores or from_date"
            yield Fault(at, "says no target, so it never begins", hint)
        if h.commission_ceiling < p.commission:
            message = f"is below the commission it begins with, {p.commission:g}"
            yield Fault((*at, "commission_ceiling"), message)
