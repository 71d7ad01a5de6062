"""`platforms.NAME.parcel.rounds`: the rounds of a platform's couriers from a hub."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from ..city import DEFAULT_KM, PlaceSpec
from ..faults import Fault, Faults
from ..keys import key

if TYPE_CHECKING:
    from ..schema import Spec


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
    def _one_hub(self) -> Self:
        if self.hub_km is not None and self.is_placed:
            raise ValueError("give either hub_km or the place of the hub")
        return self


def check(spec: Spec) -> Faults:
    """Hubs stand on the map."""
    for name, p in spec.platforms.items():
        if p.parcel.rounds is not None:
            yield from _hub(spec, p.parcel.rounds, ("platforms", name, "parcel", "rounds"))


def _hub(spec: Spec, rounds: Rounds, at: tuple[str, ...]) -> Faults:
    """A hub given in kilometres stands on the map."""
    usual = math.inf if spec.city.import_ is not None else DEFAULT_KM  # a file's zones may lie anywhere
    for axis, said in (("x_km", spec.city.width_km), ("y_km", spec.city.height_km)):
        value, size = getattr(rounds, axis), said or usual
        if value is not None and value > size:
            yield Fault((*at, axis), f"lies off the map, which ends at {size:g} km", "or give hub_km")
    if rounds.lon is not None and spec.city.import_ is None:
        yield Fault((*at, "lon"), "is given in degrees, but the city has none", "give x_km and y_km")
