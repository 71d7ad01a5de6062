"""`circles.NAME.smart`: a district system for paying by phone that owners of shops invest in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


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


MOST_CARDS = 14
"""There are no more groups of consumers than this (market/audiences.py)."""


def check(spec: Spec) -> Faults:
    """No more smart circles than there can be cards."""
    smart = [name for name, c in spec.circles.items() if c.smart is not None]
    if len(smart) > MOST_CARDS:
        message = f"there are at most {MOST_CARDS} smart circles, because each has a card of its own"
        yield Fault(("circles", smart[MOST_CARDS], "smart"), message, of_name=True)
