"""`messages`: accounts that write to some cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..faults import Fault, Faults, Key, ends_early, unknown_names
from ..keys import Block, Day, block, key

if TYPE_CHECKING:
    from ..schema import Spec


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


def check(spec: Spec) -> Faults:
    """Senders and cohorts that are there, somebody who pays, and dates in their order."""
    for name, account in spec.messages.items():
        yield from _account(spec, ("messages", name), account)


def _account(spec: Spec, at: Key, account: TargetedAccount) -> Faults:
    senders = account.senders
    yield from unknown_names((*at, "senders", "formats"), "format", senders.formats, spec.stores.formats)
    yield from unknown_names((*at, "cohorts"), "cohort", account.cohorts, spec.cohorts)
    if account.paid_by == "landlord" and not senders.circles:
        yield Fault((*at, "paid_by"), "says landlord, but it speaks for no circle", "name senders.circles")
    yield from ends_early(at, account.start, account.end)
