"""What a scenario may say about circles and landlords beyond plain rents, and about paying by phone in
shops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .faults import Fault, Faults, unknown
from .keys import Block, Day, key

if TYPE_CHECKING:
    from .schema import Spec


class TurnoverRent(Block):
    """A lease with a base rent and a share of the sales made in the unit above a breakpoint.

    The natural breakpoint is where the share alone would earn the base rent: base rent / share.
    """

    base_x: float = key(
        0.8, "Base rent relative to what a plain lease would ask", unit="x", ge=0, le=5, adjustable=True
    )
    share: float = key(
        0.1, "Share of the sales above the breakpoint", unit="share", ge=0, le=0.9, adjustable=True
    )
    share_by_format: dict[str, float] = key(
        {}, "Share by format, where it is not the general one", unit="share", max_length=50
    )
    breakpoint_x: float = key(1.0, "Breakpoint relative to the natural one", unit="x", ge=0, le=100)
    online_counts: bool = key(
        False, "Whether parcels and deliveries of the shop count as sales, not only what is sold in the unit"
    )


class SmartCircle(Block):
    """Pay by phone for parking and goods, with one points card, in all shops of a circle whose owners invest.

    It goes live when enough owners have joined. Owners are as in Granovetter (1978): each joins once the
    share of the others who did reaches a threshold of its own. What was paid towards a system that never goes
    live is lost."""

    start: Day | None = key(None, "From when owners are asked; empty means from the beginning")
    investment_yuan: float = key(
        2e6,
        "What the system of the circle costs; each unit's owner pays an equal part",
        unit="yuan",
        ge=0,
        le=1e12,
    )
    fee_yuan_month: float = key(
        3000.0, "What each owner pays from joining on", unit="yuan/month", ge=0, le=1e9
    )
    owners_needed: float = key(
        0.5, "Share of the circle's owners who must have joined before it goes live", unit="share", ge=0, le=1
    )
    founders: float = key(
        0.15, "Share of owners who are ready to join whatever the others do", unit="share", ge=0, le=1
    )
    threshold_mean: float = key(
        0.35, "Share of owners that the usual other one wants to see in it", unit="share", ge=-5, le=5
    )
    threshold_spread: float = key(0.2, "Standard deviation of that between owners", unit="share", ge=0, le=5)
    hoped_lift: float = key(
        0.05, "Extra sales that an owner hopes for, as a share of its sales", unit="share", ge=0, le=5
    )
    patience_months: int = key(
        12,
        "Months that a member waits for it to go live before it leaves for good",
        unit="months",
        ge=1,
        le=600,
    )
    # Guesses: paying at the barrier and finding a space saves a driver five minutes, and a fifth of visitors
    # drive; the phone at the till saves finding change and card.
    parking_min: float = key(
        1.0,
        "Minutes of parking saved per visit, mean over all visitors who pay by phone",
        unit="min",
        ge=0,
        le=240,
    )
    till_min: float = key(1.0, "Minutes saved at the till by who pays by phone", unit="min", ge=0, le=240)
    points_share: float = key(
        0.01, "Share of the price that comes back as points to card holders", unit="share", ge=0, le=0.5
    )
    card_appeal: float = key(
        0.1, "Utility of a member shop to card holders, besides the points", unit="utils", ge=-20, le=20
    )
    card_rate: float = key(
        0.3, "Chance that a buyer who pays by phone takes the card", unit="share", ge=0, le=1
    )


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


class PaymentPush(Block):
    """A push for paying by phone, such as red envelopes at New Year; it acts in the month of its day."""

    day: Day = key(..., "A day of the month in which it acts")
    chance: float = key(
        0.1, "Added to the month's chance of taking it up, times literacy", unit="share", ge=0, le=1
    )
    gift_yuan: float = key(
        5.0, "What the provider gives each new user of that month", unit="yuan", ge=0, le=1e5
    )


class MobilePayment(Block):
    """Paying by phone as infrastructure: it shortens queues at tills and costs a fee; a provider runs it.

    Who pays by phone (`pays_by_phone_start`, `consumers.phone_payment`) does so for every purchase where it
    can be done."""

    provider: str = key("phone payments", "The provider's name, as its account is called", min_length=1)
    start: Day | None = key(None, "First day on which shops take it; empty means from the beginning")
    accepted_by: float = key(1.0, "Share of shops that take it, drawn for each", unit="share", ge=0, le=1)
    till_min_saved: float = key(
        1.0, "Minutes of service saved by each customer who pays by phone", unit="min", ge=0, le=240
    )
    # 0.6 % is what merchants were asked for (recalled). The costs are guesses: half of the fee goes on to the
    # banks, and what else one pays for a payment and a user is of the order of fen and yuan.
    fee_share: float = key(
        0.006, "What sellers pay of sales paid by phone", unit="share", ge=0, le=0.5, adjustable=True
    )
    bank_share: float = key(0.003, "What the provider passes on to banks", unit="share", ge=0, le=0.5)
    cost_per_payment_yuan: float = key(
        0.05, "What else a payment costs the provider", unit="yuan", ge=0, le=1000
    )
    cost_per_user_yuan_month: float = key(
        1.0, "Service, safety and upkeep per user", unit="yuan/month", ge=0, le=1e4
    )
    fixed_yuan_month: float = key(
        200000.0, "Local fixed cost of the provider, per million residents", unit="yuan/month", ge=0, le=1e10
    )
    pushes: list[PaymentPush] = key([], "Pushes for taking it up", max_length=100)


# -- checks --------------------------------------------------------------------------------------------------
MOST_CARDS = 14
"""There are no more groups of consumers than this (market/audiences.py)."""


def check_circles(spec: Spec) -> Faults:
    """Names, dates and discounts of leases, smart circles and alliances."""
    if spec.landlords.turnover is not None:
        yield from _turnover(spec, spec.landlords.turnover, ("landlords", "turnover"))
    cards = 0
    for name, c in spec.circles.items():
        if c.turnover is not None:
            yield from _turnover(spec, c.turnover, ("circles", name, "turnover"))
        if c.alliance is not None:
            yield from _alliance(spec, c.alliance, ("circles", name, "alliance"))
        cards += c.smart is not None
        if cards > MOST_CARDS:
            message = f"there are at most {MOST_CARDS} smart circles, because each has a card of its own"
            yield Fault(("circles", name, "smart"), message, of_name=True)
            return


def _turnover(spec: Spec, lease: TurnoverRent, key: tuple[str, ...]) -> Faults:
    for name, share in lease.share_by_format.items():
        at = (*key, "share_by_format", name)
        if name not in spec.stores.formats:
            yield unknown(at, "format", name, spec.stores.formats, of_name=True)
        elif not 0 <= share <= 0.9:
            yield Fault(at, f"should be a share from 0 to 0.9, found the number {share}")


def _alliance(spec: Spec, alliance: CircleAlliance, key: tuple[str, ...]) -> Faults:
    if alliance.start is not None and alliance.end is not None and alliance.end <= alliance.start:
        yield Fault((*key, "end"), f"should be after the start, {alliance.start}")
    platform = spec.platforms.get(alliance.platform)
    if platform is None:
        yield unknown((*key, "platform"), "platform", alliance.platform, spec.platforms)
    elif platform.kind == "local_services" and alliance.extra_discount + platform.coupon_discount > 0.9:
        message = f"with the coupon's own {platform.coupon_discount:g} it is more than 0.9 of the price"
        yield Fault((*key, "extra_discount"), message)
    elif (deals := platform.group_deals) is not None and alliance.extra_discount + deals.discount > 1:
        message = f"with the group deal's own {deals.discount:g} it is more than the price"
        yield Fault((*key, "extra_discount"), message)


def check_payment(spec: Spec) -> Faults:
    """Whether the till can be that much faster, and whether the provider has a name of its own."""
    pay = spec.mobile_payment
    if pay is None:
        return
    if pay.till_min_saved > spec.stores.service_min:
        message = f"is more than the {spec.stores.service_min:g} minutes that serving a customer takes"
        yield Fault(("mobile_payment", "till_min_saved"), message, "compare stores.service_min")
    if pay.provider in (*spec.platforms, *spec.stores.named):
        yield Fault(("mobile_payment", "provider"), "is what a platform or a shop is called")
