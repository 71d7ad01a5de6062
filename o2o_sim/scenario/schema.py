"""The root of a scenario. Everything a YAML file may say hangs from `Spec`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from .blocks.boycott import Boycott
from .blocks.closed_loop import ClosedLoop
from .blocks.couriers import Couriers
from .blocks.drivers import Drivers
from .blocks.franchise import Brand
from .blocks.measures import Measure
from .blocks.messages import TargetedAccount
from .blocks.mobile_payment import MobilePayment
from .blocks.provider import Provider
from .blocks.timeline import Happening
from .circles import Circle, ImportedCircles
from .city import CitySpec
from .entry import Entry
from .keys import Block, Day, block, key
from .landlords import Landlords
from .limits import Limits
from .modes import Modes
from .people import Calendar, Category, Cohort, Consumers
from .places import Located
from .platforms import Platform
from .stores import Stores
from .use import Use


class Levers(Block):
    """The three levers that everybody reaches for first: multipliers on everything of their kind."""

    subsidy_x: float = key(1.0, "Factor on every subsidy", unit="x", ge=0, le=100, adjustable=True)
    rent_x: float = key(1.0, "Factor on every rent", unit="x", ge=0, le=100, adjustable=True)
    logistics_x: float = key(
        1.0, "Factor on every cost of parcels and deliveries", unit="x", ge=0, le=100, adjustable=True
    )


class PhaseSpec(Block):
    """A phase of your own in the day, until 0.2.0: a system says the same."""

    run: str = key(..., "`plugin.function`, called with the model")
    before: str = key("", "The phase it comes before")
    after: str = key("", "The phase it comes after")


class Spec(Located):
    """A scenario."""

    name: str = key("", "Its name in tables and pictures", max_length=200)
    question: str = key("", "The question it asks", max_length=2000)
    start: Day = key(date(2013, 1, 1), "First day")
    days: int = key(365, "How many days are simulated", unit="days", ge=1, le=20000)
    seed: int = key(1, "Seed of every random draw", ge=0, le=2**63 - 1)
    population: int = key(20000, "Number of simulated consumers", ge=1, le=1_000_000_000)
    residents: float = key(2e6, "Number of people they stand for", unit="people", ge=1, le=1e9)
    currency: str = key("yuan", "What the money is called in reports; keys in _yuan are in it", max_length=20)
    engine: Literal["compiled", "python"] = key(
        "compiled", "Whether the shopping loop is compiled; both give the same purchases"
    )
    plugins: list[str] = key([], "Python files with rules of your own, beside this file", max_length=20)
    limits: Limits = block(Limits, "How large a simulation may become")
    levers: Levers = block(Levers, "The three levers")
    city: CitySpec = block(CitySpec, "The ground")
    calendar: Calendar = block(Calendar, "Free days")
    categories: dict[str, Category] = key(..., "Kinds of need", min_length=1, max_length=32)
    cohorts: dict[str, Cohort] = key(..., "Age groups", min_length=1, max_length=16)
    consumers: Consumers = block(Consumers, "The people")
    stores: Stores = key(..., "The shops")
    circles: dict[str, Circle] = key({}, "Business circles", max_length=500)
    imported_circles: ImportedCircles = block(ImportedCircles, "Circles that come from a file")
    landlords: Landlords = block(Landlords, "Rents")
    platforms: dict[str, Platform] = key({}, "E-commerce platforms", max_length=16)
    modes: Modes = block(Modes, "Ways of integrating")
    provider: Provider | None = key(None, "Service provider of an alliance of shops (mode `alliance`)")
    franchise: dict[str, Brand] = key(
        {}, "Brands whose dealers are stores here, and their online shops", max_length=8
    )
    couriers: Couriers | None = key(None, "What shops' own deliveries cost, by the minutes on the way")
    boycott: dict[str, Boycott] = key({}, "Boycotts of a platform by shops", max_length=20)
    entry: Entry = block(Entry, "Who takes an empty unit")
    mobile_payment: MobilePayment | None = key(None, "Paying by phone in shops, and who earns by it")
    drivers: Drivers | None = key(None, "A world that moves: incomes, wages, prices, people; empty: it stays")
    timeline: dict[str, Happening] = key(
        {}, "What changes on a date: keys, and stores, circles and platforms that come and go", max_length=200
    )
    messages: dict[str, TargetedAccount] = key({}, "Accounts that write to some cohorts", max_length=8)
    closed_loop: ClosedLoop | None = key(None, "From the coupon to the shop and online again")
    measures: list[Measure] = key(
        [],
        "Monthly series that cost something to count: loyalty, attention, circles, integration",
        max_length=10,
    )
    channels: list[str] = key([], "Until 0.2.0, for the method `offers` of a system", max_length=20)
    systems: list[Use] = key(
        [], "Systems of your own: `plugin.Class`, with settings or without", max_length=20
    )
    phases: list[PhaseSpec] = key([], "Until 0.2.0, for the methods of a system", max_length=20)
