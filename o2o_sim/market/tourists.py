"""Visitors of a city: people besides its residents, who stay around a place for some days and shop in shops.

People cannot be added to a city that runs, so as many are drawn at first as are ever there at a time; who is not
there needs nothing. A visitor has no smartphone that counts here, and so buys nothing online."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import streams
from ..city.build import City
from ..city.series import Series, series_of

if TYPE_CHECKING:
    from ..scenario.blocks.drivers import Tourists
    from ..scenario.city import PlaceSpec
    from ..scenario.schema import Spec


class Stay(NamedTuple):
    """The visitors of one place: what the scenario says, how their number moves, the ids of their records
    from `first` on, and the `cells` in which they stay."""

    name: str
    spec: Tourists
    series: Series
    first: int
    records: int
    cells: NDArray[np.intp]


def has_any(spec: Spec) -> bool:
    """Whether a scenario has visitors."""
    return spec.drivers is not None and bool(spec.drivers.tourists)


def stays(spec: Spec, city: City) -> Iterator[Stay]:
    """Every place with visitors. Raises ScenarioError for a place off the map and a file that is wrong."""
    if spec.drivers is None:
        return
    series = series_of(spec)
    each, first = spec.residents / spec.population, spec.population
    last = spec.start + timedelta(days=spec.days)
    for name, said in spec.drivers.tourists.items():
        moves = series["drivers", "tourists", name]
        records = max(1, math.ceil(said.people * moves.highest(last) / each))
        cells = cells_around(city, said, said.radius_km, f"drivers.tourists.{name}", spec)
        yield Stay(name, said, moves, first, records, cells)
        first += records


def cells_around(city: City, place: PlaceSpec, radius_km: float, key: str, spec: Spec) -> NDArray[np.intp]:
    """The cells on land within a distance of a place; the nearest one if there is none."""
    x, y = city.locate(place, key, spec._origin)
    off = np.hypot(*(city.grid.centres() - (x, y)).T)
    found = np.flatnonzero((off <= 1000 * radius_km) & city.land)
    return found if len(found) else np.array([city.cell_at(x, y)], np.intp)


def visitors(spec: Spec, city: City, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(ids: uint32, home cells: int32) of all visitors; ids follow those of the residents."""
    ids, homes = [np.zeros(0, np.uint32)], [np.zeros(0, np.int32)]
    for stay in stays(spec, city):
        mine = np.arange(stay.first, stay.first + stay.records, dtype=np.uint64)
        u = streams.uniforms(seed, "tourists of " + stay.name, 0, mine)
        ids.append(mine.astype(np.uint32))
        homes.append(stay.cells[(u * len(stay.cells)).astype(np.intp)].astype(np.int32))
    return np.concatenate(ids), np.concatenate(homes)
