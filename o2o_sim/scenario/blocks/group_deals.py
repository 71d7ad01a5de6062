"""`platforms.NAME.group_deals`: deals of shops that need enough buyers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class GroupDeals(Block):
    """What a local-services platform asks of a shop for a group deal: few weeks, a deep discount, enough
    buyers."""

    discount: float = key(0.4, "What the shop takes off its price", unit="share", ge=0, le=0.95)
    commission: float = key(
        0.08, "Share of the price that is left which the shop pays", unit="share", ge=0, le=0.9
    )
    deal_days: int = key(14, "How long a deal is on", unit="days", ge=1, le=365)
    pause_days: int = key(28, "How long a shop has none before its next one", unit="days", ge=0, le=365)
    trial_days: int = key(
        7, "Days in which it must find its least number of buyers", unit="days", ge=1, le=365
    )
    least_buyers: float = key(
        50.0, "Buyers (people) without whom a deal lapses when its trial is over", unit="people", ge=0, le=1e9
    )
    most_buyers: float = key(1e9, "Buyers (people) at whom a deal is sold out", unit="people", gt=0, le=1e12)
    appeal: float = key(
        0.0,
        "Utility of its terms and of being shown to everybody on the platform",
        unit="utils",
        ge=-20,
        le=20,
    )


def check(spec: Spec) -> Faults:
    """Deals come from local services, are tried no longer than they are on, and some shop can have one."""
    held = {mode for f in spec.stores.formats.values() for mode in f.modes}
    held |= {mode for s in spec.stores.named.values() for mode in s.modes}
    for name, p in spec.platforms.items():
        deals, at = p.group_deals, ("platforms", name, "group_deals")
        if deals is None:
            continue
        if p.kind != "local_services":
            hint = "its kind must be local_services"
            yield Fault(at, "only local-services platforms sell deals of shops", hint, of_name=True)
        if not spec.modes.group.available and "group" not in held:
            hint = "write modes.group.available: true, or give shops the mode group"
            yield Fault(at, "no shop could ever have such a deal", hint, of_name=True)
        if deals.trial_days > deals.deal_days:
            yield Fault((*at, "trial_days"), f"is longer than the deal is on ({deals.deal_days} days)")
        if deals.least_buyers > deals.most_buyers:
            yield Fault((*at, "least_buyers"), f"is more than a deal has ({deals.most_buyers:g})")
