"""`platforms.NAME.last_kilometre`: a platform's couriers bring what stores brought themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Faults, unknown_names
from ..keys import Block, Day, key

if TYPE_CHECKING:
    from ..schema import Spec


class LastKilometre(Block):
    """The platform's couriers bring what stores used to bring themselves; the order is placed with the
    platform."""

    start: Day | None = key(None, "First day")
    formats: list[str] = key([], "Formats of store concerned; empty means all", max_length=50)
    share: float = key(
        1.0, "Share of the stores with a delivery of their own that hand it over", unit="share", ge=0, le=1
    )
    reach_min: float = key(
        20.0, "How far it brings, where that is further than the store did", unit="min", ge=0, le=240
    )
    fee_yuan: float = key(0.0, "What the customer pays for a delivery", unit="yuan", ge=0, le=1e4)
    # Couriers who serve many shops need less time a delivery than a shop's own 8 yuan; a guess.
    cost_yuan: float = key(5.0, "What a delivery costs the platform", unit="yuan", ge=0, le=1e4)
    charge_yuan: float = key(6.0, "What the store pays the platform for one", unit="yuan", ge=0, le=1e4)
    credit: float = key(
        0.0,
        "Chance that a customer puts such an order down to the store, not to the platform",
        unit="share",
        ge=0,
        le=1,
    )


def check(spec: Spec) -> Faults:
    """Formats that are there."""
    for name, p in spec.platforms.items():
        if p.last_kilometre is not None:
            at = ("platforms", name, "last_kilometre", "formats")
            yield from unknown_names(at, "format", p.last_kilometre.formats, spec.stores.formats)
