"""`circles.NAME.alliance`: a landlord who favours one platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, ends_early, unknown
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


class CircleAlliance(Block):
    """A landlord who favours one platform: its coupons are sweetened in his circle, those of its rivals
    refused."""

    platform: str = key(..., "The platform that is favoured")
    start: Day | None = key(None, "First day; empty means from the beginning")
    end: Day | None = key(None, "First day without it; empty means never")
    extra_discount: float = key(
        0.05, "Discount on its coupons beyond the usual, which the landlord pays", unit="share", ge=0, le=0.9
    )
    budget_yuan_month: float = key(
        1e12, "The landlord stops for the month when this much is spent", unit="yuan/month", ge=0, le=1e15
    )
    exclusive: bool = key(True, "Whether coupons of other platforms are refused in the circle")
    appeal: float = key(
        0.1, "Utility of the circle's shops to its members, whom it sends there", unit="utils", ge=-20, le=20
    )
    fee_yuan_month: float = key(
        0.0, "What the landlord pays the platform for sending them", unit="yuan/month", ge=0, le=1e10
    )


def check(spec: Spec) -> Faults:
    """Platforms that are there, dates in their order, and discounts that leave a price."""
    for name, c in spec.circles.items():
        if c.alliance is not None:
            yield from _alliance(spec, c.alliance, ("circles", name, "alliance"))


def _alliance(spec: Spec, alliance: CircleAlliance, key: tuple[str, ...]) -> Faults:
    yield from ends_early(key, alliance.start, alliance.end)
    platform = spec.platforms.get(alliance.platform)
    if platform is None:
        yield unknown((*key, "platform"), "platform", alliance.platform, spec.platforms)
    elif platform.kind == "local_services" and alliance.extra_discount + platform.coupon_discount > 0.9:
        message = f"with the coupon's own {platform.coupon_discount:g} it is more than 0.9 of the price"
        yield Fault((*key, "extra_discount"), message)
    elif (deals := platform.group_deals) is not None and alliance.extra_discount + deals.discount > 1:
        message = f"with the group deal's own {deals.discount:g} it is more than the price"
        yield Fault((*key, "extra_discount"), message)
