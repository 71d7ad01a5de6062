"""`platforms.NAME.member_data`: partners hand the data of their regular customers over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, Day, key
from .own_shops import HAVE_PARTNERS, NO_PARTNERS

if TYPE_CHECKING:
    from ..schema import Spec


class MemberData(Block):
    """Partners hand the data of their regular customers to the platform, which writes to them."""

    start: Day | None = key(None, "First day on which data are handed over")
    share: float = key(1.0, "Share of its partners that hand them over", unit="share", ge=0, le=1)
    loyalty: float = key(
        0.4, "Loyalty from which a store counts somebody among its regulars", unit="share", ge=0, le=1
    )
    # Open and answer rates of text messages and mails lie between 2 and 20 %; a guess within.
    response: float = key(
        0.1,
        "Chance in a month that one of literacy 1 answers, once she is in the list",
        unit="share",
        ge=0,
        le=1,
    )
    familiarity: float = key(
        0.1,
        "Step of familiarity with the platform towards 1 at each answer; who is no member joins",
        unit="share",
        ge=0,
        le=1,
    )
    fee_yuan: float = key(
        0.0, "What the store gets for each customer handed over", unit="yuan/customer", ge=0, le=1e5
    )
    commission_x: float = key(
        1.0, "The platform's commission from stores that hand data over, relative to others", ge=0, le=10
    )


def check(spec: Spec) -> Faults:
    """Only a platform with partners gets their data."""
    for name, p in spec.platforms.items():
        if p.member_data is not None and p.kind == "self_operated" and not p.acquire:
            yield Fault(("platforms", name, "member_data"), NO_PARTNERS, HAVE_PARTNERS)
