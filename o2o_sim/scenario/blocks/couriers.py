"""`couriers`: what the own deliveries of shops cost, by the minutes on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, unknown
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


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


def check(spec: Spec) -> Faults:
    """Shares of goods that are there, from 0 to 1."""
    for name, share in spec.couriers.spoil_per_min.items() if spec.couriers is not None else ():
        at = ("couriers", "spoil_per_min", name)
        if name not in spec.categories:
            yield unknown(at, "category", name, spec.categories, of_name=True)
        elif not 0 <= share <= 1:
            yield Fault(at, f"must be a share from 0 to 1, found the number {share}")
