"""`mobile_payment`: paying by phone in shops, and the provider who earns by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


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


def check(spec: Spec) -> Faults:
    """Whether the till can be that much faster, and whether the provider has a name of its own."""
    pay = spec.mobile_payment
    if pay is None:
        return
    if pay.till_min_saved > spec.stores.service_min:
        message = f"is more than the {spec.stores.service_min:g} minutes that serving a customer takes"
        yield Fault(("mobile_payment", "till_min_saved"), message, "compare stores.service_min")
    if pay.provider in (*spec.platforms, *spec.stores.named):
        yield Fault(("mobile_payment", "provider"), "is what a platform or a shop is called")
