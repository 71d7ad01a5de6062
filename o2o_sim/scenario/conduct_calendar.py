"""What a scenario may say about festivals and seasons, shops with so many places, and deals for groups of
buyers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from .faults import Fault, Faults, Key, unknown
from .keys import Block, Day, key

if TYPE_CHECKING:
    from .schema import Spec

SHORTEST_INTERVAL_DAYS = 0.5


def _to_month_day(value: Any) -> Any:
    wrong = ValueError("should be a day of the year written MM-DD, such as 11-11")
    if not isinstance(value, str) or len(value) != 5:
        raise wrong
    try:
        date.fromisoformat("2013-" + value)  # no leap year, so that the day is there every year
    except ValueError:
        raise wrong from None
    return value


MonthDay = Annotated[
    str,
    BeforeValidator(_to_month_day),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$"}, mode="validation"),
]
"""A day of every year, as the text MM-DD."""


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


class Season(Block):
    """A part of every year in which some things are needed more often, or less, and more or less is spent."""

    first: MonthDay = key(..., "First day of the season, MM-DD")
    last: MonthDay = key(..., "Last day of the season, MM-DD; before the first means in the year after")
    categories: list[str] = key([], "What is needed; empty means everything", max_length=32)
    demand_x: float = key(
        1.0, "How often it is needed, relative to the rest of the year", unit="x", ge=0.05, le=20
    )
    ticket_x: float = key(
        1.0, "What one purchase costs (and what the goods cost), relative to the rest of the year",
        unit="x", gt=0, le=20,
    )  # fmt: skip


class Places(Block):
    """Room for so many visitors at a time: tables, chairs, fitting rooms. Visitors come at times of their
    own, stay as long as they like, and leave when all places are taken (or wait, if `stores.unserved_leave`
    is false)."""

    m2_per_place: float = key(3.0, "Floor area for each place", unit="m2", gt=0, le=1e5)
    visit_min: float = key(
        45.0, "Mean stay of a visitor; stays vary exponentially", unit="min", gt=0, le=1440
    )
    open_hours: float = key(
        5.0, "Hours of the day over which visitors come evenly; for meals: those of lunch and dinner",
        unit="hours", gt=0, le=24,
    )  # fmt: skip
    turned_away_min: float = key(
        20.0, "Minutes of queueing that being turned away is as bad as, in what people expect of a visit",
        unit="min", ge=0, le=1440,
    )  # fmt: skip


class GroupDeals(Block):
    """What a local-services platform asks of a shop for a group deal: few weeks, a deep discount, enough
    buyers."""

    discount: float = key(0.4, "What the shop takes off its price", unit="share", ge=0, le=0.95)
    commission: float = key(
        0.08, "Share of the price that is left which the shop pays", unit="share", ge=0, le=0.9
    )
    deal_days: int = key(14, "How long a deal is on", unit="days", ge=1, le=365)
    pause_days: int = key(28, "How long a shop has none before its next one", unit="days", ge=0, le=365)
    trial_days: int = key(
        7, "Days in which it must find its least number of buyers", unit="days", ge=1, le=365
    )
    least_buyers: float = key(
        50.0, "Buyers (people) without whom a deal lapses when its trial is over", unit="people", ge=0, le=1e9
    )
    most_buyers: float = key(1e9, "Buyers (people) at whom a deal is sold out", unit="people", gt=0, le=1e12)
    appeal: float = key(
        0.0,
        "Utility of its terms and of being shown to everybody on the platform",
        unit="utils",
        ge=-20,
        le=20,
    )


def check_calendar(spec: Spec) -> Faults:
    """Festivals of platforms and categories that there are, with a date; seasons in which nobody shops all
    day."""
    for name, f in spec.calendar.festivals.items():
        at: Key = ("calendar", "festivals", name)
        if f.every_year is None and not f.dates:
            yield Fault(at, "has no day", "give every_year or dates", of_name=True)
        if not spec.platforms:
            yield Fault(at, "there is no platform that could hold it", of_name=True)
        for k, platform in enumerate(f.platforms):
            if platform not in spec.platforms:
                yield unknown((*at, "platforms", k), "platform", platform, spec.platforms)
        for k, category in enumerate(f.categories):
            here: Key = (*at, "categories", k)
            if category not in spec.categories:
                yield unknown(here, "category", category, spec.categories)
            elif not any(_carries(spec, p, category) for p in f.platforms or spec.platforms):
                yield Fault(here, f"no platform that takes part carries '{category}'")
    for name, s in spec.calendar.seasons.items():
        at = ("calendar", "seasons", name)
        for k, category in enumerate(s.categories):
            if category not in spec.categories:
                yield unknown((*at, "categories", k), "category", category, spec.categories)
        for category, c in spec.categories.items():
            concerned = not s.categories or category in s.categories
            if concerned and c.every_days / s.demand_x < SHORTEST_INTERVAL_DAYS <= c.every_days:
                message = f"'{category}' would be needed more than {1 / SHORTEST_INTERVAL_DAYS:g} times a day"
                yield Fault((*at, "demand_x"), message, "raise ticket_x instead")


def check_group_deals(spec: Spec) -> Faults:
    """Deals come from local services, are tried no longer than they are on, and some shop can have one."""
    held = {mode for f in spec.stores.formats.values() for mode in f.modes}
    held |= {mode for s in spec.stores.named.values() for mode in s.modes}
    for name, p in spec.platforms.items():
        deals, at = p.group_deals, ("platforms", name, "group_deals")
        if deals is None:
            continue
        if p.kind != "local_services":
            hint = "its kind should be local_services"
            yield Fault(at, "only local-services platforms sell deals of shops", hint, of_name=True)
        if not spec.modes.group.available and "group" not in held:
            hint = "write modes.group.available: true, or give shops the mode group"
            yield Fault(at, "no shop could ever have such a deal", hint, of_name=True)
        if deals.trial_days > deals.deal_days:
            yield Fault((*at, "trial_days"), f"is longer than the deal is on ({deals.deal_days} days)")
        if deals.least_buyers > deals.most_buyers:
            yield Fault((*at, "least_buyers"), f"is more than a deal has ({deals.most_buyers:g})")


def _carries(spec: Spec, platform: str, category: str) -> bool:
    """Whether a platform carries a category; one that is not there carries anything, and is found
    elsewhere."""
    p = spec.platforms.get(platform)
    if p is None:
        return True
    listed = not p.categories or category in p.categories
    return listed and (p.kind == "local_services" or spec.categories[category].shippable)
