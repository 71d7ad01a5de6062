"""The keys of the `platforms` block: e-commerce platforms and their parcels."""

from __future__ import annotations

from typing import Literal

from .blocks.acquire import Acquisition
from .blocks.fresh_hub import FreshHub
from .blocks.from_stores import FromStores
from .blocks.funding import Funding
from .blocks.group_deals import GroupDeals
from .blocks.harvest import Harvest
from .blocks.last_kilometre import LastKilometre
from .blocks.member_data import MemberData
from .blocks.network import Network
from .blocks.own_shops import OwnShops
from .blocks.recruit import Recruit
from .blocks.rounds import Rounds
from .blocks.subsidy import Subsidy
from .blocks.till import Till
from .keys import Block, block, key
from .people import Adoption


class Parcel(Block):
    """What it costs to bring goods to a door, and what of it the customer pays."""

    per_order_yuan: float = key(7.0, "Sorting, packing and line haul", unit="yuan", ge=0, le=1e4)
    per_km_yuan: float = key(2.5, "Courier per km of round", unit="yuan/km", ge=0, le=1e4)
    hub_yuan_month: float = key(60000.0, "Local hub, per million residents", unit="yuan/month", ge=0, le=1e9)
    fee_share: float = key(
        1.0, "Share of the cost per parcel that the customer pays, in fee or price", unit="share", ge=0, le=3
    )
    days: float = key(2.5, "Delivery promise", unit="days", ge=0, le=90, adjustable=True)
    days_yearly_x: float = key(0.9, "Factor on the promise after a year", unit="x/year", gt=0, le=2)
    days_least: float = key(0.0, "No promise becomes shorter than this", unit="days", ge=0, le=90)
    cost_yearly_x: float = key(0.95, "Factor on the costs after a year", unit="x/year", gt=0, le=2)
    rounds: Rounds | None = key(
        None, "Couriers' rounds from a hub; empty: the long-tour formula, however few the parcels"
    )


class Platform(Block):
    """An e-commerce platform."""

    kind: Literal["marketplace", "self_operated", "local_services"] = key(
        ..., "Who sells: outside sellers, itself, or the city's own shops (coupons)"
    )
    categories: list[str] = key(
        [],
        "What it carries; empty means everything shippable (parcels) or everything (coupons)",
        max_length=50,
    )
    price_x: float = key(
        1.0, "Its price level relative to the usual online price", unit="x", gt=0, le=5, adjustable=True
    )
    commission: float = key(
        0.03, "Take rate: share of a sale that the seller pays", unit="share", ge=0, le=0.9, adjustable=True
    )
    coupon_discount: float = key(
        0.0,
        "Local services: discount that shops give on a coupon",
        unit="share",
        ge=0,
        le=0.9,
        adjustable=True,
    )
    trust: float = key(0.0, "Utility of its good name", unit="utils", ge=-20, le=20)
    trust_growth: float = key(0.0, "Yearly growth of that", unit="utils/year", ge=-10, le=10)
    trust_ceiling: float | None = key(
        None,
        "Where the growth ends: trust approaches it along a logistic curve; empty: it grows for ever",
        unit="utils",
        ge=-40,
        le=40,
    )
    gross_margin: float = key(0.1, "Self-operated: gross margin on goods", unit="share", ge=-0.5, le=0.9)
    advertising_share: float = key(
        0.03,
        "Marketplace: what sellers bid for attention, share of sales, at the first crowding",
        unit="share",
        ge=0,
        le=0.9,
    )
    sellers_growth: float = key(
        0.3, "Marketplace: yearly growth of the number of outside sellers", unit="share/year", ge=-1, le=10
    )
    crowding_elasticity: float = key(
        0.3, "By how much advertising grows with sellers", unit="elasticity", ge=0, le=3
    )
    members_start: float = key(
        0.3,
        "Share of smartphone owners of literacy 1 who are members on the first day",
        unit="share",
        ge=0,
        le=1,
    )
    membership: Adoption = key(
        Adoption(innovation=0.01, imitation=0.08), "How membership spreads among smartphone owners"
    )
    parcel: Parcel = block(Parcel, "Logistics")
    fresh_hub: FreshHub | None = key(None, "Fresh food from a cold store of its own")
    from_stores: FromStores | None = key(
        None, "Orders filled from the nearest partner store (mode `warehouse`)"
    )
    subsidy: Subsidy = block(Subsidy, "Subsidies")
    group_deals: GroupDeals | None = key(None, "Local services: deals of shops that need enough buyers")
    fixed_yuan_month: float = key(
        200000.0, "Local fixed cost, per million residents", unit="yuan/month", ge=0, le=1e10
    )
    cash_yuan: float = key(1e9, "Cash on the first day", unit="yuan", ge=-1e13, le=1e13)
    patience_yuan: float = key(1e12, "What investors add before they stop", unit="yuan", ge=0, le=1e13)
    recruit: Recruit | None = key(None, "Subsidies draw members, who may lapse; empty: they only win orders")
    harvest: Harvest | None = key(None, "A rising commission once it is large; empty: never")
    funding: Funding | None = key(None, "Rounds, and the end of the platform without; empty: patience_yuan")
    network: Network | None = key(None, "Shops that draw users; empty: their number changes nothing")
    acquire: dict[str, Acquisition] = key({}, "Chains and circles that it buys, by name", max_length=50)
    own_shops: OwnShops | None = key(None, "Shops of its own next to its best-selling partners; empty: none")
    member_data: MemberData | None = key(None, "Customer data of its partners; empty: partners keep them")
    till: Till | None = key(None, "Displays at partners' tills where visitors order its range; empty: none")
    last_kilometre: LastKilometre | None = key(
        None, "Its couriers bring what stores brought themselves; empty: they go on"
    )
