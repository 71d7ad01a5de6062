"""The ways for a store to integrate with online: what it offers through each.

A mode is one entry of `PUBLISH` and `CHANNEL_OF_MODE` here, one block in the scenario's `modes`, and what a store
expects of it in policies/integration.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from ..market.consumers import ONLINE, member_bit
from ..market.offers import AT_PLACE, DELIVERED, FOLLOWERS, Offer

if TYPE_CHECKING:
    from .platform import Platform
    from .store import Store

CHANNEL_OF_MODE = {
    "social": "social delivery",
    "app": "app delivery",
    "marketplace": "marketplace shop",
    "partnership": "coupon",
}
"""The channel through which each way of integrating sells."""


@dataclass
class Holding:
    """A way of integrating that a store has taken up."""

    since: date
    platform: Platform | None = None
    months: int = 0
    contribution_fen: list[int] = field(default_factory=list)


def walk_in(store: Store, category: str, share: float) -> Offer:
    """Come in and buy."""
    base = store.base_offer("walk-in", category, share)
    base["appeal"] += store.circle.attraction()
    return Offer(**base, seen=AT_PLACE)


def partnership(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """A coupon of the platform, taken in the shop."""
    p = holding.platform
    if p is None or not store.is_here or not p.carries(category):
        return None
    spec = store.model.spec
    mode, base = spec.modes.partnership, store.base_offer("coupon", category, share)
    discount = base["price"] * p.spec.coupon_discount
    base["appeal"] += store.circle.attraction() + mode.appeal + p.trust() - (1 - store.fit("partnership"))
    return Offer(
        **base,
        seen=AT_PLACE,
        platform=p.number,
        needs=int(ONLINE | member_bit(p.number)),
        discount=discount,
        subsidy=p.subsidy_for(base["price"] - discount),
        commission=p.commission * (base["price"] - discount),
        handling=mode.per_order_yuan,
        payment=spec.consumers.payment_friction,
    )


def delivery(mode_name: str, store: Store, category: str, share: float) -> Offer | None:
    """Brought to the door by the store, from its place."""
    spec = store.model.spec
    mode, c = getattr(spec.modes, mode_name), spec.categories[category]
    if c.delivery_reach_min <= 0:
        return None
    logistics, base = spec.levers.logistics_x, store.base_offer(CHANNEL_OF_MODE[mode_name], category, share)
    base["appeal"] += mode.appeal - (1 - store.fit(mode_name))
    return Offer(
        **base,
        seen=DELIVERED,
        reach_min=min(mode.delivery_reach_min, c.delivery_reach_min),
        needs=int(ONLINE),
        fee=mode.delivery_fee_yuan * logistics,
        delivery=mode.delivery_cost_yuan * logistics,
        handling=mode.per_order_yuan,
        wait=c.impatience * mode.delivery_days,
        days=mode.delivery_days,
        # Her own neighbourhood's shop is trusted more than a stranger's parcel: half the doubt.
        unseen=0.5 * store.model.doubt(category),
        payment=spec.consumers.payment_friction,
    )


def social(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """Ordered through its social account."""
    return delivery("social", store, category, share)


def app(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """Ordered in its own app."""
    return delivery("app", store, category, share)


def marketplace(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """A parcel from its shop on the marketplace, at the marketplace's price. Followers see it as its own; a share
    of the platform's other orders falls to it too (`Platform.sellers`)."""
    p = holding.platform
    if p is None or not p.carries(category):
        return None
    mode, base = store.model.spec.modes.marketplace, store.base_offer("marketplace shop", category, share)
    base |= p.parcel_terms(category)
    base["appeal"] += mode.appeal + store.quality - (1 - store.fit("marketplace"))
    return Offer(**base, seen=FOLLOWERS, carrier=store.account, handling=mode.per_order_yuan)


PUBLISH: dict[str, Callable[[Store, str, float, Holding], Offer | None]] = {
    "social": social,
    "marketplace": marketplace,
    "partnership": partnership,
    "app": app,
}
"""What a store that holds a mode offers through it in a category, if anything."""
