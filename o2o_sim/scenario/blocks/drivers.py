"""`drivers`: what moves around the city by itself - incomes, wages, prices, people, phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..city import PlaceSpec
from ..faults import Fault, Faults, Key
from ..keys import Block, key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..schema import Spec


class Driver(Block):
    """How something grows: at a yearly rate, or as a series of a file says.

    Only what it comes to relative to the first day counts; the level of the first day is what the scenario says
    elsewhere. It moves on the first day of each month."""

    yearly: float = key(0.0, "Growth in a year", unit="share/year", ge=-0.9, le=10)
    file: str = key(
        "", "CSV file with the columns `date` and one of values, in place of the rate", max_length=500
    )
    column: str = key("", "Its column of values, if it is not called `value`", max_length=100)


class Zone(Driver, PlaceSpec):
    """A part of the city whose number of residents moves beside that of the whole city."""

    radius_km: float = key(..., "How far from its middle it reaches", unit="km", gt=0, le=1000)


class Tourists(Driver, PlaceSpec):
    """People from elsewhere who stay in a part of the city and shop there, in shops only."""

    people: float = key(..., "How many are there on a usual day at first", unit="people", gt=0, le=1e9)
    radius_km: float = key(1.0, "How far from its middle they stay", unit="km", gt=0, le=1000)
    needs_x: float = key(1.0, "How often they need something, relative to residents", unit="x", gt=0, le=20)


class Drivers(Block):
    """A world that moves. Several drivers at once multiply; each that is left out stays as it is."""

    income: Driver | None = key(
        None, "Real incomes: how often people need things, how much prices matter to them"
    )
    wages: Driver | None = key(None, "Wages of the stores' staff")
    prices: Driver | None = key(None, "Prices of all goods, and what goods cost stores")
    residents: Driver | None = key(None, "How many people live in the city")
    zones: dict[str, Zone] = key({}, "Parts of the city that grow or shrink besides", max_length=50)
    tourists: dict[str, Tourists] = key({}, "Visitors who stay in a part of the city", max_length=20)
    phones: Driver | None = key(None, "Share of people with a smartphone, in place of `consumers.smartphone`")


SINGLE = ("income", "wages", "prices", "residents", "phones")


def each(spec: Spec) -> Iterator[tuple[Key, Driver]]:
    """Every driver of a scenario with its key."""
    d = spec.drivers
    if d is None:
        return
    for name in SINGLE:
        if (driver := getattr(d, name)) is not None:
            yield ("drivers", name), driver
    for group in ("zones", "tourists"):
        for name, one in getattr(d, group).items():
            yield ("drivers", group, name), one


def files_of(spec: Spec) -> dict[str, str]:
    """The files that drivers name, by key."""
    return {".".join((*map(str, at), "file")): d.file for at, d in each(spec) if d.file}


def check(spec: Spec) -> Faults:
    """A rate or a file, and places for zones and tourists."""
    from ..checks import placed

    for at, d in each(spec):
        if d.file and d.yearly != 0:
            yield Fault(
                (*at, "yearly"), "is not read: the file says how it grows", "leave one of the two out"
            )
        if d.column and not d.file:
            yield Fault((*at, "column"), "is a column of no file", "give file")
        if isinstance(d, Zone | Tourists):
            yield from placed(spec, d, at, "give x_km and y_km")
    if spec.drivers is not None:
        yield from _moved_twice(spec)


def _moved_twice(spec: Spec) -> Faults:
    """What a driver moves is not set on a date as well."""
    d = spec.drivers
    assert d is not None
    for name, h in spec.timeline.items():
        for path in h.set:
            if path == "stores.wage_yuan_month" and d.wages is not None and h.until is not None:
                message = "moves in a straight line while drivers.wages moves it, too"
                yield Fault(("timeline", name, "set", path), message, "leave one of the two out")
