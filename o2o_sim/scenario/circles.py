"""The keys of `circles` and `imported_circles`: shopping districts and malls, and their landlords."""

from __future__ import annotations

from .blocks.circle_alliance import CircleAlliance
from .blocks.leases import Leases
from .blocks.smart import SmartCircle
from .blocks.turnover import TurnoverRent
from .city import PlaceSpec
from .keys import Block, Day, key
from .use import Use

STREETS = "streets"
"""What the place of the shops outside all circles is called."""


class Circle(PlaceSpec):
    """A business circle: a shopping district or mall, and its landlord."""

    units: int = key(..., "Units to let", ge=0, le=5000)
    share: float | None = key(
        None, "Weight in the allotment of the first stores, if not its units", ge=0, le=1e9
    )
    opens: Day | None = key(None, "Opening date; empty means it is there already")
    rent_yuan_m2_month: float = key(..., "Rent level", unit="yuan/m2/month", ge=0, le=1e5, adjustable=True)
    appeal: float = key(
        0.0,
        "Appeal of the place itself: parking, comfort, events",
        unit="utils",
        ge=-20,
        le=20,
        adjustable=True,
    )
    occupied_start: float = key(
        0.92, "Share of units let on the first (or opening) day", unit="share", ge=0, le=1
    )
    landlord: Use = key("", "Its landlord's policy, if not the general one")
    rent_free_months: int = key(
        0, "Months without rent for who moves in, to lure tenants", unit="months", ge=0, le=120
    )
    turnover: TurnoverRent | None = key(None, "Its turnover leases, if not those of landlords.turnover")
    leases: Leases | None = key(None, "Its leases, if not those of landlords.leases")
    smart: SmartCircle | None = key(None, "A district system for paying by phone that its owners invest in")
    alliance: CircleAlliance | None = key(None, "The platform that its landlord favours")


class ImportedCircles(Block):
    """What imported circles are like; a circle of the same name under `circles` goes before this."""

    m2_per_unit: float = key(5000.0, "Floor space of the file that makes one unit", unit="m2", gt=0, le=1e7)
    rent_yuan_m2_month: float = key(
        100.0, "Rent level where the class has none of its own", unit="yuan/m2/month", ge=0, le=1e5
    )
    rent_by_class: dict[str, float] = key(
        {}, "Rent level by the file's class of circle", unit="yuan/m2/month", max_length=50
    )
    appeal_by_class: dict[str, float] = key({}, "Appeal by class", unit="utils", max_length=50)
    occupied_start: float = key(0.92, "Share of units let on the first day", unit="share", ge=0, le=1)
