"""How large a simulation would become, estimated from its scenario before anything is built.

A mistyped number can ask for millions of shops or cells. The estimates are products of keys; where one is above
its limit (limits.py), the key that lies furthest from what is usual is named."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

from .city import DEFAULT_KM
from .faults import Fault, Faults, Key

if TYPE_CHECKING:
    from .schema import Spec

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
LARGEST_TURNOVER_FEN = 2.0**63 / 100

USUAL = {
    "residents": 2e6, "supply_x": 1.0, "days": 730.0, "population": 40_000.0, "units": 30.0,
    "ticket_yuan": 100.0, "every_days": 20.0, "area_m2": 500.0, "sales_per_m2_year_yuan": 15_000.0,
    "cell_m": 250.0, "km": DEFAULT_KM, "street_kmh": 15.0, "radius_max_min": 40.0, "reach_x": 1.0,
    "delivery_reach_min": 30.0,
}  # fmt: skip
"""What a number is compared with to find the one that is odd, together with its like in the same scenario."""

PERSON_BYTES, PLATFORM_BYTES, CATEGORY_BYTES, FIELD_BYTES = 80.0, 8.0, 25.0, 4.0
"""A consumer: its record and what is made of it in a day; and more for each platform, category and field."""
CELL_BYTES, PAIR_BYTES, ROW_BYTES, SHOP_BYTES = 2500.0, 40.0, 1000.0, 50_000.0
"""A cell of the map with its ways; an offer on a list of a cell; a row of a table; a shop with its offers."""


@dataclass(frozen=True)
class Odds:
    """A key that an amount grows or shrinks with, its value, and how many times as large as usual it makes the
    amount."""

    key: Key
    value: float
    times: float


@dataclass(frozen=True)
class Part:
    """A part of an amount, and the keys that it is the product of."""

    amount: float
    odds: tuple[Odds, ...] = ()


@dataclass(frozen=True)
class FromFiles:
    """What the files of an imported city say: numbers of cells, shops and units to let."""

    cells: int = 0
    shops: int = 0
    units: int = 0
    ways: int = field(default=0)
    """Pairs of places in a travel table; 0 without one."""


def too_large(spec: Spec, files: FromFiles | None = None) -> Faults:
    """The faults of a scenario that would become too large, one for each key that is odd. What an imported city
    adds is known when its `files` were read."""
    found = list(_too_large(spec, files))
    found.sort(key=lambda fault: str(fault.key))
    for _, same in groupby(found, key=lambda fault: str(fault.key)):
        yield next(same)


def _too_large(spec: Spec, files: FromFiles | None) -> Faults:
    turnover = [*_turnover(spec)]
    if (total := _total(turnover)) > LARGEST_TURNOVER_FEN:
        said = f"people would spend about {total / 100:.2g} {spec.currency} in these days: too much for the books"
        yield _fault(turnover, said, "correct it, or lower residents, days or ticket_yuan")
    limits = spec.limits
    cells, shops = _cells(spec, files), [*_shops(spec, files)]
    for parts, most, name, said in (
        (shops, limits.shops, "shops", "shops of the first day and units to let"),
        ([cells], limits.cells, "cells", "cells of the map"),
        ([*_rows(spec, shops)], limits.rows, "rows", "rows of the table of shops and months"),
    ):
        if (total := _total(parts)) > most:
            said = f"there would be about {_number(total)} {said}; the limit is {most:,}"
            yield _fault(parts, said, f"correct it, or raise limits.{name} if you mean it")
    memory = [*_memory(spec, shops, cells, files)]
    if (total := _total(memory) / 1e9) > limits.memory_gb:
        said = f"the simulation would need about {_number(total)} GB of memory; the limit is {limits.memory_gb:g}"
        yield _fault(memory, said, "correct it, or raise limits.memory_gb if your computer has as much")


def _fault(parts: Iterable[Part], said: str, hint: str) -> Fault:
    """The fault of an amount: that of the key that is furthest from what is usual in its largest part."""
    largest = max(parts, key=lambda part: part.amount)
    odd = max(largest.odds, key=lambda odds: odds.times)
    return Fault(odd.key, f"with {_number(odd.value)} here {said}", hint)


def _total(parts: Iterable[Part]) -> float:
    return math.fsum(part.amount for part in parts)


def _number(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= value < 1e15 else f"{value:.4g}"


# -- amounts ------------------------------------------------------------------------------------------------
def first_shops(spec: Spec) -> dict[str, float]:
    """How many trading units of each format the city's demand supports, if everybody had the mean income; none
    where a file names the shops."""
    if spec.city.import_ is not None and spec.city.import_.stores is not None:
        return {}
    found = {}
    for name, f in spec.stores.formats.items():
        sales = sum(_spent(spec, c) * share for c, share in f.demand_share.items() if c in spec.categories)
        found[name] = spec.stores.supply_x * spec.residents * sales / f.area_m2 / f.sales_per_m2_year_yuan
    return found


def _spent(spec: Spec, category: str) -> float:
    """What a resident spends in a category in a year."""
    c = spec.categories[category]
    return DAYS_A_YEAR / c.every_days * c.ticket_yuan


def _turnover(spec: Spec) -> Iterator[Part]:
    """Fen that are spent in the whole run."""
    years = spec.days / DAYS_A_YEAR
    for name in spec.categories:
        odds = (*_odds_of_category(spec, name), _residents(spec), _plain(("days",), spec.days))
        yield Part(100 * spec.residents * years * _spent(spec, name), odds)


def _shops(spec: Spec, files: FromFiles | None) -> Iterator[Part]:
    for name, count in first_shops(spec).items():
        yield Part(count, (*_odds_of_format(spec, name), _residents(spec)))
    usual = [USUAL["units"], *(c.units for c in spec.circles.values())]
    for name, circle in spec.circles.items():
        odds = Odds(("circles", name, "units"), circle.units, circle.units / max(_middle(usual), 1.0))
        yield Part(circle.units, (odds,))
    yield Part(len(spec.stores.named), (Odds(("stores", "named"), len(spec.stores.named), 1.0),))
    if files is not None:
        per_unit = spec.imported_circles.m2_per_unit
        yield Part(files.units, (Odds(("imported_circles", "m2_per_unit"), per_unit, 5000 / per_unit),))
        yield Part(files.shops, (Odds(("city", "import", "stores"), files.shops, 1.0),))


def _cells(spec: Spec, files: FromFiles | None) -> Part:
    city = spec.city
    odds = [Odds(("city", "cell_m"), city.cell_m, (USUAL["cell_m"] / city.cell_m) ** 2)]
    sides = [(("city", f"{axis}_km"), getattr(city, f"{axis}_km")) for axis in ("width", "height")]
    odds += [Odds(key, km, km / USUAL["km"]) for key, km in sides if km is not None]
    if files is not None:
        if all(km is None for _, km in sides):
            odds.append(Odds(("city", "import", "zones"), files.cells, odds[0].times * 1.01))
        return Part(files.cells, tuple(odds))
    if city.import_ is not None:
        return Part(0.0, tuple(odds))  # as large as the zones of the file are far apart
    across = [math.ceil(1000 * (km or DEFAULT_KM) / city.cell_m) for _, km in sides]
    return Part(math.prod(across), tuple(odds))


def city_cells(spec: Spec) -> float:
    """How many cells the map of a synthesised city has."""
    return _cells(spec, None).amount


def _rows(spec: Spec, shops: list[Part]) -> Iterator[Part]:
    """A row for each shop and month."""
    months = spec.days / DAYS_A_MONTH
    for part in shops:
        yield Part(part.amount * months, (*part.odds, _plain(("days",), spec.days)))


def _memory(spec: Spec, shops: list[Part], cells: Part, files: FromFiles | None) -> Iterator[Part]:
    """Bytes: people, the map, shops, their books, and the lists of offers that people at a cell can see."""
    each = PERSON_BYTES + CATEGORY_BYTES * len(spec.categories) + PLATFORM_BYTES * (1 + len(spec.platforms))
    for one in spec.consumers.fields.values():
        each += FIELD_BYTES * (len(spec.categories) if one.per == "category" else 1)
    yield Part(each * spec.population, (_plain(("population",), spec.population),))
    yield Part(CELL_BYTES * cells.amount, cells.odds)
    for part in shops:
        yield Part(SHOP_BYTES * part.amount, part.odds)
    for part in _rows(spec, shops):
        yield Part(ROW_BYTES * part.amount, part.odds)
    if files is not None and files.ways:
        yield Part(PAIR_BYTES * 5 * files.ways, (Odds(("city", "import", "travel"), files.ways, 1.0),))
        return
    yield from _lists(spec, shops, cells)


def _lists(spec: Spec, shops: list[Part], cells: Part) -> Iterator[Part]:
    """For each offer an entry in the list of every cell from which it can be had."""
    city, people = spec.city, spec.consumers
    total = _total(shops)
    on_foot = [_plain(("city", "street_kmh"), city.street_kmh, 2.0), *cells.odds]
    for name, c in spec.categories.items():
        ways = {
            "reach_x": people.radius_max_min * c.reach_x,
            "delivery_reach_min": c.delivery_reach_min,
        }
        key = max(ways, key=lambda which: ways[which])
        km = max(ways[key] - city.access_min, 0.0) * city.street_kmh / 60
        reached = min(math.pi * km * km / (city.cell_m / 1000) ** 2, cells.amount)
        sellers = sum(1 for f in spec.stores.formats.values() if name in f.demand_share)
        share = sellers / len(spec.stores.formats)
        odds = [*on_foot, _plain(("categories", name, key), getattr(c, key), 2.0)]
        if key == "reach_x":
            odds.append(_plain(("consumers", "radius_max_min"), people.radius_max_min, 2.0))
        # The odd number may also be one of those that make so many shops.
        odds += max(shops, key=lambda part: part.amount).odds
        yield Part(PAIR_BYTES * total * share * reached, tuple(odds))


# -- what is odd --------------------------------------------------------------------------------------------
def _plain(key: Key, value: float, power: float = 1.0) -> Odds:
    return Odds(key, value, (value / USUAL[str(key[-1])]) ** power)


def _residents(spec: Spec) -> Odds:
    return _plain(("residents",), spec.residents)


def _odds_of_category(spec: Spec, name: str) -> Iterator[Odds]:
    """Of ticket and interval, which make what is spent in a category, the one that is less like the others."""
    c, others = spec.categories[name], spec.categories.values()
    spent = [_spent(spec, k) for k in spec.categories]
    times = _spent(spec, name) / _middle([DAYS_A_YEAR / USUAL["every_days"] * USUAL["ticket_yuan"], *spent])
    dear = c.ticket_yuan / _middle([USUAL["ticket_yuan"], *(x.ticket_yuan for x in others)])
    often = _middle([USUAL["every_days"], *(x.every_days for x in others)]) / c.every_days
    key, value = ("ticket_yuan", c.ticket_yuan) if dear >= often else ("every_days", c.every_days)
    yield Odds(("categories", name, key), value, times)


def _odds_of_format(spec: Spec, name: str) -> Iterator[Odds]:
    """What makes so many units of a format: what is spent on what it sells, and how little one of them sells."""
    f, others = spec.stores.formats[name], spec.stores.formats.values()
    sold = [c for c, share in f.demand_share.items() if share > 0 and c in spec.categories]
    if sold:
        yield from _odds_of_category(spec, max(sold, key=lambda c: _spent(spec, c) * f.demand_share[c]))
    areas = [USUAL["area_m2"], *(x.area_m2 for x in others)]
    sales = [USUAL["sales_per_m2_year_yuan"], *(x.sales_per_m2_year_yuan for x in others)]
    small, slow = _middle(areas) / f.area_m2, _middle(sales) / f.sales_per_m2_year_yuan
    key, value = (
        ("area_m2", f.area_m2) if small >= slow else ("sales_per_m2_year_yuan", f.sales_per_m2_year_yuan)
    )
    yield Odds(("stores", "formats", name, key), value, small * slow)
    yield _plain(("stores", "supply_x"), spec.stores.supply_x)


def _middle(values: Iterable[float]) -> float:
    return float(median(values))
