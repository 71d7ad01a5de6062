"""Ways of bringing goods to a door: rounds from a hub, couriers of shops, fresh food from a hub or from
shops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from .city import PlaceSpec
from .faults import Fault, Faults, unknown
from .keys import Block, key

if TYPE_CHECKING:
    from .schema import Spec

DEFAULT_KM = 16.0
"""Width and height of a city that does not say."""
MOST_FROM_STORES = 8
"""Platforms times categories: each is an audience of those who live near a store, and audiences are few."""


class Rounds(PlaceSpec):
    """How a platform's parcels get from its hub to the doors: each courier's round is a way to the part of
    the city that is his, a tour of the doors there, and the way back."""

    drops_per_round: float = key(40.0, "Most parcels that one round brings", unit="parcels", ge=1, le=10_000)
    hub_km: float | None = key(
        None,
        "Mean way from the hub to where a round begins; if not given, that from the hub's place,"
        " or from the middle of the city",
        unit="km",
        ge=0,
        le=1000,
    )
    hub_speed_x: float = key(
        1.0, "Cost of a km to and from the hub relative to one from door to door", unit="x", ge=0, le=10
    )

    @model_validator(mode="after")
    def _one_hub(self):
        if self.hub_km is not None and self.is_placed:
            raise ValueError("give either hub_km or the place of the hub")
        return self


class Couriers(Block):
    """What a shop's own delivery costs: the minutes of the way out and back, and what spoils on the way out.

    Replaces `delivery_cost_yuan` of the modes by which shops deliver themselves.
    """

    yuan_per_min: float = key(
        0.5, "Cost of a courier and vehicle on the way", unit="yuan/min", ge=0, le=1000, adjustable=True
    )
    handover_min: float = key(
        4.0, "Minutes at the shop and the door together, per order", unit="min", ge=0, le=240
    )
    speed_x: float = key(
        1.0, "Speed relative to that at which customers travel (city.street_kmh)", unit="x", gt=0, le=20
    )
    orders_per_trip: float = key(
        1.0, "Orders that share one way out and back", unit="orders", ge=1, le=100, adjustable=True
    )
    heat_x: float = key(
        20.0,
        "How many times faster goods spoil on the way than in the shop (category's spoilage_per_day)",
        unit="x",
        ge=0,
        le=10_000,
    )
    spoil_per_min: dict[str, float] = key(
        {}, "Category -> share of the goods that spoils in a minute on the way, if not that", max_length=32
    )


class FreshHub(Block):
    """A platform's own cold store, from which it sells fresh food to its members all over the city."""

    categories: list[str] = key(
        ..., "What it sells; also what no ordinary parcel can carry", min_length=1, max_length=32
    )
    price_x: float = key(1.0, "Its prices relative to usual shop prices", unit="x", gt=0, le=5)
    gross_margin: float | None = key(
        None, "Gross margin on goods at that price, if not the category's", unit="share", ge=-0.5, le=0.95
    )
    appeal: float = key(
        0.0, "Utility of its choice, relative to a shop of 1000 m2", unit="utils", ge=-20, le=20
    )
    days: float = key(0.75, "Days until it is there", unit="days", ge=0, le=30)
    spoilage_per_day: float = key(
        0.04, "Share of the goods that spoils in a day in the cold store and on the way", ge=0, le=1
    )
    stock_days: float = key(1.0, "Days that goods lie in the cold store", unit="days", ge=0, le=60)
    parcel_x: float = key(
        1.3, "Cost of a cold parcel relative to the platform's ordinary one", unit="x", ge=0, le=50
    )
    fee_yuan: float = key(5.0, "What the customer pays for delivery", unit="yuan", ge=0, le=1000)
    fixed_yuan_month: float = key(
        200_000.0, "Cold store and its staff, per million residents", unit="yuan/month", ge=0, le=1e9
    )


class FromStores(Block):
    """A platform sells what shops near its customers have on their shelves: the stores are its warehouses.

    Shops join by the mode `warehouse`, whose keys say what it costs them and how far they deliver.
    """

    categories: list[str] = key(..., "What is sold so", min_length=1, max_length=32)
    price_x: float = key(1.0, "Prices relative to usual shop prices", unit="x", gt=0, le=5)
    appeal: float = key(
        0.0, "Utility of the choice, relative to a shop of 1000 m2", unit="utils", ge=-20, le=20
    )
    couriers: Literal["own", "hired"] = key(
        "own", "Who delivers: the shop's own people, or couriers hired by the platform"
    )
    hired_yuan: float = key(8.0, "What a hired courier takes for an order", unit="yuan", ge=0, le=1000)
    share: Literal["equal", "by_sales", "by_gain"] = key(
        "by_sales",
        "How the stores' part is divided: alike, by what each sold, or to each the gain on its own orders",
    )
    store_share: float = key(0.5, "Part of the gain that the stores get", unit="share", ge=0, le=1)


def logistics_faults(spec: Spec) -> Faults:
    """Categories that are there, hubs on the ground, and shops that have somebody to be a warehouse for."""
    for name in spec.couriers.spoil_per_min if spec.couriers is not None else {}:
        at = ("couriers", "spoil_per_min", name)
        share = spec.couriers.spoil_per_min[name]  # type: ignore[union-attr]
        if name not in spec.categories:
            yield unknown(at, "category", name, spec.categories, of_name=True)
        elif not 0 <= share <= 1:
            yield Fault(at, f"should be a share from 0 to 1, found the number {share}")
    for name, p in spec.platforms.items():
        key_ = ("platforms", name)
        for what, block in (("fresh_hub", p.fresh_hub), ("from_stores", p.from_stores)):
            for k, category in enumerate(block.categories if block is not None else ()):
                if category not in spec.categories:
                    yield unknown((*key_, what, "categories", k), "category", category, spec.categories)
        if p.fresh_hub is not None and p.kind == "local_services":
            hint = "let it sell from_stores, or choose another kind"
            yield Fault((*key_, "fresh_hub"), "a platform of local services has no hub", hint, of_name=True)
        for k, category in enumerate(p.fresh_hub.categories if p.fresh_hub and p.from_stores else ()):
            if category in p.from_stores.categories:  # type: ignore[union-attr]
                message = f"'{category}' comes from the stores already"
                yield Fault((*key_, "fresh_hub", "categories", k), message, "sell it one way or the other")
        if p.parcel.rounds is not None:
            yield from _hub(spec, p.parcel.rounds, (*key_, "parcel", "rounds"))
    pairs = sum(len(p.from_stores.categories) for p in spec.platforms.values() if p.from_stores is not None)
    if pairs > MOST_FROM_STORES:
        message = (
            f"platforms sell {pairs} categories from stores; at most {MOST_FROM_STORES} can be told apart"
        )
        yield Fault(("platforms",), message, "let each sell fewer", of_name=True)
    yield from _warehouses(spec)


def _hub(spec: Spec, rounds: Rounds, at: tuple[str, ...]) -> Faults:
    """A hub given in kilometres stands on the map."""
    usual = math.inf if spec.city.import_ is not None else DEFAULT_KM  # a file's zones may lie anywhere
    for axis, said in (("x_km", spec.city.width_km), ("y_km", spec.city.height_km)):
        value, size = getattr(rounds, axis), said or usual
        if value is not None and value > size:
            yield Fault((*at, axis), f"lies off the map, which ends at {size:g} km", "or give hub_km")
    if rounds.lon is not None and spec.city.import_ is None:
        yield Fault((*at, "lon"), "is given in degrees, but the city has none", "give x_km and y_km")


def _warehouses(spec: Spec) -> Faults:
    """Who is a warehouse on the first day has a platform for what he sells; and one can be had at all."""
    sold = {c for p in spec.platforms.values() if p.from_stores is not None for c in p.from_stores.categories}
    hint = "write a block 'from_stores' at a platform"
    if spec.modes.warehouse.available and not sold:
        message = "shops could become warehouses, but no platform sells from stores"
        yield Fault(("modes", "warehouse", "available"), message, hint)
    shops = [("formats", n, f.modes, list(f.demand_share)) for n, f in spec.stores.formats.items()]
    for n, s in spec.stores.named.items():
        f = spec.stores.formats.get(s.format)
        shops.append(("named", n, s.modes, [s.category] if s.category else list(f.demand_share if f else ())))
    for group, n, modes, sells in shops:
        if "warehouse" in modes and not sold.intersection(sells):
            at = ("stores", group, n, "modes", modes.index("warehouse"))
            yield Fault(at, f"no platform sells {' or '.join(sells)} from stores", hint)
