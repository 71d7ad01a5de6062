"""The ways for a store to integrate with online: what it offers through each.

A mode is one entry of `PUBLISH` and `CHANNEL_OF_MODE` here, one block in the scenario's `modes`, and what a
store expects of it in policies/integration.py."""

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
    "group": "group deal",
    "alliance": "alliance delivery",
    "warehouse": "warehouse delivery",
}
"""The channel through which each way of integrating sells."""

PARTNER_KINDS = {"marketplace": "marketplace", "partnership": "local_services", "group": "local_services"}
"""Ways of integrating that need a platform, and of which kind it is."""


def works_with(platform: Platform, mode: str, category: str) -> bool:
    """Whether a platform takes stores that sell a category through a mode."""
    if mode == "warehouse":
        terms = platform.spec.from_stores
        return terms is not None and category in terms.categories and not platform.has_left
    if mode == "group" and platform.spec.group_deals is None:
        return False
    return platform.spec.kind == PARTNER_KINDS.get(mode) and platform.carries(category)


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


def group(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """The same shop, for less, for members of the platform that sells its deal (systems/group_buying.py says
    when)."""
    p = holding.platform
    deals = p.spec.group_deals if p is not None else None
    if p is None or deals is None or not store.is_here or not p.carries(category):
        return None
    spec = store.model.spec
    mode, base = spec.modes.group, store.base_offer("group deal", category, share)
    base["key"] = store.key("walk-in", category)
    discount = base["price"] * deals.discount
    left = base["price"] - discount
    base["appeal"] += (
        store.circle.attraction() + mode.appeal + deals.appeal + p.trust() - (1 - store.fit("group"))
    )
    return Offer(
        **base,
        seen=AT_PLACE,
        platform=p.number,
        needs=int(ONLINE | member_bit(p.number)),
        discount=discount,
        subsidy=p.subsidy_for(left),
        commission=deals.commission * left,
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
        unseen=0.5 * store.model.unseen_disutility(category),
        payment=spec.consumers.payment_friction,
    )


def social(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """Ordered through its social account."""
    return delivery("social", store, category, share)


def app(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """Ordered in its own app."""
    return delivery("app", store, category, share)


def alliance(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """Ordered from the catalogue of its alliance, whose provider delivers (systems/alliance.py puts in its
    terms)."""
    return delivery("alliance", store, category, share)


def marketplace(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """A parcel from its shop on the marketplace, at the marketplace's price. Followers see it as its own; a
    share of the platform's other orders falls to it too (`Platform.sellers`)."""
    p = holding.platform
    if p is None or not p.carries(category):
        return None
    mode, base = store.model.spec.modes.marketplace, store.base_offer("marketplace shop", category, share)
    base |= p.parcel_terms(category)
    base["appeal"] += mode.appeal + store.quality - (1 - store.fit("marketplace"))
    return Offer(**base, seen=FOLLOWERS, carrier=store.account, handling=mode.per_order_yuan)


def warehouse(store: Store, category: str, share: float, holding: Holding) -> Offer | None:
    """What the platform sells from its shelves. Nobody sees this row: people see the platform's, and the
    nearest store fills what they order there (systems/warehouse.py)."""
    p, model = holding.platform, store.model
    terms = p.spec.from_stores if p is not None else None
    if p is None or terms is None or not (store.is_here and works_with(p, "warehouse", category)):
        return None
    mode, c, hired = model.spec.modes.warehouse, model.spec.categories[category], terms.couriers == "hired"
    base = store.base_offer(CHANNEL_OF_MODE["warehouse"], category, share)
    base["price"] = c.ticket_yuan * terms.price_x
    return Offer(
        **base,
        seen=DELIVERED,
        reach_min=min(mode.delivery_reach_min, c.delivery_reach_min),
        platform=p.number,
        needs=model.audiences.bit("nobody"),
        subsidy=p.subsidy_for(base["price"]),
        fee=mode.delivery_fee_yuan * model.spec.levers.logistics_x,
        delivery=(terms.hired_yuan if hired else mode.delivery_cost_yuan) * model.spec.levers.logistics_x,
        carrier=p.account if hired else store.account,
        # Who is not used to it takes up to twice as long over an order.
        handling=mode.per_order_yuan * (2 - store.fit("warehouse")),
    )


PUBLISH: dict[str, Callable[[Store, str, float, Holding], Offer | None]] = {
    "social": social,
    "marketplace": marketplace,
    "partnership": partnership,
    "app": app,
    "group": group,
    "alliance": alliance,
    "warehouse": warehouse,
}
"""What a store that holds a mode offers through it in a category, if anything."""
