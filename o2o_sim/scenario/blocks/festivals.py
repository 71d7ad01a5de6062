"""`calendar.festivals`: days on which platforms sell for less and for which people wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..faults import Fault, Faults, Key, unknown, unknown_names
from ..keys import Block, Day, MonthDay, key

if TYPE_CHECKING:
    from ..schema import Spec


class Festival(Block):
    """A day on which platforms sell for less and for which people wait, such as 11 November.

    It brings no new needs: what waits for it or is bought early for it is missing before or after.
    """

    every_year: MonthDay | None = key(None, "Its day of every year, MM-DD")
    dates: list[Day] = key([], "Its days, if not (only) the same every year", max_length=100)
    days: int = key(1, "How long its terms last", unit="days", ge=1, le=60)
    platforms: list[str] = key([], "Platforms that take part; empty means all", max_length=16)
    categories: list[str] = key(
        [], "What is on offer; empty means all that these platforms carry", max_length=32
    )
    discount: float = key(
        0.2, "What is taken off the price that the customer would pay", unit="share", ge=0, le=0.95
    )
    paid_by: Literal["sellers", "platform"] = key(
        "sellers", "Who bears the discount: sellers lower the price, or the platform adds a subsidy"
    )
    held_back: float = key(
        0.0,
        "Share of members' needs of the days before that wait for it, none longer than its every_days",
        unit="share",
        ge=0,
        le=1,
    )
    held_days: int = key(14, "How many days before it people begin to wait", unit="days", ge=1, le=120)
    pulled_forward: float = key(
        0.0, "Share of members' needs of the days after that are met on the day", unit="share", ge=0, le=1
    )
    pulled_days: int = key(30, "How many days after it these needs lie", unit="days", ge=1, le=365)
    delay_days: float = key(0.0, "By how much parcels are late", unit="days", ge=0, le=60)
    congested_days: int = key(
        7, "How long parcels stay late when its terms have ended", unit="days", ge=0, le=120
    )


def check(spec: Spec) -> Faults:
    """A festival has a day, platforms that are there, and goods that one of them carries."""
    for name, f in spec.calendar.festivals.items():
        at: Key = ("calendar", "festivals", name)
        if f.every_year is None and not f.dates:
            yield Fault(at, "has no day", "give every_year or dates", of_name=True)
        if not spec.platforms:
            yield Fault(at, "there is no platform that could hold it", of_name=True)
        yield from unknown_names((*at, "platforms"), "platform", f.platforms, spec.platforms)
        for k, category in enumerate(f.categories):
            here: Key = (*at, "categories", k)
            if category not in spec.categories:
                yield unknown(here, "category", category, spec.categories)
            elif not any(_carries(spec, p, category) for p in f.platforms or spec.platforms):
                yield Fault(here, f"no platform that takes part carries '{category}'")


def _carries(spec: Spec, platform: str, category: str) -> bool:
    """Whether a platform carries a category; one that is not there carries anything, and is found
    elsewhere."""
    p = spec.platforms.get(platform)
    if p is None:
        return True
    listed = not p.categories or category in p.categories
    return listed and (p.kind == "local_services" or spec.categories[category].shippable)
