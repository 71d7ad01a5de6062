"""What a scenario may say of people: how they talk, who writes to them, what draws them back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from .faults import Fault, Faults, Key, unknown
from .keys import Block, Day, block, key

if TYPE_CHECKING:
    from .schema import Spec

STREETS = "streets"

Measure = Literal["loyalty", "attention", "circles", "integration"]
"""Groups of monthly series that cost something to count: see systems/measures.py, waves.py."""


class WordOfMouth(Block):
    """Who hears from whom: of smartphones, paying by phone and platforms, and of shops with an account."""

    within: float = key(
        0.0, "Share of people's talk that stays in their own cohort", unit="share", ge=0, le=1
    )
    idle: float = key(
        1.0,
        "How much a member talks of a platform where she bought nothing this month, relative to one who did",
        unit="x",
        ge=0,
        le=1,
    )
    recommend: float = key(
        0.0,
        "Chance that who follows no shop asks a neighbour about one kind of need, and follows the shop to"
        " which the neighbour is loyal, if it has a social account or app",
        unit="1/month",
        ge=0,
        le=1,
    )


class Senders(Block):
    """Shops that fit all that is said here; an empty list says nothing."""

    circles: list[str] = key([], "Circles that they stand in", max_length=100)
    formats: list[str] = key([], "Their formats", max_length=50)
    chains: list[str] = key([], "Chains that they belong to, as `clothing row chain 3`", max_length=100)


class TargetedAccount(Block):
    """An account that writes to some cohorts, and gives who reads it better terms in its shops."""

    senders: Senders = block(Senders, "The shops that it speaks for")
    cohorts: list[str] = key([], "Whom it is made for; empty means everybody", max_length=16)
    reach: float = key(
        0.05, "Share of the online people of these cohorts who subscribe in a month", ge=0, le=1
    )
    leave: float = key(0.02, "Share of subscribers who leave it in a month", unit="share/month", ge=0, le=1)
    appeal: float = key(
        0.0, "What its news add to the appeal of a visit, for subscribers", unit="utils", ge=-20, le=20
    )
    discount: float = key(0.0, "Discount for subscribers in these shops", unit="share", ge=0, le=0.9)
    cost_yuan_subscriber_month: float = key(
        0.0, "Cost of writing to one subscriber", unit="yuan/month", ge=0, le=1e4
    )
    paid_by: Literal["shops", "landlord"] = key(
        "shops", "Who bears that cost, in equal parts: its shops, or the landlords of its circles"
    )
    start: Day | None = key(None, "First day; empty means from the beginning")
    end: Day | None = key(None, "First day without it; empty means never")


class ClosedLoop(Block):
    """Who came through a coupon is addressed again online: she may follow the shop, and gets a coupon for
    next time."""

    platforms: list[str] = key([], "Platforms whose coupons begin it; empty means all", max_length=16)
    formats: list[str] = key([], "Formats whose shops close the loop; empty means all", max_length=50)
    follow: float = key(
        0.2,
        "Chance that who comes through a coupon begins to follow the shop, if it has a social account or app",
        unit="share",
        ge=0,
        le=1,
    )
    discount: float = key(
        0.1, "Discount on her next order through that account or app", unit="share", ge=0, le=0.9
    )
    remember_days: int = key(30, "Days that this offer stands", unit="days", ge=1, le=3650)
    contact_yuan: float = key(
        0.0, "What the shop pays for addressing one customer again", unit="yuan", ge=0, le=1e4
    )
    start: Day | None = key(None, "First day; empty means from the beginning")
    end: Day | None = key(None, "First day without it; empty means never")


class TryThenBuy(Block):
    """Experience stores: try on the floor, order the parcel on the spot, and the shop has its share of the
    sale."""

    formats: list[str] = key([], "Formats that take part; empty means all", max_length=50)
    platforms: list[str] = key(
        [],
        "Platforms that pay for orders made on a shop's floor; empty means all with parcels",
        max_length=16,
    )
    commission: float = key(
        0.05, "What the shop gets of such an order", unit="share", ge=0, le=0.9, adjustable=True
    )
    turn_at: float = key(
        0.15,
        "A shop turns experience store, on half the floor, if commissions are at least this share of what its"
        " sales and commissions leave after goods",
        unit="share",
        ge=0,
        le=1,
    )
    after_months_of_loss: int = key(
        6, "But only after so many months of loss on end", unit="months", ge=1, le=120
    )


# -- checks -------------------------------------------------------------------------------------------------
def people_faults(spec: Spec) -> Faults:
    """Names that nothing is called, and spans that end before they begin."""
    for name, account in spec.messages.items():
        yield from _account(spec, ("messages", name), account)
    loop, floors = spec.closed_loop, spec.stores.try_then_buy
    if loop is not None:
        yield from _takes_part(spec, ("closed_loop",), loop, parcels=False)
        yield from _span(("closed_loop",), loop)
    if floors is not None:
        yield from _takes_part(spec, ("stores", "try_then_buy"), floors, parcels=True)


def _account(spec: Spec, at: Key, account: TargetedAccount) -> Faults:
    senders, from_file = (
        account.senders,
        spec.city.import_ is not None and spec.city.import_.circles is not None,
    )
    if not from_file:
        yield from _names((*at, "senders", "circles"), "circle", senders.circles, [*spec.circles, STREETS])
    chains = [f"{name} chain {k + 1}" for name, f in spec.stores.formats.items() for k in range(f.chains)]
    yield from _names((*at, "senders", "formats"), "format", senders.formats, spec.stores.formats)
    yield from _names((*at, "senders", "chains"), "chain", senders.chains, chains)
    yield from _names((*at, "cohorts"), "cohort", account.cohorts, spec.cohorts)
    if account.paid_by == "landlord" and not senders.circles:
        yield Fault((*at, "paid_by"), "says landlord, but it speaks for no circle", "name senders.circles")
    yield from _span(at, account)


def _takes_part(spec: Spec, at: Key, said: ClosedLoop | TryThenBuy, *, parcels: bool) -> Faults:
    fitting = [n for n, p in spec.platforms.items() if (p.kind != "local_services") == parcels]
    what = "platform with parcels called" if parcels else "platform with coupons called"
    yield from _names((*at, "platforms"), what, said.platforms, fitting)
    yield from _names((*at, "formats"), "format", said.formats, spec.stores.formats)


def _names(at: Key, what: str, said: Iterable[str], known: Iterable[str]) -> Faults:
    known = list(known)
    for k, word in enumerate(said):
        if word not in known:
            yield unknown((*at, k), what, word, known)


def _span(at: Key, said: TargetedAccount | ClosedLoop) -> Faults:
    if said.start is not None and said.end is not None and said.end <= said.start:
        yield Fault((*at, "end"), f"should be after the start, {said.start}")
