"""`stores.try_then_buy`: experience stores with a share in orders made on their floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Faults, unknown_names
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


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


def check(spec: Spec) -> Faults:
    """Platforms with parcels and formats that are there."""
    floors = spec.stores.try_then_buy
    if floors is None:
        return
    fitting = [n for n, p in spec.platforms.items() if p.kind != "local_services"]
    at = ("stores", "try_then_buy")
    yield from unknown_names((*at, "platforms"), "platform with parcels called", floors.platforms, fitting)
    yield from unknown_names((*at, "formats"), "format", floors.formats, spec.stores.formats)
